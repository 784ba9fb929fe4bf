//! What the examples show does happen. Each is included as it stands, so that it stays one file.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, PoisonError};

use throng::components::clock::Nanos;
use throng::components::run::Outcome;
use throng::loader::{Loaded, Overrides, load, load_file};
use throng::summary::{ScenarioSummary, StepSummary, Summary, conservation};
use throng::{App, RunOptions, run, simulate};

/// The examples as modules; each has its application.
macro_rules! examples {
    ($($name:ident = $path:literal),* $(,)?) => {
        $(
            #[path = $path]
            #[expect(dead_code, reason = "its `main` is the program's, not a test's")]
            mod $name;
        )*
        /// All of them.
        const EXAMPLES: &[&str] = &[$(stringify!($name)),*];
    };
}

examples!(
    coordinated_omission = "../../examples/src/bin/coordinated_omission.rs",
    crowded = "../../examples/src/bin/crowded.rs",
    echo = "../../examples/src/bin/echo.rs",
    failure_log = "../../examples/src/bin/failure_log.rs",
    fault_injector = "../../examples/src/bin/fault_injector.rs",
    find_capacity = "../../examples/src/bin/find_capacity.rs",
    fingerprint = "../../examples/src/bin/fingerprint.rs",
    open_closed = "../../examples/src/bin/open_closed.rs",
    own_measure = "../../examples/src/bin/own_measure.rs",
    proof_of_work = "../../examples/src/bin/proof_of_work.rs",
    queueing_formula = "../../examples/src/bin/queueing_formula.rs",
    retry_storm = "../../examples/src/bin/retry_storm.rs",
    sine = "../../examples/src/bin/sine.rs",
    slow_down_on_errors = "../../examples/src/bin/slow_down_on_errors.rs",
    token_bucket = "../../examples/src/bin/token_bucket.rs",
);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

fn loaded(app: &App, workload: &str) -> Loaded {
    let loaded = load_file(&folder().join(workload), app.registry(), &Overrides::default());
    loaded.unwrap_or_else(|refused| panic!("{workload}: {:#?}", refused.problems))
}

/// Where an event log can be written and read again.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A workload's summary and event log in virtual time.
fn simulated_with(
    app: &App,
    loaded: Loaded,
    directory: PathBuf,
    duration: Option<Nanos>,
) -> (Summary, String) {
    let log = Shared::default();
    let events = Some(Box::new(log.clone()) as Box<dyn Write + Send>);
    let options = RunOptions { events, directory, duration, ..RunOptions::default() };
    let summary = simulate(app, loaded, options, &AtomicU32::new(0)).expect("it runs");
    assert_eq!(conservation(&summary), Vec::<String>::new());
    let bytes = log.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (summary, String::from_utf8(bytes).expect("it is text"))
}

fn simulated(app: &App, workload: &str) -> Summary {
    simulated_with(app, loaded(app, workload), PathBuf::new(), None).0
}

fn crowd(summary: &Summary) -> &ScenarioSummary {
    summary.scenarios.get("crowd").expect("there is one")
}

fn step<'a>(summary: &'a Summary, name: &str) -> &'a StepSummary {
    summary.steps.get(name).expect("it was run")
}

/// An event's number of that name: `"due_ns":1500`.
fn number(event: &str, name: &str) -> u64 {
    let (_, rest) = event.split_once(&format!("\"{name}\":")).unwrap_or_else(|| panic!("{name}: {event}"));
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("a number")
}

#[test]
fn every_example_has_a_test_and_a_workload() {
    let files = std::fs::read_dir(folder().join("src/bin")).expect("they are there");
    let mut found: Vec<String> =
        files.filter_map(|entry| entry.ok()?.path().file_stem()?.to_str().map(str::to_owned)).collect();
    found.sort();
    assert_eq!(found, EXAMPLES);
    for name in EXAMPLES {
        let workload = folder().join(format!("{}.kdl", name.replace('_', "-")));
        assert!(workload.exists(), "{}", workload.display());
    }
}

