//! A saved run as a value.

use serde::{Deserialize, Serialize};
use throng_components::clock::{ClockKind, Nanos};

use super::origin::Origin;
use crate::results::ProcessFigures;
use crate::simulated::Course;

/// A run that was saved.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedRun {
    pub(super) origin: Origin,
    pub(super) facts: Facts,
    pub(super) state: Vec<u8>,
}

/// What is known of a saved run besides its state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Facts {
    pub(crate) run_id: u128,
    pub(crate) clock: ClockKind,
    /// The wall time of the run's start.
    pub(crate) epoch_unix_ns: u64,
    /// The wall time at which it was saved.
    pub(crate) saved_unix_ns: u64,
    pub(crate) seed: u64,
    /// How many threads its users are dealt to.
    pub(crate) threads: u16,
    /// `--duration`.
    pub(crate) duration: Option<Nanos>,
    /// `--until`.
    pub(crate) until: Option<Nanos>,
    /// When it was saved: all before has happened.
    pub(crate) at: Nanos,
    /// Where the simulation stood.
    pub(crate) course: Course,
    /// What it took so far.
    pub(crate) process: ProcessFigures,
}

impl SavedRun {
    pub(crate) fn new(origin: Origin, facts: Facts, state: Vec<u8>) -> Self {
        Self { origin, facts, state }
    }

    /// What it was made from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// When it was saved, since the run's start: all before that instant has happened, and nothing else.
    pub fn at(&self) -> Nanos {
        self.facts.at
    }

    /// Which clock it goes by.
    pub fn clock(&self) -> ClockKind {
        self.facts.clock
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// What the run had come to, as [`State`](throng_components::state::State) writes it.
    pub(crate) fn state(&self) -> &[u8] {
        &self.state
    }
}
