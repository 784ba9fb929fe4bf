//! A stop rule of one's own: ends the run when there are more users than the system was built for.
//! `cargo run -p throng-examples --bin crowded -- simulate examples/crowded.kdl`

use bevy_ecs::component::Component;
use throng::components::workload::{FieldSpec, Fields, NodeSpec, Problems, ValueKind};
use throng::systems::plugins::exit_conditions::window::{OUTCOME, SCENARIO, scenario};
use throng::systems::plugins::exit_conditions::{Facts, Judgement, Rule, RuleNames, Scope};

/// Its settings.
#[derive(Component)]
struct Crowded {
    above: u64,
    scope: Scope,
}

impl Rule for Crowded {
    const SPEC: NodeSpec = NodeSpec {
        name: "crowded",
        summary: "Holds when there are more users than this; looks once a second.",
        sample: "crowded above=50 outcome=failed",
        properties: &[
            FieldSpec::of("above", ValueKind::Count, "Holds with more than this."),
            SCENARIO,
            OUTCOME,
        ],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>, names: RuleNames<'_>) -> Result<Self, Problems> {
        fields.require("above");
        let above = fields.count("above", 0, u64::MAX);
        let scope = Scope { scenario: scenario(&mut fields, &names), ..Scope::default() };
        fields.finish(above.map(|above| Self { above, scope }))
    }

    fn unit(&self) -> &'static str {
        "users"
    }

    fn scope(&self) -> Scope {
        self.scope
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Judgement {
        let counted = facts.scenarios.iter().filter(|facts| self.scope.covers(facts.scenario.id));
        let users: u64 = counted.map(|facts| facts.counts.users()).sum();
        Judgement::of(Some(users as f64), users > self.above)
    }
}

pub(crate) fn app() -> throng::App {
    throng::App::new().register::<Crowded, _>()
}

fn main() -> std::process::ExitCode {
    throng::cli(app())
}
