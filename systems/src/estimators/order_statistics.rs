//! Between which of the values that were observed a quantile lies.

use super::sample_size::TAIL;
use crate::arithmetic::normal_quantile;

/// From this variance on the binomial distribution is taken for a normal one with its skewness: what is left of the
/// difference is less than a rank. Below it, it is added up.
const NORMAL_FROM: f64 = 1e6;

/// A term so small against the largest one is left out, and all beyond it.
const NEGLIGIBLE: f64 = 1e-18;

/// The ranks, from 1, of the two values between which a quantile lies with 95 % confidence: it is below the lower one in 2.5 %
/// of all samples at the most, and above the upper one in as many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ranks {
    /// The largest rank of which that holds; `None` when even the smallest value may well be above the quantile.
    pub lower: Option<u64>,
    /// The smallest such rank; `None` when even the largest value may well be below it.
    pub upper: Option<u64>,
}

/// The ranks for so many independent values and a quantile, 0 to 1.
///
/// How many of n values are not above the quantile `q` is binomial, B(n, q): the value of rank r is above it when fewer than r
/// are. So nothing is assumed of the values' distribution but that it has no jump there.
///
/// # Source
/// David and Nagaraja, "Order Statistics", 3rd edition (2003), section 7.1. The skewed normal: Cornish and Fisher (1938).
pub fn ranks(count: u64, quantile: f64) -> Ranks {
    let variance = count as f64 * quantile * (1.0 - quantile);
    let (low, high) =
        if variance < NORMAL_FROM { exact(count, quantile) } else { approximate(count, quantile, variance) };
    Ranks { lower: (low >= 1).then_some(low), upper: (high <= count).then_some(high) }
}

/// Adds the binomial distribution up from both ends: by the ratio of two terms in a row, so that none can underflow.
fn exact(count: u64, quantile: f64) -> (u64, u64) {
    let (n, odds) = (count as f64, quantile / (1.0 - quantile));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
    let mode = (((n + 1.0) * quantile) as u64).min(count);
    // Terms in relation to the largest one: those below it, nearest first, and those above it.
    let mut below = Vec::new();
    let (mut term, mut k) = (1.0, mode as f64);
    while k > 0.0 && term > NEGLIGIBLE {
        term *= k / (n - k + 1.0) / odds;
        k -= 1.0;
        below.push(term);
    }
    let mut above = Vec::new();
    let (mut term, mut k) = (1.0, mode as f64);
    while k < n && term > NEGLIGIBLE {
        term *= (n - k) / (k + 1.0) * odds;
        k += 1.0;
        above.push(term);
    }
    let total = 1.0 + below.iter().rev().sum::<f64>() + above.iter().rev().sum::<f64>();
    let first = mode - below.len() as u64;
    let terms = below.iter().rev().chain(std::iter::once(&1.0)).chain(&above);
    // The value of rank r is above the quantile when at most r − 1 are not: P(B ≤ r − 1).
    let (mut lower, mut upper, mut sum) = (first, count + 1, 0.0);
    for (rank, term) in (first + 1..).zip(terms) {
        sum += term / total;
        if sum <= TAIL {
            lower = rank;
        }
        if sum >= 1.0 - TAIL {
            upper = rank;
            break;
        }
    }
    (lower, upper)
}

/// The same ranks by the normal distribution, with the term for skewness.
fn approximate(count: u64, quantile: f64, variance: f64) -> (u64, u64) {
    let z = normal_quantile(1.0 - TAIL);
    let mean = count as f64 * quantile;
    let skew = (1.0 - 2.0 * quantile) * (z * z - 1.0) / 6.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
    let rank = |at: f64| at.max(0.0) as u64;
    let low = rank((mean - z * variance.sqrt() + skew + 0.5).floor());
    let high = rank((mean + z * variance.sqrt() + skew + 0.5).ceil());
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::super::needed_count;
    use super::*;
    use throng_components::clock::Nanos;
    use throng_components::seed::{Draws, Purpose, unit_above_zero};

    fn check(count: u64, quantile: f64, lower: Option<u64>, upper: Option<u64>) {
        assert_eq!(ranks(count, quantile), Ranks { lower, upper }, "{quantile} of {count}");
    }

    #[test]
    fn ranks_are_those_of_the_tables() {
        // The median: tables of the sign test (Conover, "Practical Nonparametric Statistics", table A3).
        check(5, 0.5, None, None);
        check(6, 0.5, Some(1), Some(6));
        check(10, 0.5, Some(2), Some(9));
        check(20, 0.5, Some(6), Some(15));
        check(100, 0.5, Some(40), Some(61));
        check(0, 0.5, None, None);
    }

    #[test]
    fn an_upper_rank_needs_as_many_values_as_the_quantile() {
        for quantile in [0.5, 0.75, 0.9, 0.99, 0.999] {
            let needed = needed_count(quantile);
            check(needed, quantile, ranks(needed, quantile).lower, Some(needed));
            assert_eq!(ranks(needed - 1, quantile).upper, None, "{quantile}");
        }
    }

    #[test]
    fn a_few_values_may_well_bound_a_high_quantile_from_below() {
        // 0.99⁵⁰ = 60.5 %, and with one below it 91 %; P(B ≤ 47) = 1.4 %, P(B ≤ 48) = 8.9 %.
        check(50, 0.99, Some(48), None);
    }

    #[test]
    fn both_ways_meet_where_they_part() {
        for quantile in [0.5, 0.9, 0.99, 0.999] {
            let count = |variance: f64| Nanos::from_f64(variance / quantile / (1.0 - quantile)).0;
            let n = count(NORMAL_FROM * 0.999);
            let variance = n as f64 * quantile * (1.0 - quantile);
            let (summed, normal) = (exact(n, quantile), approximate(n, quantile, variance));
            assert!(summed.0.abs_diff(normal.0) <= 1, "{quantile}: {summed:?} {normal:?}");
            assert!(summed.1.abs_diff(normal.1) <= 1, "{quantile}: {summed:?} {normal:?}");
        }
    }

    /// Of many samples of so many uniform values the share whose interval holds the quantile is 95 % at least.
    #[test]
    fn intervals_hold_the_quantile_as_often_as_they_say() {
        for (count, quantile) in [(40_usize, 0.5), (400, 0.99), (100, 0.9)] {
            let found = ranks(count as u64, quantile);
            let (lower, upper) = found.lower.zip(found.upper).expect("there are values enough");
            let samples = 2_000;
            let draws = Draws::of(7, Purpose::BEHAVIOR);
            let held = (0..samples).filter(|sample| {
                let value = |number: u64| unit_above_zero(draws.number(sample * 1_000 + number));
                let below = (0..count as u64).filter(|number| value(*number) <= quantile).count() as u64;
                lower <= below && below < upper
            });
            let share = held.count() as f64 / samples as f64;
            assert!(share > 0.94, "{quantile} of {count}: {share}");
        }
    }
}
