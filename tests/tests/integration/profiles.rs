//! The workloads of `workloads/profiles` in real time, most of them in short: each comes to what it promises.

use serde_json::Value;

use crate::books::{assert_adds_up, assert_nobody_else_is_blamed, count};
use crate::scratch::{CALM, Scratch};

/// A profile with these pieces of its text replaced, for a machine that may be busy with something else.
fn calm(profile: &str, edits: &[(&str, &str)]) -> Scratch {
    let path = format!("{}/../workloads/profiles/{profile}.kdl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{profile}: {error}"));
    let own = text.lines().filter(|line| !line.starts_with("seed ") && !line.starts_with("threads "));
    let text = own.collect::<Vec<_>>().join("\n");
    let text = edits.iter().chain(&[("throng 1\n", CALM)]).fold(text, |text, (old, new)| {
        assert!(text.contains(old), "{profile} has changed: no {old}");
        text.replace(old, new)
    });
    Scratch::new(text)
}

/// Runs it.
fn ran(profile: &str, edits: &[(&str, &str)], code: i32) -> Value {
    let summary = calm(profile, edits).run(code);
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

#[test]
fn time_ends_one_as_passed() {
    let summary = ran("ends-passed", &[], 0);
    assert_eq!(summary["stopped_by"], "stop-when elapsed \"2s\" outcome=passed");
    assert_eq!(summary["outcome"], "passed");
}

#[test]
fn failures_end_one_as_failed() {
    let summary = ran("ends-failed", &[], 99);
    let rule = "stop-when failures above=\"10%\" window=\"1s\" min-count=50 outcome=failed";
    assert_eq!(summary["stopped_by"], rule);
    assert_eq!(summary["outcome"], "failed");
}

#[test]
fn a_backlog_ends_what_falls_behind() {
    // Ten users whose answers take 10 ms carry 1,000/s at most, on any machine and any number of threads.
    for threads in ["threads=1", "threads=2"] {
        let asked = ["--set", "rate=4000/s", "--set", "users=10", "--set", threads];
        let command = [&["run", "w.kdl", "--quiet", "--summary", "summary.json"][..], &asked].concat();
        let scratch = calm("falls-behind", &[]);
        let ended = scratch.throng(&command);
        assert_eq!(ended.code, Some(99), "{threads}: {}{}", ended.stdout, ended.stderr);
        let summary = scratch.summary();
        assert_adds_up(&summary);
        assert_eq!(summary["stopped_by"], "stop-when backlog above=1000 outcome=failed", "{threads}");
        assert!(count(&summary, "scenarios.crowd.tokens.waiting") > 1_000, "{threads}");
        assert_eq!(count(&summary, "scenarios.crowd.users.peak"), 10, "{threads}");
    }
}

#[test]
fn each_profile_is_run() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../workloads/profiles");
    let tests = [include_str!("profiles.rs"), include_str!("../profiles.rs")];
    let entries = std::fs::read_dir(folder).expect("it is there");
    let names = entries.map(|entry| entry.expect("it can be listed").path());
    let names: Vec<_> = names.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    assert_eq!(names.len(), 11);
    for name in names {
        let called = format!("(\"{name}\", ");
        assert!(tests.iter().all(|test| test.contains(&called)), "{name} is not tested in both clocks");
    }
}