#[test]
fn what_a_program_adds_can_be_repeated_as_all_else() {
    let check = |app: fn() -> App, workload: &str| {
        let play = || {
            let app = app();
            let directory = tempfile::tempdir().expect("a directory");
            let length = Some(Nanos::from_secs(10));
            simulated_with(&app, loaded(&app, workload), directory.path().to_owned(), length)
        };
        let (first, second) = (play(), play());
        assert!(!first.1.is_empty() && first.1 == second.1, "{workload}: two runs, two event logs");
        assert_eq!(first.0.measures, second.0.measures, "{workload}");
    };
    check(slow_down_on_errors::app, "slow-down-on-errors.kdl");
    check(sine::app, "sine.kdl");
    check(token_bucket::app, "token-bucket.kdl");
    check(find_capacity::app, "find-capacity.kdl");
    check(fault_injector::app, "fault-injector.kdl");
    check(own_measure::app, "own-measure.kdl");
    check(failure_log::app, "failure-log.kdl");
    check(crowded::app, "crowded.kdl");
    check(fingerprint::app, "fingerprint.kdl");
    check(proof_of_work::app, "proof-of-work.kdl");
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
fn a_sine_swings() {
    let app = sine::app();
    let (summary, log) = simulated_with(&app, loaded(&app, "sine.kdl"), PathBuf::new(), None);
    // Three periods of 20 s at 60/s on average.
    assert_eq!(crowd(&summary).tokens.map(|tokens| tokens.planned), Some(3_600));
    let mut quarters = [0_u64; 4];
    for event in log.lines().filter(|line| line.contains("\"event\":\"iteration\"")) {
        let quarter = number(event, "due_ns") / 5_000_000_000 % 4;
        quarters[usize::try_from(quarter).expect("below 4")] += 1;
    }
    // The mean of a quarter's sine is 2/π, so 60 × (1 ± 0.637) × 15 s, as well as straight pieces follow it.
    for (found, expected) in quarters.into_iter().zip([1_473_u64, 1_473, 327, 327]) {
        assert!(found.abs_diff(expected) <= 20, "{quarters:?}");
    }
}

#[test]
fn a_token_bucket_smooths_bursts() {
    let smooth = simulated(&token_bucket::app(), "token-bucket.kdl");
    let as_planned = simulated(&App::new(), "token-bucket.kdl");
    assert!(step(&as_planned, "home").failures > 100, "bursts are too much for the service");
    assert_eq!(step(&smooth, "home").failures, 0, "the bucket keeps them from it");
    let tokens = crowd(&smooth).tokens.expect("it is open");
    // The burst is 200 tokens; 10 and 50/s for half a second and for a second of patience pass at once or later.
    assert!((100..150).contains(&tokens.dropped), "{tokens:?}");
    // They waited, and the wait shows: a response counts from when its token was due.
    let (waiting, patience) = (crowd(&smooth).waiting_ns.max.unwrap_or(0), 1_000_000_000);
    assert!((patience * 9 / 10..=patience).contains(&waiting), "{waiting}");
    assert_eq!((smooth.outcome, as_planned.outcome), (Outcome::Passed, Outcome::Failed));
}

#[test]
fn a_controller_finds_what_a_service_bears() {
    let summary = simulated(&find_capacity::app(), "find-capacity.kdl");
    let load = summary.measures.get("load, of the plan").expect("it was recorded");
    assert!((175..=182).contains(&load.count), "once a second: {}", load.count);
    // The service does 100/s, five times the plan: the load goes somewhat beyond, falls by a half, and comes again.
    let (max, mean) = (load.max.unwrap_or(0.0), load.mean.unwrap_or(0.0));
    assert!((5.25..=6.5).contains(&max), "{load:?}");
    assert!((3.2..=5.0).contains(&mean), "{load:?}");
    assert!(step(&summary, "home").response_ns.p50 < Some(100_000_000), "most answers are in time");
}

#[test]
fn a_fault_lasts_as_long_as_it_is_meant_to() {
    let app = fault_injector::app();
    let (summary, log) = simulated_with(&app, loaded(&app, "fault-injector.kdl"), PathBuf::new(), None);
    assert_eq!(step(&summary, "home").errors, BTreeMap::from([("500".to_owned(), 100)]));
    for event in log.lines().filter(|line| line.contains("\"event\":\"step\"")) {
        let broken = (20..30).contains(&(number(event, "started_ns") / 1_000_000_000));
        assert_eq!(event.contains("\"error\":\"500\""), broken, "{event}");
    }
    // Two windows in a row were bad, and the rule asks for three.
    assert_eq!((summary.outcome, summary.stopped_by), (Outcome::Passed, None));
}

#[test]
fn a_measure_of_ones_own_is_in_the_results() {
    let summary = simulated(&own_measure::app(), "own-measure.kdl");
    let under_way = summary.measures.get("under way in crowd").expect("it was recorded");
    assert_eq!((under_way.unit.as_str(), under_way.refused), ("iterations", 0));
    // Little's law: 100/s that take 50 ms each are 5 at a time.
    let rate = crowd(&summary).rate.achieved_per_s.unwrap_or(0.0);
    let expected = rate * crowd(&summary).iteration_ns.mean.unwrap_or(0) as f64 / 1e9;
    let mean = under_way.mean.unwrap_or(0.0);
    assert!((mean / expected - 1.0).abs() < 0.02, "{mean} is not {expected}");
    assert!(under_way.max > under_way.p50, "{under_way:?}");
}

#[test]
fn a_listener_of_ones_own_is_told_and_counted() {
    let app = failure_log::app();
    let directory = tempfile::tempdir().expect("a directory");
    let (summary, _) =
        simulated_with(&app, loaded(&app, "failure-log.kdl"), directory.path().to_owned(), None);
    let text = std::fs::read_to_string(directory.path().join("failures.txt")).expect("it was written");
    let failures = step(&summary, "home").failures;
    assert!(failures > 5, "{failures}");
    assert_eq!(text.lines().count() as u64, failures);
    assert!(text.lines().all(|line| line.starts_with("home of user ") && line.ends_with(": 500")), "{text}");
    let listener = summary.listeners.get("failure-log").expect("it is listed");
    assert_eq!((listener.delivered, listener.lost), (failures, 0));
}

#[test]
fn a_rule_of_ones_own_ends_the_run() {
    let summary = simulated(&crowded::app(), "crowded.kdl");
    assert_eq!(summary.stopped_by.as_deref(), Some("stop-when crowded above=50 outcome=failed"));
    assert_eq!((summary.outcome, summary.duration_ns / 1_000_000_000 < 60), (Outcome::Failed, true));
    let rule = &summary.rules[0];
    assert_eq!((rule.unit.as_str(), rule.passed), ("users", false));
    assert!(rule.value.as_ref().and_then(serde_json::Number::as_u64) > Some(50), "{rule:?}");
}

#[test]
fn a_function_is_the_same_on_every_clock() {
    let app = fingerprint::app();
    let options = RunOptions::default();
    let real = run(&app, loaded(&app, "fingerprint.kdl"), &options, &AtomicU32::new(0)).expect("it runs");
    assert_eq!(conservation(&real), Vec::<String>::new());
    let modelled = simulated(&app, "fingerprint.kdl");
    for summary in [&real, &modelled] {
        let print = step(summary, "print");
        assert_eq!((print.count, print.attempts), (200, 200));
        assert_eq!(print.errors, BTreeMap::from([("function_failed".to_owned(), print.failures)]));
        // One in ten fails, and its iteration stops there.
        assert!((5..40).contains(&print.failures), "{}", print.failures);
        assert_eq!(step(summary, "item").count, 200 - print.failures);
        assert_eq!(step(summary, "item").failures, 0, "the variable is set");
        let text = summary.measures.get("text").expect("it was recorded");
        assert_eq!((text.count, text.unit.as_str()), (200, "bytes"));
    }
    assert_eq!(step(&real, "print").failures, step(&modelled, "print").failures);
    // By the clock it takes what it takes, in virtual time what it says.
    assert_eq!(step(&modelled, "print").service_ns.max, Some(2_000));
    assert!(step(&real, "print").service_ns.max > Some(0));
}

#[test]
fn what_computes_for_long_waits_for_the_pool() {
    let app = proof_of_work::app();
    let options = RunOptions::default();
    let real = run(&app, loaded(&app, "proof-of-work.kdl"), &options, &AtomicU32::new(0)).expect("it runs");
    assert_eq!(conservation(&real), Vec::<String>::new());
    let modelled = simulated(&app, "proof-of-work.kdl");
    for summary in [&real, &modelled] {
        assert_eq!(crowd(summary).users.created, 1_500);
        for name in ["work", "visit"] {
            assert_eq!((step(summary, name).count, step(summary, name).failures), (3_000, 0), "{name}");
        }
        let tries = summary.measures.get("tries").expect("it was recorded");
        // Each is a draw from a geometric law of mean 2^14.
        assert!(tries.count == 3_000 && tries.mean.is_some_and(|mean| (13_000.0..20_000.0).contains(&mean)));
    }
    // 1,500 calls for eight threads each; in virtual time each call has its own.
    assert!(crowd(&real).blocked_ns.max > Some(0));
    assert_eq!(crowd(&modelled).blocked_ns.max, Some(0));
    assert_eq!((step(&modelled, "work").service_ns.max, modelled.duration_ns), (Some(2_000_000), 4_000_000));
}

#[test]
fn a_modelled_service_does_what_the_formulas_say() {
    // Ten replications each; the seeds are fixed, and so is what comes out.
    for (rate, precision) in [(50, 0.05), (80, 0.15)] {
        for (figure, [mean, half, formula]) in queueing_formula::compare(rate).into_iter().enumerate() {
            assert!(
                (mean - formula).abs() <= half,
                "{rate}/s, figure {figure}: {mean} ± {half}, not {formula}"
            );
            assert!(
                half <= precision * formula,
                "{rate}/s, figure {figure}: ± {half} says nothing of {formula}"
            );
        }
    }
}

#[test]
fn an_open_crowd_waits_ten_times_as_long_as_a_small_closed_one() {
    let rows = open_closed::rows();
    assert_eq!(rows.each_ref().map(|row| row.who), ["open", "thousand", "hundred", "ten"]);
    // The throughput is the same, so that nothing but the model differs.
    let rates = rows.each_ref().map(|row| row.per_second);
    assert!(rates.iter().all(|rate| (rate / 90.0 - 1.0).abs() < 0.02), "{rates:?}");
    let means = rows.each_ref().map(|row| row.mean);
    assert!(
        means.windows(2).all(|pair| pair[0] * 2 > pair[1] * 3),
        "the more users, the more like open: {means:?}"
    );
    let [open, .., ten] = rows;
    assert!(open.mean >= 10 * ten.mean && open.p99 >= 5 * ten.p99, "{} {} ms", open.p99, ten.p99);
    assert!((750..1_150).contains(&open.mean), "by Pollaczek and Khinchine 955 ms: {}", open.mean);
}

#[test]
fn who_waits_for_answers_hardly_sees_a_stall() {
    let (summary, seconds) = coordinated_omission::run();
    let millis = |nanos: Option<u64>| nanos.map(|nanos| nanos / 1_000_000);
    let check = |name: &str, count: u64, p99: std::ops::Range<u64>, max: u64| {
        let response = step(&summary, name).response_ns;
        assert_eq!((response.count, millis(response.p50)), (count, Some(1)), "{name}");
        assert!(p99.contains(&millis(response.p99).unwrap_or(0)), "{name}: {response:?}");
        assert_eq!(response.max, Some(max * 1_000_000), "{name}");
    };
    // 200 requests of the plan met the stall, of 2 s less 10 ms more each; the user's one, which it began just then.
    check("planned", 2_000, 1_700..1_900, 1_996);
    check("waiting", 1_801, 1..2, 2_001);
    assert!(step(&summary, "planned").response_ns.p90 > Some(100_000_000), "a tenth of them met it");
    let mut expected = [[100; 2]; 20];
    (expected[9], expected[10]) = ([100, 1], [100, 0]);
    assert_eq!(seconds, expected);
    let missed = summary.scenarios.get("waiting").and_then(|waiting| waiting.iterations.pace_missed);
    assert_eq!(missed, Some(1), "the figures of the user say it in one place");
}

#[test]
fn a_circuit_breaker_ends_a_storm_of_retries() {
    let (alone, guarded) = (retry_storm::seconds(false), retry_storm::seconds(true));
    let sum = |seconds: &[[u64; 2]], figure: usize| seconds.iter().map(|second| second[figure]).sum::<u64>();
    for run in [&alone, &guarded] {
        let (asked, good) = (sum(&run[..10], 0), sum(&run[..10], 1));
        assert!(good * 100 > asked * 98, "all is well before the stall: {good} of {asked}");
        assert_eq!(sum(&run[10..13], 1), 0, "the service stands still from 10 to 13");
    }
    // 32 s in which the service could answer 200 requests a second, and is asked by 160 users.
    let (asked, good) = (sum(&alone[13..45], 0), sum(&alone[13..45], 1));
    assert!(asked > 32 * 400 && good < 32, "the storm feeds itself: {good} of {asked}");
    let (asked, good) = (sum(&guarded[18..45], 0), sum(&guarded[18..45], 1));
    assert!(
        good > 27 * 150 && asked < 27 * 170,
        "five seconds after the stall all is well: {good} of {asked}"
    );
    assert_eq!(simulated(&App::new(), "retry-storm.kdl").outcome, Outcome::Failed);
}

/// An echo server on a free port, for so many connections; a line `quit` hangs up, and `silence` is not answered.
fn parrot(connections: usize) -> (String, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it has one").to_string();
    let answer = |stream: TcpStream| {
        let mut writer = stream.try_clone()?;
        for line in BufReader::new(stream).lines() {
            match line?.as_str() {
                "quit" => return Ok(()),
                "silence" => {}
                line => writeln!(writer, "{line}")?,
            }
        }
        io::Result::Ok(())
    };
    let serve = move || {
        let accepted = listener.incoming().take(connections).flatten();
        let named = || std::thread::Builder::new().name("parrot".to_owned());
        let threads: Vec<_> =
            accepted.map(|stream| named().spawn(move || answer(stream)).expect("a thread")).collect();
        for thread in threads {
            drop(thread.join());
        }
    };
    let thread = std::thread::Builder::new().name("parrots".to_owned()).spawn(serve).expect("a thread");
    (address, thread)
}

/// The example's workload at another address, changed further.
fn talk(address: &str, change: impl Fn(String) -> String) -> Summary {
    let app = echo::app();
    let text = std::fs::read_to_string(folder().join("echo.kdl")).expect("it can be read");
    let text = change(text.replace("127.0.0.1:7007", address));
    let loaded = load(Path::new("echo.kdl"), text.as_bytes(), app.registry(), &Overrides::default());
    let loaded = loaded.unwrap_or_else(|refused| panic!("{:#?}", refused.problems));
    let summary = run(&app, loaded, &RunOptions::default(), &AtomicU32::new(0)).expect("it runs");
    assert_eq!(conservation(&summary), Vec::<String>::new());
    summary
}

#[test]
fn a_protocol_of_ones_own_talks_to_a_server() {
    let (address, server) = parrot(5);
    let summary = talk(&address, |text| text);
    server.join().expect("it served");
    for name in ["hello", "visit"] {
        let step = step(&summary, name);
        assert_eq!((step.count, step.failures), (200, 0), "{name}: {:?}", step.errors);
        assert_eq!(step.bytes_sent, step.bytes_received);
    }
    let connections = summary.scenarios.get("crew").expect("it is there").connections;
    assert_eq!((connections.opened, connections.reused), (5, 395), "each user has its own");
}

#[test]
fn connections_of_a_protocol_of_ones_own_can_be_shared() {
    let (address, server) = parrot(2);
    let limit = "timeout \"2s\"; connections shared limit=2";
    let summary = talk(&address, |text| text.replace("timeout \"2s\"", limit));
    server.join().expect("it served");
    assert_eq!((step(&summary, "visit").count, step(&summary, "visit").failures), (200, 0));
    let crew = summary.scenarios.get("crew").expect("it is there");
    assert_eq!(crew.connections.opened, 2);
    assert!(crew.blocked_ns.max > Some(0), "five users wait for two connections");
}

#[test]
fn failures_of_a_protocol_of_ones_own_have_their_names() {
    let check = |address: &str, line: &str, timeout: &str, expected: &str| {
        let summary = talk(address, |text| {
            let text = text.replace("this is my visit number ${iteration}", line).replace("2s", timeout);
            text.replace("hold 5", "hold 1").replace("iterations 200", "iterations 3")
        });
        let errors = &step(&summary, "visit").errors;
        assert_eq!(*errors, BTreeMap::from([(expected.to_owned(), 3)]), "{line}");
    };
    let (address, server) = parrot(6);
    check(&address, "quit", "10m", "connection_closed");
    check(&address, "silence", "50ms", "timeout");
    server.join().expect("it served");
    check(&address, "nobody is there", "10m", "connection_refused");
}

#[test]
fn what_a_protocol_of_ones_own_has_under_way_is_cut() {
    let (address, server) = parrot(5);
    let summary = talk(&address, |text| {
        let text = text.replace("this is my visit number ${iteration}", "silence").replace("2s", "10m");
        text.replace("hold 5 for=\"1m\"", "hold 5 for=\"300ms\"").replace("iterations 200", "drain \"0s\"")
    });
    server.join().expect("it served");
    assert_eq!((step(&summary, "visit").cut, step(&summary, "visit").count), (5, 0));
    assert_eq!(step(&summary, "hello").count, 5);
}

#[test]
fn an_address_is_the_business_of_its_protocol() {
    let refusal = |app: &App, address: &str| {
        let text = format!(
            "throng 1\ntarget t \"{address}\"\nbehavior b {{ noop name=x }}\ntarget n noop\n\
             scenario s {{ behavior b; population {{ hold 1 for=\"1s\" }} }}\n"
        );
        let refused = load(Path::new("w.kdl"), text.as_bytes(), app.registry(), &Overrides::default());
        refused.err().map(|refused| (refused.problems[0].code, refused.problems[0].labels[0].text.clone()))
    };
    let app = echo::app();
    assert_eq!(refusal(&app, "echo://127.0.0.1:7"), None);
    let (code, label) = refusal(&app, "ehco://127.0.0.1:7").expect("nobody speaks it");
    assert!(code == "T0046" && label.contains("`echo://`"), "{code}: {label}");
    assert_eq!(refusal(&App::new(), "echo://127.0.0.1:7").map(|(code, _)| code), Some("T0046"));
}
