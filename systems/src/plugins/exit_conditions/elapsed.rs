//! `elapsed`: the run has lasted so long.
//!
//! ```kdl
//! stop-when { elapsed "15m" outcome=passed }
//! ```

use bevy_ecs::component::Component;
use throng_components::clock::Nanos;
use throng_components::state::State;
use throng_components::state_of;
use throng_components::workload::{ArgumentSpec, FieldSpec, Fields, NodeSpec, Problems, ValueKind};

use super::window::OUTCOME;
use super::{Cadence, Facts, Judgement, Rule, RuleNames, Scope};

/// The rule.
#[derive(Component, Clone, Copy, Debug)]
pub struct Elapsed {
    after: Nanos,
}

state_of!(Elapsed { declared: after });

impl Rule for Elapsed {
    const SPEC: NodeSpec = NodeSpec {
        name: "elapsed",
        summary: "Holds when the run has lasted so long.",
        sample: "elapsed \"15m\" outcome=passed",
        arguments: &[ArgumentSpec {
            name: "time",
            kind: ValueKind::Duration,
            required: true,
            summary: "From the run's start.",
        }],
        properties: &[FieldSpec { default: "passed", ..OUTCOME }],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>, _: RuleNames<'_>) -> Result<Self, Problems> {
        fields.word("outcome");
        let after = fields.duration_argument(0);
        fields.finish(after.map(|after| Self { after }))
    }

    fn unit(&self) -> &'static str {
        "ns"
    }

    fn scope(&self) -> Scope {
        Scope::default()
    }

    fn cadence(&self) -> Cadence {
        Cadence::At(self.after)
    }

    fn certain_at(&self) -> Option<Nanos> {
        Some(self.after)
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Judgement {
        Judgement::of(Some(facts.at.0 as f64), facts.at >= self.after)
    }

    fn state(&mut self) -> Option<&mut dyn State> {
        Some(self)
    }
}
