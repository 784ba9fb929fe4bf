//! `--until`: all before the instant has happened, nothing of it or after it has.

use throng::components::clock::Nanos;
use throng::components::run::Outcome;
use throng::summary::conservation;
use throng_tests::simulation::{Observed, Run, run};

const HEAD: &str = "throng 1\nseed 1\ntarget shop \"http://127.0.0.1:1\"\n\
    service shop { servers 100; time constant \"1s\" }\n\
    behavior call { http GET \"/\" name=call }\nbehavior rest { think constant \"1s\" }\n";

/// A call of one second every 250 ms from 125 ms on, ten in all.
const CALLS: &str = "scenario s { behavior call; arrivals even { hold \"4/s\" for=\"2500ms\" } }\n";

fn simulate(text: &str, until: u64, duration: Option<u64>) -> Observed {
    let (until, duration) = (Some(Nanos(until)), duration.map(Nanos::from_millis));
    let observed = run(Run { text: format!("{HEAD}{text}"), duration, until }).expect("it runs");
    assert_eq!(conservation(&observed.summary), Vec::<String>::new(), "{text}");
    observed
}

/// `expected`: iterations succeeded and cut, and the run's length.
fn check(until: u64, duration: Option<u64>, expected: (u64, u64, u64), by: Option<&str>) {
    let observed = simulate(CALLS, until, duration);
    let iterations = &observed.scenario("s").iterations;
    let found = (iterations.succeeded, iterations.cut, observed.summary.duration_ns);
    assert_eq!(found, expected, "until {until}, duration {duration:?}");
    assert_eq!(observed.summary.stopped_by.as_deref(), by);
    assert_eq!(observed.summary.outcome, Outcome::Passed);
    let ends = observed.steps().map(|step| step.ended).chain(observed.iterations("s").map(|it| it.ended));
    assert!(ends.max().is_some_and(|last| last <= until));
}

#[test]
fn what_has_not_ended_before_the_instant_is_cut() {
    const LATE: u64 = 1_125_000_000;
    // The first call ends at 1125 ms, and the fifth is due then: neither happens.
    check(LATE, None, (0, 4, LATE), Some("until"));
    check(LATE + 1, None, (1, 4, LATE + 1), Some("until"));
    // Within the drain of the shape, and of a stop.
    check(2_800_000_000, None, (7, 3, 2_800_000_000), Some("until"));
    check(1_500_000_000, Some(1_200), (2, 3, 1_500_000_000), Some("duration"));
    check(1_200_000_000, Some(1_200), (1, 4, 1_200_000_000), Some("duration"));
    // Whoever is done by then is not touched.
    check(60_000_000_000, None, (10, 0, 3_375_000_000), None);
}

#[test]
fn whoever_thinks_or_waits_is_cut_as_well() {
    let closed = simulate("scenario s { behavior rest; population { hold 3 } }\n", 2_000_000_000, None);
    let scenario = closed.scenario("s");
    assert_eq!((scenario.iterations.succeeded, scenario.iterations.cut), (3, 3));
    assert_eq!(closed.summary.duration_ns, 2_000_000_000);
    let queue = "users min=1 max=1; overflow queue limit=9 timeout=\"1s\"";
    let one =
        format!("scenario s {{ behavior call; arrivals even {{ hold \"4/s\" for=\"9s\" }}; {queue} }}\n");
    // One is served; of those that wait since 375, 625 and 875 ms none has expired before the instant.
    let tokens = simulate(&one, 1_125_000_000, None).scenario("s").tokens.expect("open");
    assert_eq!((tokens.started, tokens.waiting, tokens.expired, tokens.dropped), (1, 3, 0, 0));
}

#[test]
fn the_log_is_the_same_for_every_tick() {
    let text = "scenario s { behavior call; arrivals poisson { hold \"40/s\" for=\"3s\" } }\n\
        scenario t { behavior rest; population { ramp from=0 to=9 over=\"2s\" }; drain \"700ms\" }\n";
    for until in [1, 777_777_777, 2_500_000_000, 3_100_000_000] {
        let logs = ["100us", "10ms", "370ms", "1s"].map(|tick| {
            let observed = simulate(&format!("tick \"{tick}\"\n{text}"), until, None);
            assert_eq!(observed.summary.stopped_by.as_deref(), Some("until"), "{tick}");
            assert_eq!(observed.summary.duration_ns, until);
            observed.log
        });
        assert!(logs.iter().all(|log| *log == logs[0]), "until {until}");
        let whole = simulate(text, u64::MAX, None);
        let before = |log: &[u8]| -> Vec<String> {
            let lines = String::from_utf8_lossy(log).lines().map(str::to_owned).collect::<Vec<_>>();
            let at = |line: &str| serde_json::from_str::<serde_json::Value>(line).ok()?["at_ns"].as_u64();
            lines.into_iter().filter(|line| at(line).is_some_and(|at| at < until)).collect()
        };
        assert_eq!(before(&logs[0]), before(&whole.log), "what happens before it does not know of it");
    }
}
