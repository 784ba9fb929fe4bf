//! The examples are whole programs: they have throng's command line, and their systems work in it.

use std::path::Path;
use std::process::{Command, Output};

fn slow_down_on_errors(arguments: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut command = Command::new(env!("CARGO_BIN_EXE_slow_down_on_errors"));
    command.args(arguments).current_dir(root).output().expect("the program can be run")
}

#[test]
fn a_program_of_ones_own_has_the_whole_command_line() {
    let listed = slow_down_on_errors(&["list", "listeners"]);
    assert!(listed.status.success());
    assert!(String::from_utf8_lossy(&listed.stdout).contains("console"));
    assert_eq!(slow_down_on_errors(&["explain", "nonsense"]).status.code(), Some(2));
}

#[test]
fn its_system_works_under_simulate() {
    let run = slow_down_on_errors(&["simulate", "examples/slow-down-on-errors.kdl"]);
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    assert_eq!(run.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.starts_with("PASSED") && said.contains("dropped"), "{said}");
}
