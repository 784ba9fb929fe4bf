//! What a user wants: of the driver of its shard, and of the shard itself.

use throng_components::clock::Nanos;
use throng_components::sample::SampleOutcome;

use crate::plugins::protocols::{Operation, OperationId};

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

/// What a shard has to do for a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Wake one of its strands.
    Wait {
        /// Which: 0 but within a `parallel`.
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
    /// Take its iteration as ended.
    Finish(SampleOutcome),
}
