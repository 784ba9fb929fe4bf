//! What a shard keeps for one scenario: who is idle, what waits, what may still begin.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use throng_components::clock::Nanos;
use throng_components::scenario::{Overflow, Scenario, ScenarioCounts};
use throng_components::state_of;
use throng_components::token::DueToken;

use super::settings::Rhythm;
use crate::behavior::Program;

/// A slot that stands for "no user".
pub(super) const NOBODY: u32 = u32::MAX;

/// A closed user whose next iteration waits for a grant. It waits for as long as its generation is that of its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ungranted {
    pub(super) slot: u32,
    pub(super) generation: u32,
}

/// One scenario on one shard.
#[derive(Debug)]
pub(super) struct Roster {
    /// As declared.
    pub(super) scenario: Scenario,
    /// What its users do.
    pub(super) program: Arc<Program>,
    /// When its users begin, where that is drawn.
    pub(super) rhythm: Option<Box<Rhythm>>,
    /// What has happened.
    pub(super) counts: ScenarioCounts,
    /// This shard's share of the users' upper bound.
    pub(super) users_max: u64,
    /// This shard's share of the queue's bound; `None` for no bound.
    pub(super) queue_limit: Option<u64>,
    /// How many shards share the scenario; user numbers go in steps of it.
    pub(super) shards: u64,
    /// This shard's place among them, from 0.
    pub(super) place_among_shards: u64,
    /// The number of the next user made here.
    pub(super) next_serial: u64,
    /// Idle users; the one that became idle last is taken first, so that few connections stay warm, and the one that became
    /// so first leaves first.
    pub(super) idle: VecDeque<u32>,
    /// Open: users that are not wanted any more and still have an iteration to end, whichever ends first.
    pub(super) surplus: u64,
    /// Tokens that wait for a user, in order.
    pub(super) waiting: VecDeque<DueToken>,
    /// Closed: iterations that may still begin.
    pub(super) granted: u64,
    /// Closed: whether no more grants will come.
    pub(super) last_grant: bool,
    /// Closed: users whose next iteration waits for a grant or for the end of a pause, first come first served. Some may have left since: to look
    /// for each of a crowd that leaves would take the square of its number.
    pub(super) ungranted: VecDeque<Ungranted>,
    /// Closed: the slot of each user, by its number within the shard.
    pub(super) slots: Vec<u32>,
    /// Closed: how many iterations each user had begun when it last left, so that one that comes back goes on counting.
    pub(super) begun: Vec<u64>,
    /// From when on results count; [`Nanos::MAX`] until the scenario that it waits for has drained.
    pub(super) warm_until: Nanos,
    /// From when on nothing begins any more.
    pub(super) stopped: Option<Nanos>,
    /// Closed: whether users begin nothing for now; those that would wait as if for a grant.
    pub(super) paused: bool,
    /// Closed: users whose next iteration came due while the run was held to be saved; `Some` while it is, of open scenarios
    /// as well.
    pub(super) put_off: Option<Vec<Ungranted>>,
    /// Closed: when users last were let go on. What was due before and held back is due then: the plan stood still.
    pub(super) resumed: Nanos,
}

state_of!(Roster {
    saved: counts, next_serial, idle, surplus, waiting, granted, last_grant, ungranted, slots, begun, warm_until, stopped, paused, resumed;
    declared: put_off, scenario, program, rhythm, users_max, queue_limit, shards, place_among_shards
});

impl Roster {
    /// The place of a closed user in `slots`.
    pub(super) fn place(&self, serial: u64) -> usize {
        usize::try_from((serial - 1) / self.shards).unwrap_or(usize::MAX)
    }

    /// The closed users of this shard among numbers `first` to `last`.
    pub(super) fn part_of(&self, first: u64, last: u64) -> impl DoubleEndedIterator<Item = u64> + use<> {
        part_of(self.place_among_shards, self.shards, first, last)
    }

    /// The slot of a closed user, when it is here.
    pub(super) fn slot_of(&self, serial: u64) -> Option<u32> {
        self.slots.get(self.place(serial)).copied().filter(|slot| *slot != NOBODY)
    }

    /// When the first waiting token expires.
    pub(super) fn next_expiry(&self) -> Option<Nanos> {
        match self.scenario.overflow {
            Overflow::Queue { timeout: Some(timeout), .. } if self.serves() => {
                self.waiting.front().map(|token| token.release + timeout)
            }
            _ => None,
        }
    }

    /// Whether tokens that wait are served.
    pub(super) fn serves(&self) -> bool {
        self.stopped.is_none() && self.put_off.is_none()
    }

    /// Whether one more token may wait.
    pub(super) fn may_wait(&self) -> bool {
        matches!(self.scenario.overflow, Overflow::Queue { .. })
            && self.queue_limit.is_none_or(|limit| (self.waiting.len() as u64) < limit)
    }
}

/// The numbers from `first` to `last` that shard `place` of `shards` has: place + 1, place + 1 + shards, …
fn part_of(place: u64, shards: u64, first: u64, last: u64) -> impl DoubleEndedIterator<Item = u64> + Clone {
    let from = (first - 1).saturating_sub(place).div_ceil(shards);
    let until = if last > place { (last - 1 - place) / shards + 1 } else { 0 };
    (from..until).map(move |index| place + 1 + index * shards)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_part_users_among_them_without_rest() {
        for (first, last) in [(1, 1), (1, 10), (4, 5), (7, 7), (3, 20)] {
            let mut all: Vec<u64> = Vec::new();
            for place in 0..3 {
                let part = part_of(place, 3, first, last);
                assert!(part.clone().all(|serial| (serial - 1) % 3 == place));
                all.extend(part);
            }
            all.sort_unstable();
            assert_eq!(all, (first..=last).collect::<Vec<_>>());
        }
    }
}
