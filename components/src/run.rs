//! The run as a whole: where it is, how it ended, whether its numbers can be trusted.

use std::sync::Arc;

use bevy_ecs::resource::Resource;
use serde::{Deserialize, Serialize};

use crate::clock::{ClockKind, Nanos};
use crate::speed::Speed;
use crate::trace::TraceContext;
use crate::workload::Share;

/// The run's state machine; it only moves forward.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RunState {
    /// The workload is read; nothing runs.
    #[default]
    Loading,
    /// Threads and listeners are up, the first tokens are planned; the clock stands at 0.
    Ready,
    /// Scenarios play.
    Running,
    /// Nothing new begins; what runs may end.
    Draining,
    /// Listeners get their last records.
    Flushing,
    /// Over.
    Ended,
}

/// What the target did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Every requirement held.
    #[default]
    Passed,
    /// A rule ended the run as failed, or a requirement did not hold.
    Failed,
    /// Somebody ended the run.
    Interrupted,
}

/// Whether the generator's own numbers can be trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The schedule was kept.
    #[default]
    Valid,
    /// It was kept for the most part.
    Degraded,
    /// It was not kept: results say little about the target.
    Invalid,
}

/// When the generator's own numbers are not to be trusted.
#[derive(Resource, Clone, Copy, Debug)]
pub struct VerdictBounds {
    /// A step started later than this after all was ready is late.
    pub over: Nanos,
    /// The share of late starts from which a run is degraded.
    pub degraded: Share,
    /// The share of late starts from which a run is invalid.
    pub invalid: Share,
}

impl Default for VerdictBounds {
    /// 10 ms is one default tick: what is later than that was not held by its timer but by a busy generator.
    fn default() -> Self {
        Self { over: Nanos::from_millis(10), degraded: Share(0.01), invalid: Share(0.05) }
    }
}

/// Why and how a run ended before its scenarios did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// When.
    pub at: Nanos,
    /// The rule's text, `duration`, `until` or `interrupt`.
    pub by: String,
    /// What it makes of the run.
    pub outcome: Outcome,
}

/// The stop that ended the run, when one did.
#[derive(Resource, Clone, Debug, Default, Serialize, Deserialize)]
pub struct RunStop {
    /// The first stop, if any.
    pub stop: Option<Stop>,
    /// Whether what still runs is to be cut without a drain.
    pub cut: bool,
}

/// The run's length as asked for from outside, `--duration`.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct RunDuration(pub Option<Nanos>);

/// The instant at which all is cut, `--until`: nothing of that instant or after it happens, and nothing is drained.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct RunUntil(pub Option<Nanos>);

impl RunUntil {
    /// The instant; the end of time without one.
    pub fn instant(self) -> Nanos {
        self.0.unwrap_or(Nanos::MAX)
    }
}

/// A time in which a run in real time lay saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Where in the run.
    pub at: Nanos,
    /// The wall time at which it was saved: nanoseconds since 1970.
    pub saved_unix_ns: u64,
    /// That at which it went on.
    pub resumed_unix_ns: u64,
}

/// The times in which a run lay saved, in order. Virtual time knows none.
#[derive(Resource, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Gaps(pub Vec<Gap>);

/// What listeners are told before the run begins.
#[derive(Resource, Clone, Debug)]
pub struct RunHeader {
    /// The run's id, a UUID.
    pub run_id: String,
    /// throng's version.
    pub throng: &'static str,
    /// The workload's path as given.
    pub workload: String,
    /// Which clock.
    pub clock: ClockKind,
    /// How fast the run's time passes on the wall clock; 1 in virtual time, which has no speed.
    pub speed: Speed,
    /// The wall time of the run's start: nanoseconds since 1970. Instants of the run are counted on from there in its own time.
    pub epoch_unix_ns: u64,
    /// Scenario names by [`ScenarioId`](crate::scenario::ScenarioId).
    pub scenarios: Vec<String>,
    /// Step names by [`StepId`](crate::sample::StepId).
    pub steps: Vec<StepHeader>,
    /// Names of groups by number.
    pub groups: Vec<String>,
    /// Names of modelled services by [`ServiceId`](crate::service::ServiceId); empty in real time.
    pub services: Vec<String>,
    /// How trace ids come about.
    pub trace: TraceContext,
    /// What the run was made from.
    pub origin: Arc<Origin>,
}

/// What a run was made from: enough to make it again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The seed of all that is random.
    pub seed: u64,
    /// Paths and texts: the workload's own file, and those that it includes.
    pub files: Vec<(String, String)>,
    /// What was said over the file: names and values, as with `--set`.
    pub set: Vec<(String, String)>,
    /// The run whose iterations are done again.
    pub replay_of: Option<ReplayOf>,
}

/// A run that was recorded and is done again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayOf {
    /// Its id.
    pub run_id: String,
    /// How many times as fast.
    pub speed: Speed,
}

/// What listeners are told of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepHeader {
    /// Its name.
    pub name: String,
    /// The protocol: `http`, `noop`.
    pub protocol: &'static str,
    /// The method, where the protocol has one.
    pub method: String,
    /// The target's host name.
    pub address: String,
    /// The target's port; 0 without one.
    pub port: u16,
}
