//! Counts of values with three significant digits, over any range.
//!
//! ```text
//! values    0  1  2 …  2047 │ 2048  2050 …  4094 │ 4096  4100 …  8188 │ …
//! buckets   one for each    │ one for 2 of them  │ one for 4 of them  │ …
//! ```
//! The layout is that of `HdrHistogram` (Tene, 2013) with three digits, and so are the figures: a test compares them. Counting
//! a sample's three durations is much of what it costs the world; here each is a shift, an addition and an increment.

use std::collections::BTreeMap;

mod saved;

/// Buckets of each doubling of values; twice as many cover the first values, one for each of them. A power of two.
const HALF: usize = 1 << HALF_BITS;
const HALF_BITS: u32 = 10;

/// Counts by value. Memory grows with the largest value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// By bucket, without what is carried: small, so that more of them are near.
    counts: Vec<u32>,
    /// By bucket, how often its count has passed 2³². Hardly any ever does.
    carried: BTreeMap<usize, u32>,
    total: u64,
}

/// The bucket of a value.
#[inline]
fn bucket(value: u64) -> usize {
    // How many of its low bits are not told apart: eleven of the others are.
    let shift = u64::BITS - (HALF_BITS + 1) - (value | (2 * HALF as u64 - 1)).leading_zeros();
    #[expect(clippy::cast_possible_truncation, reason = "below 2048")]
    let high = (value >> shift) as usize;
    ((shift as usize) << HALF_BITS) + high
}

/// The smallest value of a bucket, and how many values it holds.
fn values(bucket: usize) -> (u64, u64) {
    let shift = (bucket >> HALF_BITS).saturating_sub(1);
    let high = bucket - (shift << HALF_BITS);
    ((high as u64) << shift, 1 << shift)
}

impl Histogram {
    /// Counts one value.
    #[inline]
    pub fn record(&mut self, value: u64) {
        let bucket = bucket(value);
        match self.counts.get_mut(bucket) {
            Some(count) if *count < u32::MAX => {
                *count += 1;
                self.total += 1;
            }
            _ => self.add(bucket, 1),
        }
    }

    /// Counts several values of a bucket, for which there may be no room yet. The total has to stay below 2⁶⁴.
    #[cold]
    #[inline(never)]
    fn add(&mut self, bucket: usize, times: u64) {
        self.total += times;
        if self.counts.len() <= bucket {
            self.counts.resize((bucket / HALF + 1) * HALF, 0);
        }
        let sum = u64::from(self.counts[bucket]) + times;
        #[expect(clippy::cast_possible_truncation, reason = "the lower and the upper half")]
        let (low, high) = (sum as u32, (sum >> 32) as u32);
        self.counts[bucket] = low;
        if high > 0 {
            *self.carried.entry(bucket).or_default() += high;
        }
    }

    /// How many values a bucket has, of which `low` is known.
    #[inline]
    fn whole(&self, bucket: usize, low: u32) -> u64 {
        let low = u64::from(low);
        if self.carried.is_empty() { low } else { low + (self.carries(bucket) << 32) }
    }

    fn carries(&self, bucket: usize) -> u64 {
        self.carried.get(&bucket).map_or(0, |high| u64::from(*high))
    }

    /// The buckets that are not empty, in rising order, and how many values each has.
    fn filled(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        let all = self.counts.iter().enumerate();
        let some = all.filter(|(_, low)| **low > 0 || !self.carried.is_empty());
        some.map(|(bucket, low)| (bucket, self.whole(bucket, *low))).filter(|(_, count)| *count > 0)
    }

    /// Adds all of another's counts.
    pub fn merge(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (bucket, times) in other.filled() {
            self.add(bucket, times);
        }
    }

    /// Forgets everything and keeps its memory.
    pub fn clear(&mut self) {
        self.counts.fill(0);
        self.carried.clear();
        self.total = 0;
    }

    /// How many values were counted.
    pub fn count(&self) -> u64 {
        self.total
    }

