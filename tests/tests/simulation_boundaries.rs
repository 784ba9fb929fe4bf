//! The edges of the model: nothing to do, nobody to do it, no time to do it in.

use throng::RunError;
use throng::components::clock::Nanos;
use throng::components::run::Outcome;
use throng_tests::simulation::{Observed, Run, run};

const HEAD: &str = "throng 1\nseed 1\ntarget shop \"http://127.0.0.1:1\"\ntarget nothing noop\n\
    service shop { servers 10; time constant \"1s\" }\n\
    behavior call { http GET \"/\" name=call }\nbehavior quick { noop name=x }\nbehavior rest { think constant \"1s\" }\n\
    behavior idle { }\nbehavior endless { repeat 1000000000000 { noop name=again } }\n";

fn simulate(rest: &str) -> Observed {
    simulate_for(rest, None).expect("it runs")
}

fn simulate_for(rest: &str, duration: Option<Nanos>) -> Result<Observed, RunError> {
    let observed = run(Run { text: format!("{HEAD}{rest}\n"), duration, ..Run::default() })?;
    assert_eq!(throng::summary::conservation(&observed.summary), Vec::<String>::new(), "{rest}");
    Ok(observed)
}

#[test]
fn iterations_of_waits_alone_are_iterations() {
    let closed = simulate("scenario s { behavior rest; population { hold 3 for=\"10s\" } }");
    assert_eq!(closed.scenario("s").iterations.started, 30);
    assert_eq!(closed.scenario("s").iteration_ns.max, Some(1_000_000_000));
    let open = simulate("scenario s { behavior rest; arrivals even { hold \"3/s\" for=\"10s\" } }");
    assert_eq!(open.scenario("s").iterations.succeeded, 30);
}

#[test]
fn an_empty_behaviour_is_fine_where_something_else_takes_time() {
    let open = simulate("scenario s { behavior idle; arrivals even { hold \"3/s\" for=\"10s\" } }");
    assert_eq!(open.scenario("s").iterations.succeeded, 30);
    let paced = simulate("scenario s { behavior idle; population { hold 2 for=\"10s\" }; pace \"1s\" }");
    // Half-open: users begin at 0, 1, … 9 s, and not at the instant of the end.
    assert_eq!(paced.scenario("s").iterations.succeeded, 20);
}

#[test]
fn time_that_stands_still_is_refused() {
    let check = |load: &str| {
        let result = simulate_for(&format!("scenario s {{ {load} }}"), None);
        assert!(matches!(result, Err(RunError::StandsStill(Nanos(0)))), "{load}: {:?}", result.err());
    };
    check("behavior idle; population { hold 2 for=\"10s\" }");
    check("behavior quick; population { hold 2 for=\"10s\" }");
    check("behavior endless; population { hold 2 for=\"10s\" }");
}

#[test]
fn one_iteration_is_one_iteration() {
    let open =
        simulate("scenario s { behavior call; arrivals even { hold \"9/s\" for=\"10s\" }; iterations 1 }");
    assert_eq!(open.scenario("s").iterations.succeeded, 1);
    assert_eq!(open.summary.duration_ns, 1_055_555_555);
    let closed = simulate("scenario s { behavior call; population { hold 7 for=\"10s\" }; iterations 1 }");
    assert_eq!(closed.scenario("s").iterations.succeeded, 1);
    assert_eq!(closed.summary.duration_ns, 1_000_000_000);
}

#[test]
fn one_user_serves_a_queue_in_order() {
    let one = "users min=1 max=1; overflow queue limit=3";
    let observed = simulate(&format!(
        "scenario s {{ behavior call; arrivals even {{ hold \"5/s\" for=\"1s\" }}; {one} }}"
    ));
    let tokens = observed.scenario("s").tokens.expect("open");
    // Due at 100, 300, 500, 700 and 900 ms: one is served, three wait, the last finds no room.
    assert_eq!((tokens.started, tokens.dropped, tokens.waiting), (4, 1, 0));
    let starts: Vec<u64> = observed.iterations("s").map(|iteration| iteration.started / 1_000_000).collect();
    assert_eq!(starts, [100, 1_100, 2_100, 3_100]);
}

