//! What is to happen outside the shard: answers, and callers that give up.

use throng_components::clock::Nanos;

use super::service::Work;
use crate::plugins::protocols::Completion;
use crate::shard::{TimerKey, Wheel};

/// One thing that is to happen.
#[derive(Debug)]
pub(super) enum Pending {
    /// A server answers, and is free.
    Answer { service: usize, work: Work },
    /// An answer that keeps no server busy.
    Completion(Completion),
    /// A caller gives up; the service does not know.
    GiveUp(Completion),
}

/// Things to happen, in order of instants; among equals those scheduled into lower slots first.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    wheel: Wheel,
    entries: Vec<Option<Pending>>,
    free: Vec<u32>,
    sequence: u32,
}

impl Agenda {
    pub(super) fn insert(&mut self, at: Nanos, pending: Pending) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            u32::try_from(self.entries.len() - 1).unwrap_or_else(|_| unreachable!("below 2^32 users"))
        });
        self.entries[slot as usize] = Some(pending);
        self.sequence = self.sequence.wrapping_add(1);
        self.wheel.insert(at, TimerKey { slot, generation: self.sequence });
    }

    pub(super) fn peek(&mut self) -> Option<Nanos> {
        self.wheel.peek()
    }

    pub(super) fn pop_due(&mut self, now: Nanos) -> Option<Pending> {
        let (_, key) = self.wheel.pop_due(now)?;
        self.free.push(key.slot);
        self.entries[key.slot as usize].take()
    }
}
