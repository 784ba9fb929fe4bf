//! The whole screen from made-up figures, at the sizes of a small and a large terminal.

use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use throng_components::clock::Nanos;
use throng_components::control::Factor;
use throng_components::exit_condition::{RuleResult, RuleRole};
use throng_components::run::{Outcome, RunState};
use throng_components::sample::{ErrorType, Sample, SampleKind, SampleOutcome, StepId};
use throng_components::scenario::{ScenarioId, ScenarioPhase};
use throng_components::thread::ThreadId;
use throng_components::virtual_user::UserId;
use throng_systems::live_view::{ScenarioNow, Standing, ThreadNow, ViewEvent};
use throng_systems::plugins::listeners::ScenarioStanding;

use super::controls::Controls;
use super::figures::Figures;
use super::palette::Palette;
use super::screen::draw;
use super::subject::{RuleSubject, Subject};

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn rule(text: &str, unit: &'static str, role: RuleRole) -> RuleSubject {
    RuleSubject { text: text.to_owned(), unit, role }
}

fn subject() -> Subject {
    Subject {
        workload: "workloads/quickstart.kdl".to_owned(),
        scenarios: names(&["crowd", "crew"]),
        steps: names(&["home", "login", "item", "buy", "leave", "stock"]),
        rules: vec![
            rule(
                "stop-when failures above=\"5%\" window=\"10s\" outcome=failed",
                "share",
                RuleRole::StopWhen(Outcome::Failed),
            ),
            rule("require response p=99 step=login below=\"500ms\"", "ns", RuleRole::Require),
        ],
        ..Subject::default()
    }
}

/// An attempt that took so many microseconds.
fn sample(scenario: u16, step: u16, micros: u64, error: ErrorType) -> Sample {
    let due = Nanos(1_000);
    Sample {
        due,
        ready: due,
        unblocked: due,
        started: due + Nanos(40_000),
        ended: due + Nanos(micros * 1_000),
        step: StepId(step),
        status: 200,
        error,
        outcome: if error.is_failure() { SampleOutcome::Failed } else { SampleOutcome::Succeeded },
        ..Sample::empty(UserId::new(ScenarioId(scenario), 1), 1, SampleKind::Attempt)
    }
}

/// How the run stands after so many half seconds of a ramp to 100 a second.
fn standing(halves: u64, scenarios: usize, threads: u16) -> Standing {
    let asked = (halves as f64 * 2.5).min(100.0);
    let open = ScenarioNow {
        standing: ScenarioStanding {
            users: 40,
            running: 12,
            backlog: 3,
            started: 28_123,
            begun: (halves * 5).min(200) / 4,
            lost_tokens: 7,
            asked_per_s: Some(asked),
            ..ScenarioStanding::default()
        },
        phase: ScenarioPhase::Playing,
        factor: Factor::ONE.changed_by_percent(20),
    };
    let closed = ScenarioNow {
        standing: ScenarioStanding {
            users: 8,
            running: 8,
            begun: 16,
            started: 431,
            ..ScenarioStanding::default()
        },
        phase: ScenarioPhase::Playing,
        factor: Factor::ONE,
    };
    let thread = |number| ThreadNow {
        id: ThreadId(number),
        in_flight: 11,
        users: 24,
        busy_share: 0.231,
        busy_share_max: 0.4,
        loop_lag: Nanos(180_000),
        underruns: 0,
    };
    Standing {
        at: Nanos::from_millis(halves * 500),
        interval: Nanos::from_millis(500),
        state: RunState::Running,
        length: Some(Nanos::from_secs(120)),
        scenarios: std::iter::once(open).chain(std::iter::repeat_n(closed, scenarios - 1)).collect(),
        threads: (0..threads).map(thread).collect(),
        rules: vec![
            RuleResult { value: Some(0.012), at: Nanos::from_secs(20), ..RuleResult::default() },
            RuleResult::default(),
        ],
        starts: (40_000, 12),
        lateness_max: Nanos(14_200_000),
        ..Standing::default()
    }
}

