//! `backlog`: too many tokens wait for a user.
//!
//! ```kdl
//! stop-when { backlog above=1000 }
//! ```

use bevy_ecs::component::Component;
use throng_components::state::State;
use throng_components::state_of;
use throng_components::workload::{FieldSpec, Fields, NodeSpec, Problems, ValueKind};

use super::window::{OUTCOME, SCENARIO, scenario};
use super::{Cadence, Facts, Judgement, Rule, RuleNames, Scope, TripCount, Tripwire};

/// The rule.
#[derive(Component, Clone, Copy, Debug)]
pub struct Backlog {
    above: u64,
    scope: Scope,
}

state_of!(Backlog { declared: above, scope });

impl Rule for Backlog {
    const SPEC: NodeSpec = NodeSpec {
        name: "backlog",
        summary: "Holds when more than so many tokens wait for a user.",
        sample: "backlog above=1000",
        properties: &[
            FieldSpec {
                name: "above",
                kind: ValueKind::Count,
                default: "",
                summary: "Holds with more than this.",
            },
            SCENARIO,
            OUTCOME,
        ],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>, names: RuleNames<'_>) -> Result<Self, Problems> {
        fields.word("outcome");
        fields.require("above");
        let above = fields.count("above", 0, u64::MAX);
        let scope = Scope { scenario: scenario(&mut fields, &names), ..Scope::default() };
        fields.finish(above.map(|above| Self { above, scope }))
    }

    fn unit(&self) -> &'static str {
        "tokens"
    }

    fn scope(&self) -> Scope {
        self.scope
    }

    fn cadence(&self) -> Cadence {
        Cadence::Reached
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Judgement {
        let concerned = facts.scenarios.iter().filter(|facts| self.scope.covers(facts.scenario.id));
        let waiting: u64 = concerned.map(|facts| facts.counts.waiting).sum();
        Judgement::of(Some(waiting as f64), waiting > self.above)
    }

    fn tripwire(&self) -> Option<Tripwire> {
        Some(Tripwire { counts: TripCount::Backlog, scope: self.scope, above: self.above })
    }

    fn state(&mut self) -> Option<&mut dyn State> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{judge, read};
    use super::*;
    use throng_components::scenario::ScenarioCounts;

    #[test]
    fn it_holds_above_its_bound_and_not_at_it() {
        let windows =
            [0, 3, 4].map(|waiting| (ScenarioCounts { waiting, ..ScenarioCounts::default() }, &[][..]));
        let judged = judge(&mut read::<Backlog>(&[("above", "3")]), &windows);
        assert_eq!(judged.iter().map(|judgement| judgement.holds).collect::<Vec<_>>(), [false, false, true]);
    }
}
