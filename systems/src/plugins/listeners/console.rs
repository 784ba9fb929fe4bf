//! `listener console`: how the run fares, on standard error.
//!
//! ```kdl
//! listener console every="1s"
//! ```
//!
//! On a terminal one line is redrawn in place; elsewhere each interval has a line of its own. The figures are those of
//! the interval, not of the run:
//!
//! ```text
//!  0:12 of 1:00 | 199.8/s of 200/s, closed 32/s | p50 1.20 ms | p99 8.13 ms | failed 0.5% | 12 of 50 busy | 812 steps/s
//! ```
//!
//! The rate of open scenarios stands beside what their plans ask for; that of closed ones, which is the service's to
//! decide, stands apart, or alone where there is no open one. Where scenarios have a number of iterations, the line says how
//! many are over. What does not happen is not shown: a backlog of 0, lateness up to 1 ms. On a terminal the line is cut
//! to its width, and to 99 columns: the less urgent figures go first. The summary at a run's end is no listener's: it goes to
//! standard output.
//!
//! # Units
//! A record is a line.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use bevy_ecs::component::Component;
use throng_components::clock::Nanos;
use throng_components::run::RunHeader;
use throng_components::workload::{FieldSpec, Fields, NodeSpec, Problems, ValueKind};

use super::{
    CannotOpen, Delivery, Listen, ListenerEvent, Outlets, Progress, RecordCounter, ScenarioStanding,
    Subscription, Worker,
};

/// How often a line comes when the workload does not say: as often as a person reads.
const EVERY: Nanos = Nanos::SECOND;

/// The shortest interval: a terminal shows no more, and a quantile of less says little.
const EVERY_LEAST: Nanos = Nanos::from_millis(100);

/// Columns of the live line, at most: more is not read at a glance. A line that is wider than its terminal would break
/// into two and never be redrawn in place.
const COLUMNS: usize = 99;

/// Lateness up to here is the reactor's own grain and not worth a figure.
const LATENESS_SHOWN: Nanos = Nanos::MILLISECOND;

/// Settings of `listener console`.
#[derive(Component, Clone, Debug)]
pub(super) struct Console {
    every: Nanos,
}

impl Listen for Console {
    const SPEC: NodeSpec = NodeSpec {
        name: "console",
        summary: "Shows how the run fares, a line at a time, on standard error.",
        sample: "listener console every=\"1s\"",
        properties: &[
            FieldSpec {
                name: "name",
                kind: ValueKind::Name,
                default: "console",
                summary: "What results call this listener.",
            },
            FieldSpec {
                name: "every",
                kind: ValueKind::Duration,
                default: "1s",
                summary: "How often: as often as a person reads.",
            },
        ],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>) -> Result<Self, Problems> {
        let every = fields.duration("every").unwrap_or(EVERY);
        if every < EVERY_LEAST
            && let Some(entry) = fields.node().property("every")
        {
            fields.quantity_out_of_bounds("every", entry, "100ms", "any duration");
        }
        fields.finish(Some(Self { every }))
    }

    fn subscription(&self) -> Subscription {
        Subscription { progress: Some(self.every), ..Subscription::default() }
    }

    fn open(&self, _header: &RunHeader, outlets: Outlets) -> Result<Box<dyn Worker>, CannotOpen> {
        Ok(Box::new(Screen {
            output: io::stderr(),
            terminal: outlets.terminal,
            columns: columns_of_terminal,
            live: false,
            delivery: outlets.delivery,
        }))
    }
}

/// The console at work.
struct Screen<W> {
    output: W,
    terminal: bool,
    /// How wide the terminal is now: people resize it.
    columns: fn() -> usize,
    /// Whether the cursor stands behind a live line.
    live: bool,
    delivery: Arc<Delivery>,
}

/// One column is left free: a terminal that is full to its edge puts the cursor on the next line.
fn columns_of_terminal() -> usize {
    let size = terminal_size::terminal_size_of(io::stderr());
    size.map_or(COLUMNS, |(width, _)| usize::from(width.0).saturating_sub(1).clamp(20, COLUMNS))
}

