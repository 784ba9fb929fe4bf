//! The world's ends of the channels to its shards.

use std::sync::Arc;

use bevy_ecs::prelude::*;
use crossbeam_channel::{Receiver, Sender};
use throng_components::exchange::{FoldedSamples, Order, OrderBlock, ReportBlock};
use throng_components::measures::Measurement;
use throng_components::sample_block::SampleBlock;
use throng_components::service_span::ServiceSpan;

/// Wakes a driver that waits for its reactor.
pub trait Waker: Send + Sync {
    /// Makes it look for orders soon.
    fn wake(&self);
}

/// One shard's driver, seen from the world.
pub struct Link {
    /// Tokens and orders gathered for the next block.
    pub pending: OrderBlock,
    /// Where blocks go. Bounded: while it is full the world keeps gathering, and the driver counts the underrun.
    pub orders: Sender<OrderBlock>,
    /// Where reports come from. Bounded: a driver that finds it full folds its samples.
    pub reports: Receiver<ReportBlock>,
    /// Wakes the driver after a block was sent.
    pub waker: Arc<dyn Waker>,
    /// Where emptied blocks of samples go back, to be filled again. Bounded: what finds no room is freed.
    pub spent: Sender<SampleBlock>,
    /// Whether the driver has said that it is held to be saved, and that nothing is under way any more.
    pub held: bool,
    /// Whether the driver has said that it has ended.
    pub ended: bool,
}

/// All links, by shard.
#[derive(Resource, Default)]
pub struct Links {
    /// By shard number.
    pub links: Vec<Link>,
}

impl Links {
    /// Gives an order to one shard.
    pub fn order(&mut self, shard: u16, order: Order) {
        if let Some(link) = self.links.get_mut(usize::from(shard)) {
            link.pending.orders.push(order);
        }
    }
}

/// Which shards have a part in a scenario.
#[derive(Component, Clone, Debug, Default)]
pub struct Placement {
    /// Their numbers, in the order of their places.
    pub shards: Vec<u16>,
}

impl Placement {
    /// The shard of thing number `number` (from 1), when things are dealt in turn.
    pub fn shard_of(&self, number: u64) -> u16 {
        if let [only] = *self.shards {
            return only;
        }
        let place = (number - 1) % self.shards.len().max(1) as u64;
        usize::try_from(place).ok().and_then(|place| self.shards.get(place)).copied().unwrap_or(0)
    }
}

/// What came in with this tick's reports.
#[derive(Resource, Default)]
pub struct Incoming {
    /// Blocks of samples, each in the order in which they ended. Shared with listeners.
    pub samples: Vec<Arc<SampleBlock>>,
    /// The shard of each block.
    pub origins: Vec<usize>,
    /// Values of measures of one's own, in the order of the blocks.
    pub measurements: Vec<Measurement>,
    /// What modelled services did for traced iterations. Shared with listeners.
    pub spans: Vec<Arc<Vec<ServiceSpan>>>,
    /// Figures of samples whose raw records were lost.
    pub folded: Vec<Box<FoldedSamples>>,
}

/// What a system needs of the clock in virtual time, where ticks in which nothing happens are left out.
#[derive(Resource, Clone, Copy, Debug)]
pub struct Wake {
    /// The next tick that somebody needs.
    pub tick: u64,
}

impl Default for Wake {
    fn default() -> Self {
        Self { tick: u64::MAX }
    }
}

impl Wake {
    /// Asks for a tick with this number, or an earlier one.
    pub fn at_tick(&mut self, number: u64) {
        self.tick = self.tick.min(number);
    }
}