    /// How many of them lie in higher buckets than `value`.
    pub fn count_above(&self, value: u64) -> u64 {
        let above = self.filled().skip_while(|(filled, _)| *filled <= bucket(value));
        above.map(|(_, count)| count).sum()
    }

    /// The largest value of the bucket that holds the value of this rank, from 1; 0 for a rank beyond the last.
    pub fn value_of_rank(&self, rank: u64) -> u64 {
        let mut below = 0;
        for (bucket, low) in self.counts.iter().enumerate() {
            below += self.whole(bucket, *low);
            if below >= rank {
                let (least, many) = values(bucket);
                return least + (many - 1);
            }
        }
        0
    }

    /// The buckets that are not empty, in rising order: the value in the middle of each, and its count.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.filled().map(|(bucket, count)| {
            let (least, many) = values(bucket);
            (least + many / 2, count)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::{Purpose, draw};

    /// All figures are those of `HdrHistogram`.
    fn check(recorded: &[u64]) {
        let mut found = Histogram::default();
        let mut expected = hdrhistogram::Histogram::<u64>::new(3).expect("3 digits are in range");
        for value in recorded {
            found.record(*value);
            expected.record(*value).expect("it grows");
        }
        assert_eq!(found.count(), expected.len());
        let buckets = expected.iter_recorded().map(|step| {
            (expected.median_equivalent(step.value_iterated_to()), step.count_since_last_iteration())
        });
        assert!(found.buckets().eq(buckets), "{recorded:?}");
        for rank in 1..=found.count() {
            let share = (rank as f64 - 0.5) / found.count() as f64;
            assert_eq!(found.value_of_rank(rank), expected.value_at_quantile(share), "rank {rank}");
        }
        for value in recorded.iter().flat_map(|value| [*value, value / 2, value.saturating_mul(2)]) {
            let above = expected.len() - expected.count_between(0, value);
            assert_eq!(found.count_above(value), above, "above {value}");
        }
    }

    #[test]
    fn figures_are_those_of_hdr_histogram() {
        check(&[]);
        check(&[0, 1, 2, 1_023, 1_024, 2_047, 2_048, 2_049, 2_050, 4_095, 4_096, 4_099, 4_100]);
        check(&[604_800_000_000_000, 7, 604_800_000_000_000]);
        check(&(0..64).flat_map(|bit| [1 << bit, (1 << bit) - 1]).collect::<Vec<u64>>());
        // Of all sizes.
        check(&(0..2_000).map(|n| draw(5, Purpose::BEHAVIOR, n) >> (1 + n % 62)).collect::<Vec<_>>());
    }

    #[test]
    fn a_bucket_counts_beyond_its_own_room() {
        let mut histogram = Histogram::default();
        histogram.record(5);
        histogram.record(9);
        histogram.add(bucket(5), u64::from(u32::MAX) - 1);
        for more in 0..3 {
            let expected = [(5, u64::from(u32::MAX) + more), (9, 1)];
            assert!(histogram.buckets().eq(expected), "{more}");
            assert_eq!((histogram.count(), histogram.count_above(5)), (expected[0].1 + 1, 1));
            assert_eq!(
                (histogram.value_of_rank(expected[0].1), histogram.value_of_rank(expected[0].1 + 1)),
                (5, 9)
            );
            histogram.record(5);
        }
        let mut twice = histogram.clone();
        twice.merge(&histogram);
        assert!(twice.buckets().eq([(5, 2 * (u64::from(u32::MAX) + 3)), (9, 2)]));
    }

    #[test]
    fn merging_equals_recording_together() {
        let (mut all, mut left, mut right) = <(Histogram, Histogram, Histogram)>::default();
        for value in 0..3_000_u64 {
            let value = value * value * 977;
            all.record(value);
            if value % 3 == 0 { left.record(value) } else { right.record(value) }
        }
        left.merge(&right);
        assert_eq!(left, all);
        right.merge(&all);
        right.clear();
        assert_eq!((right.count(), right.buckets().next()), (0, None));
    }
}
