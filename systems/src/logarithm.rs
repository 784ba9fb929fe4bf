//! The natural logarithm from nothing but IEEE + − × ÷ and bit operations, so that a draw has the same bits on every
//! machine. The platform's own logarithm differs between C libraries in the last place.

/// `ln 2`, its upper 33 bits: any exponent times it is exact.
const LN_2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
/// What is left of `ln 2`.
const LN_2_LOW: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);
/// The fraction bits of `√2`: mantissas from here on are halved.
const SQRT_2_FRACTION: u64 = 0x6_a09e_667f_3bcd;
/// Bits of a fraction.
const FRACTION: u64 = (1 << 52) - 1;
/// Terms of the series. The first one left out, 2 s²⁴ / 25 for s² = 0.0295, is below 2⁻⁶⁴.
const TERMS: u8 = 11;

/// The natural logarithm, wrong by less than one unit in the last place.
///
/// With x = 2ᵏ m and √½ ≤ m < √2, f = m − 1 and s = f / (2 + f), ln m is 2 artanh s = 2 s + s R, where
/// R = 2 s² / 3 + 2 s⁴ / 5 + …. As 2 s = f − s f, this is f − (f² / 2 − s (f² / 2 + R)): the large part, f, is exact
/// (the arrangement of fdlibm's `e_log.c`, Sun Microsystems 1993, with the plain series in place of its polynomial).
///
/// 0 gives −∞, below 0 NaN.
pub(crate) fn ln(x: f64) -> f64 {
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    if x.is_infinite() {
        return x;
    }
    let (exponent, mantissa) = split(x);
    let f = mantissa - 1.0;
    let s = f / (2.0 + f);
    let square = s * s;
    let series = (1..=TERMS).rev().fold(0.0, |sum, term| square * (2.0 / f64::from(2 * term + 1) + sum));
    let half = 0.5 * f * f;
    exponent * LN_2_HIGH - ((half - (s * (half + series) + exponent * LN_2_LOW)) - f)
}

/// A positive finite x as 2ᵏ m with √½ ≤ m < √2.
fn split(x: f64) -> (f64, f64) {
    let subnormal = x < f64::MIN_POSITIVE;
    let scaled = if subnormal { x * f64::from_bits((1023 + 54) << 52) } else { x };
    let bits = scaled.to_bits();
    let fraction = bits & FRACTION;
    let above = fraction >= SQRT_2_FRACTION;
    let exponent = if above { 1022 } else { 1023 };
    let k = (bits >> 52) as f64 - 1023.0 + f64::from(u8::from(above)) - if subnormal { 54.0 } else { 0.0 };
    (k, f64::from_bits((exponent << 52) | fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `expected` is the double nearest to the true value, computed with 60 digits.
    fn check(x: u64, expected: u64) {
        let got = ln(f64::from_bits(x));
        let distance = got.to_bits().abs_diff(expected);
        assert!(distance <= 1, "ln {:e}: {got:e} is {distance} places off", f64::from_bits(x));
    }

    #[test]
    fn is_the_nearest_double_or_its_neighbour() {
        check(0x0000_0000_0000_0001, 0xc087_4385_446d_71c3); // 5e-324
        check(0x01a5_6e1f_c2f8_f359, 0xc085_9634_47f8_7fb5); // 1e-300
        check(0x3f50_624d_d2f1_a9fc, 0xc01b_a18a_998f_ffa0); // 0.001
        check(0x3fe0_0000_0000_0000, 0xbfe6_2e42_fefa_39ef); // 0.5
        check(0x3fe6_a09e_667f_3bcc, 0xbfd6_2e42_fefa_39f1); // just below √½
        check(0x3fe6_a09e_667f_3bcd, 0xbfd6_2e42_fefa_39ee); // just above √½
        check(0x3fec_cccc_cccc_cccd, 0xbfba_f8e8_210a_415c); // 0.9
        check(0x3fef_ffff_ffff_ffff, 0xbca0_0000_0000_0000); // just below 1
        check(0x3ff0_0000_0000_0001, 0x3caf_ffff_ffff_ffff); // just above 1
        check(0x3ff1_9999_9999_999a, 0x3fb8_663f_793c_46cc); // 1.1
        check(0x3ff8_0000_0000_0000, 0x3fd9_f323_ecbf_984c); // 1.5
        check(0x4000_0000_0000_0000, 0x3fe6_2e42_fefa_39ef); // 2
        check(0x4008_0000_0000_0000, 0x3ff1_93ea_7aad_030b); // 3
        check(0x4024_0000_0000_0000, 0x4002_6bb1_bbb5_5516); // 10
        check(0x4480_f0cf_064d_d592, 0x4049_5414_6219_54fe); // 1e22
        check(0x7fef_ffff_ffff_ffff, 0x4086_2e42_fefa_39ef); // the largest
    }

    #[test]
    fn ends_of_the_range() {
        assert_eq!(ln(1.0).to_bits(), 0);
        assert_eq!(ln(0.0).to_bits(), f64::NEG_INFINITY.to_bits());
        assert_eq!(ln(f64::INFINITY).to_bits(), f64::INFINITY.to_bits());
        assert!(ln(-1.0).is_nan());
        assert!(ln(f64::NAN).is_nan());
    }

    #[test]
    fn never_falls_where_the_argument_grows() {
        let mut before = f64::NEG_INFINITY;
        for step in 1..=1_000_000_u32 {
            let value = ln(f64::from(step) / 1_000_000.0);
            assert!(value >= before, "at {step}");
            before = value;
        }
    }
}
