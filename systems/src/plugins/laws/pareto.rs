//! Times of which a few are huge: `think pareto shape=1.5 min="1s"`.

use throng_components::clock::Nanos;
use throng_components::seed::{unit, unit_above_zero};
use throng_components::workload::{FieldSpec, Fields, Label, Mistake, NodeSpec, Problems, Span, ValueKind};

use super::settings::{Forms, positive, time};
use super::{Draws, Files, Law, LawKind};
use crate::arithmetic::{growth, ln, power};

/// Below it times differ more than can be counted.
const SHAPE_LEAST: f64 = 0.01;
/// Above it times are nearly all equal.
const SHAPE_MOST: f64 = 1_000.0;

/// The Pareto law of a shape, from a least time on; up to a greatest where it has one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pareto {
    shape: f64,
    /// In nanoseconds, above 0.
    least: f64,
    bounded: Option<Bounded>,
    /// In nanoseconds.
    mean: f64,
}

/// The end of a bounded Pareto law.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bounded {
    greatest: Nanos,
    /// The share of the unbounded law that lies below it: 1 − (least / greatest)^shape.
    share: f64,
}

/// A mistake in the parameters of a Pareto law.
#[derive(Debug)]
enum ParetoMistake {
    NoMean { shape: Span },
    BoundsReversed { least: Span, greatest: Span },
}

impl Mistake for ParetoMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::NoMean { .. } => "T0248",
            Self::BoundsReversed { .. } => "T0249",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::NoMean { .. } => "`pareto` has no finite mean with this shape".to_owned(),
            Self::BoundsReversed { .. } => "the greatest time of `pareto` is not above its least".to_owned(),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::NoMean { shape } => vec![Label::new(*shape, "not above 1")],
            Self::BoundsReversed { least, greatest } => {
                vec![Label::new(*greatest, "the greatest time"), Label::new(*least, "the least time")]
            }
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::NoMean { .. } => Some("use a shape above 1, or `min=` with `max=`".to_owned()),
            Self::BoundsReversed { .. } => Some("use a longer `max=`".to_owned()),
        }
    }
}

impl Pareto {
    fn without_max(shape: f64, least: f64) -> Self {
        Self { shape, least, bounded: None, mean: least * shape / (shape - 1.0) }
    }

    /// The mean of the bounded law is L a (r^(1−a) − 1) / ((1 − a) (1 − r^−a)) for r = H / L, and has a limit at a = 1.
    /// With g(x) = (eˣ − 1) / x it is L g((1 − a) ln r) / g(−a ln r), which nothing cancels in.
    fn with_max(shape: f64, least: Nanos, greatest: Nanos) -> Self {
        let (low, high) = (least.0 as f64, greatest.0 as f64);
        let stretch = ln(high / low);
        let below = growth(-shape * stretch);
        let bounded = Bounded { greatest, share: shape * stretch * below };
        let mean = low * growth((1.0 - shape) * stretch) / below;
        Self { shape, least: low, bounded: Some(bounded), mean }
    }
}

/// The ways in which it can be given.
const FORMS: Forms = Forms {
    kind: "pareto",
    each: &[&["shape", "min"], &["shape", "mean"], &["shape", "min", "max"]],
    besides: "",
    sample: Pareto::SPEC.sample,
};

impl LawKind for Pareto {
    const SPEC: NodeSpec = NodeSpec {
        name: "pareto",
        summary: "Takes mostly short times and a few huge ones; the smaller the shape, the huger.",
        sample: "think pareto shape=1.5 min=\"1s\"",
        properties: &[
            FieldSpec::of(
                "shape",
                ValueKind::Number,
                "From 0.01 to 1000; above 1 without `max=`, as the mean would not be finite.",
            ),
            FieldSpec::of("min", ValueKind::Duration, "The least time, above 0."),
            FieldSpec::of("mean", ValueKind::Duration, "The mean, above 0; in place of `min=`."),
            FieldSpec::of("max", ValueKind::Duration, "The greatest time, above `min=`; none without it."),
        ],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>, _: &dyn Files) -> Result<Self, Problems> {
        let form = FORMS.find(&mut fields);
        let shape = fields.number("shape", SHAPE_LEAST, SHAPE_MOST);
        let (least, mean) = (positive(&mut fields, "min"), positive(&mut fields, "mean"));
        let greatest = positive(&mut fields, "max");
        let span = |name: &str| fields.node().property(name).map(|entry| entry.span).unwrap_or_default();
        let mistake = match (form, shape, least, greatest) {
            (Some(0 | 1), Some(shape), _, _) if shape <= 1.0 => {
                Some(ParetoMistake::NoMean { shape: span("shape") })
            }
            (_, _, Some(least), Some(greatest)) if greatest <= least => {
                Some(ParetoMistake::BoundsReversed { least: span("min"), greatest: span("max") })
            }
            _ => None,
        };
        let law = form.zip(shape).and_then(|(form, shape)| match form {
            0 => least.map(|least| Self::without_max(shape, least.0 as f64)),
            1 => mean.map(|mean| Self::without_max(shape, mean.0 as f64 * (shape - 1.0) / shape)),
            _ => least.zip(greatest).map(|(least, greatest)| Self::with_max(shape, least, greatest)),
        });
        if let Some(mistake) = mistake {
            fields.problem(mistake);
        }
        fields.finish(law)
    }
}

