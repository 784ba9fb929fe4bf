//! Any time between two bounds, each as likely: `think uniform "1s" "3s"`.

use throng_components::clock::Nanos;
use throng_components::seed::below;
use throng_components::workload::{
    ArgumentSpec, Fields, Label, Mistake, NodeSpec, Problem, Problems, Span, ValueKind,
};

use super::{Draws, Files, Law, LawKind};

/// A time from `least` to `most`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Uniform {
    least: Nanos,
    /// Not below `least`.
    most: Nanos,
}

/// The bounds of a uniform law are the wrong way round.
#[derive(Clone, Copy, Debug)]
struct BoundsReversed {
    least: Span,
    most: Span,
}

impl Mistake for BoundsReversed {
    fn code(&self) -> &'static str {
        "T0080"
    }

    fn message(&self) -> String {
        "the least time of `uniform` is above its most".to_owned()
    }

    fn labels(&self) -> Vec<Label> {
        vec![Label::new(self.least, "the least time"), Label::new(self.most, "the most, which is shorter")]
    }

    fn help(&self) -> Option<String> {
        Some("swap the two".to_owned())
    }
}

impl LawKind for Uniform {
    const SPEC: NodeSpec = NodeSpec {
        name: "uniform",
        summary: "Takes any time between two bounds, each as likely.",
        sample: "think uniform \"1s\" \"3s\"",
        arguments: &[
            ArgumentSpec {
                name: "least",
                kind: ValueKind::Duration,
                required: true,
                summary: "The shortest time.",
            },
            ArgumentSpec {
                name: "most",
                kind: ValueKind::Duration,
                required: true,
                summary: "The longest time, itself included.",
            },
        ],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>, _: &dyn Files) -> Result<Self, Problems> {
        let bounds = fields.duration_argument(0).zip(fields.duration_argument(1));
        if let Some((least, most)) = bounds
            && least > most
            && let (Some(first), Some(second)) = (fields.any_argument(0), fields.any_argument(1))
        {
            fields.problem(Problem::from(BoundsReversed { least: first.span, most: second.span }));
        }
        fields.finish(bounds.map(|(least, most)| Self { least, most }))
    }
}

impl Law for Uniform {
    fn draw(&self, draws: &mut Draws) -> Nanos {
        // Durations end at 2^63 ns, so that the number of instants fits.
        let instants = (self.most - self.least).0.saturating_add(1);
        self.least + Nanos(below(draws.next(), instants))
    }

    fn mean(&self) -> f64 {
        f64::midpoint(self.least.0 as f64, self.most.0 as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, read};
    use super::*;

    #[test]
    fn keeps_mean_and_variance() {
        let law = read::<Uniform>(&["1s", "3s"], &[]).expect("a law");
        check(&law, 2e9, 4e18 / 12.0, &[1_717_039_911, 2_379_355_288, 1_191_705_987]);
    }

    #[test]
    fn both_bounds_are_drawn() {
        let law = read::<Uniform>(&["1ns", "3ns"], &[]).expect("a law");
        let mut draws = Draws::new(1, throng_components::seed::Purpose::BEHAVIOR, 0);
        let mut seen: Vec<u64> = (0..100).map(|_| law.draw(&mut draws).0).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, [1, 2, 3]);
        assert!(read::<Uniform>(&["2s", "2s"], &[]).is_ok());
    }

    #[test]
    fn reversed_bounds_are_refused() {
        let problems = read::<Uniform>(&["3s", "1s"], &[]).expect_err("reversed");
        assert_eq!(problems.iter().next().map(|problem| problem.code), Some("T0080"));
    }
}