/// Half a minute of a run.
fn half_a_minute() -> Figures {
    let mut figures = Figures::new(subject());
    for halves in 1..=60_u64 {
        let slow = 1_000 + 40 * halves;
        let block: Vec<Sample> = (0..200_u64)
            .map(|number| {
                let step = u16::try_from(number % 6).unwrap_or(0);
                let micros = slow + number * number * 3;
                let error = match number {
                    17 => ErrorType::TIMEOUT,
                    18 if halves % 3 == 0 => ErrorType::status(503),
                    _ => ErrorType::NONE,
                };
                sample(u16::from(step == 5), step, micros, error)
            })
            .collect();
        figures.take(ViewEvent::Samples(Arc::new(block.into())));
        figures.take(ViewEvent::Standing(Box::new(standing(halves, 2, 2))));
    }
    figures
}

/// The screen as text.
fn picture(size: (u16, u16), figures: &Figures, controls: &Controls) -> String {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).expect("a screen in memory");
    terminal.draw(|frame| draw(frame, figures, controls, Palette(true))).expect("memory takes all");
    let lines = terminal.backend().to_string();
    // Each line comes in quotes.
    lines.lines().map(|line| line.trim_matches('"').trim_end()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_run_on_a_small_terminal() {
    insta::assert_snapshot!(picture((80, 24), &half_a_minute(), &Controls::default()));
}

#[test]
fn a_run_on_a_large_terminal() {
    insta::assert_snapshot!(picture((200, 50), &half_a_minute(), &Controls::default()));
}

#[test]
fn before_the_first_figures() {
    insta::assert_snapshot!(picture((80, 24), &Figures::new(subject()), &Controls::default()));
}

#[test]
fn the_help_and_a_pause() {
    let mut figures = half_a_minute();
    figures.standing.paused = true;
    let mut controls = Controls::default();
    controls.help = true;
    insta::assert_snapshot!(picture((80, 24), &figures, &controls));
}

/// A run with more of everything than fits, under names longer than their columns.
fn crowded() -> Figures {
    let long = |kind: &str, number: usize| {
        format!("{kind} with a name that nobody would ever choose, number {number}")
    };
    let mut figures = Figures::new(Subject {
        workload: "a/very/long/path/to/some/folder/of/workloads/for/the/shop-of-the-future.kdl".to_owned(),
        scenarios: (1..=30).map(|number| long("scenario", number)).collect(),
        steps: (1..=40).map(|number| long("step", number)).collect(),
        rules: (1..=9)
            .map(|n| {
                rule(&format!("require response p={n} step=login below=\"{n}ms\""), "ns", RuleRole::Require)
            })
            .collect(),
        ..Subject::default()
    });
    let block = (0..40).map(|step| sample(0, step, 900_000, ErrorType::status(500 + step)));
    figures.take(ViewEvent::Samples(Arc::new(block.collect::<Vec<_>>().into())));
    figures.take(ViewEvent::Standing(Box::new(standing(60, 30, 64))));
    figures.missed = 1_234;
    figures
}

#[test]
fn more_than_fits() {
    insta::assert_snapshot!(picture((80, 24), &crowded(), &Controls::default()));
    insta::assert_snapshot!(picture((200, 50), &crowded(), &Controls::default()));
}

#[test]
fn a_terminal_that_is_too_small_is_told_so() {
    let text = picture((50, 12), &half_a_minute(), &Controls::default());
    assert!(text.starts_with("50x12 is too small: the view needs 72x14"), "{text}");
    let text = picture((72, 14), &half_a_minute(), &Controls::default());
    assert!(text.contains("lost  started") && text.contains("p99.9     max"), "{text}");
}

#[test]
fn any_size_is_drawn_without_a_panic() {
    let figures = crowded();
    for width in [1, 5, 20, 39, 60, 129, 131, 250] {
        for height in [1, 2, 5, 9, 14, 23, 51] {
            let mut controls = Controls::default();
            controls.help = height % 2 == 0;
            // Empty lines at the end count as well.
            let text = picture((width, height), &figures, &controls);
            assert_eq!(text.split('\n').count(), usize::from(height), "{width}x{height}");
        }
    }
}

#[test]
fn without_colours_there_are_none() {
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a screen in memory");
    let figures = crowded();
    terminal
        .draw(|frame| draw(frame, &figures, &Controls::default(), Palette(false)))
        .expect("memory takes all");
    let cells = terminal.backend().buffer().content();
    let coloured = cells
        .iter()
        .filter(|cell| cell.fg != ratatui::style::Color::Reset || cell.bg != ratatui::style::Color::Reset);
    assert_eq!(coloured.count(), 0);
}
