//! A few kinds of work, each of exponential times: `think hyperexponential mean="10ms" scv=4`.

use throng_components::clock::Nanos;
use throng_components::workload::{FieldSpec, Fields, NodeSpec, Problems, ValueKind};

use super::exponential::draw_exponential;
use super::settings::{Forms, positive, required_mean, time};
use super::{Draws, Files, Law, LawKind};

/// Beyond it one time in two million makes half of the mean.
const SCV_MOST: f64 = 1_000_000.0;

/// `phase`, in `hyperexponential`.
pub const PHASE: NodeSpec = NodeSpec {
    name: "phase",
    summary: "One kind of work of a `hyperexponential`: its times are exponential.",
    sample: "phase weight=30 mean=\"1ms\"",
    properties: &[
        FieldSpec {
            name: "weight",
            kind: ValueKind::Count,
            default: "1",
            summary: "How often it is drawn, as a part of the sum of all weights; 1 or more.",
        },
        FieldSpec::of("mean", ValueKind::Duration, "The mean of its times, above 0."),
    ],
    ..NodeSpec::EMPTY
};

/// One of several exponential times, drawn by weight: varies more than one exponential time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hyperexponential {
    /// One or more; the last one's `up_to` is the greatest there is.
    phases: Vec<Phase>,
    /// In nanoseconds.
    mean: f64,
}

/// One of the times.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Phase {
    /// It is drawn by bits up to here, themselves included, that are above those of the phase before.
    up_to: u64,
    /// In nanoseconds, above 0.
    mean: f64,
}

impl Hyperexponential {
    /// Phases of these weights and means.
    fn of(phases: &[(u64, Nanos)]) -> Self {
        let total: u128 = phases.iter().map(|(weight, _)| u128::from(*weight)).sum();
        let (mut sum, mut mean) = (0, 0.0);
        let mut kept = Vec::with_capacity(phases.len());
        for (weight, phase) in phases {
            sum += u128::from(*weight);
            mean += *weight as f64 / total as f64 * phase.0 as f64;
            #[expect(clippy::cast_possible_truncation, reason = "below 2^64, as sum is at most total")]
            let up_to = ((sum << 64) / total - 1) as u64;
            kept.push(Phase { up_to, mean: phase.0 as f64 });
        }
        Self { phases: kept, mean }
    }

    /// Two phases that have this mean and this squared coefficient of variation c², 1 or more.
    ///
    /// Two moments leave one choice free. It is made by balanced means, p₁ m₁ = p₂ m₂: each phase brings half of the mean.
    /// So p₁ = (1 + √((c² − 1) / (c² + 1))) / 2, p₂ = 1 − p₁ and mᵢ = mean / (2 pᵢ) (Whitt, "Approximating a point process
    /// by a renewal process, I: two basic methods", Operations Research 30, 1982, section 3).
    fn of_moments(mean: Nanos, scv: f64) -> Self {
        let mean = mean.0 as f64;
        let root = ((scv - 1.0) / (scv + 1.0)).sqrt();
        let often = 0.5 * (1.0 + root);
        // (1 − root) / 2, written so that nothing cancels.
        let seldom = 1.0 / ((scv + 1.0) * (1.0 + root));
        let phase = |up_to: u64, share: f64| Phase { up_to, mean: mean / (2.0 * share) };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 2^64")]
        let first = (seldom * 18_446_744_073_709_551_616.0) as u64;
        Self { phases: vec![phase(first.saturating_sub(1), seldom), phase(u64::MAX, often)], mean }
    }
}

fn read_phases(fields: &mut Fields<'_>) -> Option<Vec<(u64, Nanos)>> {
    let mut phases = Some(Vec::new());
    for child in fields.node().children_named(PHASE.name) {
        let mut phase = Fields::of(child, &PHASE, 0);
        let has_weight = child.property("weight").is_some();
        let weight = phase.count("weight", 1, u64::from(u32::MAX)).or((!has_weight).then_some(1));
        let mean = required_mean(&mut phase);
        let read = phase.finish(weight.zip(mean));
        let read = fields.take(read);
        phases = phases.zip(read).map(|(mut phases, read)| {
            phases.push(read);
            phases
        });
    }
    phases.filter(|phases| !phases.is_empty())
}

/// The ways in which it can be given.
const FORMS: Forms = Forms {
    kind: "hyperexponential",
    each: &[&["mean", "scv"]],
    besides: "phases",
    sample: "hyperexponential mean=\"10ms\" scv=4",
};

