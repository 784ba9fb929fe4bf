//! A hierarchical timer wheel: inserts in constant time, pops in exact order.
//!
//! ```text
//! level 0: 256 slots of 2^17 ns = 131 us      a slot is sorted when it is loaded
//! level 1: 256 slots of 2^25 ns = 33.6 ms     a slot is dealt to the levels below when its time comes
//! …
//! level 5: 256 slots of 2^57 ns = 4.6 years
//! ```

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use serde::{Deserialize, Serialize};
use throng_components::clock::Nanos;

const LEVELS: usize = 6;
const SLOTS: usize = 256;
/// Nanoseconds of a base slot, as a power of two: fine enough that a slot holds few timers, coarse enough that few are empty.
const BASE_BITS: u32 = 17;

/// Timers that are told of ahead of time, at most: what more of them stand for would not stay near.
const NEAR_MOST: usize = 256;

/// What a timer fires for. Stale timers are told apart by their generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TimerKey {
    /// A user's place in the slab.
    pub slot: u32,
    /// The user's timer count when it was set.
    pub generation: u32,
}

/// One timer as a single number: instant above key, so that comparing two is one comparison.
fn pack(at: Nanos, key: TimerKey) -> u128 {
    (u128::from(at.0) << 64) | (u128::from(key.slot) << 32) | u128::from(key.generation)
}

#[expect(clippy::cast_possible_truncation, reason = "each part is cut to its own bits")]
fn unpack(timer: u128) -> (Nanos, TimerKey) {
    (Nanos((timer >> 64) as u64), TimerKey { slot: (timer >> 32) as u32, generation: timer as u32 })
}

/// Timers in order of (instant, slot, generation).
#[derive(Debug, Serialize, Deserialize)]
pub struct Wheel {
    /// `levels[l][s]`: timers whose base slot differs from the cursor's first in byte `l`, where it is `s`.
    levels: Vec<Vec<Vec<u128>>>,
    /// Which slots hold timers, one bit each.
    occupied: [[u64; SLOTS / 64]; LEVELS],
    /// The loaded slot, in falling order: the next one is at the end.
    loaded: Vec<u128>,
    /// Timers set for the loaded slot or before it, after it was loaded.
    early: BinaryHeap<Reverse<u128>>,
    /// The loaded base slot. It may lie ahead of now, when nothing is due in between.
    cursor: u64,
    length: usize,
    /// The instant of the next timer: it is asked for several times between two changes.
    next: Option<Nanos>,
    /// Whether a slot was loaded since somebody asked.
    fresh: bool,
}

impl Default for Wheel {
    fn default() -> Self {
        Self {
            levels: vec![vec![Vec::new(); SLOTS]; LEVELS],
            occupied: [[0; SLOTS / 64]; LEVELS],
            loaded: Vec::new(),
            early: BinaryHeap::new(),
            cursor: 0,
            length: 0,
            next: None,
            fresh: false,
        }
    }
}

impl Wheel {
    /// How many timers are set, stale ones included.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether no timer is set.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Sets a timer.
    #[inline]
    pub fn insert(&mut self, at: Nanos, key: TimerKey) {
        self.length += 1;
        self.next = Some(self.next.map_or(at, |next| next.min(at)));
        self.place(pack(at, key));
    }

    #[inline(always)]
    fn place(&mut self, timer: u128) {
        let slot = unpack(timer).0.0 >> BASE_BITS;
        if slot <= self.cursor {
            self.early.push(Reverse(timer));
            return;
        }
        // The highest byte in which the slot differs from the cursor names the level.
        let level = (slot ^ self.cursor).ilog2() as usize / 8;
        let index = (slot >> (8 * level)) as usize % SLOTS;
        self.levels[level][index].push(timer);
        self.occupied[level][index / 64] |= 1 << (index % 64);
    }

    /// The next timer's instant, without taking it.
    #[inline]
    pub fn peek(&self) -> Option<Nanos> {
        self.next
    }

    /// Takes the next timer when it is due at `now` or before.
    #[inline]
    pub fn pop_due(&mut self, now: Nanos) -> Option<(Nanos, TimerKey)> {
        if self.next? > now { None } else { self.pop() }
    }

    fn pop(&mut self) -> Option<(Nanos, TimerKey)> {
        if self.loaded.is_empty() && self.early.is_empty() {
            self.load_next();
        }
        let timer = match (self.loaded.last(), self.early.peek()) {
            (Some(loaded), Some(early)) if early.0 < *loaded => self.early.pop().map(|timer| timer.0),
            (None, _) => self.early.pop().map(|timer| timer.0),
            _ => self.loaded.pop(),
        };
        self.length -= 1;
        self.next = self.find_next();
        timer.map(unpack)
    }

