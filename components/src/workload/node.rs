//! Nodes and their entries.

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
        match self.arguments.get(index) {
            Some(Entry { value: Scalar::Text(text), span, .. }) => Some(Spanned::new(text, *span)),
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

    /// The node's line up to its braces or end, as far as its name and entries reach.
    pub fn head(&self) -> Span {
        let last_argument = self.arguments.last().map(|entry| entry.span);
        let last_property = self.properties.last().map(|(_, entry)| entry.span);
        let end = [last_argument, last_property]
            .into_iter()
            .flatten()
            .map(|span| span.start + span.length)
            .max()
            .unwrap_or(0)
            .max(self.name.span.start + self.name.span.length);
        Span { length: end - self.name.span.start, ..self.name.span }
    }
}
