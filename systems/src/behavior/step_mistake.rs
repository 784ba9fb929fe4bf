//! Mistakes in a behaviour's steps, whichever kind they are of.

use throng_components::workload::{Label, Mistake, Span, did_you_mean};

use super::value::Kind;

/// Blocks inside blocks, at most: far more than a reader can follow, and little for the stack.
pub(super) const DEPTH_LIMIT: usize = 64;

/// A mistake in a behaviour.
#[derive(Clone, Debug)]
pub(super) enum StepMistake {
    UnknownStep { span: Span, name: String, known: Vec<&'static str> },
    NotYet { span: Span, name: String },
    NoTarget { span: Span, known: Vec<String> },
    UnknownTarget { span: Span, name: String, known: Vec<String> },
    WrongTarget { span: Span, name: String, step: &'static str, needs: &'static str },
    TooDeep { span: Span },
    TooManyNames { span: Span },
    WrongKind { span: Span, found: Kind, kind: Kind },
}

impl Mistake for StepMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownStep { .. } => "T0090",
            Self::NotYet { .. } => "T0028",
            Self::NoTarget { .. } => "T0091",
            Self::UnknownTarget { .. } => "T0092",
            Self::WrongTarget { .. } => "T0093",
            Self::TooDeep { .. } => "T0094",
            Self::TooManyNames { .. } => "T0095",
            Self::WrongKind { .. } => "T0198",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::UnknownStep { name, .. } => format!("unknown step `{name}`"),
            Self::NotYet { name, .. } => format!("`{name}` is not built yet"),
            Self::NoTarget { .. } => "the step does not say which target it goes to".to_owned(),
            Self::UnknownTarget { name, .. } => format!("unknown target `{name}`"),
            Self::WrongTarget { name, step, .. } => format!("`{step}` cannot go to the target `{name}`"),
            Self::TooDeep { .. } => format!("blocks are nested more than {DEPTH_LIMIT} deep"),
            Self::TooManyNames { .. } => "more than 65,536 names".to_owned(),
            Self::WrongKind { found, .. } => format!("the value is {found}"),
        }
    }

    fn labels(&self) -> Vec<Label> {
        let (span, text) = match self {
            Self::UnknownStep { span, .. } => (*span, "no step of this name".to_owned()),
            Self::NotYet { span, .. } => (*span, "in the language, but not in this version".to_owned()),
            Self::NoTarget { span, known } if known.is_empty() => {
                (*span, "the workload declares no target".to_owned())
            }
            Self::NoTarget { span, known } => (*span, format!("one of: {}", known.join(", "))),
            Self::UnknownTarget { span, .. } => (*span, "no target of this name".to_owned()),
            Self::WrongTarget { span, needs, .. } => (*span, format!("it needs {needs}")),
            Self::TooDeep { span } => (*span, "this block".to_owned()),
            Self::TooManyNames { span } => (*span, "this one is too many".to_owned()),
            Self::WrongKind { span, kind, .. } => (*span, format!("should be {kind}")),
        };
        vec![Label::new(span, text)]
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::UnknownStep { name, known, .. } => did_you_mean(name, known),
            Self::NotYet { .. } => Some("remove it, or switch it off with `/-` in front".to_owned()),
            Self::NoTarget { known, .. } => match known.first() {
                Some(name) => Some(format!("add `target={name}`")),
                None => Some("add a target: `target shop \"http://127.0.0.1:8080\"`".to_owned()),
            },
            Self::UnknownTarget { name, known, .. } => {
                did_you_mean(name, &known.iter().map(String::as_str).collect::<Vec<_>>())
            }
            Self::WrongKind { kind: Kind::Int, .. } => Some("`int(…)` makes a whole number".to_owned()),
            Self::WrongKind { .. }
            | Self::WrongTarget { .. }
            | Self::TooDeep { .. }
            | Self::TooManyNames { .. } => None,
        }
    }
}
