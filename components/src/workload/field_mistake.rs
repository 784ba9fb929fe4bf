//! Mistakes in what one node holds, as messages tell them.

use super::nearest::did_you_mean;
use super::node::Scalar;
use super::problem::{Label, Mistake};
use super::span::Span;
use super::specification::ValueKind;
use super::units::UnitMistake;

/// A mistake in what one node holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum FieldMistake {
    MissingArgument {
        node: String,
        owner: Span,
        argument: &'static str,
        sample: &'static str,
    },
    UnexpectedArgument {
        node: String,
        owner: Span,
        span: Span,
        value: String,
        instead: String,
    },
    MissingProperty {
        node: String,
        owner: Span,
        property: &'static str,
        sample: &'static str,
    },
    UnknownProperty {
        node: String,
        owner: Span,
        span: Span,
        name: String,
        known: Vec<&'static str>,
        instead: Option<String>,
    },
    UnknownChild {
        node: String,
        owner: Span,
        span: Span,
        name: String,
        known: Vec<&'static str>,
        instead: Option<String>,
    },
    WrongForm {
        what: &'static str,
        span: Span,
        found: Scalar,
        kind: ValueKind,
    },
    BadQuantity {
        what: &'static str,
        span: Span,
        found: String,
        kind: ValueKind,
        mistake: UnitMistake,
    },
    UnknownWord {
        what: &'static str,
        span: Span,
        found: String,
        known: &'static [&'static str],
    },
    NotYet {
        node: String,
        span: Span,
        name: String,
    },
    Repeated {
        node: String,
        span: Span,
        first: Span,
        name: &'static str,
    },
    MissingChild {
        node: String,
        owner: Span,
        child: &'static str,
        sample: &'static str,
    },
    OutOfBounds {
        what: &'static str,
        span: Span,
        found: String,
        least: String,
        most: String,
    },
}

/// What a value of that form looks like, for messages.
fn form(kind: ValueKind) -> String {
    match kind {
        ValueKind::Text => "a text, as in `\"shop\"`".to_owned(),
        ValueKind::Name => "a name, as in `shop`".to_owned(),
        ValueKind::Word(words) => format!("one of: {}", words.join(", ")),
        ValueKind::Count => "a whole number, 0 or more, as in `100`".to_owned(),
        ValueKind::Number => "a number, as in `0.5`".to_owned(),
        ValueKind::Duration => "a duration with its unit, as in `\"250ms\"`".to_owned(),
        ValueKind::Rate => "a rate with its unit, as in `\"200/s\"`".to_owned(),
        ValueKind::Share => "a share, as in `\"5%\"`".to_owned(),
        ValueKind::Limit => "a share, as in `\"5%\"`, or a count, as in `100`".to_owned(),
        ValueKind::ShareOrRate => "a share, as in `\"99%\"`, or a rate, as in `\"200/s\"`".to_owned(),
        ValueKind::Size => "a size, as in `\"64KiB\"`".to_owned(),
        ValueKind::Template => "a text that may hold `${…}`".to_owned(),
    }
}

/// The units of a quantity, for help lines.
fn units(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Duration => "ns us ms s m h d w",
        ValueKind::Rate | ValueKind::ShareOrRate => "/s /m /h",
        ValueKind::Size => "B KB MB GB KiB MiB GiB",
        _ => "%",
    }
}

