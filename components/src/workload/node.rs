//! Nodes and their entries.

use super::problem::Problems;
use super::span::{Span, Spanned};

/// A bare value as it stands in the file.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// A string, quoted or bare.
    Text(String),
    /// A whole number.
    Integer(i128),
    /// A number with a point or exponent; also `#nan` and `#inf`.
    Float(f64),
    /// `#true` or `#false`.
    Bool(bool),
    /// `#null`.
    Null,
}

impl std::fmt::Display for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Float(number) if number.is_nan() => write!(f, "#nan"),
            Self::Float(number) if number.is_infinite() => {
                write!(f, "{}", if *number > 0.0 { "#inf" } else { "#-inf" })
            }
            Self::Float(number) => write!(f, "{number}"),
            Self::Bool(flag) => write!(f, "#{flag}"),
            Self::Null => write!(f, "#null"),
        }
    }
}

/// One argument's or property's value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The value.
    pub value: Scalar,
    /// The value's text, quotes included; for a property without its name.
    pub span: Span,
    /// The string's content when its source text holds it byte for byte (no escapes), so that a place
    /// inside the string can be pointed at; else the whole value.
    pub content: Span,
    /// For a text with `${…}` in a behaviour: what it is before the run, or why it has no value then. `value` keeps the
    /// text as it is written. In all other places the loader has put the value in the text's place.
    pub before_run: Option<Box<Result<Scalar, Problems>>>,
}

impl Entry {
    /// A value that stands at one place.
    pub fn new(value: Scalar, span: Span) -> Self {
        Self { value, span, content: span, before_run: None }
    }

    /// The value as far as it is known before the run.
    pub fn known(&self) -> &Scalar {
        match self.before_run.as_deref() {
            Some(Ok(value)) => value,
            _ => &self.value,
        }
    }
}

/// One node: `name argument… property=value… { children }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: Spanned<String>,
    /// Positional values, in order.
    pub arguments: Vec<Entry>,
    /// Named values, in order. Names are unique: the loader refuses a second one of the same name.
    pub properties: Vec<(Spanned<String>, Entry)>,
    /// Nodes inside the braces; empty without braces.
    pub children: Vec<Node>,
    /// Name to closing brace.
    pub span: Span,
}

impl Node {
    /// The argument at `index`, when it is a string.
    pub fn text(&self, index: usize) -> Option<Spanned<&str>> {
        let entry = self.arguments.get(index)?;
        match entry.known() {
            Scalar::Text(text) => Some(Spanned::new(text, entry.span)),
            _ => None,
        }
    }

    /// The property of that name.
    pub fn property(&self, name: &str) -> Option<&Entry> {
        self.properties.iter().find(|(key, _)| key.value == name).map(|(_, entry)| entry)
    }

    /// The children of that name, in order.
    pub fn children_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Node> + 'a {
        self.children.iter().filter(move |child| child.name.value == name)
    }

    /// The node's line up to its braces or end, as far as its name and entries reach. Values that were set from outside
    /// stand in another text.
    pub fn head(&self) -> Span {
        let arguments = self.arguments.iter().map(|entry| entry.span);
        let properties = self.properties.iter().map(|(_, entry)| entry.span);
        let end = arguments
            .chain(properties)
            .filter(|span| span.source == self.name.span.source)
            .map(|span| span.start + span.length)
            .max()
            .unwrap_or(0)
            .max(self.name.span.start + self.name.span.length);
        Span { length: end - self.name.span.start, ..self.name.span }
    }
}
