//! What a scenario's load looks like: `arrivals`, `population`, `users`, `overflow`.

use throng_components::curve::Curve;
use throng_components::scenario::{Overflow, Population, UserBounds};
use throng_components::workload::{
    ArgumentSpec, Entry, FieldSpec, Fields, Label, Mistake, Node, NodeSpec, Problems, Span, ValueKind,
};
use throng_systems::behavior::Files;
use throng_systems::plugins::Registry;
use throng_systems::plugins::arrivals::{AnyArrivals, LevelUnit, STAGE_NAMES, read_curve};

use super::names::unknown_kind;
use super::pointless::Pointless;
use super::settings::{is_word, positive};

/// `arrivals poisson { … }`
pub(crate) const ARRIVALS: NodeSpec = NodeSpec {
    name: "arrivals",
    summary: "Plans iterations at a rate, whether or not the service keeps up: an open scenario.",
    sample: "arrivals poisson { hold \"200/s\" for=\"2m\" }",
    arguments: &[ArgumentSpec {
        name: "kind",
        kind: ValueKind::Name,
        required: true,
        summary: "A law of arrivals: `throng list arrivals`.",
    }],
    children: STAGE_NAMES,
    ..NodeSpec::EMPTY
};

/// `population { … }`
pub(crate) const POPULATION: NodeSpec = NodeSpec {
    name: "population",
    summary: "Sets how many users repeat the behaviour, each waiting for its own answers: a closed scenario.",
    sample: "population { ramp from=0 to=20 over=\"10s\"; hold 20 for=\"2m\" }",
    children: STAGE_NAMES,
    ..NodeSpec::EMPTY
};

/// `users min=50 max=5000 grow=on-demand`
pub(crate) const USERS: NodeSpec = NodeSpec {
    name: "users",
    summary: "Bounds how many users an open scenario has; or, by stages, plans them, apart from the arrivals.",
    sample: "users min=50 max=5000 grow=on-demand",
    children: STAGE_NAMES,
    properties: &[
        FieldSpec {
            name: "min",
            kind: ValueKind::Count,
            default: "1",
            summary: "Made before the scenario begins.",
        },
        FieldSpec {
            name: "max",
            kind: ValueKind::Count,
            default: "1000",
            summary: "Never more; a thousand are few enough for any machine.",
        },
        FieldSpec {
            name: "grow",
            kind: ValueKind::Word(&["on-demand", "none"]),
            default: "on-demand",
            summary: "Whether a token that finds no idle user makes one; with `none` there are `min` users.",
        },
    ],
    later: &["retire-within"],
    ..NodeSpec::EMPTY
};

/// `overflow KIND`
pub(crate) const OVERFLOW: NodeSpec = NodeSpec {
    name: "overflow",
    summary: "Says what becomes of a token when no user can be had; it is dropped without it.",
    sample: "overflow queue limit=1000 timeout=\"2s\"",
    arguments: &[ArgumentSpec {
        name: "kind",
        kind: ValueKind::Word(&["drop", "queue"]),
        required: true,
        summary: "`drop`: it is counted and forgotten; `queue`: it waits for the next free user.",
    }],
    properties: OVERFLOW_QUEUE.properties,
    ..NodeSpec::EMPTY
};

/// `overflow drop`
pub(crate) const OVERFLOW_DROP: NodeSpec = NodeSpec {
    name: "drop",
    summary: "Counts a token that finds no user, and forgets it.",
    sample: "overflow drop",
    ..NodeSpec::EMPTY
};

/// `overflow queue limit=1000 timeout="2s"`
pub(crate) const OVERFLOW_QUEUE: NodeSpec = NodeSpec {
    name: "queue",
    summary: "Lets a token wait for the next free user.",
    sample: "overflow queue limit=1000 timeout=\"2s\"",
    properties: &[
        FieldSpec {
            name: "limit",
            kind: ValueKind::Count,
            default: "1000",
            summary: "How many may wait, or `unbounded`; one more is dropped.",
        },
        FieldSpec {
            name: "timeout",
            kind: ValueKind::Duration,
            default: "",
            summary: "How long one may wait, then it expires; without it, for ever.",
        },
    ],
    ..NodeSpec::EMPTY
};

/// A population larger than that does not fit any machine.
const MOST_USERS: u64 = 100_000_000;
const DEFAULT_MIN: u64 = 1;
const DEFAULT_MAX: u64 = 1_000;
const DEFAULT_QUEUE: u64 = 1_000;

/// `min=` above `max=`.
#[derive(Clone, Debug, PartialEq)]
struct MinAboveMax {
    least: (u64, Span),
    most: (u64, Span),
    written: bool,
}

impl Mistake for MinAboveMax {
    fn code(&self) -> &'static str {
        "T0048"
    }

    fn message(&self) -> String {
        format!("`min={}` is above `max={}`", self.least.0, self.most.0)
    }

    fn labels(&self) -> Vec<Label> {
        let most = if self.written { "at most so many" } else { "at most 1000 when `max=` is not written" };
        vec![Label::new(self.least.1, "at least so many"), Label::new(self.most.1, most)]
    }

    fn help(&self) -> Option<String> {
        Some(format!("raise it: `max={}`", self.least.0))
    }
}

/// Planned users of whom there is never one.
#[derive(Clone, Copy, Debug, PartialEq)]
struct NobodyWanted {
    users: Span,
    stage: Span,
}

