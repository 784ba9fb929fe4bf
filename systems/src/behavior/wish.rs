//! What a user wants: of the driver of its shard, and of the shard itself.

use throng_components::clock::Nanos;
use throng_components::sample::SampleOutcome;

use crate::plugins::protocols::{Operation, OperationId, Rendered};

/// Who does for a shard what is done outside of it.
pub trait Driver: std::fmt::Debug {
    /// Begins an operation. Its answer comes later, never within this call.
    fn perform(&mut self, operation: Operation<Rendered<'_>>);

    /// Gives an operation up; it is answered with how far it was.
    fn cancel(&mut self, id: OperationId);

    /// Closes what the user at this place has open.
    fn leave(&mut self, slot: u32);
}

/// A list of what is to be done, for a driver that does it when its shard has had its turn.
impl Driver for Vec<DriverAction> {
    fn perform(&mut self, operation: Operation<Rendered<'_>>) {
        self.push(DriverAction::Perform(operation.into_owned()));
    }

    fn cancel(&mut self, id: OperationId) {
        self.push(DriverAction::Cancel(id));
    }

    fn leave(&mut self, slot: u32) {
        self.push(DriverAction::Leave(slot));
    }
}

/// What a driver has to do for a shard.
#[derive(Debug)]
pub enum DriverAction {
    /// Begin an operation.
    Perform(Operation),
    /// Give an operation up, and answer with how far it was.
    Cancel(OperationId),
    /// Close what the user at this place has open.
    Leave(u32),
}

/// What one event came to for a user: what nearly every event comes to, and therefore no list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Upshot {
    /// Operations that it began.
    pub begun: u32,
    /// Whether the last of these was a part's of a `parallel`.
    pub in_part: bool,
    /// When its own strand is to be woken.
    pub waits_until: Option<Nanos>,
    /// How its iteration has ended, when it has.
    pub finished: Option<SampleOutcome>,
}

/// What else a shard has to do for a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Wake one of the strands of a `parallel`.
    WaitInPart {
        /// Which.
        strand: u8,
        /// When.
        until: Nanos,
    },
    /// Note that it went on for as long as it may at once, and is not done.
    Lap,
    /// Count so many cookies as dropped.
    DropCookies(u32),
    /// Let it leave when its iteration has ended.
    Leave,
    /// Stop its scenario.
    StopScenario,
}
