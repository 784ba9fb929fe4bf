//! What can be wrong in an expression before anything runs.

use throng_components::workload::{Label, Mistake, Span, UnitMistake, did_you_mean};

use crate::behavior::value::Kind;

/// Where an expression's bytes stand in the workload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    content: Span,
    /// Whether the workload holds the text byte for byte. With escapes in it, a place inside cannot be pointed at.
    exact: bool,
}

impl Place {
    /// The place of a text that stands at `content`.
    pub(crate) fn of(text: &str, content: Span) -> Self {
        Self { content, exact: usize::try_from(content.length) == Ok(text.len()) }
    }

    /// The span of the bytes from `start` to `end` of the text.
    pub(crate) fn span(self, start: usize, end: usize) -> Span {
        match (u32::try_from(start), u32::try_from(end - start)) {
            (Ok(start), Ok(length)) if self.exact => self.content.part(start, length),
            _ => self.content,
        }
    }
}

/// A mistake in one expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ExpressionMistake {
    UnknownName {
        span: Span,
        name: String,
        known: Vec<String>,
    },
    UnknownFunction {
        span: Span,
        name: String,
        known: Vec<&'static str>,
    },
    WrongArgumentCount {
        span: Span,
        function: &'static str,
        found: usize,
        least: usize,
        most: usize,
    },
    Unclosed {
        span: Span,
    },
    Syntax {
        span: Span,
        found: String,
        expected: &'static str,
    },
    WrongOperand {
        span: Span,
        operator: &'static str,
        left: Option<(Kind, Span)>,
        right: Option<(Kind, Span)>,
    },
    WrongArgument {
        span: Span,
        function: &'static str,
        found: Kind,
        expected: &'static str,
    },
    UnknownParameter {
        span: Span,
        name: String,
        known: Vec<String>,
    },
    NotBeforeRun {
        span: Span,
        name: String,
    },
    NotInEnvironment {
        span: Span,
        name: String,
    },
    UnnamedVariable {
        span: Span,
    },
    TooDeep {
        span: Span,
        most: usize,
    },
    BadNumber {
        span: Span,
        found: String,
        mistake: UnitMistake,
    },
}

/// What a function is called with, in words.
fn count(least: usize, most: usize) -> String {
    match (least, most) {
        (1, 1) => "1 argument".to_owned(),
        (least, most) if least == most => format!("{least} arguments"),
        (least, usize::MAX) => format!("{least} arguments or more"),
        (least, most) => format!("{least} to {most} arguments"),
    }
}

