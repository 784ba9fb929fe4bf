//! One measured quantity: a histogram for quantiles, exact figures beside it.

use serde::{Deserialize, Serialize};

use crate::clock::Nanos;
use crate::histogram::Histogram;

/// The longest duration that a histogram tells apart: a week. What is longer is kept at that value, and counted.
const LONGEST: u64 = 604_800_000_000_000;

/// Durations of one kind. Merging two is lossless; nothing is ever averaged.
///
/// Count, sum, minimum and maximum are exact. Quantiles are within 0.1 %. Memory is constant in the number of
/// values: it grows only with the range they span, to 0.4 MB at the most.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measure {
    /// All durations but those of 0.
    histogram: Histogram,
    /// Durations of 0: most waits are, and a count is cheaper than a histogram's entry.
    zeros: u64,
    sum: u128,
    min: u64,
    max: u64,
    clipped: u64,
}

impl Default for Measure {
    fn default() -> Self {
        Self { histogram: Histogram::default(), zeros: 0, sum: 0, min: u64::MAX, max: 0, clipped: 0 }
    }
}

impl Measure {
    /// Adds one duration.
    #[inline]
    pub fn record(&mut self, value: Nanos) {
        if value == Nanos::ZERO {
            self.zeros += 1;
            self.min = 0;
        } else {
            self.record_longer(value.0);
        }
    }

    /// Adds a duration that is not 0.
    #[inline]
    fn record_longer(&mut self, value: u64) {
        self.sum += u128::from(value);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        if value <= LONGEST {
            self.histogram.record(value);
        } else {
            self.record_clipped();
        }
    }

    #[cold]
    fn record_clipped(&mut self) {
        self.clipped += 1;
        self.histogram.record(LONGEST);
    }

    /// Adds all of another's durations.
    pub fn merge(&mut self, other: &Self) {
        self.zeros += other.zeros;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.clipped += other.clipped;
        self.histogram.merge(&other.histogram);
    }

    /// Forgets everything and keeps its memory.
    pub fn clear(&mut self) {
        self.histogram.clear();
        self.zeros = 0;
        (self.sum, self.min, self.max, self.clipped) = (0, u64::MAX, 0, 0);
    }

    /// How many durations.
    pub fn count(&self) -> u64 {
        self.zeros + self.histogram.count()
    }

    /// Durations beyond the histogram's range, kept at its end.
    pub fn clipped(&self) -> u64 {
        self.clipped
    }

    /// Their exact sum.
    ///
    /// # Units
    /// Nanoseconds.
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// The smallest, exact; `None` without data.
    pub fn min(&self) -> Option<Nanos> {
        (self.count() > 0).then_some(Nanos(self.min))
    }

    /// The largest, exact; `None` without data.
    pub fn max(&self) -> Option<Nanos> {
        (self.count() > 0).then_some(Nanos(self.max))
    }

    /// The mean, exact to the nanosecond; `None` without data.
    pub fn mean(&self) -> Option<Nanos> {
        let count = u128::from(self.count());
        #[expect(clippy::cast_possible_truncation, reason = "a mean of u64 values is one")]
        (count > 0).then(|| Nanos((self.sum / count) as u64))
    }

    /// The population standard deviation of the durations as the histogram has them; `None` without data. Equal durations
    /// have one of 0.
    pub fn stddev(&self) -> Option<Nanos> {
        let count = self.count() as f64;
        let sum = |of: &dyn Fn(f64) -> f64| -> f64 {
            self.buckets().map(|(value, times)| of(value.0 as f64) * times as f64).sum()
        };
        let mean = sum(&|value| value) / count;
        (count > 0.0).then(|| Nanos::from_f64((sum(&|value| (value - mean).powi(2)) / count).sqrt()))
    }

