//! Processes that tests start: found, signalled, waited for within bounds, and gone when the test is over.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::net::TcpSocket;

/// Between two looks at something that nobody announces.
const LOOK: Duration = Duration::from_millis(2);

/// Looks before it is given up: about two minutes, far beyond what any test takes.
const LOOKS: u32 = 60_000;

/// Looks until something holds; `false` when it never did.
pub fn wait_until(mut holds: impl FnMut() -> bool) -> bool {
    for _ in 0..LOOKS {
        if holds() {
            return true;
        }
        std::thread::park_timeout(LOOK);
    }
    false
}

/// Where a tool of others is: in `target/test-tools/bin`, where the tests' runner puts it, or installed.
///
/// `None` when there is none. `tests/run` says so, and lets CI fail over it.
pub fn find_tool(name: &str) -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/test-tools/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into(), own]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// A port that nobody else gets while this lives, for a program that can only be told a number.
#[derive(Debug)]
pub struct FreePort {
    /// The address, on the loopback.
    pub address: SocketAddr,
    /// Bound without listening, and open to be bound once more.
    _socket: TcpSocket,
}

/// Reserves a free port of the loopback.
///
/// # Errors
/// When there is none.
pub fn free_port() -> io::Result<FreePort> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    Ok(FreePort { address: socket.local_addr()?, _socket: socket })
}

/// How a process ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// What it returned; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

/// A process whose output goes to files. Dropped, it is killed.
#[derive(Debug)]
pub struct Process {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Process {
    /// Starts a command; its output goes to `<name>.stdout` and `<name>.stderr` in that directory.
    ///
    /// # Errors
    /// When the files cannot be made or the command cannot be started.
    pub fn start(mut command: Command, directory: &Path, name: &str) -> io::Result<Self> {
        let stdout = directory.join(format!("{name}.stdout"));
        let stderr = directory.join(format!("{name}.stderr"));
        command.stdout(File::create(&stdout)?).stderr(File::create(&stderr)?);
        Ok(Self { child: command.spawn()?, stdout, stderr })
    }

    /// A command of a program without standard input.
    pub fn command(program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.stdin(Stdio::null());
        command
    }

    /// What it has written to standard output so far.
    pub fn stdout(&self) -> String {
        read(&self.stdout)
    }

    /// Sends a signal; one that has ended already gets none.
    pub fn signal(&mut self, signal: Signal) {
        if let (Ok(None), Ok(id)) = (self.child.try_wait(), i32::try_from(self.child.id())) {
            // It is waited for by nobody else, so that its number still names it.
            let _ = kill(Pid::from_raw(id), signal);
        }
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it does not end in time; it is killed then.
    pub fn wait(mut self) -> io::Result<Ended> {
        if !wait_until(|| self.has_ended()) {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("it runs on\n{}", read(&self.stderr)),
            ));
        }
        let status = self.child.wait()?;
        Ok(Ended { code: status.code(), stdout: read(&self.stdout), stderr: read(&self.stderr) })
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail for one that has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
