//! Samples that travel together, with the side records of those that have one.

use std::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::attempt_phases::AttemptPhases;
use crate::sample::Sample;

/// Samples in the order in which they ended, but for groups and for tries that were to be followed by others: these are told
/// when it is known what became of them. Reads as a slice of them.
///
/// An attempt without phases, as of a protocol that has none and of a model, costs nothing here.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SampleBlock {
    samples: Vec<Sample>,
    /// What the time of some went into, by the place of their sample, rising.
    phases: Vec<(u32, AttemptPhases)>,
}

impl SampleBlock {
    /// An empty one with room for so many samples.
    pub fn with_capacity(samples: usize) -> Self {
        Self { samples: Vec::with_capacity(samples), phases: Vec::new() }
    }

    /// Adds a sample that has no phases.
    pub fn push(&mut self, sample: Sample) {
        self.samples.push(sample);
    }

    /// Adds a sample and what its time went into.
    pub fn push_phased(&mut self, sample: Sample, phases: AttemptPhases) {
        // A block is sent long before it has so many samples; one beyond would go without.
        if let (false, Ok(place)) = (phases.is_empty(), u32::try_from(self.samples.len())) {
            self.phases.push((place, phases));
        }
        self.samples.push(sample);
    }

    /// Forgets all and keeps the memory.
    pub fn clear(&mut self) {
        self.samples.clear();
        self.phases.clear();
    }

    /// The samples that have phases, with them.
    pub fn phased(&self) -> impl Iterator<Item = (&Sample, &AttemptPhases)> {
        self.phases.iter().filter_map(|(place, phases)| Some((self.samples.get(*place as usize)?, phases)))
    }

    /// All samples, each with its phases or without any.
    pub fn with_phases(&self) -> impl Iterator<Item = (&Sample, AttemptPhases)> {
        let mut phases = self.phases.iter().peekable();
        (0_u32..).zip(&self.samples).map(move |(place, sample)| {
            let own = phases.next_if(|(of, _)| *of == place);
            (sample, own.map_or(AttemptPhases::NONE, |(_, phases)| *phases))
        })
    }
}

impl Deref for SampleBlock {
    type Target = [Sample];

    fn deref(&self) -> &[Sample] {
        &self.samples
    }
}

impl From<Vec<Sample>> for SampleBlock {
    fn from(samples: Vec<Sample>) -> Self {
        Self { samples, phases: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Nanos;
    use crate::sample::SampleKind;
    use crate::virtual_user::UserId;

    fn sample(iteration: u64) -> Sample {
        Sample::empty(UserId(1), iteration, SampleKind::Attempt)
    }

    #[test]
    fn phases_stay_with_their_sample() {
        let mut block = SampleBlock::default();
        let phases = |length| AttemptPhases { body: Nanos(length), ..AttemptPhases::NONE };
        for number in 0..6 {
            // Every second one has none.
            block.push_phased(sample(number), phases(number * (number % 2)));
        }
        block.push(sample(6));
        let all: Vec<_> =
            block.with_phases().map(|(sample, phases)| (sample.iteration, phases.body.0)).collect();
        assert_eq!(all, [(0, 0), (1, 1), (2, 0), (3, 3), (4, 0), (5, 5), (6, 0)]);
        let found: Vec<_> =
            block.phased().map(|(sample, phases)| (sample.iteration, phases.body.0)).collect();
        assert_eq!(found, [(1, 1), (3, 3), (5, 5)]);
        block.clear();
        assert!(block.is_empty() && block.phased().next().is_none());
    }
}
