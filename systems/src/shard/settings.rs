//! What a shard is told before it begins.

use std::sync::Arc;

use throng_components::scenario::Scenario;
use throng_components::seed::RunSeed;

use crate::behavior::Program;

/// What a shard needs to know before it begins.
#[derive(Clone, Debug)]
pub struct ShardSettings {
    /// The run's seed.
    pub seed: RunSeed,
    /// This shard's number.
    pub index: u16,
    /// How many shards there are.
    pub shards: u16,
    /// Scenarios by number, each with its users' program and whether this shard has a part in it.
    pub scenarios: Vec<(Scenario, Arc<Program>, ShardShare)>,
}

/// Which part of a scenario a shard has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardShare {
    /// This shard's place among those that share it.
    pub place: u16,
    /// How many share it; 0 for a shard without a part.
    pub of: u16,
}

impl ShardShare {
    /// This shard's part of a whole number: all parts add up to it.
    pub fn part(&self, whole: u64) -> u64 {
        let (place, of) = (u64::from(self.place), u64::from(self.of));
        if of == 0 {
            return 0;
        }
        whole / of + u64::from(place < whole % of)
    }
}
