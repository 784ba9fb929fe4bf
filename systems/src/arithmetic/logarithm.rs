//! The natural logarithm.

/// Bits of a fraction.
const FRACTION_BITS: u32 = 52;
/// Stretches of mantissas, each with an entry in the table: 2 to the power of this.
const STRETCH_BITS: u32 = 7;
const STRETCHES: usize = 1 << STRETCH_BITS;
/// The bits of the least mantissa: 0.6875. Mantissas lie on both sides of 1, so that near it nothing cancels.
const LEAST_MANTISSA: u64 = 0x3fe6_0000_0000_0000;
/// The reciprocals of the table are whole multiples of 1/512: so short that a product with half a mantissa is exact.
const RECIPROCALS: u64 = 512;
/// Bits behind the point of the integers in which the table is computed.
const FIXED_BITS: u32 = 108;
/// Bits behind the point of a logarithm's upper part: ten more than an exponent has in front of it leave its sums exact.
const HIGH_BITS: u32 = 42;

/// A logarithm in two parts.
#[derive(Clone, Copy)]
pub(super) struct Parts {
    /// A multiple of 2⁻⁴².
    pub(super) high: f64,
    /// What is left of it; wrong by less than 2⁻⁹⁶.
    pub(super) low: f64,
}

/// One stretch of mantissas.
#[derive(Clone, Copy)]
struct Stretch {
    /// The multiple of 1/512 next to the reciprocal of its middle.
    reciprocal: f64,
    /// −ln of the reciprocal.
    ln: Parts,
}

/// 2 to a whole power from −1022 to 1023.
pub(super) const fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits((1023 + exponent).cast_unsigned() << FRACTION_BITS)
}

/// −ln(j / 512) for j from 256 to 1024.
///
/// It is 2 artanh s = 2 (s + s³/3 + …) with s = (512 − j) / (512 + j), of size 1/3 at most: the series is summed in
/// integers, term by term until there is nothing left of one. The compiler does that once.
const fn minus_ln(j: u64) -> Parts {
    let (distance, sum) = (RECIPROCALS.abs_diff(j) as u128, (RECIPROCALS + j) as u128);
    let mut power = (distance << FIXED_BITS) / sum;
    let mut total = 0;
    let mut odd = 1;
    while power > 0 {
        total += power / odd;
        power = power * distance * distance / (sum * sum);
        odd += 2;
    }
    let total = if j > RECIPROCALS { -2 * total.cast_signed() } else { 2 * total.cast_signed() };
    let high = total >> (FIXED_BITS - HIGH_BITS);
    let low = total - (high << (FIXED_BITS - HIGH_BITS));
    Parts {
        high: high as f64 * power_of_two(-(HIGH_BITS as i64)),
        low: low as f64 * power_of_two(-(FIXED_BITS as i64)),
    }
}

/// The table of all stretches.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "reciprocals lie between 372 and 745"
)]
const fn stretches() -> [Stretch; STRETCHES] {
    let mut table = [Stretch { reciprocal: 1.0, ln: Parts { high: 0.0, low: 0.0 } }; STRETCHES];
    let (step, one) = (1_u64 << (FRACTION_BITS - STRETCH_BITS), 1.0_f64.to_bits());
    let mut number = 0;
    while number < STRETCHES {
        let start = LEAST_MANTISSA + number as u64 * step;
        // The two beside 1 keep the reciprocal 1 and the logarithm 0: there the result is as small as the distance.
        if start != one && start + step != one {
            let middle = f64::from_bits(start + step / 2);
            let reciprocal = (RECIPROCALS as f64 / middle + 0.5) as u64;
            table[number] =
                Stretch { reciprocal: reciprocal as f64 / RECIPROCALS as f64, ln: minus_ln(reciprocal) };
        }
        number += 1;
    }
    table
}

static TABLE: [Stretch; STRETCHES] = stretches();

/// `ln 2`. Any exponent times its upper part is exact.
pub(super) const LN_2: Parts = minus_ln(RECIPROCALS / 2);