impl Law for Pareto {
    /// By inverse transform: one draw.
    fn draw(&self, draws: &mut Draws) -> Nanos {
        let bits = draws.next();
        let above = |part: f64| time(self.least * power(part, -1.0 / self.shape));
        match self.bounded {
            None => above(unit_above_zero(bits)),
            Some(bounded) => above(1.0 - unit(bits) * bounded.share).min(bounded.greatest),
        }
    }

    fn mean(&self) -> f64 {
        self.mean
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, check_shape, codes, read};
    use super::*;

    fn pareto(properties: &[(&str, &str)]) -> Pareto {
        read::<Pareto>(&[], properties).expect("a law")
    }

    #[test]
    fn keeps_mean_and_variance() {
        // Variance: min² shape / ((shape − 1)² (shape − 2)).
        check(
            &pareto(&[("shape", "5"), ("min", "1s")]),
            1.25e9,
            5e18 / 48.0,
            &[1_227_714_353, 1_077_136_568, 1_598_375_683],
        );
        check(
            &pareto(&[("shape", "5"), ("mean", "1.25s")]),
            1.25e9,
            5e18 / 48.0,
            &[1_227_714_353, 1_077_136_568, 1_598_375_683],
        );
    }

    #[test]
    fn keeps_mean_and_variance_within_bounds() {
        let check = |shape: &str, mean: f64, square: f64, first: &[u64]| {
            let law = pareto(&[("shape", shape), ("min", "1s"), ("max", "10s")]);
            check(&law, mean, square - mean * mean, first);
        };
        // Shape 1: the density is (10 / 9) / x², shape 2: (200 / 99) / x³; half: 1 / (2 (1 − √0.1)) x^(-3/2).
        check("1", 1e9 * 10.0 / 9.0 * 10.0_f64.ln(), 1e19, &[1_476_380_772, 2_636_504_212]);
        check(
            "2",
            1e9 * 200.0 / 99.0 * 0.9,
            1e18 * 200.0 / 99.0 * 10.0_f64.ln(),
            &[1_245_082_642, 1_775_498_515],
        );
        let (root, share) = (10.0_f64.sqrt(), 1.0 - 0.1_f64.sqrt());
        check(
            "0.5",
            1e9 * (root - 1.0) / share,
            1e18 * (10.0 * root - 1.0) / (3.0 * share),
            &[1_754_987_664, 3_581_339_477],
        );
    }

    #[test]
    fn has_the_shape() {
        check_shape(&pareto(&[("shape", "1.1"), ("min", "1s")]), |x| 1.0 - (1e9 / x).powf(1.1));
        let law = pareto(&[("shape", "0.7"), ("min", "1s"), ("max", "1h")]);
        let share = 1.0 - 3_600_f64.powf(-0.7);
        check_shape(&law, |x| (1.0 - (1e9 / x).powf(0.7)) / share);
        // Bounds as near as they can be.
        let law = pareto(&[("shape", "1"), ("min", "1s"), ("max", "1.000000001s")]);
        assert!((law.mean() - 1_000_000_000.5).abs() < 1e-3, "{}", law.mean());
    }

    #[test]
    fn takes_one_form_and_bounds() {
        assert_eq!(codes::<Pareto>(&[]), ["T0246"]);
        assert_eq!(codes::<Pareto>(&[("shape", "2"), ("mean", "1s"), ("max", "1m")]), ["T0246"]);
        assert_eq!(codes::<Pareto>(&[("shape", "1"), ("min", "1s")]), ["T0248"]);
        assert_eq!(codes::<Pareto>(&[("shape", "0.9"), ("mean", "1s")]), ["T0248"]);
        assert_eq!(codes::<Pareto>(&[("shape", "2"), ("min", "1s"), ("max", "1s")]), ["T0249"]);
        assert_eq!(codes::<Pareto>(&[("shape", "0"), ("min", "0s")]), ["T0026", "T0026"]);
    }
}
