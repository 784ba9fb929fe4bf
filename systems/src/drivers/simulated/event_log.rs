//! The event log of a simulation: one line of JSON an event, in the order of events.
//!
//! | field | type | meaning |
//! |---|---|---|
//! | `at_ns` | integer | when it happened, since the run's start; no line is before the one above it, but a group's, and that of a try with another one to follow: they stand where the group was left, the next try began, or the wait for it was cut |
//! | `event` | string | `user-created`, `user-retired`, `step` (one has ended), `retried` (a try of one has, and another one follows), `group` (one was left) or `iteration` (one has ended) |
//! | `scenario`, `user` | string, integer | who: the user's number within its scenario, from 1 |
//!
//! What has ended has these, too:
//!
//! | field | type | meaning |
//! |---|---|---|
//! | `step` | string or null | the step's or group's name; null for an iteration |
//! | `iteration`, `ordinal` | integer | the iteration's number, and which of its operations it was, from 0, or which of its groups, from 1 |
//! | `outcome` | string | `succeeded`, `failed`, or `cut` when the engine ended it |
//! | `status` | integer | the protocol's status; 0 without one |
//! | `error` | string | why it failed: a stable slug such as `timeout` or `500`; empty without a failure |
//! | `due_ns` … `ended_ns` | integer | due ≤ ready ≤ started ≤ ended; the last is `at_ns` |
//! | `attempt` | integer | which try of the step, where it had several; 0 for a step that failed unsent |
//!
//! Users that are there when the run is over leave without a line. The log holds simulated things only, no run id, wall time, tick, path or version: the same seed and workload give the same
//! bytes, for every tick and build.

use std::fmt::Write as _;
use std::io::{self, Write};

use throng_components::clock::Nanos;
use throng_components::exchange::UserChange;
use throng_components::sample::{Sample, SampleKind};
use throng_components::scenario::StepNames;

use crate::json::quoted;

/// Writes events to a file or any other sink.
pub struct EventLog {
    sink: Box<dyn Write + Send>,
    scenarios: Vec<String>,
    steps: Vec<String>,
    groups: Vec<String>,
    line: String,
    error: Option<io::Error>,
}

impl EventLog {
    /// A log into a sink, with the names of scenarios, and those of steps and groups, by number.
    pub fn new(sink: Box<dyn Write + Send>, scenarios: &[String], names: &StepNames) -> Self {
        let quote = |names: &[String]| names.iter().map(|name| quoted(name)).collect();
        Self {
            sink,
            scenarios: quote(scenarios),
            steps: quote(names.all()),
            groups: quote(names.groups()),
            line: String::new(),
            error: None,
        }
    }

    /// Writes what a shard told in one step of time: users first, then samples.
    pub(super) fn write(&mut self, now: Nanos, users: &[UserChange], samples: &[Sample]) {
        self.line.clear();
        for change in users {
            let (event, id) = match change {
                UserChange::Created(id) => ("user-created", id),
                UserChange::Retired(id) => ("user-retired", id),
            };
            let scenario = &self.scenarios[id.scenario().index()];
            let user = id.serial();
            // Writing to a String cannot fail.
            let _ = writeln!(
                self.line,
                r#"{{"at_ns":{},"event":"{event}","scenario":{scenario},"user":{user}}}"#,
                now.0
            );
        }
        for sample in samples {
            self.sample(sample);
        }
        if self.error.is_none()
            && let Err(error) = self.sink.write_all(self.line.as_bytes())
        {
            self.error = Some(error);
        }
    }

    fn sample(&mut self, sample: &Sample) {
        let scenario = &self.scenarios[sample.scenario().index()];
        let (event, step) = match sample.kind {
            // A model never leads anywhere else.
            SampleKind::Attempt | SampleKind::Redirect => {
                ("step", self.steps[usize::from(sample.step.0)].as_str())
            }
            SampleKind::Retried => ("retried", self.steps[usize::from(sample.step.0)].as_str()),
            SampleKind::Iteration => ("iteration", "null"),
            SampleKind::Group => ("group", self.groups[usize::from(sample.step.0)].as_str()),
        };
        // Only where it says something: most steps have one attempt.
        let more = match sample.kind {
            SampleKind::Attempt | SampleKind::Retried if sample.attempt > 1 => {
                format!(r#","attempt":{}"#, sample.attempt)
            }
            SampleKind::Retried => r#","attempt":1"#.to_owned(),
            SampleKind::Attempt if sample.attempt == 0 => r#","attempt":0"#.to_owned(),
            _ => String::new(),
        };
        let _ = writeln!(
            self.line,
            concat!(
                r#"{{"at_ns":{},"event":"{}","scenario":{},"user":{},"step":{},"iteration":{},"ordinal":{},"#,
                r#""outcome":"{}","status":{},"error":"{}","#,
                r#""due_ns":{},"ready_ns":{},"started_ns":{},"ended_ns":{}{}}}"#
            ),
            sample.ended.0,
            event,
            scenario,
            sample.user.serial(),
            step,
            sample.iteration,
            sample.ordinal,
            sample.outcome.slug(),
            sample.status,
            if sample.error.is_failure() { sample.error.slug() } else { "".into() },
            sample.due.0,
            sample.ready.0,
            sample.started.0,
            sample.ended.0,
            more,
        );
    }

    /// Writes what is buffered.
    ///
    /// # Errors
    /// The first error that writing met.
    pub fn close(mut self) -> io::Result<()> {
        match self.error.take() {
            Some(error) => Err(error),
            None => self.sink.flush(),
        }
    }
}
