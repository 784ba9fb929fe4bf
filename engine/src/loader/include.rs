//! `include`: brings in the nodes of other files.
//!
//! ```text
//! shop.kdl ── include "base.kdl" ──► base.kdl ── include "targets.kdl" ──► targets.kdl
//!    wins over what base.kdl has        wins over what targets.kdl has
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use throng_components::workload::{
    ArgumentSpec, Fields, Label, Mistake, Node, NodeSpec, Problems, Span, Spanned, ValueKind,
};

use super::document;
use super::load::{Overrides, add_text};
use super::lower::check_version;
use super::shelf::Shelf;
use super::source::{FileMistake, MOST_BYTES, Sources, read_included};

/// `include "base.kdl"`
pub(crate) const INCLUDE: NodeSpec = NodeSpec {
    name: "include",
    summary: "Brings in the nodes of another file; those of this file win over them.",
    sample: "include \"base.kdl\"",
    arguments: &[ArgumentSpec {
        name: "path",
        kind: ValueKind::Text,
        required: true,
        summary: "The file, relative to the one that includes it; it begins with `throng 1`, too.",
    }],
    ..NodeSpec::EMPTY
};

/// Files within files, at most: more than that nobody can follow.
pub(super) const MOST_DEPTH: usize = 16;
/// Files of one workload, at most.
pub(super) const MOST_FILES: usize = 256;

/// A mistake in how files include each other.
#[derive(Clone, Debug)]
enum IncludeMistake {
    Cycle { span: Span, cycle: Vec<String> },
    Clash { kind: String, name: String, span: Span, first: Span },
    TooMany { span: Span, deep: bool },
}

impl Mistake for IncludeMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::Cycle { .. } => "T0191",
            Self::Clash { .. } => "T0192",
            Self::TooMany { .. } => "T0193",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Cycle { cycle, .. } => format!("files include each other: {}", cycle.join(" -> ")),
            Self::Clash { kind, name, .. } => {
                format!("two included files have `{}`", format!("{kind} {name}").trim())
            }
            Self::TooMany { deep: true, .. } => "files include each other too deep".to_owned(),
            Self::TooMany { deep: false, .. } => "the workload has too many files".to_owned(),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::Cycle { span, .. } => vec![Label::new(*span, "closes the loop")],
            Self::Clash { span, first, .. } => {
                vec![Label::new(*span, "the second one"), Label::new(*first, "the first one")]
            }
            Self::TooMany { span, deep: true } => {
                vec![Label::new(*span, format!("level {}, at most {MOST_DEPTH} are read", MOST_DEPTH + 1))]
            }
            Self::TooMany { span, deep: false } => {
                vec![Label::new(*span, format!("file {}, at most {MOST_FILES} are read", MOST_FILES + 1))]
            }
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Cycle { .. } => "remove one of these `include`".to_owned(),
            Self::Clash { .. } => "write it in the file that includes both: that one wins".to_owned(),
            Self::TooMany { .. } => "put some of the files together".to_owned(),
        })
    }
}

