//! Words that stand inside a node's line: names of properties, the words that a value may be, and what is not there yet.

use std::fmt::Write as _;

use throng_components::workload::{FieldSpec, NodeSpec, ValueKind};
use throng_systems::plugins::Registry;

use super::{explain_property, place_of};
use crate::cli::list::families;
use crate::nodes::CORE;

/// A node that has words inside, and where it stands.
struct Owner {
    spec: &'static NodeSpec,
    place: String,
}

fn owners(registry: &Registry) -> Vec<Owner> {
    let core = CORE.iter().map(|node| Owner { spec: node.spec, place: place_of(node) });
    let families = families(registry).into_iter().flat_map(|family| {
        let place = format!("one of the {}, {}", family.name, family.place);
        family.members.into_iter().map(move |spec| Owner { spec, place: place.clone() })
    });
    core.chain(families).collect()
}

/// Every word that [`explain`] knows.
pub(super) fn known(registry: &Registry) -> Vec<&'static str> {
    let mut known = Vec::new();
    for Owner { spec, .. } in owners(registry) {
        known.extend(spec.properties.iter().map(|property| property.name));
        known.extend(values(spec).flat_map(|value| value.words));
        known.extend(spec.later);
    }
    known
}

/// Everything that a word is inside of nodes, each with the nodes that have it.
pub(super) fn explain(name: &str, registry: &Registry) -> Vec<String> {
    let owners = owners(registry);
    let mut parts = properties(name, &owners);
    for Owner { spec, place } in &owners {
        for value in values(spec).filter(|value| value.words.contains(&name)) {
            let mut text = format!("{name}: a value of {}, {place}\n", value.of);
            let _ = writeln!(text, "  {}\n  {}{}", value.summary, value.words.join(" | "), value.default);
            parts.push(text);
        }
    }
    let later = owners.iter().filter(|owner| owner.spec.later.contains(&name));
    let later: Vec<String> =
        later.map(|owner| format!("  in `{}`, {}\n", owner.spec.name, owner.place)).collect();
    if !later.is_empty() {
        parts.push(format!("{name}: not yet\n{}", later.concat()));
    }
    parts
}

/// Properties of that name. Those that say the same of several nodes are told of once.
fn properties(name: &str, owners: &[Owner]) -> Vec<String> {
    let mut groups: Vec<(&FieldSpec, Vec<&Owner>)> = Vec::new();
    for owner in owners {
        for property in owner.spec.properties.iter().filter(|property| property.name == name) {
            match groups.iter_mut().find(|(known, _)| is_same(known, property)) {
                Some((_, owners)) => owners.push(owner),
                None => groups.push((property, vec![owner])),
            }
        }
    }
    let shown = groups.into_iter().map(|(property, owners)| {
        let mut text = format!("{name}: a property of {}\n", nodes(&owners));
        explain_property(property, &mut text);
        text
    });
    shown.collect()
}

fn is_same(one: &FieldSpec, other: &FieldSpec) -> bool {
    (one.kind, one.default, one.summary) == (other.kind, other.default, other.summary)
}

/// Nodes by name, those of one place together.
fn nodes(owners: &[&Owner]) -> String {
    let mut parts: Vec<String> = Vec::new();
    for together in owners.chunk_by(|one, other| one.place == other.place) {
        let names: Vec<String> = together.iter().map(|owner| format!("`{}`", owner.spec.name)).collect();
        parts.push(format!("{} ({})", names.join(", "), together[0].place));
    }
    parts.join(", ")
}

/// A value that is one of a few words.
struct Value {
    /// What has it.
    of: String,
    words: &'static [&'static str],
    default: String,
    summary: &'static str,
}

fn values(spec: &'static NodeSpec) -> impl Iterator<Item = Value> {
    let arguments = spec.arguments.iter().filter_map(|argument| {
        let ValueKind::Word(words) = argument.kind else { return None };
        let of = format!("`{}`, its {}", spec.name, argument.name);
        Some(Value { of, words, default: String::new(), summary: argument.summary })
    });
    let properties = spec.properties.iter().filter_map(|property| {
        let ValueKind::Word(words) = property.kind else { return None };
        let default = match property.default {
            "" => String::new(),
            default => format!(", default {default}"),
        };
        let of = format!("`{}=` of `{}`", property.name, spec.name);
        Some(Value { of, words, default, summary: property.summary })
    });
    arguments.chain(properties)
}
