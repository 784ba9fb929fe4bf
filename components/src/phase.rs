//! The seven phases of a tick.

use bevy_ecs::schedule::SystemSet;

/// Where in a tick a system runs. The phases run in this order, each after the one before has ended.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Samples and commands come in.
    Collect,
    /// How many users and threads should there be.
    Allocate,
    /// Tokens due in the tick `look_ahead` ticks ahead are planned.
    Schedule,
    /// Tokens and orders are handed to threads.
    Execute,
    /// Samples become histograms and window statistics.
    Observe,
    /// Rules are judged.
    Judge,
    /// Listeners get what is due.
    Export,
}

impl Phase {
    /// All phases in order.
    pub const ALL: [Self; 7] = [
        Self::Collect,
        Self::Allocate,
        Self::Schedule,
        Self::Execute,
        Self::Observe,
        Self::Judge,
        Self::Export,
    ];
}
