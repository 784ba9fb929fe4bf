//! What the process returns, and which code wins.

use nix::sys::signal::Signal;
use serde_json::Value;
use throng_tests::support::wait_until;

use crate::books::assert_adds_up;
use crate::scratch::{CALM, Scratch};

/// A start a nanosecond late is late, and one such start in a million makes the run invalid.
const STRICT: &str = "generator { late over=\"1ns\" degraded=\"0.0001%\" invalid=\"0.0001%\" }";
const LOOK: &str = "target t noop\nbehavior b { noop name=x }\n";
const CREW: &str = "scenario s { behavior b; population { hold 4 for=\"10m\" }; iterations 2000 }\n";
/// It cannot hold: steps take no time that is negative.
const FAILS: &str = "require { response p=50 step=x above=\"1h\" }\n";

fn judged(summary: &Value) -> [&str; 2] {
    ["outcome", "verdict"].map(|name| summary[name].as_str().unwrap_or_default())
}

#[test]
fn a_run_that_goes_well_returns_0() {
    let summary = Scratch::new(format!("{CALM}{LOOK}{CREW}")).run(0);
    assert_eq!(judged(&summary), ["passed", "valid"]);
    assert_adds_up(&summary);
}

#[test]
fn a_requirement_that_does_not_hold_returns_99() {
    let summary = Scratch::new(format!("{CALM}{LOOK}{CREW}{FAILS}")).run(99);
    assert_eq!(judged(&summary), ["failed", "valid"]);
    assert_adds_up(&summary);
}

#[test]
fn a_rule_that_ends_the_run_says_with_which_outcome() {
    let forever = "scenario s { behavior b; population { hold 4 for=\"10m\" }; pace \"10ms\" }\n";
    for (outcome, code) in [("failed", 99), ("passed", 0)] {
        let rule = format!("stop-when {{ elapsed \"300ms\" outcome={outcome} }}\n");
        let summary = Scratch::new(format!("{CALM}{LOOK}{forever}{rule}")).run(code);
        assert_eq!(summary["outcome"], outcome);
        assert!(summary["stopped_by"].as_str().is_some_and(|by| by.contains("elapsed")), "{summary:#}");
        assert_adds_up(&summary);
    }
}

#[test]
fn an_invalid_run_returns_90_before_99() {
    let calm = CALM.replace("generator { late over=\"10s\" }\n", "");
    let summary = Scratch::new(format!("{calm}{STRICT}\n{LOOK}{CREW}")).run(90);
    assert_eq!(judged(&summary), ["passed", "invalid"]);
    let summary = Scratch::new(format!("{calm}{STRICT}\n{LOOK}{CREW}{FAILS}")).run(90);
    assert_eq!(judged(&summary), ["failed", "invalid"]);
}

#[test]
fn a_degraded_run_returns_0_with_a_warning() {
    let calm = CALM.replace("generator { late over=\"10s\" }\n", "");
    let generator = "generator { late over=\"1ns\" degraded=\"0.0001%\" invalid=\"100%\" }\n";
    // The second scenario's starts are on time as far as anybody can see: there are no steps in it that could be late.
    let scratch = Scratch::new(format!("{calm}{generator}{LOOK}{CREW}"));
    let ended = scratch.throng(&["run", "w.kdl", "--summary", "summary.json"]);
    let summary = scratch.summary();
    match summary["verdict"].as_str() {
        Some("degraded") => {
            assert_eq!(ended.code, Some(0));
            assert!(ended.stderr.contains("warning: the verdict is `degraded`"), "{}", ended.stderr);
        }
        // Every single start may have been late by a nanosecond.
        other => assert_eq!((other, ended.code), (Some("invalid"), Some(90)), "{summary:#}"),
    }
}

#[test]
fn an_interrupt_returns_105_before_90_and_99() {
    let calm = CALM.replace("generator { late over=\"10s\" }\n", "");
    let crew = "scenario s { behavior b; population { hold 4 for=\"10m\" }; pace \"1ms\" }\n";
    let listener = "listener file \"samples.jsonl\"\n";
    let scratch = Scratch::new(format!("{calm}{STRICT}\n{LOOK}{crew}{FAILS}{listener}"));
    let mut run = scratch.start_run();
    let samples = scratch.path("samples.jsonl");
    let has_lines = || std::fs::metadata(&samples).is_ok_and(|file| file.len() > 0);
    assert!(wait_until(|| has_lines() || run.has_ended()), "nothing was written");
    run.signal(Signal::SIGINT);
    let summary = scratch.ended(run, 105);
    assert_eq!(judged(&summary), ["interrupted", "invalid"]);
    assert_adds_up(&summary);
}

#[test]
fn wrong_usage_returns_2() {
    let scratch = Scratch::new(format!("{CALM}{LOOK}{CREW}"));
    let wrong: &[&[&str]] = &[
        &[],
        &["rnu", "w.kdl"],
        &["run"],
        &["run", "w.kdl", "--sed", "3"],
        &["run", "w.kdl", "--seed", "x"],
        &["run", "w.kdl", "--duration", "5"],
        &["run", "w.kdl", "--duration", "0s"],
        &["run", "w.kdl", "--out", "=x"],
        &["run", "w.kdl", "w.kdl"],
        &["simulate"],
        &["check"],
        &["serve-demo", "--listen", "nowhere"],
        &["serve-demo", "--listen", "0.0.0.0:0"],
    ];
    for arguments in wrong {
        let ended = scratch.throng(arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {}", ended.stderr);
        assert!(!ended.stderr.is_empty(), "{arguments:?}");
    }
    for arguments in [&["--help"][..], &["--version"], &["run", "--help"]] {
        let ended = scratch.throng(arguments);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{arguments:?}");
    }
}