impl LawKind for Hyperexponential {
    const SPEC: NodeSpec = NodeSpec {
        name: "hyperexponential",
        summary: "Takes one of several exponential times, drawn by weight: varies more than one of them.",
        sample: "think hyperexponential {\n    phase weight=30 mean=\"1ms\"\n    phase weight=70 mean=\"14ms\"\n}",
        properties: &[
            FieldSpec::of(
                "mean",
                ValueKind::Duration,
                "The mean, above 0; goes with `scv=`, in place of phases.",
            ),
            FieldSpec::of(
                "scv",
                ValueKind::Number,
                "Variance / mean², the squared coefficient of variation, from 1 (exponential) to 1000000. \
                 Two phases have it, each of which brings half of the mean.",
            ),
        ],
        children: &["phase"],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>, _: &dyn Files) -> Result<Self, Problems> {
        if fields.node().children.is_empty() {
            let form = FORMS.find(&mut fields);
            let mean = positive(&mut fields, "mean");
            let scv = fields.number("scv", 1.0, SCV_MOST);
            let law = form.and(mean.zip(scv)).map(|(mean, scv)| Self::of_moments(mean, scv));
            return fields.finish(law);
        }
        FORMS.refuse_all(&mut fields);
        let phases = read_phases(&mut fields);
        fields.finish(phases.map(|phases| Self::of(&phases)))
    }
}

impl Law for Hyperexponential {
    /// Two draws: which phase, and how long.
    fn draw(&self, draws: &mut Draws) -> Nanos {
        let bits = draws.next();
        let phase = self.phases[self.phases.partition_point(|phase| phase.up_to < bits)];
        time(draw_exponential(phase.mean, draws))
    }

    fn mean(&self) -> f64 {
        self.mean
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, check_shape, codes, read, read_with};
    use super::*;

    #[test]
    fn two_moments_are_kept() {
        let law = read::<Hyperexponential>(&[], &[("mean", "10ms"), ("scv", "4")]).expect("a law");
        check(&law, 1e7, 4e14, &[2_093_608, 6_387_436, 5_489_669]);
        let (often, seldom) = (0.5 + 0.6_f64.sqrt() / 2.0, 0.5 - 0.6_f64.sqrt() / 2.0);
        let tail = |share: f64, x: f64| share * (-2.0 * share * x / 1e7).exp();
        check_shape(&law, |x| 1.0 - tail(often, x) - tail(seldom, x));
        // The least that can be is exponential.
        let law = read::<Hyperexponential>(&[], &[("mean", "10ms"), ("scv", "1")]).expect("a law");
        check(&law, 1e7, 1e14, &[3_715_310, 1_439_749, 9_741_948]);
        check_shape(&law, |x| 1.0 - (-x / 1e7).exp());
    }

    #[test]
    fn phases_are_drawn_by_weight() {
        let phases = &[
            ("phase", &[("weight", "30"), ("mean", "1ms")][..]),
            ("phase", &[("weight", "70"), ("mean", "14ms")]),
        ];
        let law = read_with::<Hyperexponential>(phases).expect("a law");
        // E[X²] = Σ 2 p m².
        let mean = 0.3e6 + 9.8e6;
        check(&law, mean, 2.0 * (0.3e12 + 0.7 * 196e12) - mean * mean, &[5_201_434, 143_975, 13_638_727]);
        check_shape(&law, |x| 1.0 - 0.3 * (-x / 1e6).exp() - 0.7 * (-x / 14e6).exp());
        let even = [("phase", &[("mean", "1ms")][..]), ("phase", &[("mean", "3ms")])];
        let law = read_with::<Hyperexponential>(&even).expect("a law");
        assert!((law.mean() - 2e6).abs() < 1e-6, "{}", law.mean());
    }

    #[test]
    fn takes_one_form_and_bounds() {
        let code = |phases: &[(&str, &[(&str, &str)])]| {
            let problems = read_with::<Hyperexponential>(phases).expect_err("a mistake");
            problems.iter().map(|problem| problem.code).collect::<Vec<_>>()
        };
        assert_eq!(codes::<Hyperexponential>(&[]), ["T0246"]);
        assert_eq!(codes::<Hyperexponential>(&[("mean", "1s")]), ["T0246"]);
        assert_eq!(codes::<Hyperexponential>(&[("mean", "1s"), ("scv", "0.5")]), ["T0026"]);
        assert_eq!(codes::<Hyperexponential>(&[("mean", "0s"), ("scv", "2")]), ["T0026"]);
        assert_eq!(code(&[("phase", &[("weight", "0"), ("mean", "1s")])]), ["T0026"]);
        assert_eq!(code(&[("phase", &[]), ("phase", &[("mean", "0s")])]), ["T0030", "T0026"]);
        assert_eq!(code(&[("stage", &[])]), ["T0023"]);
    }
}
