//! A terminal that a test looks at and types on.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{FlowArg, Termios, tcflow, tcgetattr};
use nix::unistd::Pid;

use super::process::wait_until;

/// A process on a terminal of its own. Dropped, it is killed.
pub struct PseudoTerminal {
    /// Where a person would sit.
    outside: File,
    /// Where the process is. Kept open, so that its settings can be looked at afterwards.
    inside: OwnedFd,
    /// Its settings before there was a process on it.
    before: Termios,
    screen: vt100::Parser,
    /// All that was written to it.
    written: Vec<u8>,
    child: Child,
}

impl PseudoTerminal {
    /// Starts a command that makes the terminal its own (`setsid --ctty`), with so many columns and rows. Its standard output
    /// goes to the terminal, too, unless there is a file for it.
    ///
    /// # Errors
    /// When there is no terminal to be had or the command cannot be started.
    pub fn start(
        mut command: Command,
        (columns, rows): (u16, u16),
        stdout: Option<File>,
    ) -> io::Result<Self> {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let terminal = openpty(Some(&size), None)?;
        fcntl(&terminal.master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        let end = || terminal.slave.try_clone().map(Stdio::from);
        let stdout = stdout.map_or_else(end, |file| Ok(file.into()))?;
        command.env("TERM", "xterm-256color").stdin(end()?).stderr(end()?).stdout(stdout);
        Ok(Self {
            outside: File::from(terminal.master),
            screen: vt100::Parser::new(rows, columns, 0),
            written: Vec::new(),
            before: tcgetattr(&terminal.slave)?,
            child: command.spawn()?,
            inside: terminal.slave,
        })
    }

    /// Takes what has been written; gives what is on the screen now.
    pub fn look(&mut self) -> String {
        let mut bytes = [0; 4_096];
        while let Ok(length @ 1..) = self.outside.read(&mut bytes) {
            self.screen.process(&bytes[..length]);
            self.written.extend_from_slice(&bytes[..length]);
        }
        self.screen.screen().contents()
    }

    /// All that has been written to it so far, as it was written.
    pub fn written(&mut self) -> String {
        self.look();
        String::from_utf8_lossy(&self.written).into_owned()
    }

    /// Looks until the screen is as it should be.
    ///
    /// # Panics
    /// When it never is, or the process ends before.
    pub fn wait_for(&mut self, what: &str, is_there: impl Fn(&str) -> bool) {
        let mut last = String::new();
        let found = wait_until(|| {
            let ended = self.has_ended();
            last = self.look();
            is_there(&last) || ended
        });
        assert!(found && is_there(&last), "no {what} on the screen:\n{last}");
    }

    /// Types keys.
    ///
    /// # Panics
    /// When nobody takes them.
    pub fn press(&mut self, keys: &str) {
        self.outside.write_all(keys.as_bytes()).expect("a terminal takes keys");
    }

    /// Lets the terminal take nothing that is written, as after Ctrl-S, or take it again.
    ///
    /// # Panics
    /// When it cannot be told.
    pub fn block(&self, blocks: bool) {
        let flow = if blocks { FlowArg::TCOOFF } else { FlowArg::TCOON };
        tcflow(&self.inside, flow).expect("the terminal can be told");
    }

    /// Whether the terminal is as the process found it: all its settings, its main screen, and its cursor.
    ///
    /// # Panics
    /// When it cannot be asked.
    pub fn is_as_before(&mut self) -> bool {
        self.look();
        let settings = tcgetattr(&self.inside).expect("the terminal can be asked");
        let screen = self.screen.screen();
        settings == self.before && !screen.alternate_screen() && !screen.hide_cursor()
    }

    /// Sends a signal.
    pub fn signal(&mut self, signal: Signal) {
        if let (false, Ok(id)) = (self.has_ended(), i32::try_from(self.child.id())) {
            // It is waited for by nobody else, so that its number still names it.
            let _ = kill(Pid::from_raw(id), signal);
        }
    }

    /// Whether the process has ended.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for the process's end, looking on; gives what it returned.
    ///
    /// # Panics
    /// When it does not end.
    pub fn wait(&mut self) -> Option<i32> {
        let ended = wait_until(|| {
            self.look();
            self.has_ended()
        });
        assert!(ended, "it runs on:\n{}", self.look());
        self.child.wait().ok()?.code()
    }
}

impl Drop for PseudoTerminal {
    fn drop(&mut self) {
        // Both fail for one that has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
