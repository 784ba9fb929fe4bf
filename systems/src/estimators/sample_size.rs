//! How many values it takes before anything can be said of a quantile.

use crate::arithmetic::ln;

/// What an interval of 95 % confidence leaves out at each end.
pub const TAIL: f64 = 0.025;

/// How many independent values it takes before the smallest and the largest of them enclose a quantile, 0 to 1, with 95 %
/// confidence.
///
/// With n values all of them lie below the quantile `q` with probability qⁿ, and all above it with (1 − q)ⁿ: the least n at
/// which neither exceeds 2.5 %. The 100th percentile is the largest value that there was, and takes one.
///
/// | percentile | 50 | 90 | 95 | 99 | 99.9 | 99.99 |
/// | --- | --- | --- | --- | --- | --- | --- |
/// | values | 6 | 36 | 72 | 368 | 3,688 | 36,887 |
///
/// # Source
/// David and Nagaraja, "Order Statistics", 3rd edition (2003), section 7.1: the binomial bound for the extreme ranks.
pub fn needed_count(quantile: f64) -> u64 {
    let outer = quantile.max(1.0 - quantile);
    if outer >= 1.0 {
        return 1;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
    let count = (ln(TAIL) / ln(outer)).ceil() as u64;
    count.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bound itself, by multiplication: not exceeded with so many values, and exceeded with one less.
    fn check(quantile: f64, expected: u64) {
        let all_on_one_side = |count: u64| {
            let (below, above) = (quantile, 1.0 - quantile);
            let power = |share: f64| (0..count).fold(1.0, |product, _| product * share);
            power(below).max(power(above))
        };
        assert_eq!(needed_count(quantile), expected, "{quantile}");
        assert!(all_on_one_side(expected) <= TAIL, "{quantile} with {expected}");
        assert!(all_on_one_side(expected - 1) > TAIL, "{quantile} with one less than {expected}");
    }

    #[test]
    fn so_many_values_enclose_a_quantile() {
        check(0.5, 6);
        check(0.9, 36);
        check(0.95, 72);
        check(0.99, 368);
        check(0.999, 3_688);
        check(0.9999, 36_887);
        check(0.01, 368);
        check(0.1, 36);
    }

    #[test]
    fn the_extremes_are_what_they_are() {
        assert_eq!((needed_count(1.0), needed_count(0.0)), (1, 1));
    }
}
