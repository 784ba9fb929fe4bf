//! Choices drawn from a seed.

use throng::components::seed::{Purpose, RunSeed, below, draw};

/// A sequence of choices: the same for the same seed.
#[derive(Debug)]
pub struct Dice {
    key: u64,
    thrown: u64,
}

impl Dice {
    /// The choices of a seed.
    pub fn new(seed: u64) -> Self {
        Self { key: RunSeed(seed).key(0x6469_6365, 0), thrown: 0 }
    }

    /// A whole number from `least` to `most`, both included.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        self.thrown += 1;
        least + below(draw(self.key, Purpose::BEHAVIOR, self.thrown), most - least + 1)
    }

    /// True so many times in a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.between(1, 100) <= percent
    }

    /// One of several values.
    pub fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        let last = values.len() as u64 - 1;
        values[usize::try_from(self.between(0, last)).unwrap_or(0)]
    }
}