#[test]
fn a_token_waits_for_its_timeout_and_no_longer() {
    let one = "users min=1 max=1; overflow queue limit=unbounded timeout=\"300ms\"";
    let observed = simulate(&format!(
        "scenario s {{ behavior call; arrivals even {{ hold \"10/s\" for=\"1s\" }}; {one} }}"
    ));
    let tokens = observed.scenario("s").tokens.expect("open");
    // The token of 750 ms would expire at 1050 ms, the instant at which the user is free: it is served.
    assert_eq!((tokens.started, tokens.expired), (2, 8));
    let starts: Vec<u64> = observed.iterations("s").map(|iteration| iteration.due / 1_000_000).collect();
    assert_eq!(starts, [50, 750]);
}

#[test]
fn a_scenario_may_never_begin() {
    let text = "scenario s { behavior call; arrivals even { hold \"9/s\" for=\"1s\" }; start delay=\"10s\" }\n\
        scenario t { behavior rest; population { hold 2 for=\"1s\" }; start delay=\"10s\" }";
    let observed = simulate_for(text, Some(Nanos::SECOND)).expect("it runs");
    assert_eq!(observed.summary.stopped_by.as_deref(), Some("duration"));
    assert_eq!(observed.summary.duration_ns, 1_000_000_000);
    assert_eq!(observed.scenario("s").tokens.expect("open").planned, 0);
    assert_eq!(observed.scenario("s").iterations.started + observed.scenario("t").iterations.started, 0);
}

#[test]
fn a_rate_of_nothing_is_kept() {
    let observed = simulate("scenario s { behavior call; arrivals even { hold \"0/s\" for=\"3s\" } }");
    assert_eq!(observed.summary.duration_ns, 3_000_000_000);
    assert_eq!(observed.summary.outcome, Outcome::Passed);
    assert_eq!(observed.scenario("s").rate.achieved_per_s, Some(0.0));
}

#[test]
fn what_has_no_end_is_stopped() {
    let stop = "stop-when { elapsed \"5s\" }";
    let observed = simulate(&format!("scenario s {{ behavior rest; population {{ hold 2 }} }}\n{stop}"));
    assert_eq!(observed.scenario("s").iterations.succeeded, 10);
    assert_eq!(observed.summary.duration_ns, 5_000_000_000);
}

#[test]
fn each_scenario_has_its_own_end() {
    let observed = simulate(
        "scenario s { behavior rest; population { hold 2 for=\"3s\" } }\n\
         scenario t { behavior rest; population { hold 1 for=\"7500ms\" } }",
    );
    assert_eq!(observed.scenario("s").iterations.started, 6);
    // The last one begins at 7 s and ends in the drain.
    assert_eq!(observed.scenario("t").iterations.succeeded, 8);
    assert_eq!(observed.summary.duration_ns, 8_000_000_000);
}

#[test]
fn what_a_drain_cannot_hold_is_cut() {
    let observed =
        simulate("scenario s { behavior call; arrivals even { hold \"4/s\" for=\"2s\" }; drain \"300ms\" }");
    let scenario = observed.scenario("s");
    // Due at 125, 375, … 1875 ms; a call takes 1 s and the cut comes at 2300 ms.
    assert_eq!((scenario.iterations.succeeded, scenario.iterations.cut), (5, 3));
    let call = scenario.steps.get("call").expect("it was used");
    assert_eq!((call.count, call.cut, call.attempts), (5, 3, 8));
    assert_eq!(observed.summary.duration_ns, 2_300_000_000);
    // The last of three iterations begins, and is cut at once.
    let capped = "arrivals even { hold \"4/s\" for=\"2s\" }; iterations 3; drain \"0s\"";
    let capped = simulate(&format!("scenario s {{ behavior call; {capped} }}"));
    assert_eq!((capped.scenario("s").iterations.started, capped.scenario("s").iterations.cut), (3, 3));
    let closed = simulate("scenario s { behavior rest; population { hold 2 for=\"1500ms\" }; drain \"0s\" }");
    assert_eq!((closed.scenario("s").iterations.succeeded, closed.scenario("s").iterations.cut), (2, 2));
    assert_eq!(closed.summary.duration_ns, 1_500_000_000);
}
