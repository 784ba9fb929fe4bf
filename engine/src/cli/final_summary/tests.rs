//! One eventful run, and what changes when parts of it are not there.

use super::*;

/// A run in which nearly everything that can be shown is there to show.
const EVENTFUL: &str = include_str!("eventful.json");

fn eventful() -> Summary {
    serde_json::from_str(EVENTFUL).expect("the sample follows the schema")
}

#[test]
fn an_eventful_run() {
    insta::assert_snapshot!(render(&eventful(), false));
}

#[test]
fn a_quiet_run() {
    let mut summary = eventful();
    summary.outcome = Outcome::Passed;
    summary.verdict = Verdict::Valid;
    summary.stopped_by = None;
    summary.verdict_reasons.clear();
    summary.rules.clear();
    summary.listeners.0.clear();
    summary.controls.clear();
    summary.gaps.clear();
    summary.groups.0.clear();
    summary.services.0.clear();
    summary.measures.0.clear();
    summary.measures_overflow = None;
    summary.scenarios.0.truncate(1);
    for (_, scenario) in &mut summary.scenarios.0 {
        scenario.iterations.errors.clear();
    }
    summary.steps.0.truncate(1);
    for (_, step) in &mut summary.steps.0 {
        step.errors.clear();
        step.retried.clear();
        (step.failures, step.unsent) = (0, 0);
    }
    insta::assert_snapshot!(render(&summary, false));
}

#[test]
fn a_passed_run_that_nobody_can_trust_does_not_look_like_success() {
    let mut summary = eventful();
    (summary.outcome, summary.verdict) = (Outcome::Passed, Verdict::Invalid);
    let text = render(&summary, true);
    assert!(text.starts_with("\u{1b}[31mPASSED, but the verdict is INVALID:\u{1b}[0m"), "{text}");
}

#[test]
fn a_run_of_nothing() {
    let mut summary = eventful();
    summary.scenarios.0.clear();
    summary.steps.0.clear();
    summary.groups.0.clear();
    summary.rules.clear();
    summary.listeners.0.clear();
    summary.duration_ns = 0;
    let text = render(&summary, false);
    assert!(text.contains("FAILED") && text.contains("generator"), "{text}");
}

#[test]
fn lines_fit_in_80_columns() {
    for line in render(&eventful(), false).lines() {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
    }
}

#[test]
fn colours_change_nothing_but_colours() {
    let coloured = render(&eventful(), true);
    let mut plain = coloured.clone();
    for code in ["1", "31", "32", "33", "0"] {
        plain = plain.replace(&format!("\u{1b}[{code}m"), "");
    }
    assert_ne!(coloured, plain);
    assert_eq!(plain, render(&eventful(), false));
}
