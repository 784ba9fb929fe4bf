//! What the examples show does happen. Each is included as it stands, so that it stays one file.

use std::path::Path;
use std::sync::atomic::AtomicU32;

use throng::components::run::Outcome;
use throng::loader::{Overrides, load_file};
use throng::summary::{ScenarioSummary, Summary};
use throng::{App, RunOptions, simulate};

#[path = "../../examples/src/bin/slow_down_on_errors.rs"]
#[expect(dead_code, reason = "its `main` is the program's, not a test's")]
mod slow_down_on_errors;

fn simulated(app: &App, workload: &str) -> Summary {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(workload);
    let loaded = load_file(&path, app.registry(), &Overrides::default());
    let loaded = loaded.unwrap_or_else(|refused| panic!("{workload}: {:#?}", refused.problems));
    simulate(app, loaded, RunOptions::default(), &AtomicU32::new(0)).expect("it runs")
}

fn crowd(summary: &Summary) -> &ScenarioSummary {
    summary
        .scenarios
        .0
        .iter()
        .find(|(name, _)| name == "crowd")
        .map(|(_, crowd)| crowd)
        .expect("there is one")
}

#[test]
fn arrivals_slow_down_while_requests_fail() {
    let held_back = simulated(&slow_down_on_errors::app(), "slow-down-on-errors.kdl");
    let as_planned = simulated(&App::new(), "slow-down-on-errors.kdl");
    let (with, without) = (crowd(&held_back), crowd(&as_planned));
    let tokens = |summary: &ScenarioSummary| summary.tokens.expect("an open scenario has tokens");
    // The plan is the same: a policy steers what becomes of tokens, not when they are due.
    assert_eq!(tokens(with).planned, tokens(without).planned);
    assert_eq!(tokens(without).started, tokens(without).planned);
    assert_eq!(tokens(with).started + tokens(with).dropped, tokens(with).planned);
    assert!(tokens(with).started * 4 < tokens(with).planned * 3, "{:?}", tokens(with));
    let failed = |summary: &ScenarioSummary| summary.iterations.failed * 100 / summary.iterations.started;
    assert!(failed(without) > 40, "the service fails: {}%", failed(without));
    assert!(failed(with) < 25, "the system keeps it from failing: {}%", failed(with));
    assert_eq!((held_back.outcome, as_planned.outcome), (Outcome::Passed, Outcome::Failed));
}

#[test]
fn a_system_of_ones_own_is_as_repeatable_as_the_rest() {
    let events = || {
        let summary = simulated(&slow_down_on_errors::app(), "slow-down-on-errors.kdl");
        format!("{:?}", crowd(&summary).tokens)
    };
    assert_eq!(events(), events());
}
