//! The lines of a recording.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use throng_components::clock::ClockKind;
use throng_components::run::{ReplayOf, RunHeader};
use throng_components::speed::Speed;

/// The format's version: raised when a member changes its meaning, not when one is added.
pub const FORMAT: u64 = 1;

/// The first line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The format's version.
    pub recording: u64,
    /// throng's version.
    pub throng: String,
    /// The run's id.
    pub run_id: String,
    /// The workload's path as it was given.
    pub workload: String,
    /// Which clock the run went by.
    pub clock: ClockKind,
    /// How fast the run's time passed.
    pub speed: Speed,
    /// The seed of all that was random.
    pub seed: u64,
    /// The run whose iterations it did again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay_of: Option<ReplayOf>,
    /// What was said over the file: names and values.
    pub set: Vec<(String, String)>,
    /// The workload's own text, and those that it includes.
    pub files: Vec<HeaderText>,
}

/// One file of the workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderText {
    /// What messages call it: its path.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Header {
    /// The header of a run's recording.
    pub fn of(run: &RunHeader) -> Self {
        let files = run.origin.files.iter();
        Self {
            recording: FORMAT,
            throng: run.throng.to_owned(),
            run_id: run.run_id.clone(),
            workload: run.workload.clone(),
            clock: run.clock,
            speed: run.speed,
            seed: run.origin.seed,
            replay_of: run.origin.replay_of.clone(),
            set: run.origin.set.clone(),
            files: files.map(|(name, text)| HeaderText { name: name.clone(), text: text.clone() }).collect(),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u16) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// An iteration, or one try of a step of it. See the module's documentation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record<'a> {
    /// The scenario.
    #[serde(borrow)]
    pub scenario: Cow<'a, str>,
    /// The step; `None` for an iteration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Cow<'a, str>>,
    /// The user's number within its scenario, from 1.
    pub user: u64,
    /// The iteration's number, from 1.
    pub iteration: u64,
    /// Which operation of the iteration it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordinal: Option<u32>,
    /// Which try of the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u8>,
    /// Whether another try followed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub retried: bool,
    /// How it ended.
    #[serde(borrow)]
    pub outcome: Cow<'a, str>,
    /// The protocol's status; 0 without one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub status: u16,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Cow<'a, str>>,
    /// When it was due.
    pub due_ns: u64,
    /// When it began.
    pub started_ns: u64,
    /// When it ended.
    pub ended_ns: u64,
    /// Bytes written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_sent: Option<u32>,
    /// Bytes read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_received: Option<u32>,
    /// Whether results leave it out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub warm_up: bool,
}

impl Record<'_> {
    /// Whether it is an answered try that went well, out of the warm-up: what says how long a step takes.
    pub fn is_served(&self) -> bool {
        self.outcome == "succeeded" && !self.warm_up && self.attempt.is_some_and(|attempt| attempt > 0)
    }
}

/// The last line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// That it is the last one.
    pub end: bool,
    /// Lines of iterations.
    pub iterations: u64,
    /// Lines of tries.
    pub tries: u64,
    /// Lines that are missing.
    pub lost: u64,
}
