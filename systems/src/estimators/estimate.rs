//! A mean over independent values and how sure it is.

/// Student's t, two-sided 95 %, for 1 to 30 degrees of freedom.
///
/// # Source
/// The tables of Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.10, in more digits; a test integrates
/// the density.
const T: [f64; 30] = [
    12.706_204_736,
    4.302_652_730,
    3.182_446_305,
    2.776_445_105,
    2.570_581_836,
    2.446_911_851,
    2.364_624_252,
    2.306_004_135,
    2.262_157_163,
    2.228_138_852,
    2.200_985_160,
    2.178_812_830,
    2.160_368_656,
    2.144_786_688,
    2.131_449_546,
    2.119_905_299,
    2.109_815_578,
    2.100_922_040,
    2.093_024_054,
    2.085_963_447,
    2.079_613_845,
    2.073_873_068,
    2.068_657_610,
    2.063_898_562,
    2.059_538_553,
    2.055_529_439,
    2.051_830_516,
    2.048_407_142,
    2.045_229_642,
    2.042_272_456,
];

/// The normal distribution's 97.5 % quantile, which Student's t comes to in the end.
const Z: f64 = 1.959_963_984_540_054;

/// The half-width of a two-sided 95 % interval in standard errors, for so many degrees of freedom, 1 at least.
///
/// # Source
/// Above 30 the expansion of Abramowitz and Stegun, 26.7.5, to four terms: within 0.000 001.
pub fn student_t(freedom: usize) -> f64 {
    if let Some(t) = T.get(freedom.saturating_sub(1)) {
        return *t;
    }
    let (z, n) = (Z, freedom as f64);
    let z2 = z * z;
    let terms = [
        z * (z2 + 1.0) / 4.0,
        z * ((5.0 * z2 + 16.0) * z2 + 3.0) / 96.0,
        z * (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / 384.0,
        z * ((((79.0 * z2 + 776.0) * z2 + 1_482.0) * z2 - 1_920.0) * z2 - 945.0) / 92_160.0,
    ];
    z + terms.iter().rev().fold(0.0, |sum, term| (sum + term) / n)
}

/// A mean over independent values, such as those of replications.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// How many values it is of.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Half the width of its 95 % interval of confidence; none of a single value.
    pub half_width: Option<f64>,
}

impl Estimate {
    /// The estimate of values; none without any.
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len();
        if count == 0 {
            return None;
        }
        let n = count as f64;
        let mean = values.iter().sum::<f64>() / n;
        let half_width = (count > 1).then(|| {
            let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
            student_t(count - 1) * (squares / (n - 1.0) / n).sqrt()
        });
        Some(Self { count, mean, half_width })
    }

    /// The estimate of the differences of values that belong together; those without a partner are left out.
    pub fn of_pairs(values: &[Option<f64>], base: &[Option<f64>]) -> Option<Self> {
        let pairs = values.iter().zip(base).filter_map(|(value, base)| Some((*value)? - (*base)?));
        Self::of(&pairs.collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share of Student's distribution within ± t, by Simpson's rule over the density with x = √n tan θ, which is
    /// cosⁿ⁻¹ θ but for a constant.
    fn within(t: f64, freedom: usize) -> f64 {
        let power = i32::try_from(freedom - 1).expect("few");
        let density = |angle: f64| angle.cos().powi(power);
        let area = |upto: f64| {
            let parts = 20_000;
            let step = upto / f64::from(parts);
            let weight = |part: i32| match part {
                0 => 1.0,
                part if part == parts => 1.0,
                part if part % 2 == 1 => 4.0,
                _ => 2.0,
            };
            (0..=parts).map(|part| weight(part) * density(f64::from(part) * step)).sum::<f64>() * step / 3.0
        };
        area((t / (freedom as f64).sqrt()).atan()) / area(std::f64::consts::FRAC_PI_2)
    }

    #[test]
    fn student_t_holds_95_percent() {
        for freedom in (1..=60).chain([100, 1_000, 99_999]) {
            let share = within(student_t(freedom), freedom);
            assert!((share - 0.95).abs() < 2e-7, "{freedom}: {share}");
        }
    }

    #[test]
    fn estimates_are_those_of_the_textbook() {
        let check = |values: &[f64], expected: Option<(f64, Option<f64>)>| {
            let found = Estimate::of(values);
            assert_eq!(found.map(|it| it.count), expected.map(|_| values.len()));
            let Some((found, (mean, half))) = found.zip(expected) else { return };
            assert!((found.mean - mean).abs() < 1e-9, "{found:?}");
            assert_eq!(found.half_width.is_some(), half.is_some());
            assert!((found.half_width.unwrap_or(0.0) - half.unwrap_or(0.0)).abs() < 1e-6, "{found:?}");
        };
        check(&[], None);
        check(&[3.0], Some((3.0, None)));
        check(&[2.0, 2.0, 2.0], Some((2.0, Some(0.0))));
        // Variance 2.5, standard error √0.5, t for 4 degrees of freedom.
        check(&[1.0, 2.0, 3.0, 4.0, 5.0], Some((3.0, Some(2.776_445 * 0.5_f64.sqrt()))));
    }

    #[test]
    fn pairs_cancel_what_they_share() {
        let base = [Some(1.0), Some(50.0), None, Some(9.0)];
        let values = [Some(3.0), Some(52.0), Some(7.0), Some(11.0)];
        let found = Estimate::of_pairs(&values, &base).expect("there are pairs");
        assert_eq!(found, Estimate { count: 3, mean: 2.0, half_width: Some(0.0) });
        assert_eq!(Estimate::of_pairs(&[None], &[Some(1.0)]), None);
    }
}