impl<W: Write> Screen<W> {
    fn show(&mut self, progress: &Progress) -> io::Result<()> {
        let mut parts = figures(progress);
        if !self.terminal {
            return writeln!(self.output, "{}", joined(&parts).trim_start());
        }
        let columns = (self.columns)();
        while parts.len() > 1 && joined(&parts).chars().count() > columns {
            let least = (0..parts.len()).max_by_key(|index| parts[*index].0).unwrap_or(0);
            parts.remove(least);
        }
        // One write, so that no half line is ever seen: back to the start, the line, and clear what was longer before.
        let line = format!("\r{}\x1b[K", joined(&parts));
        self.output.write_all(line.as_bytes())?;
        self.live = true;
        self.output.flush()
    }
}

fn joined(parts: &[(u8, String)]) -> String {
    parts.iter().map(|(_, part)| part.as_str()).collect::<Vec<_>>().join(" | ")
}

/// The figures of a line in their order, each with its rank: where there is no room for all, the last in rank goes first.
fn figures(progress: &Progress) -> Vec<(u8, String)> {
    let sum = |of: fn(&ScenarioStanding) -> u64| progress.scenarios.iter().map(of).sum::<u64>();
    let mut parts = vec![(0, elapsed(progress))];
    parts.extend(iterations(progress).map(|part| (1, part)));
    parts.push((2, rates(progress)));
    if progress.draining {
        parts.push((3, "draining".to_owned()));
    }
    if let Some([p50, p99, _]) = progress.response {
        parts.push((8, format!("p50 {p50}")));
        parts.push((5, format!("p99 {p99}")));
    }
    if progress.steps > 0 {
        parts.push((4, format!("failed {}", percent(progress.failures, progress.steps))));
    }
    let backlog = sum(|scenario| scenario.backlog);
    if backlog > 0 {
        parts.push((6, format!("backlog {backlog}")));
    }
    let lost = sum(|scenario| scenario.lost_tokens);
    if lost > 0 {
        parts.push((7, format!("dropped {lost}")));
    }
    parts.push((9, format!("{} of {} busy", sum(|s| s.running), sum(|s| s.users))));
    if progress.lateness_max > LATENESS_SHOWN {
        parts.push((10, format!("late {}", progress.lateness_max)));
    }
    parts.push((11, format!("{} steps/s", count(per_second(progress.steps, progress.interval)))));
    parts
}

/// How many iterations are over, of those scenarios that have a number of them.
fn iterations(progress: &Progress) -> Option<String> {
    let of = |scenario: &ScenarioStanding| scenario.iterations.map(|all| (scenario.ended, all));
    let counted = progress.scenarios.iter().filter_map(of);
    let (ended, all) = counted.reduce(|a, b| (a.0 + b.0, a.1 + b.1))?;
    Some(format!("{ended} of {all} done"))
}

/// Open scenarios' rate beside what is asked for, and the closed ones' apart.
fn rates(progress: &Progress) -> String {
    let rate = |open: bool| {
        let of_kind = progress.scenarios.iter().filter(|scenario| scenario.asked_per_s.is_some() == open);
        let begun = of_kind.map(|scenario| scenario.begun).reduce(|a, b| a + b)?;
        Some(format!("{}/s", count(per_second(begun, progress.interval))))
    };
    let asked: f64 = progress.scenarios.iter().filter_map(|scenario| scenario.asked_per_s).sum();
    match (rate(true), rate(false)) {
        (Some(open), None) => format!("{open} of {}/s", count(asked)),
        (Some(open), Some(closed)) => format!("{open} of {}/s, closed {closed}", count(asked)),
        (None, closed) => closed.unwrap_or_else(|| "0/s".to_owned()),
    }
}

fn per_second(count: u64, interval: Nanos) -> f64 {
    if interval == Nanos::ZERO { 0.0 } else { count as f64 / interval.as_secs_f64() }
}

