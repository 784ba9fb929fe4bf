//! Rules under virtual time: which instant each of them stops at, and what is said of it.
//!
//! `expected` of the summary is the area under the curve up to the stop: at 10/s it tells the instant to the nanosecond.

use throng::components::clock::Nanos;
use throng::components::run::Outcome;
use throng_tests::simulation::{Observed, Run, run};

/// A service of 10 ms that always fails, and arrivals that never end.
struct Setting<'a> {
    stages: &'a str,
    scenario: &'a str,
    service: &'a str,
}

const FAILING: Setting<'static> = Setting {
    stages: "hold \"10/s\"",
    scenario: "",
    service: "servers 100; time constant \"10ms\"; fails ratio=\"100%\"",
};

fn simulate(setting: &Setting<'_>, rules: &str, duration: Option<Nanos>) -> Observed {
    let Setting { stages, scenario, service } = setting;
    let text = format!(
        "throng 1\nseed 1\ntarget shop \"http://127.0.0.1:1\"\nservice shop {{ {service} }}\n\
         behavior look {{ http GET \"/\" name=home; repeat 0 {{ http GET \"/\" name=never }} }}\n\
         scenario crowd {{\nbehavior look\narrivals even {{ {stages} }}\n{scenario}\n}}\n{rules}\n"
    );
    run(Run { text, duration, ..Run::default() }).expect("it runs")
}

/// The rule stops the run when so many tokens are expected, and is named.
fn check(setting: &Setting<'_>, rule: &str, expected: f64) -> Observed {
    let observed = simulate(setting, &format!("stop-when {{ {rule} }}"), None);
    let summary = &observed.summary;
    assert_eq!(summary.stopped_by.as_deref(), Some(format!("stop-when {rule}").as_str()));
    let tokens = observed.scenario("crowd").tokens.expect("open");
    assert!((tokens.expected - expected).abs() < 1e-6, "{rule}: {} of {expected}", tokens.expected);
    let outcome = if rule.contains("elapsed") || rule.contains("precision") {
        Outcome::Passed
    } else {
        Outcome::Failed
    };
    assert_eq!(summary.outcome, outcome, "{rule}: {:?}", summary.rules);
    observed
}

#[test]
fn elapsed_stops_at_its_instant() {
    check(&FAILING, "elapsed \"2500ms\"", 25.0);
}

#[test]
fn a_rule_that_looks_often_lets_no_plan_pile_up() {
    let rules = "stop-when { response p=90 above=\"10s\" window=\"1s\"; elapsed \"100s\" }";
    let tokens = simulate(&FAILING, rules, None).scenario("crowd").tokens.expect("open");
    assert_eq!(tokens.started, 1_000);
    assert!(tokens.planned < 1_100, "{}", tokens.planned);
}

#[test]
fn a_count_of_failures_stops_at_the_failure_that_passes_it() {
    // The fifth token is due at 450 ms and fails 10 ms later.
    let observed = check(&FAILING, "failures above=4", 4.6);
    assert_eq!(observed.scenario("crowd").steps.get("home").map(|step| step.failures), Some(5));
    check(&FAILING, "failures above=4 of=iterations", 4.6);
}

#[test]
fn a_share_of_failures_is_judged_where_a_window_holds_enough() {
    let rising = Setting { stages: "hold \"5/s\" for=\"3s\"; hold \"20/s\"", ..FAILING };
    check(&rising, "failures above=\"50%\" window=\"1s\" min-count=10", 35.0);
    check(&rising, "failures above=\"50%\" window=\"1s\"", 5.0);
}

#[test]
fn windows_in_a_row_are_broken_by_an_empty_one() {
    check(&FAILING, "response p=50 above=\"5ms\" window=\"1s\" times=3", 30.0);
    let interrupted =
        Setting { stages: "hold \"10/s\" for=\"2s\"; hold \"0/s\" for=\"1s\"; hold \"10/s\"", ..FAILING };
    check(&interrupted, "response p=50 above=\"5ms\" window=\"1s\" times=3", 50.0);
}