impl Mistake for ExpressionMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownName { .. } => "T0070",
            Self::UnknownFunction { .. } => "T0071",
            Self::WrongArgumentCount { .. } => "T0072",
            Self::Unclosed { .. } => "T0073",
            Self::Syntax { .. } => "T0074",
            Self::WrongOperand { .. } | Self::WrongArgument { .. } => "T0075",
            Self::UnknownParameter { .. } => "T0180",
            Self::NotBeforeRun { .. } => "T0187",
            Self::NotInEnvironment { .. } => "T0186",
            Self::UnnamedVariable { .. } => "T0190",
            Self::TooDeep { .. } => "T0077",
            Self::BadNumber { .. } => "T0078",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::UnknownName { name, .. } => format!("unknown name `{name}`"),
            Self::UnknownFunction { name, .. } => format!("unknown function `{name}`"),
            Self::WrongArgumentCount { function, found, least, most, .. } => {
                format!("`{function}` takes {}, not {found}", count(*least, *most))
            }
            Self::Unclosed { .. } => "`${` without its `}`".to_owned(),
            Self::Syntax { found, .. } if found.is_empty() => "the expression ends too early".to_owned(),
            Self::Syntax { found, .. } => format!("`{found}` cannot stand here"),
            Self::WrongOperand { operator, left, right, .. } => match (left, right) {
                (Some((left, _)), Some((right, _))) => {
                    format!("`{operator}` does not join {left} and {right}")
                }
                (Some((kind, _)), None) | (None, Some((kind, _))) => {
                    format!("`{operator}` does not take {kind}")
                }
                (None, None) => format!("`{operator}` does not take these values"),
            },
            Self::WrongArgument { function, found, .. } => format!("`{function}` does not take {found}"),
            Self::UnknownParameter { name, .. } => format!("unknown parameter `{name}`"),
            Self::NotBeforeRun { name, .. } => format!("`{name}` has no value before the run"),
            Self::NotInEnvironment { name, .. } => format!("the environment has no variable `{name}`"),
            Self::UnnamedVariable { .. } => "`env` does not say which variable".to_owned(),
            Self::TooDeep { most, .. } => format!("the expression is nested deeper than {most} levels"),
            Self::BadNumber { found, mistake, .. } => match mistake {
                UnitMistake::UnknownUnit => format!("`{found}` has an unknown unit"),
                UnitMistake::TooLarge => format!("`{found}` is too large"),
                UnitMistake::TooFine => format!("`{found}` is finer than can be kept"),
                UnitMistake::Malformed | UnitMistake::NoUnit | UnitMistake::Negative => {
                    format!("`{found}` is no number")
                }
            },
        }
    }

    fn labels(&self) -> Vec<Label> {
        let one = |span: &Span, text: &str| vec![Label::new(*span, text)];
        match self {
            Self::UnknownName { span, .. } => one(span, "nothing of this name is set here"),
            Self::UnknownFunction { span, .. } => one(span, "no such function"),
            Self::WrongArgumentCount { span, found: 1, .. } => one(span, "1 argument"),
            Self::WrongArgumentCount { span, found, .. } => one(span, &format!("{found} arguments")),
            Self::Unclosed { span } => one(span, "opened here"),
            Self::Syntax { span, expected, .. } => one(span, &format!("{expected} should stand here")),
            Self::WrongOperand { span, left, right, .. } => {
                let sides = [left, right].into_iter().flatten();
                let mut labels = vec![Label::new(*span, "this operator")];
                labels.extend(sides.map(|(kind, side)| Label::new(*side, kind.to_string())));
                labels
            }
            Self::WrongArgument { span, expected, .. } => one(span, &format!("should be {expected}")),
            Self::UnknownParameter { span, .. } => one(span, "no parameter of this name"),
            Self::NotBeforeRun { span, .. } => one(span, "this place is read before anything runs"),
            Self::NotInEnvironment { span, .. } => one(span, "not set, or no text"),
            Self::UnnamedVariable { span } => one(span, "should be a name in quotes"),
            Self::TooDeep { span, .. } => one(span, "one level too many"),
            Self::BadNumber { span, .. } => one(span, "this literal"),
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::UnknownName { name, known, .. } => {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                match name.split_once('-') {
                    Some((left, right)) if known.contains(&left) => {
                        Some(format!("a difference is written with blanks: `{left} - {right}`"))
                    }
                    _ => did_you_mean(name, &known),
                }
            }
            Self::UnknownFunction { name, known, .. } => did_you_mean(name, known),
            Self::Unclosed { .. } => {
                Some("close it with `}`, or write `$${` for the signs themselves".to_owned())
            }
            Self::Syntax { found, .. } => match found.as_str() {
                "=" => Some("`==` compares".to_owned()),
                "&" => Some("`&&` joins two conditions".to_owned()),
                "|" => Some("`||` joins two conditions".to_owned()),
                _ => None,
            },
            Self::WrongOperand { left, right, .. } => mend(left.map(|side| side.0), right.map(|side| side.0)),
            Self::UnknownParameter { name, known, .. } => {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                match name.split_once('-') {
                    Some((left, right)) if known.contains(&left) => {
                        Some(format!("a difference is written with blanks: `{left} - {right}`"))
                    }
                    _ => did_you_mean(name, &known)
                        .or_else(|| Some(format!("declare it at the top level: `param {name} …`"))),
                }
            }
            Self::NotBeforeRun { .. } => {
                Some("only parameters, `env(…)` and what follows from them can stand here".to_owned())
            }
            Self::NotInEnvironment { name, .. } => {
                Some(format!("set it, run with `--env {name}=…`, or write a default: `env('{name}', '…')`"))
            }
            Self::UnnamedVariable { .. } => Some("for example: `env('SHOP_TOKEN')`".to_owned()),
            Self::TooDeep { .. } => Some("`set` a variable to a part of it first".to_owned()),
            Self::BadNumber { mistake: UnitMistake::UnknownUnit, .. } => {
                Some("units: ns us ms s m h d w, /s /m /h, %, B KB MB GB KiB MiB GiB".to_owned())
            }
            Self::WrongArgumentCount { .. } | Self::WrongArgument { .. } | Self::BadNumber { .. } => None,
        }
    }
}

/// How two sides that do not fit are made to.
fn mend(left: Option<Kind>, right: Option<Kind>) -> Option<String> {
    let (left, right) = (left?, right?);
    let number = |kind: Kind| kind.is_number();
    match (left, right) {
        (Kind::Text, other) | (other, Kind::Text) if number(other) => {
            Some("`int(…)` or `float(…)` makes a number of a text".to_owned())
        }
        (Kind::Duration, other) | (other, Kind::Duration) if number(other) => {
            Some("write the number with its unit, as in `500ms`".to_owned())
        }
        _ => None,
    }
}
