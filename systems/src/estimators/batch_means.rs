//! How sure a figure is when the values it is of depend on each other, as response times in a queue do.
//!
//! ```text
//! values     ┊····┊····┊····┊····┊····┊····┊····┊····┊
//! figures     f1   f2   f3   f4   f5   f6   f7   f8         one of each batch of values
//! 8 are too   (f1+f2)/2 (f3+f4)/2 (f5+f6)/2 (f7+f8)/2       then batches are twice as long
//! many, say
//! ```
//! What lies far apart in time depends on each other the less, so the longer the batches, the nearer to independent their
//! figures are; Student's t then tells how sure their mean is.

use serde::{Deserialize, Serialize};

use super::estimate::Estimate;
use super::steady_state::autocorrelation;

/// Batches kept, at most: an even number.
const MOST: usize = 40;

/// With fewer batches their spread is not known well enough.
const LEAST: usize = 20;

/// The normal distribution's 95 % quantile: a correlation of independent batches is above it, in standard errors, once in
/// twenty times.
const ONE_SIDED: f64 = 1.644_853_626_951_472_2;

/// Figures of batches, in the order in which they came.
///
/// # Source
/// Batches that double: Fishman and Yarberry, "An implementation of the batch means method", INFORMS Journal on Computing 9
/// (1997). Quantiles of batches: Seila, "A batching approach to quantile estimation", Management Science 28 (1982).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchMeans {
    means: Vec<f64>,
    /// So many figures make one of `means`.
    size: u64,
    /// The sum and number of those of the batch that is not full yet.
    open: (f64, u64),
}

impl Default for BatchMeans {
    fn default() -> Self {
        Self { means: Vec::new(), size: 1, open: (0.0, 0) }
    }
}

impl BatchMeans {
    /// Adds the next figure.
    pub fn push(&mut self, figure: f64) {
        self.open = (self.open.0 + figure, self.open.1 + 1);
        if self.open.1 < self.size {
            return;
        }
        self.means.push(self.open.0 / self.size as f64);
        self.open = (0.0, 0);
        if self.means.len() == MOST {
            self.means = self.means.chunks(2).map(|pair| f64::midpoint(pair[0], pair[1])).collect();
            self.size *= 2;
        }
    }

    /// The mean of all full batches and its interval; `None` while there are too few of them, or while neighbours are more
    /// alike than chance would have it, so that longer ones are needed.
    pub fn estimate(&self) -> Option<Estimate> {
        if self.means.len() < LEAST
            || autocorrelation(&self.means) > ONE_SIDED / (self.means.len() as f64).sqrt()
        {
            return None;
        }
        Estimate::of(&self.means)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use throng_components::seed::{Draws, Purpose, unit_above_zero};

    /// A series in which each value keeps a part of the one before: of mean 0.
    fn series(run: u64, keeps: f64) -> impl Iterator<Item = f64> {
        let draws = Draws::of(run, Purpose::BEHAVIOR);
        (0..).scan(0.0, move |value, number| {
            *value = keeps * *value + unit_above_zero(draws.number(number)) - 0.5;
            Some(*value)
        })
    }

    fn batches(values: impl Iterator<Item = f64>, count: usize) -> BatchMeans {
        let mut batches = BatchMeans::default();
        values.take(count).for_each(|value| batches.push(value));
        batches
    }

    #[test]
    fn too_few_batches_tell_nothing() {
        assert_eq!(batches(series(1, 0.0), LEAST - 1).estimate(), None);
        assert!(
            batches(std::iter::repeat(3.0), LEAST).estimate().is_some_and(|it| it.half_width == Some(0.0))
        );
    }

    #[test]
    fn batches_grow_and_stay_few() {
        let many = batches((0..100_000).map(f64::from), 100_000);
        assert!((LEAST..MOST).contains(&many.means.len()) && many.size == 4_096, "{many:?}");
        assert!((many.means[0] - 2_047.5).abs() < 1e-9);
    }

    #[test]
    fn a_series_that_is_still_moving_is_not_known() {
        assert_eq!(batches((0..1_000).map(f64::from), 1_000).estimate(), None);
    }

    /// Of many runs the share whose interval holds the true mean: near 95 % when values depend on each other, too, where taking
    /// them for independent ones would hold it in a third of the runs.
    #[test]
    fn intervals_hold_although_values_depend_on_each_other() {
        for keeps in [0.0, 0.9] {
            let found = (0..400).filter_map(|run| batches(series(run, keeps), 20_000).estimate());
            let found: Vec<Estimate> = found.collect();
            let held = found.iter().filter(|it| it.mean.abs() <= it.half_width.unwrap_or(0.0)).count();
            let share = held as f64 / found.len() as f64;
            assert!(
                found.len() > 300 && (0.92..0.98).contains(&share),
                "{keeps}: {share} of {}",
                found.len()
            );
        }
    }
}
