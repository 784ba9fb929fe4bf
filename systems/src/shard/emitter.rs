//! Where a shard puts what it has to tell, until its driver takes it.

use throng_components::exchange::UserChange;
use throng_components::measures::Measurement;
use throng_components::sample_block::SampleBlock;

/// Samples and users' comings and goings since the driver last looked. It keeps no statistics.
#[derive(Debug, Default)]
pub struct Emitter {
    /// As [`SampleBlock`] has them.
    pub samples: SampleBlock,
    /// In the order in which they were recorded. They come with samples, which say when there is something to send.
    pub measurements: Vec<Measurement>,
    /// In the order in which they happened.
    pub users: Vec<UserChange>,
}
