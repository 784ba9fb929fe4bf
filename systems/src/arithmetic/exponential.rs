//! The exponential function, and powers.

use super::logarithm::{LN_2, ln, power_of_two};

/// Added and taken away again, it rounds a number below 2⁵¹ to the nearest whole one.
const ROUNDING: f64 = 6_755_399_441_055_744.0;
/// From here on the result is infinite.
const TOO_LARGE: f64 = 709.782_712_893_384;
/// Below it the result is 0.
const TOO_SMALL: f64 = -745.133_219_101_941_2;

/// 1/2!, 1/3!, … 1/13!: the first term left out, r¹⁴ / 14! for r = ln 2 / 2, is below 2⁻⁵⁷.
const COEFFICIENTS: [f64; 12] = {
    let mut coefficients = [0.0; 12];
    let (mut factorial, mut term) = (1.0, 0);
    while term < coefficients.len() {
        factorial *= (term + 2) as f64;
        coefficients[term] = 1.0 / factorial;
        term += 1;
    }
    coefficients
};

/// e to the power of x, wrong by less than one unit in the last place; by less than 2⁻¹⁰⁷⁴ where that is subnormal.
///
/// With x = k ln 2 + r, k whole and |r| ≤ ln 2 / 2, it is 2ᵏ (1 + r + r²/2 + …). What is lost when r is rounded is added
/// to the series.
pub(crate) fn exp(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x > TOO_LARGE {
        return f64::INFINITY;
    }
    if x < TOO_SMALL {
        return 0.0;
    }
    let rounded = x * std::f64::consts::LOG2_E + ROUNDING;
    let k = rounded - ROUNDING;
    // The upper part of ln 2 is so short that this product and this difference are exact.
    let near = x - k * LN_2.high;
    let far = k * LN_2.low;
    let r = near - far;
    let lost = (near - r) - far;
    let mantissa = 1.0 + (r + (r * r * series(r) + lost));
    // The sum's last bits are those of k. In two steps, because 2ᵏ alone may be out of range where the result is not.
    let k = rounded.to_bits().wrapping_sub(ROUNDING.to_bits()).cast_signed();
    let half = k >> 1;
    mantissa * power_of_two(half) * power_of_two(k - half)
}

/// 1/2! + r/3! + r²/4! + …, in an order in which a processor can do much at one time.
fn series(r: f64) -> f64 {
    let c = &COEFFICIENTS;
    let pair = |first: usize| c[first] + r * c[first + 1];
    let (r2, r4) = (r * r, (r * r) * (r * r));
    let low = pair(0) + r2 * pair(2);
    let middle = pair(4) + r2 * pair(6);
    let high = pair(8) + r2 * pair(10);
    low + r4 * (middle + r4 * high)
}

/// x to the power of y, for x ≥ 0: e to the power of y ln x.
///
/// The relative error is below (|y ln x| + 1) 2⁻⁵¹. 0 to a power above 0 is 0.
pub(crate) fn power(x: f64, y: f64) -> f64 {
    exp(y * ln(x))
}