#[test]
fn a_rate_is_judged_in_empty_windows_too() {
    let falling = Setting { stages: "hold \"10/s\" for=\"3s\"; hold \"5/s\"", ..FAILING };
    check(&falling, "rate below=\"8/s\" window=\"1s\"", 35.0);
    let silent = Setting { stages: "hold \"10/s\" for=\"3s\"; hold \"0/s\"", ..FAILING };
    check(&silent, "rate below=\"1/s\" window=\"5s\"", 30.0);
}

#[test]
fn a_backlog_stops_at_the_token_that_passes_it() {
    // One user is busy from 50 ms on; tokens wait from 150 ms on, the fourth of them at 450 ms.
    let stuck = Setting {
        scenario: "users min=1 max=1\noverflow queue limit=unbounded\ndrain \"0s\"",
        service: "time constant \"20s\"",
        ..FAILING
    };
    let tokens = check(&stuck, "backlog above=3", 4.5).scenario("crowd").tokens.expect("open");
    assert_eq!((tokens.started, tokens.waiting), (1, 4));
}

#[test]
fn of_two_rules_at_one_instant_the_first_in_the_file_is_taken() {
    let first = |rules: &str| {
        let observed = simulate(&FAILING, &format!("stop-when {{ {rules} }}"), None);
        (observed.summary.stopped_by.unwrap_or_default(), observed.summary.outcome)
    };
    let elapsed = "elapsed \"1s\"";
    let failures = "failures above=\"1%\" window=\"1s\"";
    assert_eq!(first(&format!("{elapsed}; {failures}")), (format!("stop-when {elapsed}"), Outcome::Passed));
    assert_eq!(first(&format!("{failures}; {elapsed}")), (format!("stop-when {failures}"), Outcome::Failed));
}

#[test]
fn windows_begin_with_the_scenario_that_a_rule_names() {
    let delayed = Setting { scenario: "start delay=\"250ms\"", ..FAILING };
    check(&delayed, "failures above=\"50%\" window=\"1s\" scenario=crowd", 10.0);
    check(&delayed, "failures above=\"50%\" window=\"1s\"", 7.5);
}

#[test]
fn the_warm_up_is_left_out_of_steps_and_rules() {
    let warm = Setting { scenario: "warm-up \"2s\"", ..FAILING };
    let observed = check(&warm, "failures above=4", 24.6);
    let crowd = observed.scenario("crowd");
    assert_eq!(crowd.warm_up.iterations, 20);
    assert_eq!(crowd.iterations.started, 25);
    assert_eq!(crowd.steps.get("home").map(|step| step.count), Some(5));
    // 25 − 20 begun and 24.6 − 20 expected in the 460 ms that count.
    assert!((crowd.rate.expected_per_s.unwrap_or(0.0) - 10.0).abs() < 1e-6);
}

#[test]
fn a_duration_ends_a_run_as_elapsed_would() {
    let observed = simulate(&FAILING, "", Some(Nanos::from_millis(1_500)));
    assert_eq!(observed.summary.stopped_by.as_deref(), Some("duration"));
    assert_eq!(observed.summary.outcome, Outcome::Passed);
    let tokens = observed.scenario("crowd").tokens.expect("open");
    assert!((tokens.expected - 15.0).abs() < 1e-6);
    assert_eq!(tokens.started, 15);
}

#[test]
fn what_is_required_has_to_have_data() {
    let ending = Setting { stages: "hold \"200/s\" for=\"2s\"", ..FAILING };
    let outcome = |rule: &str| {
        let observed = simulate(&ending, &format!("require {{ {rule} }}"), None);
        let rules = &observed.summary.rules;
        let told = rules.iter().find(|told| told.rule == format!("require {rule}")).expect("it is told of");
        (told.passed, told.value.is_some(), observed.summary.outcome)
    };
    assert_eq!(outcome("response p=99 step=home below=\"11ms\""), (true, true, Outcome::Passed));
    assert_eq!(outcome("response p=99 step=home below=\"9ms\""), (false, true, Outcome::Failed));
    assert_eq!(outcome("response p=99 step=never below=\"1s\""), (false, false, Outcome::Failed));
    assert_eq!(outcome("failures step=never below=\"1%\""), (false, false, Outcome::Failed));
    assert_eq!(outcome("failures below=\"1%\""), (false, true, Outcome::Failed));
}

