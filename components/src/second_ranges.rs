//! In which seconds of the run something happened, in a few ranges.

use serde::{Deserialize, Serialize};

use crate::clock::Nanos;

/// Ranges kept, at most. A person looks at the first few; what comes often is one long range anyway.
const MOST: usize = 4;

/// Whole seconds of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondRange {
    /// The first second, from 0.
    pub first: u64,
    /// The last one; it belongs to the range.
    pub last: u64,
}

/// A few ranges that neither touch nor overlap, earliest first. With one too many the two that lie nearest become one, so
/// that the first and the last second stay exact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondRanges(Vec<SecondRange>);

impl SecondRanges {
    /// Notes that it went on from one instant to another, both included.
    pub fn note(&mut self, from: Nanos, until: Nanos) {
        let second = |at: Nanos| at.0 / Nanos::SECOND.0;
        let range = SecondRange { first: second(from), last: second(until.max(from)) };
        // What happens often mostly happens in the second it happened in before.
        let known = self.0.last().is_some_and(|last| last.first <= range.first && range.last <= last.last);
        if !known {
            self.insert(range);
        }
    }

    /// Adds all of another's.
    pub fn merge(&mut self, other: &Self) {
        for range in &other.0 {
            self.insert(*range);
        }
    }

    /// Earliest first.
    pub fn all(&self) -> &[SecondRange] {
        &self.0
    }

    fn insert(&mut self, mut range: SecondRange) {
        let touches = |other: &SecondRange| other.first <= range.last + 1 && range.first <= other.last + 1;
        let joined: Vec<SecondRange> = self.0.extract_if(.., |other| touches(other)).collect();
        for other in joined {
            range = SecondRange { first: range.first.min(other.first), last: range.last.max(other.last) };
        }
        let place = self.0.partition_point(|other| other.first < range.first);
        self.0.insert(place, range);
        if self.0.len() > MOST {
            self.join_nearest();
        }
    }

    fn join_nearest(&mut self) {
        let gap = |place: &usize| self.0[place + 1].first - self.0[*place].last;
        if let Some(place) = (0..self.0.len() - 1).min_by_key(gap) {
            self.0[place].last = self.0[place + 1].last;
            self.0.remove(place + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Notes instants in milliseconds; `expected`: first and last second of each range.
    fn check(noted: &[(u64, u64)], expected: &[(u64, u64)]) {
        let mut ranges = SecondRanges::default();
        for (from, until) in noted {
            ranges.note(Nanos::from_millis(*from), Nanos::from_millis(*until));
        }
        let found: Vec<_> = ranges.all().iter().map(|range| (range.first, range.last)).collect();
        assert_eq!(found, expected, "{noted:?}");
        let mut merged = SecondRanges::default();
        merged.merge(&ranges);
        assert_eq!(merged, ranges);
    }

    #[test]
    fn seconds_that_touch_are_one_range() {
        check(&[], &[]);
        check(&[(500, 700), (999, 999), (1_000, 1_000)], &[(0, 1)]);
        check(&[(5_000, 5_000), (1_000, 1_000), (3_000, 3_500)], &[(1, 1), (3, 3), (5, 5)]);
        check(&[(5_000, 5_000), (1_000, 1_000), (2_000, 4_000)], &[(1, 5)]);
        check(&[(12_000, 17_000), (13_000, 14_000), (11_000, 12_000)], &[(11, 17)]);
    }

    #[test]
    fn of_too_many_ranges_the_nearest_two_become_one() {
        let noted = [(0, 0), (10_000, 10_000), (13_000, 13_000), (30_000, 30_000), (90_000, 90_000)];
        check(&noted, &[(0, 0), (10, 13), (30, 30), (90, 90)]);
    }
}