/// (eˣ − 1) / x, 1 at 0; wrong by a few units in the last place, also where eˣ is near 1.
pub(crate) fn growth(x: f64) -> f64 {
    if x.abs() > 0.35 {
        return (exp(x) - 1.0) / x;
    }
    1.0 + x * series(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `expected` is the double nearest to the true value, computed with 60 digits.
    fn check(x: f64, expected: u64) {
        let got = exp(x);
        let distance = got.to_bits().abs_diff(expected);
        assert!(distance <= 1, "exp {x:e}: {got:e} is {distance} places off");
    }

    #[test]
    fn is_the_nearest_double_or_its_neighbour() {
        check(1e-300, 0x3ff0_0000_0000_0000);
        check(-1e-300, 0x3ff0_0000_0000_0000);
        check(1e-10, 0x3ff0_0000_0006_df38);
        check(-1e-10, 0x3fef_ffff_fff2_4190);
        check(0.1, 0x3ff1_aec7_b35a_00d4);
        check(-0.1, 0x3fec_f46d_99d5_2b3a);
        check(0.346_57, 0x3ff6_a099_138a_089d);
        check(0.346_58, 0x3ff6_a0a7_e7cb_904c);
        check(-0.346_57, 0x3fe6_a0a3_b975_afae);
        check(0.5, 0x3ffa_6129_8e1e_069c);
        check(-0.5, 0x3fe3_68b2_fc6f_960a);
        check(1.0, 0x4005_bf0a_8b14_5769);
        check(-1.0, 0x3fd7_8b56_362c_ef38);
        check(2.5, 0x4028_5d6f_d931_e0bb);
        check(-3.75, 0x3f98_1509_354f_0d29);
        check(10.0, 0x40d5_829d_cf95_0560);
        check(-10.0, 0x3f07_cd79_b564_7c9b);
        check(43.6, 0x43dd_e360_a1d9_bc8c);
        check(-36.7, 0x3ca0_998b_04bd_d190);
        check(100.0, 0x48f3_494a_9b17_1bf5);
        check(-100.0, 0x36ea_8c1f_14e2_af5d);
        check(700.0, 0x7f0d_945d_f4f8_ec8e);
        check(-700.0, 0x00d1_4f2b_0fb9_307f);
        check(709.782, 0x7fef_fa29_7cab_7a93);
        check(-708.0, 0x0017_c8ab_2288_c9ab);
        check(-745.0, 0x0000_0000_0000_0001);
    }

    #[test]
    fn ends_of_the_range() {
        assert_eq!(exp(0.0).to_bits(), 1.0_f64.to_bits());
        assert_eq!(exp(-0.0).to_bits(), 1.0_f64.to_bits());
        assert_eq!(exp(709.79).to_bits(), f64::INFINITY.to_bits());
        assert_eq!(exp(f64::INFINITY).to_bits(), f64::INFINITY.to_bits());
        assert_eq!(exp(-746.0).to_bits(), 0);
        assert_eq!(exp(f64::NEG_INFINITY).to_bits(), 0);
        assert!(exp(f64::NAN).is_nan());
    }

    #[test]
    fn undoes_the_logarithm() {
        for step in 1..=100_000_u32 {
            let x = f64::from(step) / 1_000.0;
            let back = exp(ln(x));
            // Half a unit in the last place of the logarithm is up to 2.3 units of x.
            assert!((back - x).abs() <= 4.0 * f64::EPSILON * x, "{x}: {back}");
        }
    }

    #[test]
    fn powers() {
        assert_eq!(power(0.0, 0.5).to_bits(), 0);
        let check = |x: f64, y: f64, expected: f64| {
            let bound = ((y * expected.ln()).abs() + 1.0) * 2.0 * f64::EPSILON * expected;
            assert!((power(x, y) - expected).abs() <= bound, "{x} ^ {y}: {}", power(x, y));
        };
        check(2.0, 10.0, 1024.0);
        check(2.0, -0.5, std::f64::consts::FRAC_1_SQRT_2);
        check(1e-3, -3.0, 1e9);
        check(1.0, 1e9, 1.0);
    }

    #[test]
    fn growth_is_smooth_around_zero() {
        assert_eq!(growth(0.0).to_bits(), 1.0_f64.to_bits());
        let check = |x: f64, expected: f64| {
            assert!((growth(x) / expected - 1.0).abs() < 1e-15, "{x}: {:e}", growth(x));
        };
        check(1e-12, 1.000_000_000_000_5);
        check(-1e-06, 0.999_999_500_000_166_7);
        check(0.1, 1.051_709_180_756_476_2);
        check(-0.4, 0.824_199_884_910_901_8);
        check(0.5, 1.297_442_541_400_256_4);
        check(-0.5, 0.786_938_680_574_733_2);
        check(0.6, 1.370_198_000_650_848_3);
        check(-2.0, 0.432_332_358_381_693_65);
        check(20.0, 24_258_259.720_489_513);
    }
}