impl Mistake for NobodyWanted {
    fn code(&self) -> &'static str {
        "T0285"
    }

    fn message(&self) -> String {
        "nobody is ever there to take what arrives".to_owned()
    }

    fn labels(&self) -> Vec<Label> {
        vec![Label::new(self.stage, "no users"), Label::new(self.users, "and no others are made")]
    }

    fn help(&self) -> Option<String> {
        Some("plan one user at least: `hold 1`".to_owned())
    }
}

/// Reads `arrivals KIND { … }` by its plug-in.
pub(super) fn read_arrivals(
    node: &Node,
    registry: &Registry,
    files: &dyn Files,
) -> Result<(Box<dyn AnyArrivals>, Curve), Problems> {
    let Some(kind) = node.text(0) else {
        let mut fields = Fields::of(node, &ARRIVALS, 0);
        let _ = fields.text_argument(0);
        return fields.finish(None);
    };
    match registry.arrivals.find(kind.value) {
        Some(entry) => (entry.read)(node, files).map(|read| (read.law, read.curve)),
        None => Err(Problems::from(unknown_kind(node, kind, "arrivals", registry.arrivals.names()))),
    }
}

/// Reads `population { … }`.
pub(super) fn read_population(node: &Node) -> Result<Population, Problems> {
    let mut fields = Fields::of(node, &POPULATION, 0);
    let curve = read_curve(&mut fields, LevelUnit::Users);
    fields.finish(curve.map(|curve| Population { curve }))
}

/// What holds without `users`.
pub(super) const DEFAULT_USERS: UserBounds =
    UserBounds { min: DEFAULT_MIN, max: DEFAULT_MAX, on_demand: true };

/// Reads `users`: its bounds, and the level over time where it has stages.
pub(super) fn read_users(node: &Node) -> Result<(UserBounds, Option<Population>), Problems> {
    let mut fields = Fields::of(node, &USERS, 0);
    if !node.children.is_empty() {
        return read_planned(node, fields);
    }
    let on_demand = fields.word("grow").unwrap_or("on-demand") == "on-demand";
    let least = u64::from(!on_demand);
    let min = written_or(&mut fields, "min", least, DEFAULT_MIN);
    let max = written_or(&mut fields, "max", 1, DEFAULT_MAX);
    let place = |entry: Option<&Entry>| entry.map_or(node.head(), |entry| entry.span);
    let written = node.property("max");
    if !on_demand && let Some((name, _)) = node.properties.iter().find(|(name, _)| name.value == "max") {
        let because = Label::new(place(node.property("grow")), "the `min=` users are all there are");
        fields.problem(Pointless { name: name.clone(), because });
    }
    if let (Some(min), Some(max)) = (min, max)
        && min > max
        && on_demand
    {
        fields.problem(MinAboveMax {
            least: (min, place(node.property("min"))),
            most: (max, place(written.or(node.property("min")))),
            written: written.is_some(),
        });
    }
    let bounds =
        min.zip(max).map(|(min, max)| UserBounds { min, max: if on_demand { max } else { min }, on_demand });
    fields.finish(bounds.map(|bounds| (bounds, None)))
}

/// Reads `users { … }`: as many as the stages say, whoever comes.
fn read_planned(node: &Node, mut fields: Fields<'_>) -> Result<(UserBounds, Option<Population>), Problems> {
    for (name, _) in &node.properties {
        if USERS.properties.iter().any(|field| field.name == name.value) {
            let stage = node.children[0].head();
            let because = Label::new(stage, "this says how many users there are");
            fields.problem(Pointless { name: name.clone(), because });
        }
    }
    let curve = read_curve(&mut fields, LevelUnit::Users);
    if let Some(curve) = &curve
        && curve.peak() == 0
    {
        fields.problem(NobodyWanted { users: node.head(), stage: node.children[0].head() });
    }
    let planned = curve.map(|curve| {
        let bounds = UserBounds { min: 0, max: curve.peak(), on_demand: false };
        (bounds, Some(Population { curve }))
    });
    fields.finish(planned)
}

/// A count as written, or its default when it is absent; `None` when it is wrong.
fn written_or(fields: &mut Fields<'_>, name: &'static str, least: u64, default: u64) -> Option<u64> {
    let read = fields.count(name, least, MOST_USERS);
    if fields.node().property(name).is_some() { read } else { Some(default) }
}

/// Reads `overflow KIND`.
pub(super) fn read_overflow(node: &Node) -> Result<Overflow, Problems> {
    match node.text(0) {
        Some(kind) if kind.value == "drop" => {
            Fields::of(node, &OVERFLOW_DROP, 1).finish(Some(Overflow::Drop))
        }
        Some(kind) if kind.value == "queue" => read_queue(node),
        Some(kind) => Err(Problems::from(unknown_kind(node, kind, "overflow", vec!["drop", "queue"]))),
        None => {
            let mut fields = Fields::of(node, &OVERFLOW, 0);
            let _ = fields.text_argument(0);
            fields.finish(None)
        }
    }
}

fn read_queue(node: &Node) -> Result<Overflow, Problems> {
    let mut fields = Fields::of(node, &OVERFLOW_QUEUE, 1);
    let limit = match node.property("limit") {
        None => Some(Some(DEFAULT_QUEUE)),
        Some(entry) if is_word(entry, "unbounded") => Some(None),
        Some(_) => fields.count("limit", 1, u64::MAX).map(Some),
    };
    let timeout = positive(&mut fields, "timeout");
    fields.finish(limit.map(|limit| Overflow::Queue { limit, timeout }))
}
