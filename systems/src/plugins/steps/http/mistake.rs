//! What can be wrong in an `http` step.

use throng_components::workload::{Label, Mistake, Span, Spanned};

use crate::behavior::NoExpression;

/// A mistake in an `http` step.
#[derive(Debug)]
pub(super) enum HttpMistake {
    Method {
        span: Span,
        found: String,
    },
    LowerCase {
        span: Span,
        found: String,
    },
    HeaderName {
        span: Span,
        found: String,
    },
    TwoBodies {
        span: Span,
    },
    JsonPath {
        span: Span,
        found: String,
        reason: String,
    },
    Path {
        span: Span,
        found: String,
    },
    /// A URL of another place than the step's target: where that is, unless it is the built-in server, and the other one.
    Elsewhere {
        span: Span,
        home: Option<String>,
        other: Option<String>,
    },
    HeaderValue {
        span: Span,
    },
    Regex {
        span: Span,
        reason: String,
    },
    /// An expression that takes more than it may, by itself or with the others.
    RegexTakes {
        span: Span,
        refused: NoExpression,
    },
    PathTooDeep {
        span: Span,
        most: usize,
    },
    TooManyHeaders {
        span: Span,
        most: usize,
    },
    /// A `content-length` beside a body of another length.
    ContentLength {
        span: Span,
        found: String,
        length: usize,
    },
    NoGroup {
        span: Span,
        found: String,
        groups: usize,
        names: Vec<String>,
    },
    Selector {
        span: Span,
        found: String,
        reason: String,
    },
    NoSource {
        span: Span,
    },
    TwoSources {
        span: Span,
        first: Span,
    },
    AsksNothing {
        span: Span,
    },
    Belongs {
        name: Spanned<String>,
        to: &'static str,
        first: Span,
    },
    File {
        span: Span,
        found: String,
        reason: String,
    },
    StatusClass {
        span: Span,
        found: String,
    },
}

