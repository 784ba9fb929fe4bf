//! Scenarios that begin when another one has drained.

use throng::App;
use throng::components::clock::Nanos;
use throng_tests::simulation::{FirstPart, Observed, Run, comparable, resume, run, run_until};

const MILLI: u64 = 1_000_000;

fn text(tick: &str, scenarios: &str) -> String {
    format!(
        "throng 1\nseed 4\ntick \"{tick}\"\ntarget shop \"http://127.0.0.1:1\"\n\
         service shop {{ servers 3; time constant \"7ms\" }}\n\
         behavior b {{ http GET \"/\" name=x }}\n{scenarios}"
    )
}

fn simulate(tick: &str, scenarios: &str) -> Observed {
    run(text(tick, scenarios).as_str()).unwrap_or_else(|error| panic!("{error}\n{scenarios}"))
}

/// When a scenario's first iteration was due and its last one ended.
fn span(observed: &Observed, scenario: &str) -> (u64, u64) {
    let dues = observed.iterations(scenario).map(|iteration| iteration.due);
    let ends = observed.iterations(scenario).map(|iteration| iteration.ended);
    (dues.min().expect("it began"), ends.max().expect("it ended"))
}

/// The first tick in which a scenario may begin after one that ended at an instant.
fn soonest(ended: u64, tick: u64) -> u64 {
    (ended / tick + 3) * tick
}

/// Scenarios `first` and `second`, of which the second begins after the first, once at the soonest and once a second later.
fn check(first: &str, second: &str) {
    let scenarios = |delay: &str| {
        format!(
            "scenario second {{ behavior b; {second}; start after=first {delay} }}\n\
             scenario first {{ behavior b; {first} }}\n"
        )
    };
    for (tick, nanos) in [("1ms", MILLI), ("10ms", 10 * MILLI), ("370ms", 370 * MILLI)] {
        let observed = simulate(tick, &scenarios(""));
        let (_, ended) = span(&observed, "first");
        assert_eq!(span(&observed, "second").0, soonest(ended, nanos), "{tick}: {first}, {second}");
        let delayed = simulate(tick, &scenarios("delay=\"1500ms\""));
        assert_eq!(span(&delayed, "second").0, ended + 1_500 * MILLI, "{tick}: {first}, {second}");
        let whole = delayed.scenario("second");
        assert_eq!(whole.iterations.started, observed.scenario("second").iterations.started);
    }
    // A start that lies further off than the world needs does not know of the tick.
    let logs =
        ["100us", "1ms", "10ms", "370ms"].map(|tick| simulate(tick, &scenarios("delay=\"1500ms\"")).log);
    assert!(logs.iter().all(|log| *log == logs[0]), "{first}, {second}");
}

const CREW: &str = "population { hold 3 for=\"1s\" }";

#[test]
fn a_scenario_begins_when_the_other_one_has_drained() {
    check(CREW, CREW);
    check("population { hold 3 for=\"9h\" }; iterations 100", CREW);
    check("arrivals even { hold \"30/s\" for=\"1s\" }; iterations 12", CREW);
    check("arrivals poisson { hold \"400/s\" for=\"1s\" }; overflow queue limit=1000; users max=2", CREW);
    check(
        "population { hold 5 for=\"1s\" }; drain \"0s\"",
        "population { hold 9 for=\"2s\" }; pace \"100ms\"",
    );
}

#[test]
fn arrivals_count_from_their_own_start() {
    let second = "arrivals even { hold \"100/s\" for=\"2s\" }; warm-up \"500ms\"";
    let scenarios = format!(
        "scenario first {{ behavior b; {CREW} }}\n\
         scenario second {{ behavior b; {second}; start after=first delay=\"1s\" }}\n\
         stop-when {{ rate scenario=second below=\"1/s\" window=\"700ms\" outcome=failed }}\n"
    );
    let observed = simulate("10ms", &scenarios);
    let ended = span(&observed, "first").1;
    let mut dues: Vec<u64> = observed.iterations("second").map(|iteration| iteration.due).collect();
    dues.sort_unstable();
    let exact: Vec<u64> =
        (0..200).map(|number| ended + 1_000 * MILLI + 5 * MILLI + number * 10 * MILLI).collect();
    assert_eq!(dues, exact);
    let whole = observed.scenario("second");
    assert_eq!((whole.iterations.started, whole.warm_up.iterations), (200, 50));
    assert!((whole.tokens.expect("open").expected - 200.0).abs() < 1e-6);
    assert_eq!(observed.summary.stopped_by, None, "no window is judged before its scenario begins");
}