fn elapsed(progress: &Progress) -> String {
    match progress.length {
        // The drain follows the length, which is then no end to look forward to.
        Some(length) if !progress.draining => format!("{:>5} of {}", clock(progress.at), clock(length)),
        _ => format!("{:>5}", clock(progress.at)),
    }
}

/// Hours, minutes and seconds, as on a stop watch.
fn clock(at: Nanos) -> String {
    let seconds = at.0 / Nanos::SECOND.0;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// A rate with as many digits as are of use.
fn count(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{:.2}M", value / 1e6),
        value if value >= 1e5 => format!("{:.0}k", value / 1e3),
        value if value >= 100.0 => format!("{value:.0}"),
        value => {
            let text = format!("{value:.1}");
            text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
        }
    }
}

/// A share that never says 0% of something that did happen.
fn percent(part: u64, whole: u64) -> String {
    let percent = part as f64 / whole as f64 * 100.0;
    match part {
        0 => "0%".to_owned(),
        _ if percent < 0.1 => "<0.1%".to_owned(),
        _ => format!("{percent:.1}%"),
    }
}

impl<W: Write + Send> Worker for Screen<W> {
    fn receive(&mut self, event: &ListenerEvent) {
        let ListenerEvent::Progress(progress) = event else { return };
        // A standard error that is gone ends the display, not the run.
        match self.show(progress) {
            Ok(()) => self.delivery.add_delivered(1),
            Err(_) => self.delivery.add_lost(1),
        }
    }

    fn close(&mut self, _limit: Duration) {
        if std::mem::take(&mut self.live) {
            let _ = writeln!(self.output);
        }
    }

