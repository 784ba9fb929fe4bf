//! Whether values follow a law: the test of Kolmogorov and Smirnov.

use crate::arithmetic::exp;

/// How far values are from a law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// The largest distance between the share of values below some value and the law's, 0 to 1.
    pub distance: f64,
    /// How often as many values of that very law are so far from it, or farther.
    pub p_value: f64,
}

/// Compares values with the law of that cumulative distribution. `None` with fewer than 5.
///
/// # Source
/// The distribution of the distance is Kolmogorov's, its argument corrected for few values: Stephens, "EDF statistics for goodness
/// of fit and some comparisons", Journal of the American Statistical Association 69 (1974).
pub fn fit(mut values: Vec<f64>, law: fn(f64) -> f64) -> Option<Fit> {
    if values.len() < 5 {
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    let count = values.len() as f64;
    let distance = values.iter().enumerate().fold(0.0_f64, |distance, (below, value)| {
        let share = law(*value);
        distance.max(share - below as f64 / count).max((below + 1) as f64 / count - share)
    });
    let root = count.sqrt();
    Some(Fit { distance, p_value: beyond((root + 0.12 + 0.11 / root) * distance) })
}

/// How often Kolmogorov's distribution is above a value: 2 Σ (−1)^(k−1) exp(−2 k² x²).
fn beyond(x: f64) -> f64 {
    // Below that it is 1 to the last digit, and the sum takes long.
    if x < 0.2 {
        return 1.0;
    }
    let (mut sum, mut sign) = (0.0, 1.0);
    for k in 1..=100 {
        let k = f64::from(k);
        let term = exp(-2.0 * k * k * x * x);
        sum += sign * term;
        sign = -sign;
        if term < 1e-16 {
            break;
        }
    }
    (2.0 * sum).clamp(0.0, 1.0)
}

/// The exponential law of mean 1: gaps of a Poisson process in the time of its rate.
pub fn exponential_law(value: f64) -> f64 {
    if value <= 0.0 { 0.0 } else { 1.0 - exp(-value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::ln;
    use throng_components::seed::{Draws, Purpose, unit_above_zero};

    fn exponential(run: u64, count: u64, bent: impl Fn(f64) -> f64) -> Fit {
        let draws = Draws::of(run, Purpose::BEHAVIOR);
        let values = (0..count).map(|number| bent(-ln(unit_above_zero(draws.number(number)))));
        fit(values.collect(), exponential_law).expect("there are enough")
    }

    #[test]
    fn the_distribution_is_that_of_the_tables() {
        // Smirnov's table: 10 %, 5 % and 1 %.
        for (x, share) in [(1.224, 0.10), (1.358, 0.05), (1.628, 0.01)] {
            assert!((beyond(x) - share).abs() < 0.001, "{x}: {}", beyond(x));
        }
        assert!(beyond(0.1) > 0.999_999 && beyond(9.0) < 1e-60);
    }

    #[test]
    fn values_of_the_law_are_refused_as_seldom_as_said() {
        let refused = (0..1_000).filter(|run| exponential(*run, 200, |gap| gap).p_value < 0.05).count();
        assert!((30..=70).contains(&refused), "{refused} of 1,000");
    }

    #[test]
    fn values_of_another_law_are_found_out() {
        // Begun at the next of 4 instants a mean gap, as a timer of that resolution does it.
        assert!(exponential(1, 1_000, |gap| (gap * 4.0).ceil() / 4.0).p_value < 1e-6);
        assert!(exponential(1, 1_000, |gap| gap * gap).p_value < 1e-6);
        assert!(exponential(1, 1_000, |gap| gap + 0.001).p_value > 0.01);
        assert_eq!(fit(vec![1.0; 4], exponential_law), None);
    }
}
