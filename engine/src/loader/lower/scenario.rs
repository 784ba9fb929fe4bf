//! `scenario`: a behaviour and the load of users that show it.

use throng_components::clock::Nanos;
use throng_components::curve::Curve;
use throng_components::scenario::{Overflow, Scenario, ScenarioId};
use throng_components::workload::{
    ArgumentSpec, FieldSpec, Fields, Label, Mistake, Node, NodeSpec, Problems, Span, ValueKind,
};
use throng_systems::behavior::Files;
use throng_systems::plugins::Registry;
use throng_systems::shard::Rhythm;

use super::load_shape::{DEFAULT_USERS, read_arrivals, read_overflow, read_population, read_users};
use super::names::Names;
use super::pace;
use super::pointless::Pointless;
use super::start::{self, Start};
use crate::loader::workload::ScenarioPlan;

/// `scenario crowd { … }`
pub(crate) const SCENARIO: NodeSpec = NodeSpec {
    name: "scenario",
    summary: "Joins a behaviour and a load: users, when they begin, and for how long.",
    sample: "scenario crowd { behavior buyer; arrivals poisson { hold \"200/s\" for=\"2m\" } }",
    arguments: &[ArgumentSpec {
        name: "name",
        kind: ValueKind::Name,
        required: true,
        summary: "What rules and results call it.",
    }],
    properties: &[FieldSpec {
        name: "on-failure",
        kind: ValueKind::Word(&["continue", "stop"]),
        default: "continue",
        summary: "Whether a failed step ends its iteration.",
    }],
    children: &[
        "behavior",
        "arrivals",
        "population",
        "users",
        "overflow",
        "pace",
        "iterations",
        "start",
        "warm-up",
        "drain",
    ],
    later: &["detect", "priority", "weight", "data", "log"],
    ..NodeSpec::EMPTY
};

/// `behavior buyer`, inside a scenario
pub(crate) const SCENARIO_BEHAVIOR: NodeSpec = NodeSpec {
    name: "behavior",
    summary: "Names the behaviour of the scenario's users.",
    sample: "behavior buyer",
    arguments: &[ArgumentSpec {
        name: "name",
        kind: ValueKind::Name,
        required: true,
        summary: "A behaviour of the workload.",
    }],
    ..NodeSpec::EMPTY
};

/// `iterations 10000`
pub(crate) const ITERATIONS: NodeSpec = NodeSpec {
    name: "iterations",
    summary: "Ends the scenario after so many iterations over all users, exactly.",
    sample: "iterations 10000",
    arguments: &[ArgumentSpec {
        name: "number",
        kind: ValueKind::Count,
        required: true,
        summary: "1 or more.",
    }],
    ..NodeSpec::EMPTY
};

/// `warm-up "20s"`
pub(crate) const WARM_UP: NodeSpec = NodeSpec {
    name: "warm-up",
    summary: "Leaves out of results what was due within so long of the scenario's start; nothing without it.",
    sample: "warm-up \"20s\"",
    arguments: &[ArgumentSpec {
        name: "length",
        kind: ValueKind::Duration,
        required: true,
        summary: "From `0s`.",
    }],
    ..NodeSpec::EMPTY
};

/// `drain "30s"`
pub(crate) const DRAIN: NodeSpec = NodeSpec {
    name: "drain",
    summary: "Bounds how long what runs at the scenario's end may go on; 30 s without it.",
    sample: "drain \"30s\"",
    arguments: &[ArgumentSpec {
        name: "length",
        kind: ValueKind::Duration,
        required: true,
        summary: "From `0s`, which cuts at once.",
    }],
    ..NodeSpec::EMPTY
};

/// As long as an attempt may take by default: whatever is under way can end.
const DEFAULT_DRAIN: Nanos = Nanos::from_secs(30);

