//! Names: unique among their kind, and found again where something refers to them.

use std::cell::Cell;
use std::collections::BTreeMap;

use throng_components::workload::{
    Label, Mistake, Node, Problem, Problems, Scalar, Span, Spanned, did_you_mean, nearest,
};

/// More of one kind than that is a mistake of whoever generated the file; numbers have 16 bits.
pub(in crate::loader) const MOST_OF_A_KIND: usize = 1_000;

/// Unknown names of one kind that are compared with the known ones: more than anybody reads at one time.
const MOST_SUGGESTIONS: u32 = 50;

/// A mistake in a name.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::loader) enum NameMistake {
    /// Two things of one kind share a name.
    Duplicate { kind: &'static str, name: String, span: Span, first: Span, help: &'static str },
    /// A name that nothing of that kind has.
    Unknown {
        kind: &'static str,
        name: String,
        span: Span,
        owner: Label,
        near: Option<Label>,
        /// `None` when there have been so many of its kind that nobody looked.
        known: Option<Vec<String>>,
    },
    /// A name that results could not show.
    Unusable { kind: &'static str, span: Span },
    /// More of one kind than are read.
    TooMany { kind: &'static str, span: Span },
}

impl Mistake for NameMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::Duplicate { .. } => "T0040",
            Self::Unknown { .. } => "T0041",
            Self::Unusable { .. } => "T0055",
            Self::TooMany { .. } => "T0056",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Duplicate { kind, name, .. } => format!("there are two of `{kind} {name}`"),
            Self::Unknown { kind, name, .. } => format!("unknown {kind} `{name}`"),
            Self::Unusable { kind, .. } => format!("this name of a `{kind}` cannot be shown"),
            Self::TooMany { kind, .. } => format!("there are too many nodes `{kind}`"),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::Duplicate { span, first, .. } => {
                vec![Label::new(*span, "the second one"), Label::new(*first, "the first one")]
            }
            Self::Unknown { kind, span, owner, near, .. } => {
                let mut labels = vec![Label::new(*span, format!("no {kind} of this name"))];
                labels.push(near.clone().unwrap_or_else(|| owner.clone()));
                labels
            }
            Self::Unusable { span, .. } => vec![Label::new(*span, "empty, or with a control character")],
            Self::TooMany { span, .. } => vec![Label::new(*span, format!("more than {MOST_OF_A_KIND}"))],
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Duplicate { help, .. } => Some((*help).to_owned()),
            Self::Unknown { known: None, .. } => None,
            Self::Unknown { kind, known: Some(known), .. } if known.is_empty() => {
                Some(format!("the workload has no `{kind}` at all"))
            }
            Self::Unknown { name, known: Some(known), .. } => {
                did_you_mean(name, &known.iter().map(String::as_str).collect::<Vec<_>>())
            }
            Self::Unusable { .. } => Some("use letters, digits and dashes".to_owned()),
            Self::TooMany { .. } => Some("let parameters and data vary one of them".to_owned()),
        }
    }
}

/// The names of all things of one kind, by number.
#[derive(Clone, Debug)]
pub(super) struct Names {
    kind: &'static str,
    entries: Vec<Spanned<String>>,
    /// The first one of each name.
    places: BTreeMap<String, usize>,
    /// How many more unknown names get a look at all that are known.
    suggestions: Cell<u32>,
}

impl Names {
    /// Gathers the first arguments of all nodes of that kind, and reports those that cannot stand.
    ///
    /// A node without a name has an empty entry, so that numbers count nodes; its reader reports it.
    pub(super) fn gather(kind: &'static str, nodes: &[&Node], problems: &mut Problems) -> Self {
        let suggestions = Cell::new(MOST_SUGGESTIONS);
        let mut names = Self { kind, entries: Vec::new(), places: BTreeMap::new(), suggestions };
        for node in nodes {
            if names.entries.len() == MOST_OF_A_KIND {
                problems.push(NameMistake::TooMany { kind, span: node.name.span });
                break;
            }
            let name = match node.arguments.first() {
                Some(entry) => match &entry.value {
                    Scalar::Text(text) => Spanned::new(text.clone(), entry.span),
                    _ => Spanned::new(String::new(), node.name.span),
                },
                None => Spanned::new(String::new(), node.name.span),
            };
            names.check(&name, node, problems);
            names.places.entry(name.value.clone()).or_insert(names.entries.len());
            names.entries.push(name);
        }
        names
    }

