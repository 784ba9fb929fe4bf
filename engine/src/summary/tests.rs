//! One run with an open and a closed scenario, from the world's books to the JSON and back.

use throng_components::attempt_phases::AttemptPhases;
use throng_components::clock::{ClockKind, Nanos};
use throng_components::control::{Command, ControlRecord, Factor};
use throng_components::exit_condition::{ExitCondition, RuleResult, RuleRole, TooFew};
use throng_components::measures::Measures;
use throng_components::run::{Gap, Origin, Outcome, ReplayOf, RunHeader};
use throng_components::sample::{ErrorType, Sample, SampleKind, SampleOutcome, StepId};
use throng_components::scenario::{
    Overflow, Scenario, ScenarioCounts, ScenarioId, ScenarioProgress, StepNames, UserBounds,
};
use throng_components::seed::RunSeed;
use throng_components::service::ServiceFigures;
use throng_components::stalls::Stalls;
use throng_components::statistics::ScenarioStatistics;
use throng_components::thread::ThreadFigures;
use throng_components::trace::TraceContext;
use throng_components::virtual_user::UserId;

use super::*;

fn scenario(id: u16, name: &str, open: bool) -> Scenario {
    Scenario {
        id: ScenarioId(id),
        name: name.to_owned(),
        behavior: 0,
        delay: Nanos::SECOND,
        warm_up: Nanos::SECOND,
        drain: Nanos::SECOND,
        pace: (!open).then_some(Nanos::SECOND),
        iterations: None,
        length: Nanos::from_secs(5),
        open,
        bounds: UserBounds { min: 1, max: 10, on_demand: true },
        overflow: Overflow::Drop,
        stop_on_failure: false,
        replayed: false,
    }
}

/// A sample that was due at once, began after 1 ms and took 4 ms more.
fn sample(kind: SampleKind, step: u16, error: ErrorType) -> Sample {
    let outcome = if error.is_failure() { SampleOutcome::Failed } else { SampleOutcome::Succeeded };
    Sample {
        due: Nanos::SECOND,
        ready: Nanos::SECOND,
        unblocked: Nanos::SECOND,
        started: Nanos::SECOND + Nanos::MILLISECOND,
        ended: Nanos::SECOND + Nanos::from_millis(5),
        step: StepId(step),
        status: 200,
        error,
        bytes_sent: 10,
        bytes_received: 100,
        outcome,
        attempt: u8::from(kind == SampleKind::Attempt),
        ..Sample::empty(UserId(1), 1, kind)
    }
}

fn statistics(iterations: u64, failed: u64) -> ScenarioStatistics {
    let mut statistics = ScenarioStatistics::new(3, Nanos::from_millis(10));
    for number in 0..iterations {
        let error = if number < failed { ErrorType::status(500) } else { ErrorType::NONE };
        let last = sample(SampleKind::Attempt, 0, error);
        if error.is_failure() {
            let first = sample(SampleKind::Retried, 0, ErrorType::TIMEOUT);
            statistics.observe(&Sample { attempt: 1, ..first });
            statistics.observe(&Sample { attempt: 2, ..last });
        } else {
            statistics.observe(&last);
        }
        // Every tenth opens a connection.
        let opening = number % 10 == 0;
        let phases = AttemptPhases {
            connect: Nanos(if opening { 100_000 } else { 0 }),
            tls: Nanos(if opening { 900_000 } else { 0 }),
            first_byte: Nanos::from_millis(2),
            body: Nanos::MILLISECOND,
            ..AttemptPhases::NONE
        };
        statistics.observe_phases(&sample(SampleKind::Attempt, 0, error), &phases);
        statistics.observe(&sample(SampleKind::Iteration, 0, error));
        statistics.observe(&sample(SampleKind::Group, 0, error));
    }
    // Long enough to tell whether it was steady.
    for at in 0..50 {
        statistics.steps[0].series.record(Nanos::from_millis(at * 10), 5e6 + (at % 3) as f64);
    }
    statistics
}

fn counts(started: u64, warm_up: u64, failed: u64) -> ScenarioCounts {
    ScenarioCounts {
        received: started + 3,
        dropped: 2,
        waiting: 1,
        started,
        started_warm_up: warm_up,
        succeeded: started - failed,
        failed,
        users_created: 4,
        users_retired: 4,
        users_peak: 3,
        pace_missed: 7,
        connections_opened: 4,
        connections_reused: started - 2,
        requests_resent: 2,
        cookies_dropped: 6,
        own_stop: Some(Nanos::from_secs(6)),
        ..ScenarioCounts::default()
    }
}

