//! What a node may hold, as data: the one table that reading, `list`, `explain` and "did you mean" share.

/// The form a value takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// Any text; may hold `${…}` where the node says so.
    Text,
    /// A name that something else refers to or is known by.
    Name,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// A whole number, 0 or more.
    Count,
    /// Any whole or decimal number.
    Number,
    /// A duration with its unit: `"250ms"`.
    Duration,
    /// A rate with its unit: `"200/s"`.
    Rate,
    /// A share: `"5%"`.
    Share,
    /// A share (`"5%"`) or a count (`100`).
    Limit,
    /// A share (`"99%"`) or a rate (`"200/s"`).
    ShareOrRate,
    /// A size: `"64KiB"`.
    Size,
    /// A text that `${…}` may stand in, evaluated during the run.
    Template,
}

impl ValueKind {
    /// A value's form in a few words.
    pub fn form(self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Name => "name".to_owned(),
            Self::Word(words) => words.join(" | "),
            Self::Count => "whole number".to_owned(),
            Self::Number => "number".to_owned(),
            Self::Duration => "duration, as in \"250ms\"".to_owned(),
            Self::Rate => "rate, as in \"200/s\"".to_owned(),
            Self::Share => "share, as in \"5%\"".to_owned(),
            Self::Limit => "share or count, as in \"5%\" or 100".to_owned(),
            Self::ShareOrRate => "share or rate, as in \"99%\" or \"200/s\"".to_owned(),
            Self::Size => "size, as in \"64KiB\"".to_owned(),
            Self::Template => "text that may hold ${…}".to_owned(),
        }
    }
}

/// One positional value of a node.
#[derive(Clone, Copy, Debug)]
pub struct ArgumentSpec {
    /// What it is, as `explain` shows it.
    pub name: &'static str,
    /// Its form.
    pub kind: ValueKind,
    /// Whether the node is wrong without it.
    pub required: bool,
    /// One line.
    pub summary: &'static str,
}

/// One property of a node.
#[derive(Clone, Copy, Debug)]
pub struct FieldSpec {
    /// Its name.
    pub name: &'static str,
    /// Its form.
    pub kind: ValueKind,
    /// What holds without it, as it would be written; empty for nothing.
    pub default: &'static str,
    /// One line, with the reason for the default where there is one.
    pub summary: &'static str,
}

impl FieldSpec {
    /// A property without a default.
    pub const fn of(name: &'static str, kind: ValueKind, summary: &'static str) -> Self {
        Self { name, kind, default: "", summary }
    }
}

impl ArgumentSpec {
    /// An argument that has to be there.
    pub const fn of(name: &'static str, kind: ValueKind, summary: &'static str) -> Self {
        Self { name, kind, required: true, summary }
    }
}

/// A node: what it is called, what it may hold, and a sample of it.
#[derive(Clone, Copy, Debug)]
pub struct NodeSpec {
    /// The node's name, or for a plug-in its kind: `poisson` in `arrivals poisson`.
    pub name: &'static str,
    /// One line: third person, full stop.
    pub summary: &'static str,
    /// A KDL sample that loads, of this node alone.
    pub sample: &'static str,
    /// Positional values, after the kind word where there is one.
    pub arguments: &'static [ArgumentSpec],
    /// Whether more positional values than `arguments` may follow, each of the last one's form.
    pub more_arguments: bool,
    /// Properties.
    pub properties: &'static [FieldSpec],
    /// Names of the nodes that may stand inside.
    pub children: &'static [&'static str],
    /// Whether nodes of any name may stand inside (`json { user … }`).
    pub any_children: bool,
    /// Properties and children that the language has and this version has not: refused with "not yet".
    pub later: &'static [&'static str],
}

impl NodeSpec {
    /// A node with nothing in it, to be filled with struct update syntax.
    pub const EMPTY: Self = Self {
        name: "",
        summary: "",
        sample: "",
        arguments: &[],
        more_arguments: false,
        properties: &[],
        children: &[],
        any_children: false,
        later: &[],
    };
}
