//! The workloads of `workloads/profiles` in real time, most of them in short: each comes to what it promises.

use serde_json::Value;

use crate::books::{assert_adds_up, assert_nobody_else_is_blamed, count};
use crate::scratch::{CALM, Scratch};

/// Runs a profile with these pieces of its text replaced, on a machine that may be busy with something else.
fn ran(profile: &str, edits: &[(&str, &str)], code: i32) -> Value {
    let path = format!("{}/../workloads/profiles/{profile}.kdl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{profile}: {error}"));
    let own = text.lines().filter(|line| !line.starts_with("seed ") && !line.starts_with("threads "));
    let text = own.collect::<Vec<_>>().join("\n");
    let text = edits.iter().chain(&[("throng 1\n", CALM)]).fold(text, |text, (old, new)| {
        assert!(text.contains(old), "{profile} has changed: no {old}");
        text.replace(old, new)
    });
    let summary = Scratch::new(text).run(code);
    assert_adds_up(&summary);
    assert_nobody_else_is_blamed(&summary);
    summary
}

/// It passes, with so many tokens, all of them begun and gone well.
fn check(profile: &str, edits: &[(&str, &str)], tokens: u64) -> Value {
    let summary = ran(profile, edits, 0);
    let scenarios = summary["scenarios"].as_object().expect("they are there");
    let name = scenarios.keys().next().expect("there is one");
    for figure in ["tokens.planned", "tokens.started", "iterations.succeeded"] {
        let path = format!("scenarios.{name}.{figure}");
        assert_eq!(count(&summary, &path), tokens, "{profile}: {figure}");
    }
    summary
}

/// One second of a profile of five.
const SECOND: (&str, &str) = ("for=\"5s\"", "for=\"1s\"");

#[test]
fn one_user_comes_to_five() {
    check("one-user", &[("for=\"10s\"", "for=\"1s\"")], 5);
}

#[test]
fn ten_users_carry_four_hundred() {
    assert_eq!(count(&check("few-users", &[SECOND], 400), "scenarios.crowd.users.created"), 10);
}

#[test]
fn five_hundred_users_carry_four_hundred() {
    assert_eq!(count(&check("many-users", &[SECOND], 400), "scenarios.crowd.users.created"), 500);
}

#[test]
fn as_many_users_as_it_takes_carry_four_hundred() {
    let elastic = check("elastic-users", &[("for=\"6s\"", "for=\"1s\"")], 400);
    assert!((20..=400).contains(&count(&elastic, "scenarios.crowd.users.created")), "{elastic:#}");
}

#[test]
fn phases_and_bursts_come_to_their_areas() {
    check("six-phases", &[("\"2s\"", "\"200ms\""), ("\"1s\"", "\"100ms\"")], 125);
    check("bursts", &[("\"200ms\"", "\"20ms\""), ("\"1s\"", "\"100ms\"")], 68);
}

#[test]
fn a_skyline_ends_at_its_last_iteration_over_two_threads() {
    check("skyline", &[], 10_000);
}

#[test]
fn five_hundred_users_go_flat_out() {
    let summary = ran("flat-out", &[("for=\"2s\"", "for=\"500ms\"")], 0);
    assert_eq!(count(&summary, "scenarios.crew.users.created"), 500);
    assert!(count(&summary, "scenarios.crew.iterations.succeeded") > 500, "some of them twice");
    assert_eq!(count(&summary, "scenarios.crew.iterations.failed"), 0);
}

/// The rule ends it, as what it says.
fn check_end(profile: &str, edits: &[(&str, &str)], code: i32, rule: &str) {
    let summary = ran(profile, edits, code);
    assert_eq!(summary["stopped_by"], rule, "{profile}");
    assert_eq!(summary["outcome"], if code == 0 { "passed" } else { "failed" }, "{profile}");
}

#[test]
fn time_ends_one_as_passed() {
    check_end("ends-passed", &[], 0, "stop-when elapsed \"2s\" outcome=passed");
}

#[test]
fn failures_end_one_as_failed() {
    let rule = "stop-when failures above=\"10%\" window=\"1s\" min-count=50 outcome=failed";
    check_end("ends-failed", &[], 99, rule);
}

#[test]
fn a_backlog_ends_what_falls_behind() {
    // Twenty users whose answers take 10 ms carry 2,000/s at most, on any machine.
    let rule = "stop-when backlog above=1000 outcome=failed";
    check_end("falls-behind", &[("1500/s", "8000/s")], 99, rule);
}