fn header() -> RunHeader {
    let replay_of =
        Some(ReplayOf { run_id: "0191".to_owned(), speed: throng_components::speed::Speed::from(2.0) });
    RunHeader {
        run_id: "0192".to_owned(),
        throng: "0.1.0",
        workload: "shop.kdl".to_owned(),
        clock: ClockKind::Real,
        speed: throng_components::speed::Speed::ONE,
        epoch_unix_ns: 1_767_225_600_000_000_000,
        scenarios: Vec::new(),
        steps: Vec::new(),
        groups: Vec::new(),
        services: Vec::new(),
        trace: TraceContext { run: 1, ratio: 0.0, propagate: false },
        origin: std::sync::Arc::new(Origin { replay_of, ..Origin::default() }),
    }
}

/// A measure of one's own, and one name too many.
fn measures() -> Measures {
    let mut measures = Measures::default();
    (0..4_000).for_each(|number| measures.record("admitted", "share", f64::from(number % 4 + 1) / 4.0));
    measures.record("seldom", "ns", 5.0);
    measures.record("x".repeat(129), "", 1.0);
    measures
}

/// A service that one of three servers was busy in for two of four seconds.
fn service() -> ServiceFigures {
    let mut figures =
        ServiceFigures { arrived: 5, served: 2, refused: 1, present: 2, ..ServiceFigures::default() };
    figures.busy = 1;
    figures.carry_on(Nanos::from_secs(2), 3);
    (figures.busy, figures.present) = (0, 0);
    figures
}

const LISTENER: ListenerInput<'static> =
    ListenerInput { name: "main", kind: "otlp", delivered: 9, lost: 1, error: Some("disk full") };

/// A requirement.
fn rule(text: &str, unit: &'static str) -> ExitCondition {
    ExitCondition { order: 0, text: text.to_owned(), role: RuleRole::Require, unit, abort_after: None }
}

/// The summary of a run whose books can be changed first.
fn summary(change: impl FnOnce(&mut ScenarioCounts)) -> Summary {
    let mut names = StepNames::default();
    let steps: Vec<StepId> = ["login", "buy", "other"].iter().filter_map(|name| names.intern(name)).collect();
    let group = names.intern_group("checkout");
    assert_eq!(group, Some(StepId(0)));
    let (crowd, crew) = (scenario(0, "crowd", true), scenario(1, "a crew", false));
    let progress = ScenarioProgress { planned: 108, cancelled: 5, ..ScenarioProgress::default() };
    let mut crowd_counts = counts(100, 20, 8);
    change(&mut crowd_counts);
    let (of_crowd, of_crew) = (statistics(80, 8), statistics(50, 0));
    let rules =
        [rule("require response p=99 below=\"200ms\"", "ns"), rule("require rate at-least=\"99%\"", "share")];
    let result = |value| RuleResult { value, holds: true, ..RuleResult::default() };
    let of_few = RuleResult { too_few: Some(TooFew { count: 12, needed: 368 }), ..result(Some(0.97)) };
    let thread = ThreadFigures { busy_share_max: 0.25, underruns: 0, ..ThreadFigures::default() };
    let input = |scenario, counts, statistics, expected| ScenarioInput {
        scenario,
        progress: &progress,
        counts,
        statistics,
        expected,
        gaps: expected.map(|_| GapsSummary::default()),
        ended_at: Nanos::from_secs(6),
        behavior_steps: &steps[..2],
        tls_unverified: false,
    };
    build(SummaryInput {
        header: &header(),
        workload_sha256: "ab",
        seed: RunSeed(42),
        params: &[("peak".to_owned(), "200/s".to_owned())],
        duration: Nanos::from_secs(7),
        outcome: Outcome::Passed,
        stopped_by: None,
        verdict: Judged { since: Some(Nanos::from_secs(3)), ..Judged::default() },
        scenarios: &[
            input(&crowd, crowd_counts, &of_crowd, Some(Expected { total: 107.5, warm_up: 21.5 })),
            input(&crew, counts(50, 0, 0), &of_crew, None),
        ],
        step_names: &names,
        services: &[ServiceInput { name: "shop", servers: 3, figures: &service(), end: Nanos::from_secs(4) }],
        measures: &measures(),
        generator: GeneratorInput {
            threads: &[&thread],
            ticks: 700,
            tick_overruns: 0,
            stalls: &Stalls::default(),
            samples_lost: 0,
            cpu_s: 0.5,
            rss_peak_bytes: 4_096,
        },
        rules: &[
            RuleInput { condition: &rules[0], result: result(Some(5e6)), passed: true },
            RuleInput { condition: &rules[1], result: of_few, passed: false },
        ],
        listeners: &[LISTENER],
        controls: &[ControlRecord {
            at: Nanos::from_secs(2),
            command: Command::Scale { scenario: ScenarioId(1), factor: Factor::ONE.changed_by_percent(20) },
        }],
        gaps: &[Gap {
            at: Nanos::from_secs(3),
            saved_unix_ns: 5_000_000_000,
            resumed_unix_ns: 65_000_000_000,
        }],
    })
}