/// A mistake in a scenario as a whole.
#[derive(Clone, Debug, PartialEq)]
enum ScenarioMistake {
    NoLoad { owner: Span, users: Option<String> },
    TwoLoads { arrivals: Span, population: Span },
    Endless { name: String, owner: Span },
}

impl Mistake for ScenarioMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::NoLoad { .. } => "T0044",
            Self::TwoLoads { .. } => "T0045",
            Self::Endless { .. } => "T0050",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::NoLoad { .. } => "the scenario has no load".to_owned(),
            Self::TwoLoads { .. } => "the scenario has both `arrivals` and `population`".to_owned(),
            Self::Endless { name, .. } => format!("nothing in the file ends the scenario `{name}`"),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::NoLoad { owner, .. } => {
                vec![Label::new(*owner, "neither `arrivals` nor `population` inside")]
            }
            Self::TwoLoads { arrivals, population } => vec![
                Label::new(*population, "a closed load: users that wait"),
                Label::new(*arrivals, "an open load: arrivals that do not wait"),
            ],
            Self::Endless { owner, .. } => vec![Label::new(*owner, "its last `hold` has no `for=`")],
        }
    }

    fn help(&self) -> Option<String> {
        let text = match self {
            Self::NoLoad { users: Some(users), .. } => {
                return Some(format!(
                    "for users that each wait for their answers: `population {{ hold {users} for=\"1m\" }}`; \
                     for arrivals that do not wait: `arrivals even {{ hold \"10/s\" for=\"1m\" }}`"
                ));
            }
            Self::NoLoad { users: None, .. } => {
                "for example: `arrivals even { hold \"10/s\" for=\"1m\" }` or `population { hold 5 for=\"1m\" }`"
            }
            Self::TwoLoads { .. } => "keep one of the two, or make two scenarios",
            Self::Endless { .. } => {
                "add `for=`, `iterations`, `stop-when { elapsed \"15m\" }`, or run with `--duration`"
            }
        };
        Some(text.to_owned())
    }
}

/// What a scenario is read against.
pub(super) struct Surroundings<'a> {
    /// The plug-ins.
    pub(super) registry: &'a Registry,
    /// The workload's behaviours.
    pub(super) behaviors: &'a Names,
    /// The workload's scenarios.
    pub(super) scenarios: &'a Names,
    /// Those of the behaviours that stop at a failure.
    pub(super) stopping: &'a [bool],
    /// Files beside the one that it stands in.
    pub(super) files: &'a dyn Files,
}

/// Reads one scenario.
pub(super) fn read(node: &Node, id: ScenarioId, around: &Surroundings<'_>) -> Result<ScenarioPlan, Problems> {
    let mut fields = Fields::of(node, &SCENARIO, 0);
    let name = fields.text_argument(0);
    let stops = fields.word("on-failure") == Some("stop");
    let behavior =
        fields.required_child("behavior").and_then(|child| fields.take(read_behavior(child, around)));
    let (arrivals_node, population) = (fields.child("arrivals"), fields.child("population"));
    check_load(&mut fields, arrivals_node, population);
    let arrivals =
        arrivals_node.and_then(|child| fields.take(read_arrivals(child, around.registry, around.files)));
    let population = population.and_then(|child| fields.take(read_population(child)));
    let users = fields.child("users").and_then(|child| fields.take(read_users(child)));
    let (bounds, planned) = users.map_or((None, None), |(bounds, planned)| (Some(bounds), planned));
    let overflow = fields.child("overflow").and_then(|child| fields.take(read_overflow(child)));
    let pace = fields.child("pace");
    let pace = pace.and_then(|child| fields.take(pace::read(child, around.registry, around.files)));
    let iterations = fields.child("iterations").and_then(|child| fields.take(read_iterations(child)));
    let start = fields.child("start");
    let start = start.and_then(|child| fields.take(start::read(child, arrivals_node, around.scenarios)));
    let Start { delay, stagger, after } = start.unwrap_or_default();
    let warm_up = fields.child("warm-up").and_then(|child| fields.take(read_length(child, &WARM_UP)));
    let drain = fields.child("drain").and_then(|child| fields.take(read_length(child, &DRAIN)));
    let open = arrivals.is_some();
    let law = pace.as_ref().and_then(|pace| pace.law.clone());
    let rhythm = (law.is_some() || stagger > Nanos::ZERO).then_some(Rhythm { pace: law, stagger });
    let length =
        arrivals.as_ref().map(|(_, curve)| curve).or(population.as_ref().map(|levels| &levels.curve));
    let length = length.map_or(Nanos::ZERO, Curve::length);
    let plan = name.zip(behavior).map(|(name, behavior)| ScenarioPlan {
        scenario: Scenario {
            id,
            name: name.value.to_owned(),
            behavior,
            delay,
            warm_up: warm_up.unwrap_or(Nanos::ZERO),
            drain: drain.unwrap_or(DEFAULT_DRAIN),
            pace: pace.as_ref().map(|pace| pace.length),
            iterations,
            length,
            open,
            bounds: bounds.unwrap_or(DEFAULT_USERS),
            overflow: overflow.unwrap_or(Overflow::Drop),
            stop_on_failure: stops || around.stopping.get(usize::from(behavior)) == Some(&true),
            replayed: false,
        },
        population: population.or(planned),
        arrivals,
        rhythm,
        after,
    });
    fields.finish(plan)
}

