//! What was meant by something that stands where it cannot: a property that should be a node, a value that lacks its name.

use super::super::node::Scalar;
use super::super::specification::{NodeSpec, ValueKind};
use super::super::units::{parse_duration, parse_rate, parse_share, parse_size};

/// A value as it is written.
fn written(value: &Scalar) -> String {
    match value {
        Scalar::Text(text) => format!("\"{text}\""),
        other => other.to_string(),
    }
}

/// Instead of a value that belongs to no argument: a property that it could be of, or what the sample does.
pub(super) fn of_argument(node: &str, value: &Scalar, spec: &NodeSpec) -> String {
    let fitting = spec.properties.iter().filter(|field| could_be(field.kind, value)).take(2);
    let value = written(value);
    let named: Vec<String> = fitting.map(|field| format!("`{node} {}={value}`", field.name)).collect();
    if !named.is_empty() {
        return format!("name it, as in {}, or remove it", named.join(" or "));
    }
    if spec.arguments.is_empty() && !spec.sample.is_empty() {
        return format!("remove it, or write `{node}` as in `{}`", spec.sample);
    }
    "remove it".to_owned()
}

/// Instead of a property that is not known: a node between the braces, or two positional values.
pub(super) fn of_property(node: &str, name: &str, value: &Scalar, spec: &NodeSpec) -> Option<String> {
    let value = written(value);
    if spec.children.contains(&name) {
        return Some(format!("`{name}` is a node inside: write `{node} … {{ {name} {value} }}`"));
    }
    if !spec.properties.is_empty() {
        return None;
    }
    if spec.any_children {
        return Some(format!("what it holds are nodes: write `{node} {{ {name} {value} }}`"));
    }
    let two = takes_name_and_value(spec);
    two.then(|| format!("name and value are set apart by a blank: write `{node} {name} {value}`"))
}

/// Whether a node is a name and a value, and has no property that `name=value` could be.
pub(super) fn takes_name_and_value(spec: &NodeSpec) -> bool {
    spec.properties.is_empty() && spec.arguments.len() == 2
}

/// Instead of a node that is not known: a property of the one that holds it.
pub(super) fn of_child(node: &str, name: &str, spec: &NodeSpec) -> Option<String> {
    let known = spec.properties.iter().any(|field| field.name == name);
    known.then(|| format!("`{name}` is a property: write `{node} … {name}=…`, on its line"))
}

/// Whether a value has the form that a property asks for. Texts that are no quantity could be of many.
fn could_be(kind: ValueKind, value: &Scalar) -> bool {
    match (kind, value) {
        (ValueKind::Count, Scalar::Integer(number)) => *number >= 0,
        (ValueKind::Number, Scalar::Integer(_) | Scalar::Float(_)) => true,
        (ValueKind::Duration, Scalar::Text(text)) => parse_duration(text).is_ok(),
        (ValueKind::Rate, Scalar::Text(text)) => parse_rate(text).is_ok(),
        (ValueKind::Share, Scalar::Text(text)) => parse_share(text).is_ok(),
        (ValueKind::Size, Scalar::Text(text)) => parse_size(text).is_ok(),
        (ValueKind::Word(words), Scalar::Text(text)) => words.contains(&text.as_str()),
        _ => false,
    }
}
