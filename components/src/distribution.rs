//! Numbers of any size and sign: buckets for quantiles, exact figures beside them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Bits of a float that a bucket leaves out: ten of its mantissa are kept, so that a bucket is 0.1 % wide.
const DROPPED_BITS: u32 = 42;

/// Nearer to zero than this is zero, for quantiles.
const SMALLEST: f64 = 1.0 / (1_u64 << 40) as f64;

/// Further from zero than this is the same, for quantiles: with [`SMALLEST`] it bounds the number of buckets.
const LARGEST: f64 = (1_u128 << 80) as f64;

/// Finite numbers of one kind. Merging two is lossless; nothing is ever averaged.
///
/// Count, minimum and maximum are exact, the mean as far as a float's sum is. Quantiles are within 0.1 %: a bucket is
/// a float's sign, exponent and first ten bits, so that no logarithm is taken and every machine has the same buckets.
/// Memory grows with the range of the values, not with their number: 1,024 buckets a doubling, 245,761 in all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    buckets: BTreeMap<i32, u64>,
    count: u64,
    sum: f64,
    squares: f64,
    min: f64,
    max: f64,
}

/// The bucket of a value. Buckets are in the order of their values.
fn bucket(value: f64) -> i32 {
    let size = value.abs();
    if size < SMALLEST {
        return 0;
    }
    let bits = size.min(LARGEST).to_bits() >> DROPPED_BITS;
    let place = i32::try_from(bits).unwrap_or(i32::MAX);
    if value < 0.0 { -place } else { place }
}

/// The value of a bucket that is nearest to zero: so whole numbers up to 2,048 are exact.
fn value(bucket: i32) -> f64 {
    let size = f64::from_bits(u64::from(bucket.unsigned_abs()) << DROPPED_BITS);
    if bucket < 0 { -size } else { size }
}

impl Distribution {
    /// Adds a value; false, and nothing is added, when it is infinite or no number.
    pub fn record(&mut self, value: f64) -> bool {
        if !value.is_finite() {
            return false;
        }
        *self.buckets.entry(bucket(value)).or_default() += 1;
        (self.min, self.max) =
            if self.count == 0 { (value, value) } else { (self.min.min(value), self.max.max(value)) };
        self.count += 1;
        self.sum += value;
        self.squares += value * value;
        true
    }

    /// Adds all of another's values.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        for (bucket, count) in &other.buckets {
            *self.buckets.entry(*bucket).or_default() += count;
        }
        (self.min, self.max) = if self.count == 0 {
            (other.min, other.max)
        } else {
            (self.min.min(other.min), self.max.max(other.max))
        };
        self.count += other.count;
        self.sum += other.sum;
        self.squares += other.squares;
    }

    /// How many values.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The smallest, exact; `None` without data.
    pub fn min(&self) -> Option<f64> {
        (self.count > 0).then_some(self.min)
    }

    /// The largest, exact; `None` without data.
    pub fn max(&self) -> Option<f64> {
        (self.count > 0).then_some(self.max)
    }

    /// The mean; `None` without data.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }

    /// The population standard deviation; `None` without data.
    pub fn stddev(&self) -> Option<f64> {
        let mean = self.mean()?;
        Some((self.squares / self.count as f64 - mean * mean).max(0.0).sqrt())
    }

    /// The value that a share `q` of all values does not exceed, within 0.1 %; `None` without data.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
        let rank = ((q * self.count as f64).ceil() as u64).clamp(1, self.count.max(1));
        // The first and the last are known exactly.
        if rank == 1 || rank == self.count {
            return if rank == 1 { self.min() } else { self.max() };
        }
        let mut below = 0;
        let (found, _) = self.buckets.iter().find(|(_, count)| {
            below += **count;
            below >= rank
        })?;
        Some(value(*found).clamp(self.min, self.max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = f64>) -> Distribution {
        let mut distribution = Distribution::default();
        values.into_iter().for_each(|value| assert!(distribution.record(value)));
        distribution
    }

    /// Quantiles of the values `from..=to`, times a factor, are within 0.1 %.
    fn check(from: i32, to: i32, factor: f64) {
        let distribution = of((from..=to).map(|number| f64::from(number) * factor));
        let number = f64::from(to - from + 1);
        for q in [0.01, 0.25, 0.5, 0.9, 0.999, 1.0] {
            let exact = (f64::from(from) + (q * number).ceil() - 1.0) * factor;
            let found = distribution.quantile(q).unwrap_or(f64::NAN);
            assert!(
                (found - exact).abs() <= exact.abs() / 1_000.0,
                "{q} of {from}..{to}: {found}, not {exact}"
            );
        }
    }

    #[test]
    fn quantiles_are_near_at_any_size_and_sign() {
        check(1, 10_000, 1.0);
        check(1, 10_000, 1e-9);
        check(1, 10_000, 1e12);
        check(-10_000, -1, 0.5);
        check(-500, 499, 3.0);
    }

    #[test]
    fn exact_figures_are_exact() {
        let distribution = of([4.0, -2.0, 0.0, 6.0]);
        assert_eq!((distribution.count(), distribution.mean()), (4, Some(2.0)));
        assert_eq!((distribution.min(), distribution.max()), (Some(-2.0), Some(6.0)));
        assert_eq!(distribution.stddev(), Some(10.0_f64.sqrt()));
        assert_eq!(distribution.quantile(0.5), Some(0.0));
    }

    #[test]
    fn merging_equals_recording_together() {
        let values =
            |offset: i32| (0..500).map(move |number| f64::from((number * 7919 + offset) % 1_000 - 300));
        let mut merged = of(values(1));
        merged.merge(&of(values(2)));
        merged.merge(&Distribution::default());
        assert_eq!(merged, of(values(1).chain(values(2))));
        let mut empty = Distribution::default();
        empty.merge(&merged);
        assert_eq!(empty, merged);
    }

    #[test]
    fn what_is_no_number_is_not_taken() {
        let mut distribution = Distribution::default();
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(!distribution.record(value));
        }
        assert_eq!((distribution.count(), distribution.quantile(0.5)), (0, None));
        let extremes = of([f64::MAX, f64::MIN, f64::MIN_POSITIVE]);
        assert_eq!((extremes.quantile(0.0), extremes.quantile(1.0)), (Some(f64::MIN), Some(f64::MAX)));
    }
}