/// One of `arrivals` and `population`, and nothing beside it that only the other can have.
fn check_load(fields: &mut Fields<'_>, arrivals: Option<&Node>, population: Option<&Node>) {
    let node = fields.node();
    let (only, text) = match (arrivals, population) {
        (None, None) => {
            let users = node.children_named("users").find_map(|users| users.arguments.first());
            let users = users.map(|users| users.known().to_string());
            return fields.problem(ScenarioMistake::NoLoad { owner: node.head(), users });
        }
        (Some(arrivals), Some(population)) => {
            return fields.problem(ScenarioMistake::TwoLoads {
                arrivals: arrivals.head(),
                population: population.head(),
            });
        }
        (Some(arrivals), None) => (arrivals, "arrivals do not repeat by themselves"),
        (None, Some(population)) => (population, "this says how many users there are"),
    };
    let pointless: &[&str] = if arrivals.is_some() { &["pace"] } else { &["users", "overflow"] };
    for child in node.children.iter().filter(|child| pointless.contains(&child.name.value.as_str())) {
        let because = Label::new(only.head(), text);
        fields.problem(Pointless { name: child.name.clone(), because });
    }
}

fn read_behavior(node: &Node, around: &Surroundings<'_>) -> Result<u16, Problems> {
    let mut fields = Fields::of(node, &SCENARIO_BEHAVIOR, 0);
    let mut problems = Problems::new();
    let found = fields.text_argument(0).and_then(|name| around.behaviors.find(&name, node, &mut problems));
    fields.take(problems.or(()));
    fields.finish(found)
}

fn read_iterations(node: &Node) -> Result<u64, Problems> {
    let mut fields = Fields::of(node, &ITERATIONS, 0);
    let number = fields.count_argument(0, 1, u64::MAX);
    fields.finish(number)
}

fn read_length(node: &Node, spec: &'static NodeSpec) -> Result<Nanos, Problems> {
    let mut fields = Fields::of(node, spec, 0);
    let length = fields.duration_argument(0);
    fields.finish(length)
}

/// The warning about a scenario that goes on until somebody ends it.
pub(super) fn endless(plan: &ScenarioPlan, node: &Node) -> Option<impl Mistake> {
    let endless = plan.scenario.length == Nanos::MAX && plan.scenario.iterations.is_none();
    endless.then(|| ScenarioMistake::Endless { name: plan.scenario.name.clone(), owner: node.head() })
}