#[test]
fn a_plan_of_nothing_is_kept_but_a_rate_that_is_asked_for_needs_one() {
    let empty = Setting { stages: "hold \"0/s\" for=\"2s\"", ..FAILING };
    let check = |rules: &str, rule: &str, outcome: Outcome| {
        let observed = simulate(&empty, rules, None);
        let [told] = observed.summary.rules.as_slice() else { panic!("{:?}", observed.summary.rules) };
        assert_eq!(told.rule, rule);
        assert_eq!((told.passed, &told.value), (outcome == Outcome::Passed, &None), "{rule}");
        assert_eq!(observed.summary.outcome, outcome, "{rule}");
    };
    check("", "require rate scenario=crowd at-least=\"99%\"", Outcome::Passed);
    check("require { rate at-least=\"99%\" }", "require rate at-least=\"99%\"", Outcome::Failed);
    check("require { rate below=\"99%\" }", "require rate below=\"99%\"", Outcome::Failed);
}

#[test]
fn an_open_scenario_has_to_keep_its_rate() {
    let starved = Setting {
        stages: "hold \"10/s\" for=\"2s\"",
        scenario: "users min=1 max=1",
        service: "time constant \"1s\"",
    };
    let observed = simulate(&starved, "", None);
    let rule = observed.summary.rules.last().expect("the implicit rule");
    assert_eq!(rule.rule, "require rate scenario=crowd at-least=\"99%\"");
    assert!(!rule.passed);
    assert_eq!(observed.summary.outcome, Outcome::Failed);
}

#[test]
fn a_percentile_of_too_few_steps_is_refused() {
    let check = |seconds: u64, rule: &str, passed: bool, value: bool, needed: Option<u64>| {
        let stages = format!("hold \"10/s\" for=\"{seconds}s\"");
        let setting = Setting { stages: &stages, ..FAILING };
        let observed = simulate(&setting, &format!("require {{ {rule} }}"), None);
        let told = &observed.summary.rules[0];
        assert_eq!((told.passed, told.value.is_some(), told.needed), (passed, value, needed), "{rule}");
        assert_eq!(told.count, needed.map(|_| seconds * 10), "{rule}");
    };
    check(36, "response p=99 below=\"1s\"", false, false, Some(368));
    check(37, "response p=99 below=\"1s\"", true, true, None);
    check(36, "response p=99 below=\"1s\" min-count=1", true, true, None);
    check(100, "response p=99.9 below=\"1s\"", false, false, Some(3_688));
    check(1, "response mean below=\"1s\"", true, true, None);
    // So many are above it that it is, wherever it lies among them.
    check(2, "response p=99 above=\"1ms\"", true, true, Some(368));
}

#[test]
fn a_run_ends_when_enough_is_known_or_at_its_latest() {
    let queue = Setting {
        stages: "hold \"50/s\"",
        service: "servers 1; queue fifo limit=100; time exponential mean=\"10ms\"",
        ..FAILING
    };
    // Known after some minutes: at a whole second, and not before 20 batches of 36 were full.
    let known = simulate(&queue, "stop-when { precision p=90 within=\"15%\" max=\"1h\" }", None);
    let (rule, length) = (&known.summary.rules[0], Nanos(known.summary.duration_ns));
    let value = rule.value.as_ref().and_then(serde_json::Number::as_f64).expect("it is known");
    assert!(value > 0.0 && value <= 0.15 && rule.passed, "{rule:?}");
    assert!(length > Nanos::from_secs(15) && length < Nanos::from_secs(3_600), "{length}");
    // What is known too late is told as it stands, at the very instant.
    check(&FAILING, "precision p=99 within=\"1%\" max=\"2500ms\"", 25.0);
    // Values that are all alike are known as soon as there are enough.
    check(&FAILING, "precision p=50 within=\"5%\" method=order-statistics", 10.0);
    check(&FAILING, "precision p=50 within=\"5%\" method=order-statistics min=\"7s\"", 70.0);
}

