//! Mistakes of the text itself, before any node is understood.

use throng_components::workload::{Label, Mistake, Span};

use super::document::MOST_NODES;
use super::scan::SlipKind;

/// More diagnostics than that for one text say nothing new: the parser's later ones follow from its first.
pub(super) const MOST_SHOWN: usize = 3;

/// A mistake of the text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum SyntaxMistake {
    /// Nothing but space and comments.
    Empty { span: Span },
    /// A byte that is no UTF-8.
    NotText { span: Span },
    /// Braces within braces, deeper than is read.
    TooDeep { span: Span, most: usize },
    /// More nodes than are read.
    TooManyNodes { span: Span },
    /// A bare word that KDL does not allow.
    Slip { span: Span, word: String, kind: SlipKind },
    /// What the parser says, and how much more of it is left out.
    Malformed { span: Span, message: String, label: String, help: Option<String>, more: usize },
    /// A backslash before a letter that it does not go with, as in a regular expression in plain quotes.
    Escape { span: Span, found: String },
    /// A quote that ends a text in the middle of its `${…}`.
    QuoteWithin { span: Span },
    /// An opening brace without its closing one, and the line that shows by its indentation that it was to be closed above.
    NeverClosed { span: Span, below: Option<(Span, String)> },
    /// A closing brace without its opening one, and the line that lacks it, as far as the lines' indentation tells.
    ClosesNothing { span: Span, opener: Option<(Span, String)> },
    /// Braces with something between them that is no node.
    NoNodes { span: Span, end: Span },
    /// A property written twice.
    TwiceProperty { span: Span, first: Span, name: String },
}

/// Whether the parser speaks of a text in plain quotes that its line does not end. Few who forget a quote meant several lines.
fn is_open_quote(message: &str) -> bool {
    message.contains("newline in single-line quoted string")
}

