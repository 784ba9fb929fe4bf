//! Times that age: `think weibull shape=1.5 mean="2s"`.

use throng_components::clock::Nanos;
use throng_components::workload::{FieldSpec, Fields, NodeSpec, Problems, ValueKind};

use super::exponential::draw_exponential;
use super::settings::{Forms, positive, time};
use super::{Draws, Files, Law, LawKind};
use crate::arithmetic::{gamma, power};

/// Below it a mean is more than 3,628,800 times the scale.
const SHAPE_LEAST: f64 = 0.1;
/// Above it times are nearly all equal.
const SHAPE_MOST: f64 = 1_000.0;

/// The Weibull law: shape 1 is exponential, above it a time ends the sooner the longer it has lasted, below it the later.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Weibull {
    shape: f64,
    /// What 63 % of the times are below, in nanoseconds; above 0.
    scale: f64,
    /// In nanoseconds.
    mean: f64,
}

/// The ways in which it can be given.
const FORMS: Forms = Forms {
    kind: "weibull",
    each: &[&["shape", "scale"], &["shape", "mean"]],
    besides: "",
    sample: Weibull::SPEC.sample,
};

impl LawKind for Weibull {
    const SPEC: NodeSpec = NodeSpec {
        name: "weibull",
        summary: "Takes times that age: with a shape above 1 they end the sooner the longer they last, below 1 the later.",
        sample: "think weibull shape=1.5 mean=\"2s\"",
        properties: &[
            FieldSpec::of("shape", ValueKind::Number, "From 0.1 to 1000; 1 is the exponential law."),
            FieldSpec::of("scale", ValueKind::Duration, "What 63.2 % of the times are below; above 0."),
            FieldSpec::of("mean", ValueKind::Duration, "The mean, above 0; in place of `scale=`."),
        ],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>, _: &dyn Files) -> Result<Self, Problems> {
        let form = FORMS.find(&mut fields);
        let shape = fields.number("shape", SHAPE_LEAST, SHAPE_MOST);
        let (scale, mean) = (positive(&mut fields, "scale"), positive(&mut fields, "mean"));
        let given = form.and(scale.or(mean)).map(|given| given.0 as f64);
        let law = shape.zip(given).map(|(shape, given)| {
            // The mean of a scale of 1: Γ(1 + 1 / shape).
            let unit = gamma(1.0 + 1.0 / shape);
            let (scale, mean) = if scale.is_some() { (given, given * unit) } else { (given / unit, given) };
            Self { shape, scale, mean }
        });
        fields.finish(law)
    }
}

impl Law for Weibull {
    /// By inverse transform: one draw.
    fn draw(&self, draws: &mut Draws) -> Nanos {
        time(self.scale * power(draw_exponential(1.0, draws), 1.0 / self.shape))
    }

    fn mean(&self) -> f64 {
        self.mean
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, check_shape, codes, read};
    use super::*;

    #[test]
    fn keeps_mean_and_variance() {
        let law = read::<Weibull>(&[], &[("shape", "2"), ("scale", "2s")]).expect("a law");
        let pi = std::f64::consts::PI;
        check(&law, 1e9 * pi.sqrt(), 4e18 * (1.0 - pi / 4.0), &[2_025_607_027, 1_219_066_812, 3_062_639_108]);
        // Γ(3) = 2 and Γ(5) = 24.
        let law = read::<Weibull>(&[], &[("shape", "0.5"), ("mean", "2s")]).expect("a law");
        check(&law, 2e9, 20e18, &[1_052_206_055, 138_035_264, 5_498_741_614]);
    }

    #[test]
    fn has_the_shape() {
        for shape in ["0.1", "1", "3.5", "1000"] {
            let law = read::<Weibull>(&[], &[("shape", shape), ("scale", "2s")]).expect("a law");
            let shape: f64 = shape.parse().expect("a number");
            check_shape(&law, |x| 1.0 - (-(x / 2e9).powf(shape)).exp());
        }
    }

    #[test]
    fn takes_one_form_and_bounds() {
        assert_eq!(codes::<Weibull>(&[]), ["T0246"]);
        assert_eq!(codes::<Weibull>(&[("shape", "1"), ("scale", "1s"), ("mean", "1s")]), ["T0246"]);
        assert_eq!(codes::<Weibull>(&[("shape", "0"), ("scale", "0s")]), ["T0026", "T0026"]);
        assert_eq!(codes::<Weibull>(&[("shape", "0.05"), ("mean", "1s")]), ["T0026"]);
        assert_eq!(codes::<Weibull>(&[("shape", "0.1"), ("scale", "1w")]), ["T0247"]);
    }
}