#[test]
fn a_command_is_named_with_its_scenario() {
    let controls = summary(|_| {}).controls;
    assert_eq!(controls.len(), 1);
    assert_eq!((controls[0].at_ns, controls[0].what.as_str()), (2_000_000_000, "scale a crew 120%"));
}

#[test]
fn the_json_has_the_names_of_the_page() {
    let text = serde_json::to_string_pretty(&summary(|_| {})).expect("a summary is JSON");
    insta::assert_snapshot!(text);
}

#[test]
fn the_page_names_every_field_and_no_other() {
    let json = serde_json::to_value(summary(|_| {})).expect("a summary is JSON");
    assert_eq!(
        page::differences(&json),
        (Vec::new(), Vec::new()),
        "missing on the page, missing in the JSON"
    );
}

#[test]
fn the_json_reads_back() {
    let summary = summary(|_| {});
    let text = serde_json::to_string(&summary).expect("a summary is JSON");
    let read: Summary = serde_json::from_str(&text).expect("its own JSON reads back");
    assert_eq!(read, summary);
}

#[test]
fn rates_leave_the_warm_up_out() {
    let summary = summary(|_| {});
    let rate = summary.scenarios.get("crowd").map(|crowd| crowd.rate);
    // From 2 s (delay and warm-up) to 6 s: 86 of 107.5 arrivals, 80 of 100 starts.
    assert_eq!(rate, Some(RateSummary { expected_per_s: Some(21.5), achieved_per_s: Some(20.0) }));
    let rate = summary.scenarios.get("a crew").map(|crew| crew.rate);
    assert_eq!(rate, Some(RateSummary { expected_per_s: None, achieved_per_s: Some(12.5) }));
}

#[test]
fn a_run_that_adds_up_has_no_violation() {
    assert_eq!(conservation(&summary(|_| {})), Vec::<String>::new());
}

fn check_violation(change: impl FnOnce(&mut ScenarioCounts), expected: &str) {
    let violations = conservation(&summary(change));
    assert!(
        violations.iter().any(|violation| violation.contains(expected)),
        "{violations:?} lack `{expected}`"
    );
}

#[test]
fn what_does_not_add_up_is_found() {
    check_violation(|counts| counts.dropped += 1, "tokens planned 108 is not");
    check_violation(|counts| counts.cut += 1, "iterations started 100 is not succeeded");
    check_violation(|counts| counts.started_warm_up -= 1, "iterations recorded + warm-up 99 is not");
    check_violation(|counts| counts.users_peak = 5, "users' peak 5 is more than users created 4");
}

#[test]
fn a_step_that_does_not_add_up_is_found() {
    let mut summary = summary(|_| {});
    let step = summary.steps.0.iter_mut().find(|(name, _)| name == "login").map(|(_, step)| step);
    let step = step.expect("the step was run");
    step.attempts = 3;
    step.errors.clear();
    let violations = conservation(&summary).join("\n");
    assert!(violations.contains("failures 8 is not the sum of errors 0"), "{violations}");
    assert!(violations.contains("count 130 is more than attempts + unsent 3"), "{violations}");
    assert!(violations.contains("attempts 3 is not its parts 138"), "{violations}");
    assert!(violations.contains("count + retried 138 is more than attempts + unsent 3"), "{violations}");
}
