//! Sums of exponential times: `think erlang k=4 mean="2s"`.

use throng_components::clock::Nanos;
use throng_components::workload::{FieldSpec, Fields, NodeSpec, Problems, ValueKind};

use super::exponential::draw_exponential;
use super::settings::{required_mean, time};
use super::{Draws, Files, Law, LawKind};

/// More stages than this are as good as constant, and each costs a draw.
const STAGES_MAX: u64 = 1_000;

/// `stages` exponential stages, one after the other: the more, the steadier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Erlang {
    /// From 1 to [`STAGES_MAX`].
    stages: u16,
    /// Of all stages together; above 0.
    mean: Nanos,
}

impl LawKind for Erlang {
    const SPEC: NodeSpec = NodeSpec {
        name: "erlang",
        summary: "Takes the sum of k exponential times: the larger k, the steadier.",
        sample: "think erlang k=4 mean=\"2s\"",
        properties: &[
            FieldSpec {
                name: "k",
                kind: ValueKind::Count,
                default: "",
                summary: "How many stages, from 1 to 1000; one is the exponential law.",
            },
            FieldSpec {
                name: "mean",
                kind: ValueKind::Duration,
                default: "",
                summary: "The mean of the sum, above 0.",
            },
        ],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>, _: &dyn Files) -> Result<Self, Problems> {
        fields.require("k");
        let stages = fields.count("k", 1, STAGES_MAX).and_then(|stages| u16::try_from(stages).ok());
        let mean = required_mean(&mut fields);
        fields.finish(stages.zip(mean).map(|(stages, mean)| Self { stages, mean }))
    }
}

impl Law for Erlang {
    fn draw(&self, draws: &mut Draws) -> Nanos {
        let stage = self.mean.0 as f64 / f64::from(self.stages);
        // A sum of logarithms and not the logarithm of a product: a product of 1000 draws underflows.
        time((0..self.stages).map(|_| draw_exponential(stage, draws)).sum())
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
        let law = read::<Erlang>(&[], &[("k", "4"), ("mean", "2s")]).expect("a law");
        check(&law, 2e9, 1e18, &[1_943_108_221, 2_840_122_358, 1_013_013_091]);
    }

    #[test]
    fn needs_stages_within_bounds() {
        let code = |k: &str| {
            let problems = read::<Erlang>(&[], &[("k", k), ("mean", "2s")]).expect_err("no stages");
            problems.iter().next().map(|problem| problem.code)
        };
        assert_eq!(code("0"), Some("T0026"));
        assert_eq!(code("1001"), Some("T0026"));
        assert_eq!(code("many"), Some("T0024"));
    }
}