    fn counter(&self) -> RecordCounter {
        Box::new(|event| u64::from(matches!(event, ListenerEvent::Progress(_))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress() -> Progress {
        Progress {
            at: Nanos::from_secs(12),
            interval: Nanos::SECOND,
            length: Some(Nanos::from_secs(60)),
            scenarios: vec![ScenarioStanding {
                users: 50,
                running: 12,
                started: 2_400,
                begun: 200,
                ended: 2_388,
                asked_per_s: Some(200.0),
                ..ScenarioStanding::default()
            }],
            steps: 812,
            failures: 4,
            response: Some([Nanos(1_200_000), Nanos(8_130_000), Nanos(9_000_000)]),
            ..Progress::default()
        }
    }

    /// Shows the events and closes; gives what was written and the counts.
    fn shown(columns: Option<fn() -> usize>, events: &[Progress]) -> (String, (u64, u64)) {
        let delivery = Arc::new(Delivery::default());
        let mut screen = Screen {
            output: Vec::new(),
            terminal: columns.is_some(),
            columns: columns.unwrap_or(|| 0),
            live: false,
            delivery: delivery.clone(),
        };
        for event in events {
            screen.receive(&ListenerEvent::Progress(Arc::new(event.clone())));
            screen.tick();
        }
        screen.close(Duration::ZERO);
        (String::from_utf8_lossy(&screen.output).into_owned(), delivery.read())
    }

    fn closed(begun: u64) -> ScenarioStanding {
        ScenarioStanding { begun, ..ScenarioStanding::default() }
    }

    #[test]
    fn a_plain_line_holds_the_interval() {
        let (text, counts) = shown(None, &[progress()]);
        assert_eq!(
            text,
            "0:12 of 1:00 | 200/s of 200/s | p50 1.20 ms | p99 8.13 ms | failed 0.5% | 12 of 50 busy | 812 steps/s\n"
        );
        assert_eq!(counts, (1, 0));
    }

    #[test]
    fn closed_scenarios_stand_apart_from_what_is_asked_for() {
        let check = |scenarios: Vec<ScenarioStanding>, expected: &str| {
            let progress = Progress { scenarios, ..progress() };
            assert_eq!(rates(&progress), expected);
        };
        let open = progress().scenarios[0].clone();
        check(vec![open.clone()], "200/s of 200/s");
        check(vec![open.clone(), open.clone()], "400/s of 400/s");
        check(vec![closed(32), open, closed(1)], "200/s of 200/s, closed 33/s");
        check(vec![closed(32), closed(1)], "33/s");
        check(Vec::new(), "0/s");
    }

    #[test]
    fn a_number_of_iterations_is_counted_down() {
        let mut some = progress();
        some.length = None;
        some.scenarios.push(ScenarioStanding { ended: 40, iterations: Some(1_000), ..closed(20) });
        some.scenarios.push(ScenarioStanding { ended: 2, iterations: Some(10), ..closed(1) });
        let (text, _) = shown(None, &[some]);
        assert!(text.starts_with("0:12 | 42 of 1010 done | 200/s of 200/s, closed 21/s | "), "{text}");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let mut worse = progress();
        worse.draining = true;
        worse.lateness_max = Nanos::from_millis(21);
        worse.scenarios[0].backlog = 7;
        worse.scenarios[0].lost_tokens = 3;
        worse.failures = 0;
        let (text, _) = shown(None, &[worse]);
        for part in ["failed 0%", "draining", "backlog 7", "dropped 3", "late 21.0 ms"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(text.starts_with("0:12 | "), "{text}");
    }

    #[test]
    fn the_live_line_is_redrawn_short_and_ended_once() {
        let mut wide = progress();
        wide.draining = true;
        wide.scenarios[0].backlog = 7;
        wide.scenarios.push(closed(32));
        let events = [progress(), wide];
        let check = |columns: fn() -> usize, seen: &[&str], cut: &[&str]| {
            let (text, _) = shown(Some(columns), &events);
            assert_eq!(text.matches('\r').count(), 2);
            assert_eq!(text.matches('\n').count(), 1);
            assert!(text.ends_with("\x1b[K\n"));
            for line in text.split('\r') {
                let line = line.trim_end().trim_end_matches("\x1b[K");
                assert!(line.chars().count() <= columns(), "{line}");
            }
            let last = text.rsplit('\r').next().unwrap_or_default();
            assert!(seen.iter().all(|part| last.contains(part)), "{last}");
            assert!(!cut.iter().any(|part| last.contains(part)), "{last}");
        };
        check(|| COLUMNS, &["draining", "failed", "backlog"], &["busy", "steps/s"]);
        check(|| 79, &["draining", "failed", "p99"], &["p50", "backlog"]);
        check(|| 20, &["0:12"], &["/s"]);
    }

    #[test]
    fn nothing_shown_leaves_nothing_to_end() {
        assert_eq!(shown(Some(|| COLUMNS), &[]).0, "");
    }

    #[test]
    fn an_empty_interval_divides_by_nothing() {
        let (text, _) = shown(None, &[Progress::default()]);
        assert_eq!(text, "0:00 | 0/s | 0 of 0 busy | 0 steps/s\n");
    }

    #[test]
    fn figures_are_rounded_for_reading() {
        let counts = [count(0.0), count(12.34), count(39.999), count(812.4), count(2.5e6)];
        assert_eq!(counts, ["0", "12.3", "40", "812", "2.50M"]);
        assert_eq!([percent(0, 9), percent(1, 10_000), percent(1, 3)], ["0%", "<0.1%", "33.3%"]);
        assert_eq!([clock(Nanos::from_secs(59)), clock(Nanos::from_secs(3_661))], ["0:59", "1:01:01"]);
    }

    #[test]
    fn a_screen_that_is_gone_is_counted() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let delivery = Arc::new(Delivery::default());
        let mut screen = Screen {
            output: Gone,
            terminal: true,
            columns: || COLUMNS,
            live: false,
            delivery: delivery.clone(),
        };
        screen.receive(&ListenerEvent::Progress(Arc::new(progress())));
        screen.close(Duration::ZERO);
        assert_eq!(delivery.read(), (0, 1));
    }
}