/// The natural logarithm, wrong by less than one unit in the last place.
///
/// With x = 2ᵏ m and 0.6875 ≤ m < 1.375, a table gives a short number c near 1 / m. Then r = m c − 1, of size 2⁻⁷ at
/// most, has but one rounding, and ln x = k ln 2 − ln c + (r − r²/2 + … − r⁸/8). The first term left out is below 2⁻⁵⁹ of
/// the result; k ln 2 − ln c is kept in two parts, of which the upper one is exact (the idea of Tang, "Table-driven
/// implementation of the logarithm function in IEEE floating-point arithmetic", ACM TOMS 16, 1990).
///
/// 0 gives −∞, below 0 NaN.
pub(crate) fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let least = f64::MIN_POSITIVE.to_bits();
    // One comparison for all that is unusual: 0, subnormal, negative, infinite, NaN.
    if bits.wrapping_sub(least) < f64::INFINITY.to_bits() - least {
        ln_of_normal(bits, 0)
    } else {
        ln_of_unusual(x)
    }
}

#[cold]
fn ln_of_unusual(x: f64) -> f64 {
    if x.is_nan() || x < 0.0 {
        f64::NAN
    } else if x == 0.0 {
        f64::NEG_INFINITY
    } else if x.is_infinite() {
        x
    } else {
        ln_of_normal((x * power_of_two(54)).to_bits(), 54)
    }
}

/// The logarithm of a positive normal number, divided by 2 to the power of `scale`.
#[inline]
fn ln_of_normal(bits: u64, scale: i64) -> f64 {
    let offset = bits.wrapping_sub(LEAST_MANTISSA);
    let exponent = ((offset.cast_signed() >> FRACTION_BITS) - scale) as f64;
    let stretch = &TABLE[(offset >> (FRACTION_BITS - STRETCH_BITS)) as usize % STRETCHES];
    let mantissa = bits.wrapping_sub(offset & (0xfff << FRACTION_BITS));
    // Both halves times the reciprocal are exact, and so is the first difference.
    let upper = f64::from_bits(mantissa & (u64::MAX << 32));
    let lower = f64::from_bits(mantissa) - upper;
    let r = (upper * stretch.reciprocal - 1.0) + lower * stretch.reciprocal;
    let whole = exponent * LN_2.high + stretch.ln.high;
    let sum = whole + r;
    let rest = (whole - sum) + r + (exponent * LN_2.low + stretch.ln.low);
    let square = r * r;
    let series = (-1.0 / 2.0 + r * (1.0 / 3.0))
        + square
            * ((-1.0 / 4.0 + r * (1.0 / 5.0))
                + square * ((-1.0 / 6.0 + r * (1.0 / 7.0)) - square * (1.0 / 8.0)));
    sum + (rest + square * series)
}

/// ln(1 + x) for x ≥ 0, wrong by a few units in the last place however small x is.
///
/// What is lost when 1 + x is rounded is the same share of the logarithm as of x (Kahan's correction).
pub(crate) fn ln_of_one_plus(x: f64) -> f64 {
    let sum = 1.0 + x;
    let kept = sum - 1.0;
    if kept > 0.0 { ln(sum) * (x / kept) } else { x }
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
        // Ends of stretches, and where the error was the largest of 120,000: 0.67 units.
        check(0x3fe6_0000_0000_0000, 0xbfd7_fafa_3bd8_151c); // 0.6875
        check(0x3ff6_0000_0000_0000, 0x3fd4_618b_c21c_5ec2); // 1.375
        check(0x3ff0_2000_0000_0000, 0x3f7f_e02a_6b10_6789); // 1.0078125
        check(0x3fef_e000_0000_0000, 0xbf70_0805_5958_8b35); // 0.99609375
        check(0x3fef_c047_7157_dd79, 0xbf7f_fc2a_6649_b6ea);
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

    #[test]
    fn of_one_plus_a_little() {
        let check = |x: f64, expected: f64| {
            let got = ln_of_one_plus(x);
            assert!((got - expected).abs() <= 4.0 * f64::EPSILON * expected, "{x}: {got:e}");
        };
        check(0.0, 0.0);
        check(1e-30, 1e-30);
        check(1e-10, 9.999_999_999_500_001e-11);
        check(0.25, 0.223_143_551_314_209_76);
        check(1e20, 46.051_701_859_880_914);
    }
}