#[test]
fn a_count_of_successes_stops_at_the_success_that_passes_it() {
    let well = Setting { service: "servers 100; time constant \"10ms\"", ..FAILING };
    // The fifth token is due at 450 ms and answered 10 ms later.
    check(&well, "successes above=4", 4.6);
    check(&well, "successes above=4 of=iterations", 4.6);
    check(&well, "successes above=4 window=\"1s\"", 10.0);
}

#[test]
fn a_target_that_answers_nothing_any_more_is_noticed_in_empty_windows() {
    let rule = "successes below=1 window=\"5s\"";
    let well = "servers 100; time constant \"10ms\"";
    // Nothing goes well from the outage on, which begins in the third window.
    let out = format!("{well}; outage from=\"12s\" for=\"1h\"");
    check(&Setting { service: &out, ..FAILING }, rule, 200.0);
    // Answers that never come fail nothing for as long as a timeout is.
    let hangs = Setting { service: "servers 100; time constant \"1h\"", ..FAILING };
    check(&hangs, rule, 50.0);
    // Not asked before the warm-up is over: the first whole window begins at 10 s.
    check(&Setting { scenario: "warm-up \"7s\"", ..hangs }, rule, 150.0);
    // Nor after its scenario's end, while what was begun is waited for.
    let ending = Setting { stages: "hold \"10/s\" for=\"5s\"", scenario: "drain \"1m\"", ..hangs };
    let observed = simulate(&ending, &format!("stop-when {{ {rule} }}"), None);
    assert_eq!(observed.summary.stopped_by, Some(format!("stop-when {rule}")));
    let empty = Setting { stages: "hold \"10/s\" for=\"3s\"", ..ending };
    assert_eq!(simulate(&empty, &format!("stop-when {{ {rule} }}"), None).summary.stopped_by, None);
}

#[test]
fn a_requirement_may_end_the_run_before_its_end() {
    let aborted = |rule: &str, expected: f64| {
        let observed = simulate(&FAILING, &format!("require {{ {rule} }}"), None);
        let told = observed.summary.stopped_by.as_deref();
        assert_eq!((told, observed.summary.outcome), (Some(&*format!("require {rule}")), Outcome::Failed));
        let tokens = observed.scenario("crowd").tokens.expect("open");
        assert!((tokens.expected - expected).abs() < 1e-6, "{rule}: {}", tokens.expected);
    };
    aborted("failures below=\"50%\" abort-after=\"2500ms\"", 25.0);
    aborted("failures below=15 abort-after=\"500ms\"", 15.0);
    aborted("response mean below=\"5ms\" abort-after=\"3s\"", 30.0);
    // What is known too little of is waited for.
    aborted("response p=90 below=\"5ms\" abort-after=\"500ms\"", 45.0);
    // What holds ends nothing, and is judged once more at the end.
    let ending = Setting { stages: "hold \"10/s\" for=\"4s\"", ..FAILING };
    let rule = "response mean below=\"50ms\" abort-after=\"1s\"";
    let observed = simulate(&ending, &format!("require {{ {rule} }}"), None);
    assert_eq!((observed.summary.stopped_by.as_deref(), observed.summary.rules[0].passed), (None, true));
}

#[test]
fn virtual_time_is_never_late() {
    let ending = Setting { stages: "hold \"10/s\" for=\"4s\"", ..FAILING };
    let observed =
        simulate(&ending, "require { lateness p=99 below=\"1ns\"; lateness mean below=\"1ns\" }", None);
    assert!(observed.summary.rules[..2].iter().all(|rule| rule.passed), "{:?}", observed.summary.rules);
}

#[test]
fn few_failures_of_nothing_are_no_merit() {
    let ending = Setting { stages: "hold \"10/s\" for=\"2s\"", ..FAILING };
    let observed = simulate(&ending, "require { failures below=5 step=never }", None);
    let told = &observed.summary.rules[0];
    assert_eq!((told.passed, &told.value), (false, &None));
}
