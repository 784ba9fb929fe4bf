//! Times without memory: `think exponential mean="2s"`.

use throng_components::clock::Nanos;
use throng_components::seed::unit_above_zero;
use throng_components::workload::{FieldSpec, Fields, NodeSpec, Problems, ValueKind};

use super::settings::{required_mean, time};
use super::{Draws, Files, Law, LawKind};
use crate::arithmetic::ln;

/// Many short times and few long ones; how long it has already lasted says nothing about what is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exponential {
    /// Above 0.
    mean: Nanos,
}

/// One time of that mean, by inverse transform: −mean ln u for u uniform on (0, 1].
///
/// # Units
/// Those of `mean`.
#[inline(always)]
pub(super) fn draw_exponential(mean: f64, draws: &mut Draws) -> f64 {
    -mean * ln(unit_above_zero(draws.next()))
}

impl LawKind for Exponential {
    const SPEC: NodeSpec = NodeSpec {
        name: "exponential",
        summary: "Takes many short times and few long ones, without memory.",
        sample: "think exponential mean=\"2s\"",
        properties: &[FieldSpec {
            name: "mean",
            kind: ValueKind::Duration,
            default: "",
            summary: "The mean, above 0.",
        }],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>, _: &dyn Files) -> Result<Self, Problems> {
        let mean = required_mean(&mut fields);
        fields.finish(mean.map(|mean| Self { mean }))
    }
}

impl Law for Exponential {
    fn draw(&self, draws: &mut Draws) -> Nanos {
        time(draw_exponential(self.mean.0 as f64, draws))
    }

    fn mean(&self) -> f64 {
        self.mean.0 as f64
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, read};
    use super::*;

    #[test]
    fn keeps_mean_and_variance() {
        let law = read::<Exponential>(&[], &[("mean", "2s")]).expect("a law");
        check(&law, 2e9, 4e18, &[2_051_541_913, 743_061_946, 4_689_879_152]);
    }

    #[test]
    fn a_mean_has_to_be_there_and_above_zero() {
        let code = |properties: &[(&str, &str)]| {
            let problems = read::<Exponential>(&[], properties).expect_err("no mean");
            problems.iter().next().map(|problem| problem.code)
        };
        assert_eq!(code(&[]), Some("T0030"));
        assert_eq!(code(&[("mean", "0s")]), Some("T0026"));
        assert_eq!(code(&[("mean", "2")]), Some("T0024"));
    }
}
