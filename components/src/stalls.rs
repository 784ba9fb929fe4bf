//! Times in which the generator stood still.

use bevy_ecs::resource::Resource;
use serde::{Deserialize, Serialize};

use crate::clock::Nanos;
use crate::second_ranges::SecondRanges;

/// Times in which the world's thread wanted to run and did not get to: the program was stopped, its machine asleep, its core
/// somebody else's. What ended within one is timed up to its end.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stalls {
    /// How many.
    pub count: u64,
    /// All of them together.
    pub total: Nanos,
    /// The longest.
    pub longest: Nanos,
    /// When they were.
    pub seconds: SecondRanges,
}

impl Stalls {
    /// Notes one of this length, which lay between two instants.
    pub fn note(&mut self, (from, until): (Nanos, Nanos), length: Nanos) {
        self.count += 1;
        self.total += length;
        self.longest = self.longest.max(length);
        self.seconds.note(from, until);
    }
}
