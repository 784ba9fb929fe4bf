//! `check` and `fmt` as commands: what goes where, and what they return.

use crate::scratch::Scratch;

const GOOD: &str = "throng 1\ntarget t noop\nbehavior b { noop name=x }\nscenario s {\n    behavior b\n    population { hold 1 for=\"1s\" }\n}\n";

#[test]
fn problems_for_programs_go_to_standard_output_and_of_a_run_to_standard_error() {
    let scratch = Scratch::new(GOOD.replace("hold", "hodl"));
    let checked = scratch.throng(&["check", "w.kdl", "--format", "github"]);
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(104), ""));
    assert!(checked.stdout.starts_with("::error file=w.kdl,line=6,col=18,endColumn=22,title=T0023::"));
    let ran = scratch.throng(&["run", "w.kdl", "--diagnostics", "json"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(104), ""));
    let problem: serde_json::Value = serde_json::from_str(&ran.stderr).expect("one object");
    assert_eq!(problem["code"], "T0023");
}

#[test]
fn files_are_formatted_in_place() {
    let messy = GOOD.replace("    behavior b\n", "behavior b  // why\n\n\n");
    let scratch = Scratch::new(&messy);
    let checked = scratch.throng(&["fmt", "--check", "w.kdl"]);
    assert_eq!((checked.code, checked.stdout.as_str()), (Some(99), "w.kdl\n"));
    let shown = scratch.throng(&["fmt", "--stdout", "w.kdl"]);
    assert_eq!((shown.code, scratch.read("w.kdl")), (Some(0), messy));
    let formatted = scratch.throng(&["fmt", "w.kdl"]);
    assert_eq!((formatted.code, formatted.stdout.as_str(), formatted.stderr.as_str()), (Some(0), "", ""));
    assert_eq!(scratch.read("w.kdl"), shown.stdout);
    assert_eq!(scratch.throng(&["fmt", "--check", "w.kdl"]).code, Some(0));
    assert_eq!(scratch.throng(&["check", "w.kdl"]).code, Some(0));
}

#[test]
fn a_file_that_cannot_be_formatted_keeps_no_other_from_it() {
    let scratch = Scratch::new("a  1\n");
    std::fs::write(scratch.path("bad.kdl"), "a {").expect("it can be written");
    let formatted = scratch.throng(&["fmt", "bad.kdl", "missing.kdl", "w.kdl"]);
    assert_eq!(formatted.code, Some(104));
    assert!(formatted.stderr.contains("T0010") && formatted.stderr.contains("T0001"), "{}", formatted.stderr);
    assert_eq!((scratch.read("bad.kdl").as_str(), scratch.read("w.kdl").as_str()), ("a {", "a 1\n"));
}
