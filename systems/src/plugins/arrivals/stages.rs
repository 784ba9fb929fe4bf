//! Reads `ramp`, `hold`, `steps` and `sine` nodes into a curve, for arrivals and for populations.

mod sine;
mod steps;

use throng_components::clock::Nanos;
use throng_components::curve::{Curve, Stage};
use throng_components::workload::{
    ArgumentSpec, FieldSpec, Fields, Label, Mistake, Node, NodeSpec, Span, ValueKind,
};

/// What a curve's levels are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelUnit {
    /// Rates: `"200/s"`.
    Rate,
    /// Users: `20`.
    Users,
}

/// More users than one population may ask for: ids keep 48 bits, slots 32.
const USERS_MOST: u64 = 100_000_000;

const RAMP_OF_RATES: NodeSpec = NodeSpec {
    name: "ramp",
    summary: "Goes from one level to another in a straight line.",
    sample: "ramp from=\"0/s\" to=\"200/s\" over=\"30s\"",
    properties: &[
        FieldSpec { name: "from", kind: ValueKind::Rate, default: "", summary: "The level at its start." },
        FieldSpec { name: "to", kind: ValueKind::Rate, default: "", summary: "The level at its end." },
        FieldSpec { name: "over", kind: ValueKind::Duration, default: "", summary: "How long it takes." },
    ],
    ..NodeSpec::EMPTY
};

const RAMP_OF_USERS: NodeSpec = NodeSpec {
    sample: "ramp from=0 to=20 over=\"10s\"",
    properties: &[
        FieldSpec { name: "from", kind: ValueKind::Count, default: "", summary: "The level at its start." },
        FieldSpec { name: "to", kind: ValueKind::Count, default: "", summary: "The level at its end." },
        FieldSpec { name: "over", kind: ValueKind::Duration, default: "", summary: "How long it takes." },
    ],
    ..RAMP_OF_RATES
};

const HOLD_OF_RATES: NodeSpec = NodeSpec {
    name: "hold",
    summary: "Stays at a level; without `for=` until something else ends it.",
    sample: "hold \"200/s\" for=\"2m\"",
    arguments: &[ArgumentSpec {
        name: "level",
        kind: ValueKind::Rate,
        required: true,
        summary: "The level.",
    }],
    properties: &[FieldSpec {
        name: "for",
        kind: ValueKind::Duration,
        default: "",
        summary: "How long; only the last stage may go without.",
    }],
    ..NodeSpec::EMPTY
};

const HOLD_OF_USERS: NodeSpec = NodeSpec {
    sample: "hold 20 for=\"2m\"",
    arguments: &[ArgumentSpec {
        name: "level",
        kind: ValueKind::Count,
        required: true,
        summary: "The level.",
    }],
    ..HOLD_OF_RATES
};

/// The names of all stages.
pub const STAGE_NAMES: &[&str] = &["ramp", "hold", "steps", "sine"];

/// The stage nodes, for the reference.
pub const STAGE_SPECS: &[&NodeSpec] = &[&RAMP_OF_RATES, &HOLD_OF_RATES, &steps::OF_RATES, &sine::OF_RATES];

/// A mistake in the stages as a whole.
#[derive(Debug)]
enum StageMistake {
    Empty { span: Span },
    AfterEndless { span: Span, endless: Span },
}

impl Mistake for StageMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty { .. } => "T0110",
            Self::AfterEndless { .. } => "T0111",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Empty { .. } => "the shape has no stage".to_owned(),
            Self::AfterEndless { .. } => "a stage follows one that never ends".to_owned(),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::Empty { span } => vec![Label::new(*span, "no `hold`, `ramp`, `steps` or `sine` inside")],
            Self::AfterEndless { span, endless } => vec![
                Label::new(*span, "this stage never begins"),
                Label::new(*endless, "this `hold` has no `for=`"),
            ],
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Empty { .. } => Some("for example: `hold \"10/s\" for=\"1m\"`".to_owned()),
            Self::AfterEndless { .. } => Some("add `for=\"1m\"` to it".to_owned()),
        }
    }
}

/// Reads the stages inside a node.
pub fn read_curve(fields: &mut Fields<'_>, unit: LevelUnit) -> Option<Curve> {
    let node = fields.node();
    let mut stages = Vec::new();
    let mut endless: Option<Span> = None;
    let mut whole = true;
    for child in &node.children {
        let stage = match child.name.value.as_str() {
            "ramp" => read_ramp(child, unit).map(|stage| vec![stage]),
            "hold" => read_hold(child, unit).map(|stage| vec![stage]),
            "steps" => steps::read(child, unit),
            "sine" => sine::read(child, unit),
            _ => continue,
        };
        if let Some(endless) = endless {
            fields.problem(StageMistake::AfterEndless { span: child.head(), endless });
        }
        match fields.take(stage) {
            Some(read) => {
                let lasts = read.iter().any(|stage: &Stage| stage.length == Nanos::MAX);
                endless = endless.or(lasts.then(|| child.head()));
                stages.extend(read);
            }
            None => whole = false,
        }
    }
    // A misspelt stage is a mistake of its own and says enough.
    if whole && stages.is_empty() && !fields.has_unknown_child() {
        fields.problem(StageMistake::Empty { span: node.head() });
    }
    (whole && !stages.is_empty()).then_some(Curve { stages })
}

fn level(fields: &mut Fields<'_>, name: &'static str, unit: LevelUnit) -> Option<u64> {
    fields.require(name);
    match unit {
        LevelUnit::Rate => fields.rate(name).map(|rate| rate.0),
        LevelUnit::Users => fields.count(name, 0, USERS_MOST),
    }
}

/// A stage's length: zero is no time to be at a level.
fn positive(fields: &mut Fields<'_>, name: &'static str) -> Option<Nanos> {
    let length = fields.duration(name)?;
    let entry = fields.node().property(name)?;
    if length == Nanos::ZERO {
        fields.quantity_out_of_bounds(name, entry, "1ns", "292 years");
        return None;
    }
    Some(length)
}

fn read_ramp(node: &Node, unit: LevelUnit) -> Result<Stage, throng_components::workload::Problems> {
    let spec = if unit == LevelUnit::Rate { &RAMP_OF_RATES } else { &RAMP_OF_USERS };
    let mut fields = Fields::of(node, spec, 0);
    let (from, to) = (level(&mut fields, "from", unit), level(&mut fields, "to", unit));
    fields.require("over");
    let length = positive(&mut fields, "over");
    let stage = from.zip(to).zip(length).map(|((from, to), length)| Stage { from, to, length });
    fields.finish(stage)
}

fn read_hold(node: &Node, unit: LevelUnit) -> Result<Stage, throng_components::workload::Problems> {
    let spec = if unit == LevelUnit::Rate { &HOLD_OF_RATES } else { &HOLD_OF_USERS };
    let mut fields = Fields::of(node, spec, 0);
    let level = match unit {
        LevelUnit::Rate => fields.rate_argument(0).map(|rate| rate.0),
        LevelUnit::Users => fields.count_argument(0, 0, USERS_MOST),
    };
    let length = match node.property("for") {
        Some(_) => positive(&mut fields, "for"),
        None => Some(Nanos::MAX),
    };
    let stage = level.zip(length).map(|(level, length)| Stage { from: level, to: level, length });
    fields.finish(stage)
}
