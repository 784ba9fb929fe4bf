//! Counts of values with three significant digits, over any range.
//!
//! ```text
//! values    0  1  2 …  2047 │ 2048  2050 …  4094 │ 4096  4100 …  8188 │ …
//! buckets   one for each    │ one for 2 of them  │ one for 4 of them  │ …
//! ```
//! The layout is that of `HdrHistogram` (Tene, 2013) with three digits, and so are the figures: a test compares them. Counting
//! a sample's three durations is much of what it costs the world; here each is a shift, an addition and an increment.

mod saved;

/// Buckets of each doubling of values; twice as many cover the first values, one for each of them. A power of two.
const HALF: usize = 1 << HALF_BITS;
const HALF_BITS: u32 = 10;

/// Counts by value. Memory grows with the largest value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// By bucket.
    counts: Vec<u64>,
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
        self.add(bucket(value), 1);
    }

    #[inline]
    fn add(&mut self, bucket: usize, times: u64) {
        self.total += times;
        match self.counts.get_mut(bucket) {
            Some(count) => *count += times,
            None => self.add_beyond(bucket, times),
        }
    }

    /// Makes room for the first one of a bucket.
    #[cold]
    #[inline(never)]
    fn add_beyond(&mut self, bucket: usize, times: u64) {
        self.counts.resize((bucket / HALF + 1) * HALF, 0);
        self.counts[bucket] = times;
    }

    /// Adds all of another's counts.
    pub fn merge(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
    }

    /// Forgets everything and keeps its memory.
    pub fn clear(&mut self) {
        self.counts.fill(0);
        self.total = 0;
    }

    /// How many values were counted.
    pub fn count(&self) -> u64 {
        self.total
    }

    /// How many of them lie in higher buckets than `value`.
    pub fn count_above(&self, value: u64) -> u64 {
        self.counts.iter().skip(bucket(value) + 1).sum()
    }

    /// The largest value of the bucket that holds the value of this rank, from 1; 0 for a rank beyond the last.
    pub fn value_of_rank(&self, rank: u64) -> u64 {
        let mut below = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            below += count;
            if below >= rank {
                let (least, many) = values(bucket);
                return least + (many - 1);
            }
        }
        0
    }

    /// The buckets that are not empty, in rising order: the value in the middle of each, and its count.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let filled = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        filled.map(|(bucket, count)| {
            let (least, many) = values(bucket);
            (least + many / 2, *count)
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