    /// Looks for the next timer, and loads the slot that it is in.
    fn find_next(&mut self) -> Option<Nanos> {
        if self.loaded.is_empty() && self.early.is_empty() && self.length > 0 {
            self.load_next();
        }
        let next = match (self.loaded.last(), self.early.peek()) {
            (Some(loaded), Some(early)) => early.0.min(*loaded),
            (Some(loaded), None) => *loaded,
            (None, early) => early?.0,
        };
        Some(unpack(next).0)
    }

    /// Whether [`Self::come_near`] has anything to give.
    #[inline]
    pub fn has_come_near(&self) -> bool {
        self.fresh
    }

    /// Timers that have come near, nearest first; each is given once, and a few hundred at once at most.
    ///
    /// For those who would touch what these stand for ahead of time: among a million, each lies far away in memory, and
    /// several reads together take as long as one.
    pub fn come_near(&mut self) -> impl Iterator<Item = TimerKey> + '_ {
        let near = if std::mem::take(&mut self.fresh) { self.loaded.as_slice() } else { &[] };
        near.iter().rev().take(NEAR_MOST).map(|timer| unpack(*timer).1)
    }

    /// Moves the cursor to the next slot that holds timers and sorts it.
    #[inline(never)]
    fn load_next(&mut self) {
        while self.loaded.is_empty() && self.early.is_empty() {
            let Some((level, index)) = self.next_occupied() else { return };
            let shift = 8 * level;
            let above = self.cursor >> (shift + 8);
            self.cursor = ((above << 8) | index as u64) << shift;
            self.occupied[level][index / 64] &= !(1 << (index % 64));
            if level == 0 {
                std::mem::swap(&mut self.loaded, &mut self.levels[0][index]);
                self.loaded.sort_unstable_by(|a, b| b.cmp(a));
                self.fresh = true;
            } else {
                let mut timers = std::mem::take(&mut self.levels[level][index]);
                for timer in timers.drain(..) {
                    self.place(timer);
                }
                // Keep the memory of slots that come round often, give back that of the far future.
                if level == 1 {
                    self.levels[level][index] = timers;
                }
            }
        }
    }

    /// The lowest level's next slot behind the cursor that holds timers.
    fn next_occupied(&self) -> Option<(usize, usize)> {
        (0..LEVELS).find_map(|level| {
            let from = usize::from(self.cursor.to_le_bytes()[level]) + 1;
            first_set(&self.occupied[level], from).map(|index| (level, index))
        })
    }
}

/// The first set bit at `from` or after.
fn first_set(words: &[u64; SLOTS / 64], from: usize) -> Option<usize> {
    let mut word = from / 64;
    let mut bits = words.get(word)? & (u64::MAX << (from % 64));
    loop {
        if bits != 0 {
            return Some(word * 64 + bits.trailing_zeros() as usize);
        }
        word += 1;
        bits = *words.get(word)?;
    }
}

#[cfg(test)]
mod tests {
    use throng_components::seed::{Purpose, below, draw};

    use super::*;

    /// Inserts and pops at random, beside a plain sorted list that must agree.
    fn check(seed: u64, spread: u64) {
        let mut wheel = Wheel::default();
        let mut list: Vec<(Nanos, TimerKey)> = Vec::new();
        let mut now = Nanos::ZERO;
        for step in 0..20_000_u32 {
            let bits = draw(seed, Purpose::BEHAVIOR, u64::from(step));
            if bits.is_multiple_of(3) {
                now += Nanos(below(bits.rotate_left(32), spread / 2));
                list.sort_unstable();
                while let Some(popped) = wheel.pop_due(now) {
                    assert_eq!(popped, list.remove(0));
                }
                assert!(list.first().is_none_or(|(at, _)| *at > now));
                assert_eq!(wheel.peek(), list.first().map(|(at, _)| *at));
                assert_eq!(wheel.len(), list.len());
            } else {
                let at = now + Nanos(below(bits, spread));
                let key = TimerKey { slot: step % 1_000, generation: step };
                wheel.insert(at, key);
                list.push((at, key));
            }
        }
    }

    #[test]
    fn pops_in_order_at_every_scale() {
        for (seed, spread) in [(1, 1_000), (2, 100_000), (3, 50_000_000), (4, 20_000_000_000), (5, 1 << 50)] {
            check(seed, spread);
        }
    }

    #[test]
    fn the_end_of_time_is_a_time() {
        let mut wheel = Wheel::default();
        wheel.insert(Nanos::MAX, TimerKey { slot: 1, generation: 1 });
        wheel.insert(Nanos(5), TimerKey { slot: 2, generation: 1 });
        assert_eq!(wheel.pop_due(Nanos(5)), Some((Nanos(5), TimerKey { slot: 2, generation: 1 })));
        assert_eq!(wheel.peek(), Some(Nanos::MAX));
        assert_eq!(wheel.pop_due(Nanos(6)), None);
    }
}
