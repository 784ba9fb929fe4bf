//! The examples are whole programs: they have throng's command line, and what they add is known to it.

use std::path::Path;
use std::process::{Command, Output};

fn called(program: &str, arguments: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root).output().expect("the program can be run")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const SLOW_DOWN: &str = env!("CARGO_BIN_EXE_slow_down_on_errors");
const ECHO: &str = env!("CARGO_BIN_EXE_echo");

#[test]
fn a_program_of_ones_own_has_the_whole_command_line() {
    let listed = called(SLOW_DOWN, &["list", "listeners"]);
    assert!(listed.status.success());
    assert!(out(&listed).contains("console"));
    assert_eq!(called(SLOW_DOWN, &["explain", "nonsense"]).status.code(), Some(2));
}

#[test]
fn its_system_works_under_simulate() {
    let run = called(SLOW_DOWN, &["simulate", "examples/slow-down-on-errors.kdl"]);
    let said = out(&run);
    assert_eq!(run.status.code(), Some(0), "{said}{}", err(&run));
    assert!(said.starts_with("PASSED") && said.contains("dropped"), "{said}");
}

#[test]
fn what_is_registered_is_listed_explained_checked_and_meant() {
    for family in ["steps", "protocols"] {
        let listed = out(&called(ECHO, &["list", family]));
        assert!(listed.contains("  echo ") && listed.contains("http"), "{listed}");
    }
    let explained = out(&called(ECHO, &["explain", "echo"]));
    assert!(explained.contains("echo: one of the steps"), "{explained}");
    assert!(explained.contains("echo: one of the protocols") && explained.contains("echo://"), "{explained}");
    let meant = err(&called(ECHO, &["explain", "ecko"]));
    assert!(meant.contains("did you mean `echo`?"), "{meant}");
    let checked = called(ECHO, &["check", "examples/echo.kdl"]);
    assert_eq!(checked.status.code(), Some(0), "{}", err(&checked));
    // throng itself does not know it.
    let unknown = called(SLOW_DOWN, &["check", "examples/echo.kdl"]);
    assert_eq!(unknown.status.code(), Some(104));
    assert!(err(&unknown).contains("T0046"), "{}", err(&unknown));
}

#[test]
fn a_measure_of_ones_own_is_on_the_terminal() {
    let run = called(env!("CARGO_BIN_EXE_find_capacity"), &["simulate", "examples/find-capacity.kdl"]);
    let said = out(&run);
    assert!(said.contains("measures\n") && said.contains("load, of the plan"), "{said}");
}
