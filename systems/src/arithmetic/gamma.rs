//! The gamma function, for means of laws that have it in them.

use super::exponential::exp;
use super::logarithm::ln;

/// Stirling's series is used from here on.
const LARGE: f64 = 16.0;
/// ½ ln 2π.
const HALF_LN_TWO_PI: f64 = 0.918_938_533_204_672_8;

/// Γ(x) for x from 0.001 to 170; the relative error is below 10⁻¹².
///
/// Γ(x) = Γ(x + n) / (x (x + 1) … (x + n − 1)) with x + n ≥ 16, where ln Γ is (x − ½) ln x − x + ½ ln 2π and
/// 1/(12x) − 1/(360x³) + 1/(1260x⁵) − 1/(1680x⁷) + 1/(1188x⁹); what is left out is below 10⁻¹⁵ there (Abramowitz and
/// Stegun, "Handbook of mathematical functions", 6.1.15 and 6.1.41).
pub(crate) fn gamma(x: f64) -> f64 {
    let (mut argument, mut product) = (x, 1.0);
    while argument < LARGE {
        product *= argument;
        argument += 1.0;
    }
    let inverse = 1.0 / argument;
    let square = inverse * inverse;
    let terms = [-1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0];
    let series = terms.iter().rev().fold(0.0, |sum, term| square * (term + sum));
    let correction = inverse * (1.0 / 12.0 + series);
    exp((argument - 0.5) * ln(argument) - argument + HALF_LN_TWO_PI + correction) / product
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(x: f64, expected: f64) {
        assert!((gamma(x) / expected - 1.0).abs() < 1e-12, "{x}: {:e}", gamma(x));
    }

    #[test]
    fn is_the_factorial_and_what_lies_between() {
        check(1.0, 1.0);
        check(2.0, 1.0);
        check(5.0, 24.0);
        check(11.0, 3_628_800.0);
        check(0.5, 1.772_453_850_905_516);
        check(1.5, 0.886_226_925_452_758);
        check(0.001, 999.423_772_484_595_5);
        check(0.1, 9.513_507_698_668_73);
        check(1.001, 0.999_423_772_484_595_6);
        check(1.25, 0.906_402_477_055_477);
        check(3.7, 4.170_651_783_796_604);
        check(25.5, 3.086_770_540_528_696_6e24);
        check(100.25, 2.948_466_281_838_77e156);
    }
}
