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
//!  0:12 of 1:00 | 199.8/s of 200/s | 812 steps/s p50 1.20 ms p99 8.13 ms | failed 0.5% | users 50, 12 busy | backlog 3
//! ```
//!
//! What does not happen is not shown: the asked rate of closed scenarios, a backlog of 0, lateness up to 1 ms. On a terminal
//! the line is cut at 99 columns, from its end, where the less urgent figures stand. The summary at a run's end is no
//! listener's: it goes to standard output.
//!
//! # Units
//! A record is a line.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use bevy_ecs::component::Component;
use throng_components::clock::Nanos;
use throng_components::run::RunHeader;
use throng_components::workload::{FieldSpec, Fields, NodeSpec, Problems, ValueKind};

use super::{
    CannotOpen, Delivery, Listen, ListenerEvent, Outlets, Progress, RecordCounter, Subscription, Worker,
};

/// How often a line comes when the workload does not say: as often as a person reads.
const EVERY: Nanos = Nanos::SECOND;

/// The shortest interval: a terminal shows no more, and a quantile of less says little.
const EVERY_LEAST: Nanos = Nanos::from_millis(100);

/// Columns of the live line. A wider terminal is likely, a narrower one would break the redrawing.
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
        Subscription { samples: false, progress: Some(self.every) }
    }

    fn open(&self, _header: &RunHeader, outlets: Outlets) -> Result<Box<dyn Worker>, CannotOpen> {
        Ok(Box::new(Screen {
            output: io::stderr(),
            terminal: outlets.terminal,
            before: Begun::default(),
            live: false,
            delivery: outlets.delivery,
        }))
    }
}

/// Iterations begun up to an instant. Other listeners have intervals of their own, so the console keeps its last one itself.
#[derive(Clone, Copy, Default)]
struct Begun {
    at: Nanos,
    iterations: u64,
}

impl Begun {
    fn of(progress: &Progress) -> Self {
        let iterations = progress.scenarios.iter().map(|scenario| scenario.started).sum();
        Self { at: progress.at, iterations }
    }
}

/// The console at work.
struct Screen<W> {
    output: W,
    terminal: bool,
    /// How the line before was.
    before: Begun,
    /// Whether the cursor stands behind a live line.
    live: bool,
    delivery: Arc<Delivery>,
}

impl<W: Write> Screen<W> {
    fn show(&mut self, progress: &Progress) -> io::Result<()> {
        let mut parts = figures(progress, self.before);
        self.before = Begun::of(progress);
        if !self.terminal {
            return writeln!(self.output, "{}", parts.join(" | ").trim_start());
        }
        while parts.len() > 1 && width(&parts) > COLUMNS {
            parts.pop();
        }
        // One write, so that no half line is ever seen: back to the start, the line, and clear what was longer before.
        let line = format!("\r{}\x1b[K", parts.join(" | "));
        self.output.write_all(line.as_bytes())?;
        self.live = true;
        self.output.flush()
    }
}

fn width(parts: &[String]) -> usize {
    parts.iter().map(|part| part.chars().count() + 3).sum::<usize>() - 3
}

/// The figures of a line, the most urgent first.
fn figures(progress: &Progress, before: Begun) -> Vec<String> {
    let now = Begun::of(progress);
    let asked: Option<f64> =
        progress.scenarios.iter().filter_map(|scenario| scenario.asked_per_s).reduce(|a, b| a + b);
    let mut parts = vec![elapsed(progress)];
    let achieved = per_second(now.iterations.saturating_sub(before.iterations), now.at - before.at);
    let mut rate = format!("{}/s", count(achieved));
    if let Some(asked) = asked {
        // Writing to a string cannot fail.
        let _ = write!(rate, " of {}/s", count(asked));
    }
    parts.push(rate);
    let mut steps = format!("{} steps/s", count(per_second(progress.steps, progress.interval)));
    if let Some([p50, p99, _]) = progress.response {
        let _ = write!(steps, " p50 {p50} p99 {p99}");
    }
    parts.push(steps);
    if progress.steps > 0 {
        parts.push(format!("failed {}", percent(progress.failures, progress.steps)));
    }
    let sum = |of: fn(&super::ScenarioStanding) -> u64| progress.scenarios.iter().map(of).sum::<u64>();
    let backlog = sum(|scenario| scenario.backlog);
    if progress.draining {
        parts.push("draining".to_owned());
    }
    parts.push(format!("users {}, {} busy", sum(|s| s.users), sum(|s| s.running)));
    if backlog > 0 {
        parts.push(format!("backlog {backlog}"));
    }
    let lost = sum(|scenario| scenario.lost_tokens);
    if lost > 0 {
        parts.push(format!("dropped {lost}"));
    }
    if progress.lateness_max > LATENESS_SHOWN {
        parts.push(format!("late {}", progress.lateness_max));
    }
    parts
}

