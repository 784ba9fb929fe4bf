//! Times whose logarithm is normal: `think lognormal median="1s" sigma=0.5`.

use throng_components::clock::Nanos;
use throng_components::seed::unit_within;
use throng_components::workload::{FieldSpec, Fields, NodeSpec, Problems, ValueKind};

use super::settings::{Forms, positive, time};
use super::{Draws, Files, Law, LawKind};
use crate::arithmetic::{exp, ln_of_one_plus, normal_quantile};

/// There a mean is 4 × 10¹⁷ times the median: 12 years for a nanosecond.
const SIGMA_MOST: f64 = 9.0;
/// Below it times differ by less than a millionth.
const SIGMA_LEAST: f64 = 0.000_001;

/// As people read and services answer: most times near the median, and a long tail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lognormal {
    /// In nanoseconds, above 0.
    median: f64,
    /// The standard deviation of the logarithm.
    sigma: f64,
    /// In nanoseconds.
    mean: f64,
}

impl Lognormal {
    fn of_median(median: Nanos, sigma: f64) -> Self {
        let median = median.0 as f64;
        Self { median, sigma, mean: median * exp(0.5 * sigma * sigma) }
    }

    /// σ² = ln(1 + (stddev / mean)²), and the median is the mean divided by e to the power of σ² / 2.
    fn of_mean(mean: Nanos, deviation: Nanos) -> Self {
        let (mean, variation) = (mean.0 as f64, deviation.0 as f64 / mean.0 as f64);
        let square = variation * variation;
        Self { median: mean / (1.0 + square).sqrt(), sigma: ln_of_one_plus(square).sqrt(), mean }
    }
}

/// The ways in which it can be given.
const FORMS: Forms = Forms {
    kind: "lognormal",
    each: &[&["median", "sigma"], &["mean", "stddev"]],
    besides: "",
    sample: Lognormal::SPEC.sample,
};

impl LawKind for Lognormal {
    const SPEC: NodeSpec = NodeSpec {
        name: "lognormal",
        summary: "Takes times near a median, with a long tail: their logarithm is normal.",
        sample: "think lognormal median=\"1s\" sigma=0.5",
        properties: &[
            FieldSpec::of("median", ValueKind::Duration, "The median, above 0; goes with `sigma=`."),
            FieldSpec::of(
                "sigma",
                ValueKind::Number,
                "The standard deviation of the natural logarithm, from 0.000001 to 9.",
            ),
            FieldSpec::of("mean", ValueKind::Duration, "The mean, above 0; goes with `stddev=`."),
            FieldSpec::of("stddev", ValueKind::Duration, "The standard deviation, above 0."),
        ],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>, _: &dyn Files) -> Result<Self, Problems> {
        let form = FORMS.find(&mut fields);
        let (median, mean) = (positive(&mut fields, "median"), positive(&mut fields, "mean"));
        let sigma = fields.number("sigma", SIGMA_LEAST, SIGMA_MOST);
        let deviation = positive(&mut fields, "stddev");
        let law = form.and_then(|form| match form {
            0 => median.zip(sigma).map(|(median, sigma)| Self::of_median(median, sigma)),
            _ => mean.zip(deviation).map(|(mean, deviation)| Self::of_mean(mean, deviation)),
        });
        fields.finish(law)
    }
}

impl Law for Lognormal {
    /// By inverse transform: one draw.
    fn draw(&self, draws: &mut Draws) -> Nanos {
        time(self.median * exp(self.sigma * normal_quantile(unit_within(draws.next()))))
    }

    fn mean(&self) -> f64 {
        self.mean
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, check_shape, codes, normal_cdf, read};
    use super::*;

    #[test]
    fn keeps_mean_and_variance() {
        let law = read::<Lognormal>(&[], &[("mean", "2s"), ("stddev", "1s")]).expect("a law");
        check(&law, 2e9, 1e18, &[1_507_384_856, 2_260_020_817, 965_469_506]);
        let law = read::<Lognormal>(&[], &[("median", "1s"), ("sigma", "0.5")]).expect("a law");
        let mean = 1e9 * 0.125_f64.exp();
        check(&law, mean, mean * mean * 0.25_f64.exp_m1(), &[834_261_103, 1_280_778_908, 520_599_379]);
    }

    #[test]
    fn has_the_shape() {
        let law = read::<Lognormal>(&[], &[("median", "1s"), ("sigma", "1.5")]).expect("a law");
        check_shape(&law, |x| normal_cdf((x / 1e9).ln() / 1.5));
    }

    #[test]
    fn hardly_varies_and_varies_wildly() {
        let law = read::<Lognormal>(&[], &[("mean", "200w"), ("stddev", "1ns")]).expect("a law");
        let draw = law.draw(&mut Draws::new(1, throng_components::seed::Purpose::BEHAVIOR, 0)).0;
        assert!(draw.abs_diff(200 * 604_800_000_000_000) < 1_000, "{draw}");
        let law = read::<Lognormal>(&[], &[("median", "1ns"), ("sigma", "9")]).expect("a law");
        check_shape(&law, |x| normal_cdf((x.max(1e-300)).ln() / 9.0));
    }

    #[test]
    fn takes_one_form_and_bounds() {
        assert_eq!(codes::<Lognormal>(&[]), ["T0246"]);
        assert_eq!(codes::<Lognormal>(&[("median", "1s")]), ["T0246"]);
        assert_eq!(codes::<Lognormal>(&[("median", "1s"), ("stddev", "1s")]), ["T0246"]);
        assert_eq!(codes::<Lognormal>(&[("median", "1s"), ("sigma", "0.5"), ("mean", "1s")]), ["T0246"]);
        assert_eq!(codes::<Lognormal>(&[("median", "0s"), ("sigma", "0")]), ["T0026", "T0026"]);
        assert_eq!(codes::<Lognormal>(&[("median", "1s"), ("sigma", "11")]), ["T0026"]);
        assert_eq!(codes::<Lognormal>(&[("mean", "1s"), ("stddev", "0s")]), ["T0026"]);
        assert_eq!(codes::<Lognormal>(&[("median", "1w"), ("sigma", "9")]), ["T0247"]);
    }
}