    /// The value that a share `q` of all durations does not exceed, within 0.1 %; `None` without data.
    pub fn quantile(&self, q: f64) -> Option<Nanos> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
        let rank = ((q * count as f64).ceil() as u64).clamp(1, count);
        self.value_of_rank(rank)
    }

    /// The duration of that rank, from 1 for the shortest, within 0.1 %; `None` when there are not so many.
    pub fn value_of_rank(&self, rank: u64) -> Option<Nanos> {
        if rank == 0 || rank > self.count() {
            return None;
        }
        if rank <= self.zeros {
            return Some(Nanos::ZERO);
        }
        Some(Nanos(self.histogram.value_of_rank(rank - self.zeros).clamp(self.min, self.max)))
    }

    /// How many durations are above `value`, within the histogram's resolution.
    pub fn count_above(&self, value: Nanos) -> u64 {
        if value.0 >= self.max || self.count() == 0 {
            return 0;
        }
        self.histogram.count_above(value.0.min(LONGEST))
    }

    /// The recorded buckets in rising order: the value in the middle of each, and its count.
    pub fn buckets(&self) -> impl Iterator<Item = (Nanos, u64)> + '_ {
        let others = self.histogram.buckets().map(|(value, count)| (Nanos(value), count));
        let zeros = (self.zeros > 0).then_some((Nanos::ZERO, self.zeros));
        zeros.into_iter().chain(others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_figures_and_near_quantiles() {
        let mut measure = Measure::default();
        for value in 1..=10_000_u64 {
            measure.record(Nanos(value * 1_000));
        }
        assert_eq!(measure.count(), 10_000);
        assert_eq!(measure.sum(), 50_005_000_000);
        assert_eq!(measure.min(), Some(Nanos(1_000)));
        assert_eq!(measure.max(), Some(Nanos(10_000_000)));
        assert_eq!(measure.mean(), Some(Nanos(5_000_500)));
        let p99 = measure.quantile(0.99).map_or(0.0, |nanos| nanos.0 as f64);
        assert!((p99 / 9_900_000.0 - 1.0).abs() < 0.001, "{p99}");
        let stddev = measure.stddev().map_or(0.0, |nanos| nanos.0 as f64);
        assert!((stddev / 2_886_751.0 - 1.0).abs() < 0.001, "{stddev}");
    }

    #[test]
    fn merging_equals_recording_together() {
        let (mut all, mut left, mut right) = (Measure::default(), Measure::default(), Measure::default());
        for value in 0..1_000_u64 {
            let nanos = Nanos(value * value * 977);
            all.record(nanos);
            if value % 3 == 0 { left.record(nanos) } else { right.record(nanos) }
        }
        left.merge(&right);
        for q in [0.0, 0.5, 0.9, 0.99, 1.0] {
            assert_eq!(left.quantile(q), all.quantile(q));
        }
        assert_eq!((left.sum(), left.min(), left.max()), (all.sum(), all.min(), all.max()));
    }

    #[test]
    fn durations_of_zero_are_durations() {
        for (zeros, others) in [(0_u64, 10_u64), (3, 7), (9, 1), (999, 1), (10, 0)] {
            let (mut measure, count) = (Measure::default(), zeros + others);
            (0..zeros).for_each(|_| measure.record(Nanos::ZERO));
            (1..=others).for_each(|value| measure.record(Nanos(value)));
            assert_eq!((measure.count(), measure.count_above(Nanos::ZERO)), (count, others));
            assert_eq!(measure.min(), Some(Nanos(u64::from(zeros == 0))));
            let buckets: u64 = measure.buckets().map(|(_, count)| count).sum();
            assert_eq!((buckets, measure.max()), (count, Some(Nanos(others))));
            for rank in 1..=count {
                let found = measure.quantile(rank as f64 / count as f64);
                assert_eq!(
                    found,
                    Some(Nanos(rank.saturating_sub(zeros))),
                    "rank {rank} of {zeros} + {others}"
                );
            }
        }
    }

    #[test]
    fn what_is_too_long_is_counted() {
        let mut measure = Measure::default();
        measure.record(Nanos::MAX);
        assert_eq!((measure.count(), measure.clipped(), measure.max()), (1, 1, Some(Nanos::MAX)));
    }

    #[test]
    fn without_data_there_is_no_quantile() {
        let measure = Measure::default();
        assert_eq!((measure.quantile(0.5), measure.mean(), measure.stddev()), (None, None, None));
    }
}