#[test]
fn they_may_stand_in_a_row() {
    let scenarios = format!(
        "scenario a {{ behavior b; {CREW}; start delay=\"2s\" }}\n\
         scenario c {{ behavior b; {CREW}; start after=b }}\n\
         scenario b {{ behavior b; {CREW}; start after=a }}\n\
         scenario d {{ behavior b; {CREW}; start after=a }}\n"
    );
    let observed = simulate("10ms", &scenarios);
    let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| span(&observed, name));
    assert_eq!(a.0, 2_000 * MILLI);
    assert_eq!((b.0, d.0), (soonest(a.1, 10 * MILLI), soonest(a.1, 10 * MILLI)));
    assert_eq!(c.0, soonest(b.1, 10 * MILLI));
}

#[test]
fn what_is_stopped_before_its_turn_never_begins() {
    let scenarios = format!(
        "scenario first {{ behavior b; population {{ hold 3 }} }}\n\
         scenario second {{ behavior b; arrivals even {{ hold \"9/s\" for=\"1s\" }}; start after=first }}\n\
         scenario third {{ behavior b; {CREW}; start after=second }}\n\
         stop-when {{ elapsed \"3s\" outcome=passed }}\n"
    );
    let observed = simulate("10ms", &scenarios);
    assert_eq!(observed.summary.stopped_by.as_deref(), Some("stop-when elapsed \"3s\" outcome=passed"));
    assert!(observed.scenario("first").iterations.started > 0);
    let tokens = observed.scenario("second").tokens.expect("open");
    assert_eq!((tokens.planned, tokens.started), (0, 0));
    assert!(tokens.expected.abs() < 1e-9);
    assert_eq!(observed.scenario("third").iterations.started, 0);
}

#[test]
fn a_run_is_saved_before_and_after_a_start() {
    let scenarios = format!(
        "scenario first {{ behavior b; {CREW} }}\n\
         scenario second {{ behavior b; arrivals poisson {{ hold \"50/s\" for=\"2s\" }}; start after=first delay=\"300ms\"; warm-up \"1s\" }}\n"
    );
    let text = Run { text: text("10ms", &scenarios), ..Run::default() };
    let app = App::new();
    let whole = run(text.clone()).expect("it runs");
    for millis in [1, 999, 1_005, 1_030, 1_290, 1_400, 3_000] {
        let first = run_until(&app, text.clone(), Nanos::from_millis(millis)).expect("it runs");
        let FirstPart::Saved(saved, log) = first else { panic!("it is over at {millis} ms") };
        let (summary, rest) = resume(&app, &saved).expect("it goes on");
        assert!([log, rest].concat() == whole.log, "saved at {millis} ms: another log");
        assert_eq!(comparable(&summary), comparable(&whole.summary), "saved at {millis} ms");
    }
}

#[test]
fn rules_on_a_scenario_that_waits_are_kept() {
    let ended = |first: &str, rules: &str| {
        let scenarios = format!(
            "scenario second {{ behavior b; population {{ hold 1 for=\"30s\" }}; start after=first }}\n\
             scenario first {{ behavior b; population {{ hold 1 for=\"{first}\" }} }}\n{rules}\n"
        );
        simulate("10ms", &scenarios).summary.duration_ns / 1_000_000_000
    };
    // Three seconds after its own beginning, not never.
    assert_eq!(ended("2s", "require { response p=50 scenario=second below=\"1ms\" abort-after=\"3s\" }"), 5);
    // What ends for sure does so, whether it has begun or not.
    let precise = "precision p=99.9 scenario=second within=\"1%\"";
    assert_eq!(ended("20s", &format!("stop-when {{ {precise} max=\"5s\" }}")), 5);
    assert_eq!(ended("2s", &format!("stop-when {{ {precise} max=\"5s\" }}")), 5);
}
