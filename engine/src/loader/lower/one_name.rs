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
    let method = |node: &Node| node.arguments.first().map(|entry| entry.value.to_string());
    let target = |node: &Node| node.property("target").map(|entry| entry.value.to_string());
    let body = |node: &Node| -> Vec<String> {
        let bodies = node.children.iter().filter(|child| BODIES.contains(&child.name.value.as_str()));
        bodies.map(form).collect()
    };
    let head = |node: &Node| -> Vec<String> {
        let values = node.arguments.iter().map(|entry| entry.value.to_string());
        std::iter::once(node.name.value.clone()).chain(values).collect()
    };
    let named = [one, other].iter().all(|node| node.property("name").is_some());
    let alike =
        one.name.value == other.name.value && method(one) == method(other) && target(one) == target(other);
    if named {
        return alike;
    }
    alike && head(one) == head(other) && body(one) == body(other)
}

/// A node without its places.
fn form(node: &Node) -> String {
    let values: Vec<String> = node.arguments.iter().map(|entry| entry.value.to_string()).collect();
    let properties: Vec<String> =
        node.properties.iter().map(|(key, entry)| format!("{}={}", key.value, entry.value)).collect();
    let children: Vec<String> = node.children.iter().map(form).collect();
    format!("{} {values:?} {properties:?} {children:?}", node.name.value)
}
