//! httpbin, a server of others to try HTTP clients on, on a free port.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::process::{Process, find_tool, wait_until};

/// httpbin at work.
#[derive(Debug)]
pub struct Httpbin {
    process: Process,
    address: SocketAddr,
    /// Removed at the end.
    _directory: TempDir,
}

impl Httpbin {
    /// Starts httpbin; `None` when it is not installed.
    ///
    /// It gets a socket that listens already: the port is free for sure, and a request may be sent at once.
    ///
    /// # Errors
    /// When there is no port or no process to be had.
    pub fn start() -> io::Result<Option<Self>> {
        let Some(program) = find_tool("httpbin") else { return Ok(None) };
        let directory = tempfile::tempdir()?;
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let mut command = Process::command(program);
        command.args(["-b", "fd://0"]).stdin(OwnedFd::from(listener));
        let process = Process::start(command, directory.path(), "httpbin")?;
        Ok(Some(Self { process, address, _directory: directory }))
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Httpbin {
    fn drop(&mut self) {
        // Its workers would outlive a master that is killed.
        self.process.signal(Signal::SIGTERM);
        wait_until(|| self.process.has_ended());
    }
}
