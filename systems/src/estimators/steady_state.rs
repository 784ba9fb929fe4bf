//! From when on a series is steady, and how many independent values it is worth.

use throng_components::clock::Nanos;
use throng_components::time_series::{Cell, TimeSeries};

/// Cells in a batch whose mean is one observation: the 5 of MSER-5.
const BATCH: usize = 5;

/// With fewer observations nothing is said.
const LEAST: usize = 10;

/// Batches for the variance of the mean: enough to know it, and long enough to be nearly independent.
const LONG_BATCHES: usize = 25;

/// What a series over time is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SteadyState {
    /// From which instant on it is steady; `None` when it was still changing when it ended.
    pub since: Option<Nanos>,
    /// How far the means of neighbouring stretches are alike from there on: −1 to 1, about 0 when they do not depend on each
    /// other.
    pub autocorrelation: f64,
    /// So many independent values would tell its mean as well; at most as many as there are.
    pub effective_count: u64,
}

/// Looks for the steady part of a series, and at what depends on what within it. `None` for a series too short to tell.
///
/// # Source
/// The truncation point is MSER-5's, on means of equal stretches of time in place of single observations: White, "An effective
/// truncation heuristic for bias reduction in simulation output", Simulation 69 (1997). Where the least error lies in the second
/// half, the series is too short to be called steady (White, Cobb and Spratt, WSC 2000). The effective count compares the
/// variance of the mean that batch means give with that of independent values (Law, "Simulation Modeling and Analysis", 9.5.3).
pub fn steady_state(series: &TimeSeries) -> Option<SteadyState> {
    let filled = series.cells().iter().enumerate().filter(|(_, cell)| cell.count > 0);
    let (places, cells): (Vec<usize>, Vec<Cell>) = filled.unzip();
    let batches: Vec<f64> = cells.chunks_exact(BATCH).map(mean).collect();
    if batches.len() < LEAST {
        return None;
    }
    let cut = truncation(&batches);
    let steady = cut <= batches.len() / 2;
    let first = if steady { cut * BATCH } else { 0 };
    let place = places.get(first).copied().unwrap_or(0) as u64;
    let since = steady.then(|| Nanos(series.cell_length().0.saturating_mul(place)));
    let rest = &cells[first..];
    let means: Vec<f64> = rest.iter().map(|cell| cell.sum / cell.count as f64).collect();
    Some(SteadyState {
        since,
        autocorrelation: autocorrelation(&means),
        effective_count: effective_count(rest),
    })
}

/// The mean of cells' means.
fn mean(cells: &[Cell]) -> f64 {
    cells.iter().map(|cell| cell.sum / cell.count as f64).sum::<f64>() / cells.len() as f64
}

/// How many leading observations to leave out for the least error of the mean of the rest: the last few are left out of the
/// search, where it is small by chance.
fn truncation(observations: &[f64]) -> usize {
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    let (mut least, mut cut) = (f64::INFINITY, 0);
    // From the end: what is left out grows shorter. Values are taken around one of them, so that squares stay small.
    let around = observations.last().copied().unwrap_or(0.0);
    for (left_out, value) in observations.iter().enumerate().rev() {
        let value = value - around;
        (count, sum, squares) = (count + 1.0, sum + value, squares + value * value);
        let error = (squares - sum * sum / count).max(0.0) / (count * count);
        if count >= BATCH as f64 && error <= least {
            (least, cut) = (error, left_out);
        }
    }
    cut
}

/// How far neighbours are alike: from −1 to 1, about 0 for independent ones.
pub(super) fn autocorrelation(means: &[f64]) -> f64 {
    let mean = means.iter().sum::<f64>() / means.len().max(1) as f64;
    let squares: f64 = means.iter().map(|value| (value - mean) * (value - mean)).sum();
    let products: f64 = means.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    if squares > 0.0 { products / squares } else { 0.0 }
}

