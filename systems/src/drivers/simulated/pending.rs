//! What is to happen at services, as numbers: an instant, what, and to whom.

use serde::{Deserialize, Serialize};
use throng_components::clock::Nanos;

use super::job::{GENERATION_BITS, JobKey};
use crate::shard::{TimerKey, Wheel};

/// One thing that is to happen. Of those at one instant, those of lower rows come first, and of one row's in this order: an
/// answer that comes when its caller gives up is an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pending {
    /// A server has done its own work on a request.
    Served(JobKey),
    /// A request calls another service once more.
    CallsAgain(JobKey),
    /// A request's caller gives up, unless it has its answer.
    GivesUp(JobKey),
    /// The first deadline of those that wait at the service of this number.
    Deadline(u32),
    /// A shared service has done its work on the next request; stale unless the version is the service's.
    Shared {
        /// Whose.
        service: u32,
        /// Which count of its changes.
        version: u32,
    },
    /// An episode of the service of this number begins or ends.
    Episode(u32),
    /// An answer that comes later, by its row.
    Later(u32),
}

/// Things to happen, in order of instants.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Agenda {
    wheel: Wheel,
}

const MASK: u32 = (1 << GENERATION_BITS) - 1;

impl Agenda {
    pub(super) fn insert(&mut self, at: Nanos, pending: Pending) {
        let (kind, slot, generation) = match pending {
            Pending::Served(key) => (0, key.row, key.generation),
            Pending::CallsAgain(key) => (1, key.row, key.generation),
            Pending::GivesUp(key) => (2, key.row, key.generation),
            Pending::Deadline(service) => (3, service, 0),
            Pending::Shared { service, version } => (4, service, version),
            Pending::Episode(service) => (5, service, 0),
            Pending::Later(row) => (6, row, 0),
        };
        let generation = (kind << GENERATION_BITS) | (generation & MASK);
        self.wheel.insert(at, TimerKey { slot, generation });
    }

    pub(super) fn peek(&self) -> Option<Nanos> {
        self.wheel.peek()
    }

    /// Whether [`Self::come_near`] has anything to give.
    pub(super) fn has_come_near(&self) -> bool {
        self.wheel.has_come_near()
    }

    /// The rows of requests that servers will soon be done with; each is given once.
    pub(super) fn come_near(&mut self) -> impl Iterator<Item = u32> + '_ {
        self.wheel.come_near().filter(|key| key.generation >> GENERATION_BITS == 0).map(|key| key.slot)
    }

    pub(super) fn pop_due(&mut self, now: Nanos) -> Option<Pending> {
        let (_, TimerKey { slot, generation }) = self.wheel.pop_due(now)?;
        let key = JobKey { row: slot, generation: generation & MASK };
        Some(match generation >> GENERATION_BITS {
            0 => Pending::Served(key),
            1 => Pending::CallsAgain(key),
            2 => Pending::GivesUp(key),
            3 => Pending::Deadline(slot),
            4 => Pending::Shared { service: slot, version: key.generation },
            5 => Pending::Episode(slot),
            _ => Pending::Later(slot),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_in_order() {
        let key = JobKey { row: 7, generation: MASK };
        let all = [
            Pending::Served(key),
            Pending::CallsAgain(key),
            Pending::GivesUp(key),
            Pending::Deadline(7),
            Pending::Shared { service: 7, version: 3 },
            Pending::Episode(7),
            Pending::Later(7),
        ];
        let mut agenda = Agenda::default();
        for pending in all.iter().rev() {
            agenda.insert(Nanos(5), *pending);
        }
        assert_eq!(agenda.peek(), Some(Nanos(5)));
        let popped: Vec<Pending> = std::iter::from_fn(|| agenda.pop_due(Nanos(5))).collect();
        assert_eq!(popped, all);
    }
}