    fn check(&self, name: &Spanned<String>, node: &Node, problems: &mut Problems) {
        let written = node.text(0).is_some();
        let (kind, span) = (self.kind, name.span);
        if written && (name.value.trim().is_empty() || name.value.chars().any(char::is_control)) {
            problems.push(NameMistake::Unusable { kind, span });
        } else if written && let Some(first) = self.places.get(&name.value) {
            let (name, first) = (name.value.clone(), self.entries[*first].span);
            problems.push(NameMistake::Duplicate { kind, name, span, first, help: "rename one of the two" });
        }
    }

    /// The number of a name; an unknown one is reported with the node that asks for it.
    pub(super) fn find(&self, name: &Spanned<&str>, asker: &Node, problems: &mut Problems) -> Option<u16> {
        let place = self.places.get(name.value).copied();
        if place.is_none() {
            let looks = self.suggestions.get() > 0;
            self.suggestions.set(self.suggestions.get().saturating_sub(1));
            let near = looks.then(|| self.near(name.value)).flatten();
            let known = looks.then(|| self.known().into_iter().map(str::to_owned).collect());
            problems.push(NameMistake::Unknown {
                kind: self.kind,
                name: name.value.to_owned(),
                span: name.span,
                owner: Label::new(asker.name.span, format!("in this `{}`", asker.name.value)),
                near,
                known,
            });
        }
        u16::try_from(place?).ok()
    }

    /// The number of a name.
    pub(super) fn number(&self, name: &str) -> Option<u16> {
        u16::try_from(*self.places.get(name)?).ok()
    }

    /// Where the name stands that is nearest to another one.
    pub(super) fn near(&self, name: &str) -> Option<Label> {
        let near = nearest(name, &self.known())?;
        let entry = self.entries.iter().find(|entry| entry.value == near)?;
        Some(Label::new(entry.span, format!("`{near}` stands here")))
    }

    fn known(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| entry.value.as_str()).filter(|name| !name.is_empty()).collect()
    }

    /// All names, by number.
    pub(super) fn all(&self) -> Vec<String> {
        self.entries.iter().map(|entry| entry.value.clone()).collect()
    }
}

/// The problem of a name that nothing of that kind has.
pub(super) fn unknown_name(
    kind: &'static str,
    name: Spanned<&str>,
    asker: &Node,
    known: Vec<String>,
) -> Problem {
    let known = Some(known);
    let owner = Label::new(asker.name.span, format!("in this `{}`", asker.name.value));
    NameMistake::Unknown { kind, name: name.value.to_owned(), span: name.span, owner, near: None, known }
        .into()
}

/// A kind word that no plug-in has.
#[derive(Clone, Debug, PartialEq)]
struct UnknownKind {
    family: &'static str,
    kind: String,
    span: Span,
    owner: Span,
    known: Vec<&'static str>,
}

impl Mistake for UnknownKind {
    fn code(&self) -> &'static str {
        "T0007"
    }

    fn message(&self) -> String {
        format!("unknown {} kind `{}`", self.family, self.kind)
    }

    fn labels(&self) -> Vec<Label> {
        let family = self.family;
        vec![
            Label::new(self.span, format!("no {family} of this kind")),
            Label::new(self.owner, format!("in this `{family}`")),
        ]
    }

    fn help(&self) -> Option<String> {
        did_you_mean(&self.kind, &self.known)
    }
}

/// The problem of a kind word that is not known.
pub(super) fn unknown_kind(
    node: &Node,
    kind: Spanned<&str>,
    family: &'static str,
    known: Vec<&'static str>,
) -> Problem {
    let (span, owner) = (kind.span, node.name.span);
    UnknownKind { family, kind: kind.value.to_owned(), span, owner, known }.into()
}
