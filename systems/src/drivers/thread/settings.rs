//! What a thread is made of.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use throng_components::clock::{Nanos, TimeSource};
use throng_components::exchange::{OrderBlock, ReportBlock};
use throng_components::sample_block::SampleBlock;
use throng_components::target::Target;
use throng_components::thread::ThreadId;
use throng_components::trace::TraceContext;

use super::Bell;
use crate::plugins::Table;
use crate::plugins::protocols::{Entry, TlsClients};
use crate::shard::Shard;

/// What a thread is made of.
pub struct ThreadSettings {
    /// Its number.
    pub id: ThreadId,
    /// Its users.
    pub shard: Shard,
    /// The targets, by number; a demo target's address is known by now.
    pub targets: Vec<Target>,
    /// The protocols that reach them.
    pub protocols: Table<Entry>,
    /// The run's clock.
    pub clock: Arc<dyn TimeSource>,
    /// Where orders come from.
    pub orders: Receiver<OrderBlock>,
    /// Where reports go.
    pub reports: Sender<ReportBlock>,
    /// Where emptied blocks of samples come back.
    pub spent: Receiver<SampleBlock>,
    /// What the world rings when it has sent orders.
    pub bell: Arc<Bell>,
    /// How trace ids come about; `None` when requests carry none.
    pub trace: Option<TraceContext>,
    /// What TLS connections go by.
    pub tls: TlsClients,
    /// How many threads there are.
    pub threads: u16,
    /// Names of scenarios and steps, counted: what folded samples are kept by.
    pub step_count: usize,
    /// A step's start later than this counts as late.
    pub late_over: Nanos,
}
