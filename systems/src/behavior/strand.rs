//! Where in its program a user is: one strand of steps, and more of them while it does several things at one time.

use serde::{Deserialize, Serialize};
use throng_components::clock::Nanos;
use throng_components::sample::{ErrorType, OPERATIONS_OF_A_STRAND};

/// One strand's place.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Strand {
    /// The instruction it is at.
    pub cursor: u32,
    /// The number of its last operation, so that late answers are told apart.
    pub operation: u32,
    /// Counts its operations in the iteration.
    pub ordinal: u32,
    /// Counts its draws in the iteration.
    pub draws: u32,
    /// When the next step is due.
    pub due: Nanos,
    /// When its user is ready for it: later than `due` where the user was not free when its iteration was due, and where a
    /// step is tried once more.
    pub ready: Nanos,
}

impl Strand {
    /// The strand that does one part of a `parallel`. It goes on counting where the one before stands.
    pub(super) fn part(self, cursor: u32) -> Self {
        Self { cursor, ..self }
    }

    /// Takes up where a part has ended: later than all of them, beyond what any of them counted.
    pub(super) fn join(&mut self, part: &Self) {
        self.ordinal = self.ordinal.max(part.ordinal);
        self.draws = self.draws.max(part.draws);
        self.due = self.due.max(part.due);
        self.ready = self.ready.max(part.ready);
    }

    /// The name of its next operation in the iteration. Strands have numbers of their own, so that a name does not hang on
    /// which of them was first.
    pub(super) fn ordinal(&self, number: u8) -> u32 {
        u32::from(number).wrapping_mul(OPERATIONS_OF_A_STRAND).wrapping_add(self.ordinal)
    }
}

/// What all strands of a user share.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Counts the user's operations over its whole life.
    pub operations: u32,
    /// Why the iteration failed beside its steps: the first reason.
    pub error: ErrorType,
    /// Whether the iteration has failed.
    pub failed: bool,
}

impl Progress {
    /// Another iteration of the same user.
    pub(super) fn anew(&mut self) {
        *self = Self { operations: self.operations, ..Self::default() };
    }

    /// Notes that the iteration fails, and not for one of its steps.
    pub(super) fn fail(&mut self, error: ErrorType) {
        self.failed = true;
        if !self.error.is_failure() {
            self.error = error;
        }
    }
}

/// What a strand of a `parallel` is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PartState {
    /// It has not begun, or runs just now.
    Ready,
    /// It waits for the target.
    Performing,
    /// It waits for the target, which was asked to give up what it does.
    GivenUp,
    /// It waits for its timer.
    Thinking,
    /// It has come to its end.
    Ended,
}

/// One strand of a `parallel`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Part {
    /// Its place.
    pub strand: Strand,
    /// What it is doing.
    pub state: PartState,
    /// The user's timer count when its timer was set; others are stale.
    pub timer: u32,
}

impl Part {
    /// Whether it waits for the answer to that operation.
    pub fn awaits(&self, operation: u32) -> bool {
        matches!(self.state, PartState::Performing | PartState::GivenUp) && self.strand.operation == operation
    }
}

/// How the parts of a `parallel` go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Ending {
    /// Each to its end.
    #[default]
    Open,
    /// One of them has ended the iteration.
    Stopped,
    /// The engine has.
    Cut,
}

/// The strands of a `parallel`, numbered from 1. Kept when it has ended, so that the next one needs no memory anew.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Parts {
    pub(super) all: Vec<Part>,
    pub(super) ending: Ending,
}

impl Parts {
    /// Whether a part has not ended yet.
    pub fn is_running(&self) -> bool {
        self.all.iter().any(|part| part.state != PartState::Ended)
    }

    /// The part of that number, when there is one.
    pub fn get(&self, number: u8) -> Option<&Part> {
        self.all.get(usize::from(number).checked_sub(1)?)
    }

    /// The part of that number, to be changed.
    pub fn get_mut(&mut self, number: u8) -> Option<&mut Part> {
        self.all.get_mut(usize::from(number).checked_sub(1)?)
    }

    /// The number of the part that waits for a timer.
    pub fn of_timer(&self, timer: u32) -> Option<u8> {
        let waits = |part: &&Part| part.state == PartState::Thinking && part.timer == timer;
        let index = self.all.iter().position(|part| waits(&part))?;
        u8::try_from(index + 1).ok()
    }
}