/// By long batches of unequal numbers of values.
fn effective_count(cells: &[Cell]) -> u64 {
    let count: u64 = cells.iter().map(|cell| cell.count).sum();
    let mean = cells.iter().map(|cell| cell.sum).sum::<f64>() / count.max(1) as f64;
    let squares = cells.iter().map(|cell| cell.squares).sum::<f64>() / count.max(1) as f64;
    let variance = (squares - mean * mean).max(0.0);
    let length = cells.len().div_ceil(LONG_BATCHES);
    let (mut batches, mut errors) = (0.0, 0.0);
    for batch in cells.chunks(length) {
        let (values, sum) = batch.iter().fold((0, 0.0), |(n, sum), cell| (n + cell.count, sum + cell.sum));
        let error = sum - values as f64 * mean;
        (batches, errors) = (batches + 1.0, errors + error * error);
    }
    // The variance of the mean, times the square of the count.
    let of_sum = errors * batches / (batches - 1.0);
    let effective = variance * count as f64 * count as f64 / of_sum;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
    let effective = if effective.is_finite() { effective.round() as u64 } else { count };
    effective.clamp(1, count.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use throng_components::seed::{Draws, Purpose, unit_above_zero};

    /// A value each 10 ms: `shape` of the number, and noise of which each value keeps a part.
    fn check(count: u64, keeps: f64, shape: impl Fn(f64) -> f64) -> SteadyState {
        let draws = Draws::of(5, Purpose::BEHAVIOR);
        let (mut series, mut noise) = (TimeSeries::default(), 0.0);
        for number in 0..count {
            noise = keeps * noise + unit_above_zero(draws.number(number)) - 0.5;
            let value = shape(number as f64) + noise;
            series.record(Nanos::from_millis(number * 10), value);
        }
        steady_state(&series).expect("it is long enough")
    }

    #[test]
    fn what_is_steady_from_the_start_on_is_worth_its_count() {
        let found = check(20_000, 0.0, |_| 10.0);
        assert!(found.since.is_some_and(|since| since < Nanos::from_secs(40)), "{found:?}");
        assert!(found.autocorrelation.abs() < 0.15, "{found:?}");
        assert!(found.effective_count > 8_000, "{found:?}");
    }

    #[test]
    fn a_transient_is_found() {
        // It begins at three times its level and comes down within 20 s of 200.
        let found = check(20_000, 0.0, |number| 10.0 + 20.0 * (1.0 - number / 2_000.0).max(0.0));
        let since = found.since.expect("it is steady").as_secs_f64();
        assert!((15.0..30.0).contains(&since), "{found:?}");
        // What was cut says nothing of how much the rest is worth.
        assert!((8_000..=18_500).contains(&found.effective_count), "{found:?}");
    }

    #[test]
    fn what_never_settles_is_not_steady() {
        assert_eq!(check(20_000, 0.0, |number| number / 1_000.0).since, None);
    }

    #[test]
    fn values_that_are_alike_are_worth_less() {
        // Each keeps 95 % of the one before: worth (1 − 0.95) / (1 + 0.95) of the count, 513 of 20,000.
        let found = check(20_000, 0.95, |_| 10.0);
        assert!((200..1_300).contains(&found.effective_count), "{found:?}");
        assert!(check(20_000, 0.999, |_| 10.0).autocorrelation > 0.5);
    }

    #[test]
    fn a_short_series_tells_nothing() {
        let mut series = TimeSeries::default();
        (0..49).for_each(|number| series.record(Nanos::from_millis(number * 10), 1.0));
        assert_eq!(steady_state(&series), None);
    }

    #[test]
    fn what_does_not_vary_is_known() {
        let mut series = TimeSeries::default();
        (0..5_000).for_each(|number| series.record(Nanos::from_millis(number), 3.0));
        let found = steady_state(&series).expect("it is long enough");
        assert_eq!((found.autocorrelation, found.since.is_some()), (0.0, true));
    }
}
