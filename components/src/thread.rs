//! Threads: the operating system's threads that drive shards, as entities.

use bevy_ecs::component::Component;
use serde::{Deserialize, Serialize};

use crate::clock::Nanos;
use crate::measure::Measure;
use crate::second_ranges::SecondRanges;

/// A thread's number, from 0. In virtual time there is one, the driver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ThreadId(pub u16);

/// One thread with one reactor and one shard.
#[derive(Component, Clone, Debug)]
pub struct Thread {
    /// Its number.
    pub id: ThreadId,
}

/// From this share of a core on, a thread is called saturated: there is no room left to catch up in.
pub const SATURATED: f64 = 0.95;

/// How a thread fares, as it last told.
#[derive(Component, Clone, Debug, Default, Serialize, Deserialize)]
pub struct ThreadFigures {
    /// Operations under way.
    pub in_flight: u64,
    /// Tokens that wait for a user.
    pub waiting: u64,
    /// Users at home here.
    pub users: u64,
    /// The share of a core that it used over the last whole second.
    pub busy_share: f64,
    /// The largest share of a core that it used over any whole second.
    pub busy_share_max: f64,
    /// When it was saturated.
    pub busy_seconds: SecondRanges,
    /// How much later than asked the reactor woke.
    pub loop_lag: Measure,
    /// The largest such delay of the last whole second.
    pub loop_lag_recent: Nanos,
    /// Blocks of orders that arrived after something in them was due.
    pub underruns: u64,
    /// When the world heard of these: a tick later at most, unless it was away itself.
    pub underrun_seconds: SecondRanges,
    /// Samples that found no room and of which only the figures were kept.
    pub samples_folded: u64,
}
