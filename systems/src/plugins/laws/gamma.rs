//! Times as steady or as wild as one likes: `think gamma shape=2.5 mean="2s"`.

use throng_components::clock::Nanos;
use throng_components::seed::{unit_above_zero, unit_within};
use throng_components::workload::{FieldSpec, Fields, NodeSpec, Problems, ValueKind};

use super::settings::{required_mean, time};
use super::{Draws, Files, Law, LawKind};
use crate::arithmetic::{ln, normal_quantile, power};

/// A shape below it gives times that are nearly all 0; one above 1 over it gives times that are nearly all equal.
const SHAPE_LEAST: f64 = 0.001;
const SHAPE_MOST: f64 = 1_000_000.0;

/// The gamma law: shape 1 is exponential, a whole shape is Erlang, below 1 varies more than exponential.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Gamma {
    shape: f64,
    /// Above 0.
    mean: Nanos,
}

/// One value of the gamma law of this shape, 1 or more, and scale 1, by rejection.
///
/// Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000). It takes two draws a try,
/// and 1.05 tries on average at most. The constant is theirs: below that curve the logarithms need not be taken.
pub(in crate::plugins) fn draw_gamma(shape: f64, draws: &mut Draws) -> f64 {
    let third = shape - 1.0 / 3.0;
    let width = 1.0 / (9.0 * third).sqrt();
    loop {
        let normal = normal_quantile(unit_within(draws.next()));
        let chance = unit_above_zero(draws.next());
        let root = 1.0 + width * normal;
        if root <= 0.0 {
            continue;
        }
        let (cube, square) = (root * root * root, normal * normal);
        let is_taken = chance < 1.0 - 0.0331 * square * square
            || ln(chance) < 0.5 * square + third * (1.0 - cube + ln(cube));
        if is_taken {
            return third * cube;
        }
    }
}

impl LawKind for Gamma {
    const SPEC: NodeSpec = NodeSpec {
        name: "gamma",
        summary: "Takes times that vary as the shape says: 1 is exponential, more is steadier, less is wilder.",
        sample: "think gamma shape=2.5 mean=\"2s\"",
        properties: &[
            FieldSpec::of(
                "shape",
                ValueKind::Number,
                "Mean² / variance, from 0.001 to 1000000; a whole one is the Erlang law.",
            ),
            FieldSpec::of("mean", ValueKind::Duration, "The mean, above 0."),
        ],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>, _: &dyn Files) -> Result<Self, Problems> {
        fields.require("shape");
        let shape = fields.number("shape", SHAPE_LEAST, SHAPE_MOST);
        let mean = required_mean(&mut fields);
        fields.finish(shape.zip(mean).map(|(shape, mean)| Self { shape, mean }))
    }
}

impl Law for Gamma {
    /// A shape below 1 is made of the shape above it: X(shape) = X(shape + 1) u^(1 / shape).
    fn draw(&self, draws: &mut Draws) -> Nanos {
        let scale = self.mean.0 as f64 / self.shape;
        if self.shape >= 1.0 {
            return time(scale * draw_gamma(self.shape, draws));
        }
        let part = power(unit_above_zero(draws.next()), 1.0 / self.shape);
        time(scale * part * draw_gamma(self.shape + 1.0, draws))
    }

    fn mean(&self) -> f64 {
        self.mean.0 as f64
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, check_shape, codes, normal_cdf, read};
    use super::*;

    fn gamma(shape: &str) -> Gamma {
        read::<Gamma>(&[], &[("shape", shape), ("mean", "2s")]).expect("a law")
    }

    #[test]
    fn keeps_mean_and_variance() {
        check(&gamma("2.5"), 2e9, 4e18 / 2.5, &[1_340_629_353, 605_689_713, 3_475_327_806]);
        check(&gamma("0.25"), 2e9, 4e18 / 0.25, &[195_203_500, 11_342_482_178, 417]);
        check(&gamma("1000"), 2e9, 4e18 / 1000.0, &[1_976_503_299, 1_917_908_022, 2_073_094_935]);
    }

    #[test]
    fn has_the_shape() {
        check_shape(&gamma("1"), |x| 1.0 - (-x / 2e9).exp());
        // The square of a normal value, halved, has shape 1/2: P(X ≤ x) = P(|Z| ≤ √(2x)).
        check_shape(&gamma("0.5"), |x| 2.0 * normal_cdf((x / 2e9).sqrt()) - 1.0);
        check_shape(&gamma("3"), |x| {
            let stages = 3.0 * x / 2e9;
            1.0 - (-stages).exp() * (1.0 + stages + stages * stages / 2.0)
        });
    }

    #[test]
    fn the_wildest_is_mostly_nothing() {
        let law = gamma("0.001");
        let mut draws = Draws::new(1, throng_components::seed::Purpose::BEHAVIOR, 0);
        let short = (0..1_000).filter(|_| law.draw(&mut draws) < Nanos(1_000)).count();
        // P(X < 1 us) is 0.987.
        assert!((960..1_000).contains(&short), "{short}");
    }

    #[test]
    fn takes_bounds() {
        assert_eq!(codes::<Gamma>(&[]), ["T0030", "T0030"]);
        assert_eq!(codes::<Gamma>(&[("shape", "0"), ("mean", "0s")]), ["T0026", "T0026"]);
        assert_eq!(codes::<Gamma>(&[("shape", "-1"), ("mean", "1s")]), ["T0026"]);
        assert_eq!(codes::<Gamma>(&[("shape", "1000001"), ("mean", "1s")]), ["T0026"]);
    }
}
