//! A directory with a workload, and the command run on it.

use std::path::PathBuf;
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;
use throng_tests::support::{Ended, Process, PseudoTerminal};

/// The command. It is built from the source of `throng` itself, unless `PROGRAM_UNDER_TEST` names another one, such as the
/// release build that people are given.
pub(crate) static THRONG: LazyLock<String> = LazyLock::new(|| {
    let built = || env!("CARGO_BIN_EXE_throng-under-test").to_owned();
    std::env::var("PROGRAM_UNDER_TEST").unwrap_or_else(|_| built())
});

/// What the command takes from outside besides its arguments.
const ENVIRONMENT: &[&str] = &[
    "THRONG_SUMMARY",
    "THRONG_SEED",
    "THRONG_DURATION",
    "THRONG_QUIET",
    "THRONG_EVENTS",
    "THRONG_UNTIL",
    "THRONG_LISTEN",
    "NO_COLOR",
];

/// A workload that is never called degraded because the machine is busy with something else.
///
/// Two threads whatever the machine has; tokens are handed out a quarter of a second ahead, and only a start ten seconds late is late.
pub(crate) const CALM: &str =
    "throng 1\nseed 7\nthreads 2\ntick \"250ms\"\ngenerator { late over=\"10s\" }\n";

/// A directory with the workload `w.kdl`.
pub(crate) struct Scratch {
    directory: TempDir,
}

impl Scratch {
    /// A new one.
    pub(crate) fn new(workload: impl AsRef<[u8]>) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        std::fs::write(directory.path().join("w.kdl"), workload).expect("it can be written to");
        Self { directory }
    }

    /// The path of a file in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// What a file in it says.
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Starts the command in it.
    pub(crate) fn start(&self, arguments: &[&str]) -> Process {
        self.start_with(arguments, &[])
    }

    /// Runs the command in it to its end, with these variables in its environment.
    pub(crate) fn throng_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
        self.start_with(arguments, variables).wait().expect("it ends")
    }

    fn start_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Process {
        let mut command = Process::command(THRONG.as_str());
        command.args(arguments);
        self.start_command(command, variables)
    }

    /// Starts the command in it by way of another program, which gets the command and its arguments behind its own.
    pub(crate) fn start_under(&self, program: &str, own: &[&str], arguments: &[&str]) -> Process {
        let mut command = Process::command(program);
        command.args(own).arg(THRONG.as_str()).args(arguments);
        self.start_command(command, &[])
    }

    fn start_command(&self, mut command: std::process::Command, variables: &[(&str, &str)]) -> Process {
        command.current_dir(self.directory.path());
        for name in ENVIRONMENT {
            command.env_remove(name);
        }
        command.envs(variables.iter().copied());
        Process::start(command, self.directory.path(), "throng").expect("the command can be started")
    }

    /// Starts the command in it on a terminal; standard output goes there as well, or to a file in it.
    pub(crate) fn start_on(
        &self,
        size: (u16, u16),
        arguments: &[&str],
        stdout: Option<&str>,
    ) -> PseudoTerminal {
        self.start_program_on(&THRONG, size, arguments, stdout)
    }

    /// The same of another program.
    pub(crate) fn start_program_on(
        &self,
        program: &str,
        size: (u16, u16),
        arguments: &[&str],
        stdout: Option<&str>,
    ) -> PseudoTerminal {
        let mut command = std::process::Command::new("setsid");
        // What a panic says fits on the screen without its stack.
        command
            .env("RUST_BACKTRACE", "0")
            // A terminal that goes away is told of, whatever whoever runs the tests ignores.
            .args(["--ctty", "env", "--default-signal=HUP", program])
            .args(arguments)
            .current_dir(self.directory.path());
        for name in ENVIRONMENT {
            command.env_remove(name);
        }
        let stdout = stdout.map(|name| std::fs::File::create(self.path(name)).expect("a file can be made"));
        PseudoTerminal::start(command, size, stdout).expect("there is a pseudo-terminal, and the command")
    }

    /// Runs the command in it to its end.
    pub(crate) fn throng(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).wait().expect("it ends")
    }

    /// Starts `throng run w.kdl`.
    pub(crate) fn start_run(&self) -> Process {
        self.start(&["run", "w.kdl", "--summary", "summary.json"])
    }

    /// Runs `throng run w.kdl`, expects that exit code, and gives the summary.
    pub(crate) fn run(&self, code: i32) -> Value {
        self.ended(self.start_run(), code)
    }

    /// Waits for a run, expects that exit code, and gives the summary.
    pub(crate) fn ended(&self, run: Process, code: i32) -> Value {
        let ended = run.wait().expect("it ends");
        assert_eq!(ended.code, Some(code), "{}\n{}", ended.stdout, ended.stderr);
        self.summary()
    }

    /// The summary that the last run has written.
    pub(crate) fn summary(&self) -> Value {
        serde_json::from_str(&self.read("summary.json")).expect("the summary is JSON")
    }

    /// The lines of a file of JSON lines.
    pub(crate) fn lines(&self, name: &str) -> Vec<Value> {
        let text = self.read(name);
        assert!(text.is_empty() || text.ends_with('\n'), "{name} ends within a line");
        text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
    }
}