impl Mistake for FieldMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::MissingArgument { .. } => "T0020",
            Self::UnexpectedArgument { .. } => "T0021",
            Self::UnknownProperty { .. } => "T0022",
            Self::UnknownChild { .. } => "T0023",
            Self::WrongForm { .. } => "T0024",
            Self::BadQuantity { .. } => "T0025",
            Self::OutOfBounds { .. } => "T0026",
            Self::UnknownWord { .. } => "T0027",
            Self::NotYet { .. } => "T0028",
            Self::Repeated { .. } => "T0029",
            Self::MissingProperty { .. } => "T0030",
            Self::MissingChild { .. } => "T0031",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::MissingArgument { node, argument, .. } => format!("`{node}` lacks its {argument}"),
            Self::UnexpectedArgument { node, value, .. } => format!("`{node}` takes no `{value}` here"),
            Self::MissingProperty { node, property, .. } => format!("`{node}` lacks `{property}=`"),
            Self::UnknownProperty { node, name, .. } => format!("`{node}` has no property `{name}`"),
            Self::UnknownChild { node, name, .. } if node.is_empty() => format!("unknown node `{name}`"),
            Self::UnknownChild { node, name, .. } => format!("`{node}` has no node `{name}` inside"),
            Self::WrongForm { what, found, .. } => format!("the value `{found}` does not fit `{what}`"),
            Self::BadQuantity { what, found, mistake, .. } => match mistake {
                UnitMistake::Malformed => format!("the value `{found}` of `{what}` is no quantity"),
                UnitMistake::UnknownUnit => format!("the value `{found}` of `{what}` has an unknown unit"),
                UnitMistake::NoUnit => format!("the value `{found}` of `{what}` has no unit"),
                UnitMistake::Negative => format!("the value `{found}` of `{what}` is negative"),
                UnitMistake::TooLarge => format!("the value `{found}` of `{what}` is too large"),
                UnitMistake::TooFine => format!("the value `{found}` of `{what}` is finer than can be kept"),
            },
            Self::UnknownWord { what, found, .. } => format!("{what} cannot be `{found}`"),
            Self::NotYet { node, name, .. } if node.is_empty() => format!("`{name}` is not built yet"),
            Self::NotYet { node, name, .. } => format!("`{name}` in `{node}` is not built yet"),
            Self::Repeated { node, name, .. } => format!("`{node}` has `{name}` twice"),
            Self::MissingChild { node, child, .. } => format!("`{node}` lacks `{child}`"),
            Self::OutOfBounds { what, found, .. } => format!("{what} `{found}` is out of bounds"),
        }
    }

    fn labels(&self) -> Vec<Label> {
        let owned = |span: Span, text: String, owner: Span, node: &str| {
            if node.is_empty() {
                vec![Label::new(span, text)]
            } else {
                vec![Label::new(span, text), Label::new(owner, format!("in this `{node}`"))]
            }
        };
        match self {
            Self::MissingArgument { owner, argument, .. } => {
                vec![Label::new(*owner, format!("the {argument} is missing"))]
            }
            Self::UnexpectedArgument { node, owner, span, .. } => {
                owned(*span, "one value too many".to_owned(), *owner, node)
            }
            Self::MissingProperty { owner, property, .. } => {
                vec![Label::new(*owner, format!("`{property}=` is missing"))]
            }
            Self::UnknownProperty { node, owner, span, .. } => {
                owned(*span, "no such property".to_owned(), *owner, node)
            }
            Self::UnknownChild { node, owner, span, .. } => {
                owned(*span, "no such node".to_owned(), *owner, node)
            }
            Self::WrongForm { span, kind, .. } => {
                vec![Label::new(*span, format!("should be {}", form(*kind)))]
            }
            Self::BadQuantity { span, mistake, kind, .. } => {
                let text = match mistake {
                    UnitMistake::TooLarge
                        if matches!(kind, ValueKind::Share | ValueKind::Limit | ValueKind::ShareOrRate) =>
                    {
                        "a share is 100% at most"
                    }
                    UnitMistake::Malformed => "a number and a unit should stand here",
                    UnitMistake::UnknownUnit => "unknown unit",
                    UnitMistake::NoUnit => "the unit is missing",
                    UnitMistake::Negative => "below zero",
                    UnitMistake::TooLarge => "above the largest that can be kept",
                    UnitMistake::TooFine => "more digits than can be kept exactly",
                };
                vec![Label::new(*span, text)]
            }
            Self::UnknownWord { span, .. } => vec![Label::new(*span, "not one of the words for it")],
            Self::NotYet { span, .. } => vec![Label::new(*span, "in the language, but not in this version")],
            Self::Repeated { span, first, .. } => {
                vec![Label::new(*span, "the second one"), Label::new(*first, "the first one")]
            }
            Self::MissingChild { owner, child, .. } => {
                vec![Label::new(*owner, format!("no `{child}` inside"))]
            }
            Self::OutOfBounds { span, least, most, .. } => {
                vec![Label::new(*span, format!("from {least} to {most}"))]
            }
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::MissingArgument { sample, .. }
            | Self::MissingProperty { sample, .. }
            | Self::MissingChild { sample, .. } => {
                Some(format!("for example: `{}`", sample.split_whitespace().collect::<Vec<_>>().join(" ")))
            }
            Self::UnexpectedArgument { instead, .. } => Some(instead.clone()),
            Self::UnknownProperty { name, known, instead, .. }
            | Self::UnknownChild { name, known, instead, .. } => {
                instead.clone().or_else(|| did_you_mean(name, known))
            }
            Self::WrongForm { kind, found, .. } => match (kind, found) {
                (ValueKind::Duration, Scalar::Integer(number)) => {
                    Some(format!("write it with a unit and quotes: `\"{number}s\"` or `\"{number}ms\"`"))
                }
                (ValueKind::Count | ValueKind::Number, Scalar::Text(text)) if text.parse::<f64>().is_ok() => {
                    Some(format!("a number stands without quotes: `{text}`"))
                }
                (ValueKind::Rate, Scalar::Integer(number)) => {
                    Some(format!("write it with a unit and quotes: `\"{number}/s\"`"))
                }
                _ => None,
            },
            Self::BadQuantity { kind, mistake, .. } => match mistake {
                UnitMistake::Negative => Some("use zero or more".to_owned()),
                UnitMistake::TooLarge => None,
                _ => Some(format!("units: {}", units(*kind))),
            },
            Self::UnknownWord { found, known, .. } => did_you_mean(found, known),
            Self::NotYet { .. } => Some("remove it, or switch it off with `/-` in front".to_owned()),
            Self::Repeated { .. } => Some("keep one of the two".to_owned()),
            Self::OutOfBounds { .. } => None,
        }
    }
}