/// Reads files and what they include.
pub(super) struct Reader<'a> {
    pub(super) shelf: &'a Shelf,
    pub(super) sources: &'a mut Sources,
    pub(super) problems: &'a mut Problems,
    /// The files that are being read, each included by the one before: where it is, and what messages call it.
    open: Vec<(PathBuf, String)>,
    /// Files that have been read: one that two others include is read once.
    read: BTreeMap<PathBuf, Vec<Node>>,
    bytes: usize,
    /// Texts of files as they once were, by what messages call them: they stand for what the disk holds.
    texts: &'a [(String, String)],
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        overrides: &'a Overrides,
        sources: &'a mut Sources,
        problems: &'a mut Problems,
    ) -> Self {
        let (shelf, texts) = (&overrides.files, overrides.texts.as_slice());
        Self { shelf, sources, problems, open: Vec::new(), read: BTreeMap::new(), bytes: 0, texts }
    }

    /// The nodes of a text and of all that it includes; `None` when it could not be parsed.
    pub(super) fn nodes(&mut self, path: &Path, text: &[u8]) -> Option<Vec<Node>> {
        let name = path.display().to_string();
        self.bytes += text.len();
        let parsed = match add_text(name.clone(), text, self.sources) {
            Ok((source, text)) => document::parse(text, source),
            Err(mistake) => {
                self.problems.push(mistake);
                return None;
            }
        };
        self.problems.append(parsed.problems);
        if parsed.nodes.is_empty() {
            return None;
        }
        check_version(&parsed.nodes, self.problems);
        self.open.push((self.shelf.place(path), name));
        let included: Vec<Vec<Node>> = parsed
            .nodes
            .iter()
            .filter(|node| node.name.value == INCLUDE.name)
            .filter_map(|node| self.included(path, node))
            .collect();
        self.open.pop();
        Some(if included.is_empty() { parsed.nodes } else { self.merged(parsed.nodes, included) })
    }

    /// What one `include` brings in.
    fn included(&mut self, from: &Path, node: &Node) -> Option<Vec<Node>> {
        let mut fields = Fields::of(node, &INCLUDE, 0);
        let path = fields.text_argument(0);
        let written = self.problems.take(fields.finish(path))?;
        let path = from.parent().unwrap_or(Path::new("")).join(written.value);
        let place = self.shelf.place(&path);
        if let Some(first) = self.open.iter().position(|(open, _)| *open == place) {
            let mut cycle: Vec<String> = self.open[first..].iter().map(|(_, name)| name.clone()).collect();
            cycle.push(self.open[first].1.clone());
            self.problems.push(IncludeMistake::Cycle { span: written.span, cycle });
            return None;
        }
        if let Some(known) = self.read.get(&place) {
            return Some(known.clone());
        }
        let text = self.text(&path, &written)?;
        let nodes = self.nodes(&path, &text).unwrap_or_default();
        self.read.insert(place, nodes.clone());
        Some(nodes)
    }

    fn text(&mut self, path: &Path, written: &Spanned<&str>) -> Option<Vec<u8>> {
        let span = written.span;
        let deep = self.open.len() > MOST_DEPTH;
        if deep || self.read.len() + self.open.len() >= MOST_FILES {
            self.problems.push(IncludeMistake::TooMany { span, deep });
            return None;
        }
        let name = path.display().to_string();
        if let Some((_, text)) = self.texts.iter().find(|(known, _)| *known == name) {
            return Some(text.clone().into_bytes());
        }
        let room = MOST_BYTES.saturating_sub(self.bytes);
        let (from_disk, missing) = (|| read_included(path, room), || FileMistake::missing(path));
        match self.shelf.read(path, from_disk, missing) {
            Ok(text) => Some(text),
            Err(mistake) => {
                self.problems.push(mistake.included_at(span));
                None
            }
        }
    }

    /// The nodes of included files, and over them the file's own.
    fn merged(&mut self, own: Vec<Node>, included: Vec<Vec<Node>>) -> Vec<Node> {
        let mut mine: BTreeMap<Identity, Option<usize>> =
            own.iter().filter_map(identity).map(|identity| (identity, None)).collect();
        let mut first: BTreeMap<Identity, (usize, Span)> = BTreeMap::new();
        let (mut merged, own_nodes): (Vec<Node>, Vec<Node>) =
            own.into_iter().partition(|node| node.name.value == "throng");
        for (file, node) in included.into_iter().enumerate().flat_map(|(file, nodes)| {
            nodes.into_iter().filter(|node| node.name.value != "throng").map(move |node| (file, node))
        }) {
            let Some(identity) = identity(&node) else {
                // One that came by two ways is the same one.
                if !merged.iter().any(|known| known.span == node.span) {
                    merged.push(node);
                }
                continue;
            };
            if let Some(place) = mine.get_mut(&identity) {
                place.get_or_insert_with(|| {
                    merged.push(node);
                    merged.len() - 1
                });
                continue;
            }
            match first.get(&identity) {
                Some((_, known)) if *known == node.span => {}
                Some((by, known)) if *by != file => {
                    let (span, first) = (node.head(), head_of(&merged, *known));
                    let (kind, name) = identity;
                    self.problems.push(IncludeMistake::Clash { kind, name, span, first });
                }
                _ => {
                    first.entry(identity).or_insert((file, node.span));
                    merged.push(node);
                }
            }
        }
        for node in own_nodes {
            let place = identity(&node).and_then(|identity| mine.get_mut(&identity)?.take());
            match place {
                Some(place) => merged[place] = node,
                None => merged.push(node),
            }
        }
        merged
    }
}

/// The head of a node that is known by its span.
fn head_of(nodes: &[Node], span: Span) -> Span {
    nodes.iter().find(|node| node.span == span).map_or(span, Node::head)
}

/// What makes two top-level nodes the same: kind and name.
type Identity = (String, String);

/// `None` for nodes that stand beside each other, such as rules.
fn identity(node: &Node) -> Option<Identity> {
    let name = || node.text(0).map(|name| name.value.to_owned());
    let name = match node.name.value.as_str() {
        "stop-when" | "require" | "include" => None,
        "throng" | "seed" | "clock" | "tick" | "threads" | "generator" | "sweep" => Some(String::new()),
        "listener" => node.property("name").map(|name| name.value.to_string()).or_else(name),
        _ => name(),
    };
    Some((node.name.value.clone(), name?))
}
