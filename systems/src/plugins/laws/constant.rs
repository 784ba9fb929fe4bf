//! A time that is always the same: `think constant "1s"`.

use throng_components::clock::Nanos;
use throng_components::workload::{ArgumentSpec, Fields, NodeSpec, Problems, ValueKind};

use super::{Draws, Files, Law, LawKind};

/// The same time, every time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Constant {
    time: Nanos,
}

impl LawKind for Constant {
    const SPEC: NodeSpec = NodeSpec {
        name: "constant",
        summary: "Takes the same time, every time.",
        sample: "think constant \"1s\"",
        arguments: &[ArgumentSpec {
            name: "time",
            kind: ValueKind::Duration,
            required: true,
            summary: "How long.",
        }],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>, _: &dyn Files) -> Result<Self, Problems> {
        let time = fields.duration_argument(0);
        fields.finish(time.map(|time| Self { time }))
    }
}

impl Law for Constant {
    fn draw(&self, _draws: &mut Draws) -> Nanos {
        self.time
    }

    fn mean(&self) -> f64 {
        self.time.0 as f64
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, read};
    use super::*;

    #[test]
    fn is_always_the_same() {
        let law = read::<Constant>(&["1s"], &[]).expect("a law");
        check(&law, 1e9, 0.0, &[1_000_000_000; 3]);
    }

    #[test]
    fn lacks_its_time() {
        let problems = read::<Constant>(&[], &[]).expect_err("no time");
        assert_eq!(problems.iter().next().map(|problem| problem.code), Some("T0020"));
    }
}
