//! The quantile function of the standard normal law.

use super::logarithm::ln;

/// Up to this distance from ½ the middle's fraction holds.
const MIDDLE: f64 = 0.425;

/// Two polynomials, the coefficient of the highest power first.
struct Fraction {
    above: [f64; 8],
    below: [f64; 8],
}

/// In 0.180625 − q², q being the distance from ½.
const CENTRE: Fraction = Fraction {
    above: [
        2_509.080_928_730_122_6,
        33_430.575_583_588_13,
        67_265.770_927_008_7,
        45_921.953_931_549_87,
        13_731.693_765_509_46,
        1_971.590_950_306_551_3,
        133.141_667_891_784_38,
        3.387_132_872_796_366_5,
    ],
    below: [
        5_226.495_278_852_545,
        28_729.085_735_721_943,
        39_307.895_800_092_71,
        21_213.794_301_586_597,
        5_394.196_021_424_751,
        687.187_007_492_057_9,
        42.313_330_701_600_91,
        1.0,
    ],
};

/// In √(−ln p) − 1.6, up to 5.
const TAIL: Fraction = Fraction {
    above: [
        7.745_450_142_783_414e-4,
        0.022_723_844_989_269_184,
        0.241_780_725_177_450_6,
        1.270_458_252_452_368_4,
        3.647_848_324_763_204_5,
        5.769_497_221_460_691,
        4.630_337_846_156_546,
        1.423_437_110_749_683_5,
    ],
    below: [
        1.050_750_071_644_416_9e-9,
        5.475_938_084_995_345e-4,
        0.015_198_666_563_616_457,
        0.148_103_976_427_480_08,
        0.689_767_334_985_1,
        1.676_384_830_183_803_8,
        2.053_191_626_637_759,
        1.0,
    ],
};

/// In √(−ln p) − 5, above 5.
const FAR_TAIL: Fraction = Fraction {
    above: [
        2.010_334_399_292_288_1e-7,
        2.711_555_568_743_487_6e-5,
        0.001_242_660_947_388_078_4,
        0.026_532_189_526_576_124,
        0.296_560_571_828_504_87,
        1.784_826_539_917_291_3,
        5.463_784_911_164_114,
        6.657_904_643_501_103,
    ],
    below: [
        2.044_263_103_389_939_8e-15,
        1.421_511_758_316_446e-7,
        1.846_318_317_510_054_8e-5,
        7.868_691_311_456_133e-4,
        0.014_875_361_290_850_615,
        0.136_929_880_922_735_8,
        0.599_832_206_555_887_9,
        1.0,
    ],
};

impl Fraction {
    fn at(&self, x: f64) -> f64 {
        let value =
            |polynomial: &[f64; 8]| polynomial[1..].iter().fold(polynomial[0], |sum, next| sum * x + next);
        value(&self.above) / value(&self.below)
    }
}

/// The value that a standard normal variable is below with probability p, for 0 < p < 1; its relative error is below 10⁻¹⁵.
///
/// Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37 (1988), PPND16.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= MIDDLE {
        return q * CENTRE.at(0.180_625 - q * q);
    }
    let r = (-ln(if q < 0.0 { p } else { 1.0 - p })).sqrt();
    let size = if r <= 5.0 { TAIL.at(r - 1.6) } else { FAR_TAIL.at(r - 5.0) };
    if q < 0.0 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `expected` has been computed with 60 digits.
    fn check(p: f64, expected: f64) {
        let got = normal_quantile(p);
        assert!((got - expected).abs() <= 1e-15 * expected.abs(), "{p}: {got}, not {expected}");
    }

    #[test]
    fn is_the_inverse_of_the_normal_law() {
        check(f64::EPSILON / 2.0, -8.209_536_151_601_387);
        check(1e-12, -7.034_483_825_301_132);
        check(1e-11, -6.706_023_155_495_136);
        check(1.5e-11, -6.646_570_887_477_113);
        check(1e-06, -4.753_424_308_822_899);
        check(0.001, -3.090_232_306_167_813_6);
        check(0.01, -2.326_347_874_040_841);
        check(0.074, -1.446_632_067_158_978_5);
        check(0.076, -1.432_502_720_825_811_6);
        check(0.1, -1.281_551_565_544_600_4);
        check(0.25, -0.674_489_750_196_081_7);
        check(0.4, -0.253_347_103_135_799_7);
        check(0.499, -0.002_506_630_899_571_766);
        check(0.501, 0.002_506_630_899_571_766);
        check(0.75, 0.674_489_750_196_081_7);
        check(0.925, 1.439_531_470_938_456_1);
        check(0.99, 2.326_347_874_040_840_8);
        check(1.0 - f64::EPSILON, 8.125_890_664_701_906);
        check(1.0 - f64::EPSILON / 2.0, 8.209_536_151_601_387);
    }

    #[test]
    fn is_symmetric() {
        assert_eq!(normal_quantile(0.5).to_bits(), 0);
        for step in 1..512_u32 {
            let p = f64::from(step) / 1_024.0;
            assert_eq!(normal_quantile(p).to_bits(), (-normal_quantile(1.0 - p)).to_bits(), "{p}");
        }
    }
}