impl Mistake for HttpMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::Method { .. } => "T0100",
            Self::LowerCase { .. } => "T0218",
            Self::HeaderName { .. } => "T0101",
            Self::TwoBodies { .. } => "T0102",
            Self::JsonPath { .. } => "T0103",
            Self::Path { .. } => "T0104",
            Self::HeaderValue { .. } => "T0105",
            Self::Elsewhere { .. } => "T0226",
            Self::Regex { .. } => "T0160",
            Self::RegexTakes { refused: NoExpression::TooMany(_), .. } => "T0261",
            Self::RegexTakes { .. } => "T0260",
            Self::TooManyHeaders { .. } => "T0262",
            Self::ContentLength { .. } => "T0279",
            Self::PathTooDeep { .. } => "T0264",
            Self::Belongs { .. } => "T0053",
            Self::NoGroup { .. } => "T0161",
            Self::Selector { .. } => "T0162",
            Self::NoSource { .. } => "T0163",
            Self::TwoSources { .. } => "T0164",
            Self::AsksNothing { .. } => "T0165",
            Self::StatusClass { .. } => "T0166",
            Self::File { .. } => "T0167",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Method { found, .. } => format!("`{found}` is no HTTP method"),
            Self::LowerCase { found, .. } => {
                format!("`{found}` is not the method `{}`", found.to_ascii_uppercase())
            }
            Self::HeaderName { found, .. } => format!("`{found}` is no header name"),
            Self::TwoBodies { .. } => "the request has two bodies".to_owned(),
            Self::JsonPath { found, .. } => format!("`{found}` is no JSONPath"),
            Self::Path { found, .. } => format!("`{found}` is no path"),
            Self::Elsewhere { .. } => "the URL is not the target's".to_owned(),
            Self::HeaderValue { .. } => "a header value holds a control character".to_owned(),
            Self::Regex { .. } => "this is no regular expression".to_owned(),
            Self::RegexTakes { refused: NoExpression::TooMany(_), .. } => {
                "the workload's regular expressions are too large together".to_owned()
            }
            Self::RegexTakes { .. } => "this regular expression is too large".to_owned(),
            Self::TooManyHeaders { .. } => "the request has too many header fields".to_owned(),
            Self::ContentLength { found, .. } => {
                format!("the `content-length` of `{found}` is not the body's")
            }
            Self::PathTooDeep { .. } => "the JSONPath is nested too deep".to_owned(),
            Self::NoGroup { found, .. } => format!("the expression has no group `{found}`"),
            Self::Selector { found, .. } => format!("`{found}` is no CSS selector"),
            Self::NoSource { .. } => "the `save` does not say where its value stands".to_owned(),
            Self::TwoSources { .. } => "the `save` looks in two places".to_owned(),
            Self::File { found, .. } => format!("the file `{found}` cannot be sent"),
            Self::AsksNothing { .. } => "this `body` expects nothing".to_owned(),
            Self::Belongs { name, .. } => format!("`{}` means nothing here", name.value),
            Self::StatusClass { found, .. } => format!("`{found}` is no status"),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::Method { span, .. } | Self::HeaderName { span, .. } => {
                vec![Label::new(*span, "not a token")]
            }
            Self::LowerCase { span, .. } => vec![Label::new(*span, "another method to every server")],
            Self::TwoBodies { span } => vec![Label::new(*span, "the second body")],
            Self::JsonPath { span, reason, .. } => vec![Label::new(*span, reason.clone())],
            Self::Path { span, .. } => vec![Label::new(*span, "cannot be sent as path and query")],
            Self::Elsewhere { span, home, .. } => vec![Label::new(
                *span,
                match home {
                    Some(home) => format!("the step's target is `{home}`"),
                    None => "the step's target is the built-in server".to_owned(),
                },
            )],
            Self::HeaderValue { span } => vec![Label::new(*span, "cannot be sent in a header")],
            Self::Regex { span, reason }
            | Self::Selector { span, reason, .. }
            | Self::File { span, reason, .. } => {
                vec![Label::new(*span, reason.clone())]
            }
            Self::RegexTakes { span, refused } => {
                let text = match refused {
                    NoExpression::TooLong(most) => format!("longer than {most} bytes"),
                    NoExpression::TooLarge(most) => format!("compiled, more than {} KiB", most >> 10),
                    NoExpression::TooMany(most) => {
                        format!("compiled, with those above, more than {} MiB", most >> 20)
                    }
                    NoExpression::Wrong(reason) => reason.clone(),
                };
                vec![Label::new(*span, text)]
            }
            Self::TooManyHeaders { span, most } => vec![Label::new(*span, format!("more than {most}"))],
            Self::ContentLength { span, length: 0, .. } => vec![Label::new(*span, "there is no body")],
            Self::ContentLength { span, length, .. } => {
                vec![Label::new(*span, format!("the body has {length} bytes"))]
            }
            Self::PathTooDeep { span, most } => {
                vec![Label::new(*span, format!("level {}, at most {most} are read", most + 1))]
            }
            Self::NoGroup { span, groups, names, .. } => {
                let names = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
                let those = match groups {
                    0 => "it has no group in `( )`".to_owned(),
                    1 => format!("it has group 1{names}"),
                    _ => format!("it has the groups 1 to {groups}{names}"),
                };
                vec![Label::new(*span, those)]
            }
            Self::NoSource { span } => vec![Label::new(*span, "a value from where?")],
            Self::TwoSources { span, first } => {
                vec![Label::new(*span, "the second one"), Label::new(*first, "the first one")]
            }
            Self::Belongs { name, to, first } => vec![
                Label::new(name.span, format!("it belongs to `{to}`")),
                Label::new(*first, "the value stands here"),
            ],
            Self::AsksNothing { span } => vec![Label::new(*span, "any body meets it")],
            Self::StatusClass { span, .. } => vec![Label::new(*span, "a number or a class of numbers")],
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Method { .. } => Some("for example: `http GET \"/\"`".to_owned()),
            Self::LowerCase { found, .. } => {
                Some(format!("write `{}`: case counts in methods", found.to_ascii_uppercase()))
            }
            Self::HeaderName { .. } => Some("use letters, digits and hyphens: `x-tenant`".to_owned()),
            Self::TwoBodies { .. } => Some("keep one of `body`, `json`, `form` and `multipart`".to_owned()),
            Self::JsonPath { .. } | Self::NoSource { .. } => {
                Some("for example: `save token json-path=\"$.token\"`".to_owned())
            }
            Self::Path { .. } => Some("begin it with `/` and percent-encode blanks: `%20`".to_owned()),
            Self::Elsewhere { other, .. } => Some(match other {
                Some(other) => {
                    format!("declare `target other \"{other}\"`, and send its path there: `target=other`")
                }
                None => {
                    "declare a `target` with its address, and send its path there: `target=other`".to_owned()
                }
            }),
            Self::HeaderValue { .. } => None,
            Self::Regex { .. } => {
                Some("KDL reads `\\` in quotes itself: write `#\"id=(\\d+)\"#` or double it".to_owned())
            }
            Self::RegexTakes { .. } => Some(
                "repeat less of it: `\\w{50}` counts as fifty times `\\w`; `[a-z]` or `(?-u:\\w)` is smaller"
                    .to_owned(),
            ),
            Self::TooManyHeaders { .. } => Some("no server reads so many".to_owned()),
            Self::ContentLength { .. } => Some("remove it: a body's length is sent with it".to_owned()),
            Self::PathTooDeep { .. } => {
                Some("take the value out of a part of the answer that is kept".to_owned())
            }
            Self::NoGroup { .. } => Some("put `( )` around what is wanted".to_owned()),
            Self::Selector { .. } => Some("for example: `css=\"input[name=csrf]\"`".to_owned()),
            Self::File { .. } => Some("paths are relative to the file that names them".to_owned()),
            Self::Belongs { .. } => Some("remove it".to_owned()),
            Self::TwoSources { .. } => Some("keep one of the two".to_owned()),
            Self::AsksNothing { .. } => Some("for example: `body contains=\"token\"`".to_owned()),
            Self::StatusClass { .. } => Some("for example: `status 200 201 \"3xx\"`".to_owned()),
        }
    }
}