fn per_second(count: u64, interval: Nanos) -> f64 {
    if interval == Nanos::ZERO { 0.0 } else { count as f64 / interval.as_secs_f64() }
}

fn elapsed(progress: &Progress) -> String {
    match progress.length {
        Some(length) => format!("{:>5} of {}", clock(progress.at), clock(length)),
        None => format!("{:>5}", clock(progress.at)),
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
        value if value >= 100.0 || value.fract() == 0.0 => format!("{value:.0}"),
        value => format!("{value:.1}"),
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
    use crate::plugins::listeners::ScenarioStanding;

    fn progress() -> Progress {
        Progress {
            at: Nanos::from_secs(12),
            interval: Nanos::SECOND,
            length: Some(Nanos::from_secs(60)),
            scenarios: vec![ScenarioStanding {
                users: 50,
                running: 12,
                started: 2_400,
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
    fn shown(terminal: bool, events: &[Progress]) -> (String, (u64, u64)) {
        let delivery = Arc::new(Delivery::default());
        let before = Begun { at: Nanos::from_secs(11), iterations: 2_200 };
        let mut screen =
            Screen { output: Vec::new(), terminal, before, live: false, delivery: delivery.clone() };
        for event in events {
            screen.receive(&ListenerEvent::Progress(Arc::new(event.clone())));
            screen.tick();
        }
        screen.close(Duration::ZERO);
        (String::from_utf8_lossy(&screen.output).into_owned(), delivery.read())
    }

    #[test]
    fn a_plain_line_holds_the_interval() {
        let (text, counts) = shown(false, &[progress()]);
        assert_eq!(
            text,
            "0:12 of 1:00 | 200/s of 200/s | 812 steps/s p50 1.20 ms p99 8.13 ms | failed 0.5% | users 50, 12 busy\n"
        );
        assert_eq!(counts, (1, 0));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let mut worse = progress();
        worse.draining = true;
        worse.lateness_max = Nanos::from_millis(21);
        worse.scenarios[0].backlog = 7;
        worse.scenarios[0].lost_tokens = 3;
        worse.failures = 0;
        let (text, _) = shown(false, &[worse]);
        for part in ["failed 0%", "draining", "backlog 7", "dropped 3", "late 21.0 ms"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn the_live_line_is_redrawn_short_and_ended_once() {
        let mut wide = progress();
        wide.at = Nanos::from_secs(13);
        wide.draining = true;
        wide.scenarios[0].backlog = 1_000_000;
        let (text, _) = shown(true, &[progress(), wide]);
        assert_eq!(text.matches('\r').count(), 2);
        assert_eq!(text.matches('\n').count(), 1);
        assert!(text.ends_with("\x1b[K\n"));
        for line in text.split('\r') {
            let line = line.trim_end().trim_end_matches("\x1b[K");
            assert!(line.chars().count() <= COLUMNS, "{line}");
        }
        assert!(text.contains("draining") && !text.contains("backlog"), "{text}");
    }

    #[test]
    fn nothing_shown_leaves_nothing_to_end() {
        assert_eq!(shown(true, &[]).0, "");
    }

    #[test]
    fn the_rate_spans_the_time_since_the_line_before() {
        let mut later = progress();
        later.at = Nanos::from_secs(21);
        later.scenarios[0].started = 2_300;
        let (text, _) = shown(false, &[later]);
        assert!(text.contains("10/s of 200/s"), "{text}");
    }

    #[test]
    fn an_empty_interval_divides_by_nothing() {
        let (text, _) = shown(false, &[Progress::default()]);
        assert_eq!(text, "0:00 | 0/s | 0 steps/s | users 0, 0 busy\n");
    }

    #[test]
    fn figures_are_rounded_for_reading() {
        assert_eq!([count(0.0), count(12.34), count(812.4), count(2.5e6)], ["0", "12.3", "812", "2.50M"]);
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
            before: Begun::default(),
            live: false,
            delivery: delivery.clone(),
        };
        screen.receive(&ListenerEvent::Progress(Arc::new(progress())));
        screen.close(Duration::ZERO);
        assert_eq!(delivery.read(), (0, 1));
    }
}
