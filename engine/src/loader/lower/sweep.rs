//! `sweep`: which parameters `throng sweep` varies, and how often it simulates each combination.

use throng_components::workload::{
    ArgumentSpec, Entry, Fields, Label, Mistake, Node, NodeSpec, Problems, Scalar, Span, ValueKind,
};
use throng_systems::behavior::{Constants, Kind, Value};

use super::names::{NameMistake, unknown_name};
use crate::loader::param::{form, read_as};
use crate::loader::workload::{SweepPlan, Varied};

/// `sweep { … }`
pub(crate) const SWEEP: NodeSpec = NodeSpec {
    name: "sweep",
    summary: "Says what `throng sweep` varies, and how often it simulates each combination; other commands only check it.",
    sample: "sweep { replications 8 }",
    children: &["vary", "replications"],
    ..NodeSpec::EMPTY
};

/// `vary rate "50/s" "80/s"`
pub(crate) const VARY: NodeSpec = NodeSpec {
    name: "vary",
    summary: "Names a parameter and its values; of several parameters every combination is a point of the sweep.",
    sample: "vary peak \"50/s\" \"80/s\"",
    arguments: &[
        ArgumentSpec {
            name: "param",
            kind: ValueKind::Name,
            required: true,
            summary: "A `param` of the workload.",
        },
        ArgumentSpec {
            name: "value",
            kind: ValueKind::Template,
            required: true,
            summary: "A value of the parameter's kind, or several.",
        },
    ],
    more_arguments: true,
    ..NodeSpec::EMPTY
};

/// `replications 8`
pub(crate) const REPLICATIONS: NodeSpec = NodeSpec {
    name: "replications",
    summary: "Sets how often each point is simulated, each time by another seed; 10 without it.",
    sample: "replications 8",
    arguments: &[ArgumentSpec {
        name: "number",
        kind: ValueKind::Count,
        required: true,
        summary: "1 or more; an interval of confidence needs 2, and replication 3 has the same seed at every point.",
    }],
    ..NodeSpec::EMPTY
};

/// Runs of one sweep: more would be a mistake, or take weeks.
pub(crate) const MOST_RUNS: u64 = 100_000;

/// A mistake in what is swept.
#[derive(Clone, Debug)]
enum SweepMistake {
    WrongKind { name: String, span: Span, found: String, kind: Kind, declared: Span },
    Twice { name: String, span: Span, first: Span, value: String },
    TooMany { span: Span, points: u64, replications: u64 },
}

impl Mistake for SweepMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::WrongKind { .. } => "T0265",
            Self::Twice { .. } => "T0266",
            Self::TooMany { .. } => "T0267",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::WrongKind { name, found, .. } => format!("`{found}` cannot be a value of `{name}`"),
            Self::Twice { name, value, .. } => format!("`{name}` has the value `{value}` twice"),
            Self::TooMany { points, replications, .. } => {
                let runs = points.saturating_mul(*replications);
                format!("the sweep has {runs} runs, of at most {MOST_RUNS}")
            }
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::WrongKind { span, kind, declared, .. } => vec![
                Label::new(*span, format!("should be {}", form(*kind))),
                Label::new(*declared, format!("declared as {kind}")),
            ],
            Self::Twice { span, first, .. } => {
                vec![Label::new(*span, "the second one"), Label::new(*first, "the first one")]
            }
            Self::TooMany { span, points, replications } => {
                vec![Label::new(*span, format!("{points} points, {replications} runs of each"))]
            }
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::WrongKind { .. } => None,
            Self::Twice { .. } => Some("keep one of the two: `replications` repeats a point".to_owned()),
            Self::TooMany { .. } => Some("vary fewer values, or replicate less often".to_owned()),
        }
    }
}

/// Reads `sweep`.
pub(super) fn read(node: &Node, constants: &Constants) -> Result<SweepPlan, Problems> {
    let mut fields = Fields::of(node, &SWEEP, 0);
    let (mut vary, mut names): (Vec<Varied>, Vec<(String, Span)>) = (Vec::new(), Vec::new());
    for child in node.children_named(VARY.name) {
        if let Some(name) = child.text(0) {
            if let Some((_, first)) = names.iter().find(|(known, _)| known == name.value) {
                let (kind, name, span, first) = (VARY.name, name.value.to_owned(), name.span, *first);
                let help = "put the values of both into one";
                fields.problem(NameMistake::Duplicate { kind, name, span, first, help });
                continue;
            }
            names.push((name.value.to_owned(), name.span));
        }
        vary.extend(fields.take(read_vary(child, constants)));
    }
    let replications = match fields.child(REPLICATIONS.name) {
        Some(child) => fields.take(read_replications(child)),
        None => Some(SweepPlan::DEFAULT_REPLICATIONS),
    };
    let Some(replications) = replications else { return fields.finish(None) };
    let values = vary.iter().map(|varied| varied.values.len() as u64);
    let (points, replications) = (values.fold(1, u64::saturating_mul), replications.into());
    if points.saturating_mul(replications) > MOST_RUNS {
        fields.problem(SweepMistake::TooMany { span: node.name.span, points, replications });
    }
    fields.finish(u32::try_from(replications).ok().map(|replications| SweepPlan { vary, replications }))
}

fn read_replications(node: &Node) -> Result<u32, Problems> {
    let mut fields = Fields::of(node, &REPLICATIONS, 0);
    let number = fields.count_argument(0, 1, MOST_RUNS);
    fields.finish(number.and_then(|number| u32::try_from(number).ok()))
}

fn read_vary(node: &Node, constants: &Constants) -> Result<Varied, Problems> {
    let mut fields = Fields::of(node, &VARY, 0);
    let name = fields.text_argument(0);
    let first = fields.any_argument(1);
    let Some((name, _)) = name.zip(first) else { return fields.finish(None) };
    let Some(parameter) = constants.parameter(name.value) else {
        let known = constants.names().map(str::to_owned).collect();
        fields.problem(unknown_name("param", name, node, known));
        return fields.finish(None);
    };
    // One that is broken has been told of, and its kind is not known.
    let Some(kind) = parameter.value.kind() else { return Err(Problems::new()) };
    let mut values: Vec<(Value, Span)> = Vec::new();
    for entry in &node.arguments[1..] {
        let Some(value) = read_as(&text_of(entry), Some(kind)) else {
            fields.problem(SweepMistake::WrongKind {
                name: name.value.to_owned(),
                span: entry.span,
                found: entry.known().to_string(),
                kind,
                declared: parameter.declared,
            });
            continue;
        };
        if let Some((_, first)) = values.iter().find(|(known, _)| *known == value) {
            let (name, span, first) = (name.value.to_owned(), entry.span, *first);
            fields.problem(SweepMistake::Twice { name, span, first, value: value.to_string() });
        }
        values.push((value, entry.span));
    }
    let values = values.into_iter().map(|(value, _)| value).collect();
    fields.finish(Some(Varied { name: name.value.to_owned(), kind, values }))
}

/// A value as an option would give it, so that files and options are read alike.
fn text_of(entry: &Entry) -> String {
    match entry.known() {
        Scalar::Bool(flag) => flag.to_string(),
        other => other.to_string(),
    }
}
