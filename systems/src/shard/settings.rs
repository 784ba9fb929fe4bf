//! What a shard is told before it begins.

use std::sync::Arc;

use bevy_ecs::component::Component;
use throng_components::clock::Nanos;
use throng_components::scenario::{Scenario, ScenarioId};
use throng_components::seed::{Purpose, RunSeed, below, draw};

use crate::behavior::Program;
use crate::plugins::laws::{Draws, Law};

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
    /// When closed users begin, where that is drawn.
    pub rhythms: Vec<(ScenarioId, Rhythm)>,
}

/// When a closed scenario's users begin, as far as it is drawn. On the entity of a scenario that has one.
#[derive(Component, Clone, Debug, Default)]
pub struct Rhythm {
    /// The time from start to start.
    pub pace: Option<Arc<dyn Law>>,
    /// How long after it is wanted a user begins, at most.
    pub stagger: Nanos,
}

impl Rhythm {
    /// The time to the next start; `key`: what the draws of the iteration before it are keyed by.
    pub(super) fn pace(&self, key: u64) -> Option<Nanos> {
        self.pace.as_ref().map(|law| law.draw(&mut Draws::new(key, Purpose::PACE, 0)))
    }

    /// How long after it is wanted a user begins; `key`: what the draws of the iteration before it are keyed by.
    pub(super) fn delay(&self, key: u64) -> Nanos {
        Nanos(below(draw(key, Purpose::STAGGER, 0), self.stagger.0))
    }
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