impl Mistake for SyntaxMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::NotText { .. } => "T0003",
            Self::Empty { .. } => "T0004",
            Self::TooDeep { .. } => "T0006",
            Self::TooManyNodes { .. } => "T0194",
            Self::Slip { kind: SlipKind::Quantity | SlipKind::Fraction, .. } => "T0008",
            Self::Slip { kind: SlipKind::Address, .. } => "T0217",
            Self::Slip { kind: SlipKind::Expression, .. } => "T0310",
            Self::Slip { kind: SlipKind::Keyword, .. } => "T0009",
            Self::Malformed { .. }
            | Self::Escape { .. }
            | Self::QuoteWithin { .. }
            | Self::NeverClosed { .. }
            | Self::ClosesNothing { .. }
            | Self::NoNodes { .. } => "T0010",
            Self::Slip { kind: SlipKind::Huge, .. } => "T0011",
            Self::TwiceProperty { .. } => "T0012",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::NotText { .. } => "the file is not UTF-8 text".to_owned(),
            Self::Empty { .. } => "the file holds no node".to_owned(),
            Self::TooDeep { .. } => "nodes are nested too deep".to_owned(),
            Self::TooManyNodes { .. } => "the file has too many nodes".to_owned(),
            Self::Slip {
                word, kind: SlipKind::Quantity | SlipKind::Address | SlipKind::Expression, ..
            } => {
                format!("`{word}` needs quotes")
            }
            Self::Slip { word, kind: SlipKind::Fraction, .. } => format!("`{word}` lacks the zero in front"),
            Self::Slip { word, kind: SlipKind::Keyword, .. } => format!("`{word}` is no bare word in KDL 2"),
            Self::Slip { word, kind: SlipKind::Huge, .. } => format!("`{word}` is too large for any number"),
            Self::Malformed { message, .. } if is_open_quote(message) => {
                "the closing `\"` is missing on this line".to_owned()
            }
            Self::Malformed { message, .. } => message.clone(),
            Self::Escape { found, .. } => format!("`{found}` means nothing in a quoted text"),
            Self::QuoteWithin { .. } => "this `\"` ends the text in the middle of its `${…}`".to_owned(),
            Self::NeverClosed { .. } => "this `{` is never closed".to_owned(),
            Self::ClosesNothing { .. } => "this `}` closes nothing".to_owned(),
            Self::NoNodes { .. } => "what stands in these braces cannot be read as nodes".to_owned(),
            Self::TwiceProperty { name, .. } => format!("`{name}=` is written twice"),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::NotText { span } => vec![Label::new(*span, "this byte is no UTF-8")],
            Self::Empty { span } => vec![Label::new(*span, "nothing here")],
            Self::TooDeep { span, most } => {
                vec![Label::new(*span, format!("level {}, at most {most} are read", most + 1))]
            }
            Self::TooManyNodes { span } => {
                vec![Label::new(*span, format!("at most {MOST_NODES} are read"))]
            }
            Self::Slip { span, kind, .. } => {
                let text = match kind {
                    SlipKind::Quantity => "a number with a unit is a text",
                    SlipKind::Fraction => "a number starts with a digit",
                    SlipKind::Address => "a bare word has no slash",
                    SlipKind::Expression => "a bare word has no braces",
                    SlipKind::Keyword => "a keyword starts with `#`, a text stands in quotes",
                    SlipKind::Huge => "beyond 128 bits",
                };
                vec![Label::new(*span, text)]
            }
            Self::Malformed { span, message, .. } if is_open_quote(message) => {
                vec![Label::new(*span, "this `\"` is never closed")]
            }
            Self::Malformed { span, label, .. } => vec![Label::new(*span, label.clone())],
            Self::Escape { span, .. } => vec![Label::new(*span, "a backslash begins an escape here")],
            Self::QuoteWithin { span } => vec![Label::new(*span, "the text ends here")],
            Self::NeverClosed { span, below } => {
                let below = below
                    .iter()
                    .map(|(span, _)| Label::new(*span, "indented no further than the line of the `{`"));
                std::iter::once(Label::new(*span, "opened here")).chain(below).collect()
            }
            Self::ClosesNothing { span, opener } => {
                let opener =
                    opener.iter().map(|(span, _)| Label::new(*span, "the next line is indented further"));
                std::iter::once(Label::new(*span, "no `{` is open here")).chain(opener).collect()
            }
            Self::NoNodes { span, end } => {
                vec![Label::new(*span, "from here"), Label::new(*end, "to here")]
            }
            Self::TwiceProperty { span, first, .. } => {
                vec![Label::new(*span, "the second one"), Label::new(*first, "the first one")]
            }
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::NotText { .. } => Some("save the file as UTF-8".to_owned()),
            Self::Empty { .. } => Some("workloads/quickstart.kdl is one to start from".to_owned()),
            Self::TooDeep { .. } => Some("close a brace earlier".to_owned()),
            Self::TooManyNodes { .. } => {
                Some("let parameters, data and `repeat` vary one of them".to_owned())
            }
            Self::Slip {
                word, kind: SlipKind::Quantity | SlipKind::Address | SlipKind::Expression, ..
            } => Some(format!("write `\"{word}\"`")),
            Self::Slip { word, kind: SlipKind::Fraction, .. } => {
                Some(format!("write `{}`", word.replacen('.', "0.", 1)))
            }
            Self::Slip { word, kind: SlipKind::Keyword, .. } => {
                let hash =
                    word.strip_prefix('-').map_or_else(|| format!("#{word}"), |rest| format!("#-{rest}"));
                Some(format!("write `{hash}` for the value, or `\"{word}\"` for the text"))
            }
            Self::Slip { kind: SlipKind::Huge, .. } => Some("use a smaller number".to_owned()),
            Self::Escape { found, .. } => {
                Some(format!("write the text raw, as in `#\"\\d+\"#`, or `\\{found}`"))
            }
            Self::QuoteWithin { .. } => {
                Some("write single quotes within `${…}`, as in `\"${env('NAME')}\"`".to_owned())
            }
            Self::NeverClosed { below: Some((_, word)), .. } => {
                Some(format!("add a `}}` on the line before `{word}`"))
            }
            Self::NeverClosed { below: None, .. } => Some("add a `}`".to_owned()),
            Self::ClosesNothing { opener: Some((_, line)), .. } => {
                Some(format!("add a `{{` behind `{line}`, or remove this `}}`"))
            }
            Self::NoNodes { .. } => Some(
                "a node is a name, values and `name=value`, then its own braces; a line or `;` ends it"
                    .to_owned(),
            ),
            Self::ClosesNothing { opener: None, .. } => {
                Some("remove it, or add the `{` it belongs to".to_owned())
            }
            Self::Malformed { message, .. } if is_open_quote(message) => Some(
                "add a `\"` where the text ends; only a text within `\"\"\"` goes on over lines".to_owned(),
            ),
            Self::Malformed { help, more: 0, .. } => help.clone(),
            Self::Malformed { help, more, .. } => {
                let more = format!("{more} more that may follow from this one are not shown");
                Some(help.as_ref().map_or_else(|| more.clone(), |help| format!("{help}; {more}")))
            }
            Self::TwiceProperty { .. } => Some("keep one of the two".to_owned()),
        }
    }
}
