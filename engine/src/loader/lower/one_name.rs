//! Warns of two different steps of one behaviour that share a name: results are kept by name, so their figures are one.
//!
//! Requests of one method that are both given one name, such as a page's pictures, are one step by declaration.

use std::collections::BTreeMap;

use throng_components::workload::{Label, Mistake, Node, Problem, Span};

/// What a step sends, beside its arguments: requests that differ in these are different ones.
const BODIES: &[&str] = &["body", "json", "form", "multipart"];

/// Two steps of one name.
struct OneName {
    name: String,
    span: Span,
    first: Span,
}

impl Mistake for OneName {
    fn code(&self) -> &'static str {
        "T0221"
    }

    fn message(&self) -> String {
        format!("two different steps are called `{}`", self.name)
    }

    fn labels(&self) -> Vec<Label> {
        vec![
            Label::new(self.span, "its figures are added to those of the first"),
            Label::new(self.first, "the first one"),
        ]
    }

    fn help(&self) -> Option<String> {
        Some(
            "give one of them a name of its own, as in `name=second`, to tell them apart in the results"
                .to_owned(),
        )
    }
}

/// A step as far as another one of its name may differ.
struct Known<'a> {
    node: &'a Node,
    told: bool,
}

/// The warnings of a behaviour, one a name at most.
pub(super) fn warnings(behavior: &Node) -> Vec<Problem> {
    let (mut known, mut found) = (BTreeMap::new(), Vec::new());
    look(behavior, &mut known, &mut found);
    found
}

fn look<'a>(holder: &'a Node, known: &mut BTreeMap<String, Known<'a>>, found: &mut Vec<Problem>) {
    for node in &holder.children {
        let Some(name) = name_of(node) else {
            look(node, known, found);
            continue;
        };
        let first = known.entry(name.clone()).or_insert(Known { node, told: false });
        if !first.told && !sends_the_same(first.node, node) {
            first.told = true;
            found.push(OneName { name, span: node.head(), first: first.node.head() }.into());
        }
    }
}

/// What results call a step; `None` for a node that is none, which may hold some.
fn name_of(node: &Node) -> Option<String> {
    let sends = matches!(node.name.value.as_str(), "http" | "noop");
    let derived = || Some(format!("{} {}", node.arguments.first()?.value, node.arguments.get(1)?.value));
    let named = || node.property("name").map(|name| name.known().to_string());
    if sends { named().or_else(derived) } else { None }
}

fn sends_the_same(one: &Node, other: &Node) -> bool {
    let target = |node: &Node| node.property("target").map(|entry| entry.value.to_string());
    let named = [one, other].iter().all(|node| node.property("name").is_some());
    let alike = one.name.value == other.name.value && target(one) == target(other);
    if named {
        let method = |node: &Node| node.arguments.first().map(|entry| entry.value.to_string());
        return alike && method(one) == method(other);
    }
    alike && same_arguments(one, other) && same_nodes(&bodies(one), &bodies(other))
}

fn bodies(step: &Node) -> Vec<&Node> {
    step.children.iter().filter(|child| BODIES.contains(&child.name.value.as_str())).collect()
}

fn same_arguments(one: &Node, other: &Node) -> bool {
    let values = |node: &Node| node.arguments.iter().map(|entry| entry.value.to_string()).collect::<Vec<_>>();
    values(one) == values(other)
}

/// Whether nodes differ in nothing but their places.
fn same_nodes(first: &[&Node], second: &[&Node]) -> bool {
    let same = |one: &Node, other: &Node| {
        let properties = |node: &Node| {
            let written = node.properties.iter();
            written.map(|(key, entry)| (key.value.clone(), entry.value.to_string())).collect::<Vec<_>>()
        };
        one.name.value == other.name.value
            && same_arguments(one, other)
            && properties(one) == properties(other)
            && one.children.len() == other.children.len()
            && one.children.iter().zip(&other.children).all(|(one, other)| same_nodes(&[one], &[other]))
    };
    first.len() == second.len() && first.iter().zip(second).all(|(one, other)| same(one, other))
}
