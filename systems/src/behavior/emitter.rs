//! What users have to tell, until their driver takes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use throng_components::attempt_phases::AttemptPhases;
use throng_components::exchange::UserChange;
use throng_components::measures::Measurement;
use throng_components::sample::{Sample, SampleKind};
use throng_components::sample_block::SampleBlock;

/// Samples and users' comings and goings since the driver last looked. It keeps no statistics.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Emitter {
    /// As [`SampleBlock`] has them.
    pub samples: SampleBlock,
    /// In the order in which they were recorded. They come with samples, which say when there is something to send.
    pub measurements: Vec<Measurement>,
    /// In the order in which they happened.
    pub users: Vec<UserChange>,
    /// Tries that failed and wait to be followed by another one, by their user's slot and their strand. At most one a strand.
    held: BTreeMap<(u32, u8), (Sample, AttemptPhases)>,
}

impl Emitter {
    /// Keeps a try that failed back until it is known whether another one follows.
    pub fn hold(&mut self, slot: u32, strand: u8, sample: Sample, phases: AttemptPhases) {
        self.held.insert((slot, strand), (sample, phases));
    }

    /// Records the try that a strand kept back. It stands behind what has ended since. One that none follows was its step's
    /// last.
    pub fn tell(&mut self, slot: u32, strand: u8, followed: bool) {
        let Some((sample, phases)) = self.held.remove(&(slot, strand)) else { return };
        let kind = if followed { SampleKind::Retried } else { SampleKind::Attempt };
        self.samples.push_phased(Sample { kind, ..sample }, phases);
    }
}
