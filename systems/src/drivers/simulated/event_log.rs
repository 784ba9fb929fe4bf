//! The event log of a simulation: one line of JSON an event, in the order of events.
//!
//! It holds simulated things only, no run id, wall time, tick, path or version: the same seed and workload give the same
//! bytes, for every tick and build.

use std::fmt::Write as _;
use std::io::{self, Write};

use throng_components::exchange::UserChange;
use throng_components::sample::{Sample, SampleKind};

use crate::json::quoted;

/// Writes events to a file or any other sink.
pub struct EventLog {
    sink: Box<dyn Write + Send>,
    scenarios: Vec<String>,
    steps: Vec<String>,
    line: String,
    error: Option<io::Error>,
}

impl EventLog {
    /// A log into a sink, with the names of scenarios and steps by number.
    pub fn new(sink: Box<dyn Write + Send>, scenarios: &[String], steps: &[String]) -> Self {
        let quote = |names: &[String]| names.iter().map(|name| quoted(name)).collect();
        Self { sink, scenarios: quote(scenarios), steps: quote(steps), line: String::new(), error: None }
    }

    /// Writes what a shard told in one step of time: users first, then samples.
    pub(super) fn write(&mut self, users: &[UserChange], samples: &[Sample]) {
        self.line.clear();
        for change in users {
            let (event, id) = match change {
                UserChange::Created(id) => ("user-created", id),
                UserChange::Retired(id) => ("user-retired", id),
            };
            let scenario = &self.scenarios[id.scenario().index()];
            let user = id.serial();
            // Writing to a String cannot fail.
            let _ = writeln!(self.line, r#"{{"event":"{event}","scenario":{scenario},"user":{user}}}"#);
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
        let scenario = &self.scenarios[sample.scenario.index()];
        let (event, step) = match sample.kind {
            SampleKind::Attempt => ("step", self.steps[usize::from(sample.step.0)].as_str()),
            SampleKind::Iteration => ("iteration", "null"),
        };
        let _ = writeln!(
            self.line,
            concat!(
                r#"{{"event":"{}","scenario":{},"step":{},"user":{},"iteration":{},"ordinal":{},"#,
                r#""due_ns":{},"ready_ns":{},"started_ns":{},"ended_ns":{},"status":{},"error":"{}"}}"#
            ),
            event,
            scenario,
            step,
            sample.user.serial(),
            sample.iteration,
            sample.ordinal,
            sample.due.0,
            sample.ready.0,
            sample.started.0,
            sample.ended.0,
            sample.status,
            if sample.error.is_failure() { sample.error.slug() } else { "".into() },
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
