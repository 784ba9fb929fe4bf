//! `--vary NAME=VALUE,…` and `--replications N`: what a sweep is told over the file's own `sweep`.

use throng_components::workload::{Entry, Node, Scalar, Span, Spanned};

use super::document::span;
use super::lower::{REPLICATIONS, SWEEP, VARY};
use super::source::Sources;

/// What the command line says of a sweep.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SweepOptions {
    /// `--vary NAME=VALUE,…`: parameters and their values, instead of the file's or beside them.
    pub vary: Vec<(String, String)>,
    /// `--replications N`: instead of the file's.
    pub replications: Option<u64>,
}

fn node(name: &str, arguments: Vec<Entry>, children: Vec<Node>, span: Span) -> Node {
    let name = Spanned::new(name.to_owned(), span);
    Node { name, arguments, properties: Vec::new(), children, span }
}

impl SweepOptions {
    /// Puts them into the nodes, each in a text of its own so that messages can show it.
    pub(super) fn apply(&self, nodes: &mut Vec<Node>, sources: &mut Sources) {
        for (name, values) in &self.vary {
            let Some(vary) = vary(name, values, sources) else { return };
            let children = children(nodes, vary.span);
            let own = |child: &&mut Node| {
                let is_file = sources.get(child.name.span.source).is_some_and(|source| source.is_file);
                is_file && child.name.value == VARY.name && child.text(0).is_some_and(|it| it.value == name)
            };
            match children.iter_mut().find(own) {
                Some(place) => *place = vary,
                None => children.push(vary),
            }
        }
        if let Some(number) = self.replications {
            let text = number.to_string();
            let length = text.len();
            let Some(source) = sources.add("--replications", text) else { return };
            let place = span(source, 0, length);
            let value = Entry::new(Scalar::Integer(number.into()), place);
            let children = children(nodes, place);
            children.retain(|child| child.name.value != REPLICATIONS.name);
            children.push(node(REPLICATIONS.name, vec![value], Vec::new(), place));
        }
    }
}

/// The children of the file's `sweep`; of one that is made here when it has none.
fn children(nodes: &mut Vec<Node>, place: Span) -> &mut Vec<Node> {
    let found = nodes.iter().position(|node| node.name.value == SWEEP.name).unwrap_or_else(|| {
        nodes.push(node(SWEEP.name, Vec::new(), Vec::new(), place));
        nodes.len() - 1
    });
    &mut nodes[found].children
}

/// The node that `--vary NAME=VALUE,…` stands for.
fn vary(name: &str, values: &str, sources: &mut Sources) -> Option<Node> {
    let text = format!("{name}={values}");
    let source = sources.add("--vary", text.as_str())?;
    let mut arguments = vec![Entry::new(Scalar::Text(name.to_owned()), span(source, 0, name.len()))];
    let mut start = name.len() + 1;
    for value in values.split(',').filter(|_| !values.is_empty()) {
        let place = span(source, start, start + value.len());
        arguments.push(Entry::new(Scalar::Text(value.to_owned()), place));
        start += value.len() + 1;
    }
    Some(node(VARY.name, arguments, Vec::new(), span(source, 0, text.len())))
}
