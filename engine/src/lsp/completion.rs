//! What may be written at the cursor: nodes, kinds, properties, words, and names of the workload's own.

use gen_lsp_types::{
    CompletionItem, CompletionItemKind, Documentation, MarkupContent, MarkupKind, Position, Range, TextEdit,
};
use throng_components::workload::{FieldSpec, NodeSpec, ValueKind};
use throng_systems::plugins::Registry;

use super::expressions;
use super::positions::Positions;
use crate::loader::{At, Cursor, WrittenNode, cursor, written};
use crate::places::{Head, Place, place};

/// What may be written at a position of a text.
pub(super) fn completion(text: &str, position: Position, registry: &Registry) -> Vec<CompletionItem> {
    let positions = Positions::of(text);
    let byte = positions.byte(position);
    let Some(cursor) = cursor(text, byte) else { return Vec::new() };
    // What stands before the cursor is replaced; what stands behind it stays.
    let start = cursor.word.start.min(byte);
    if let Some(within) = expressions::name_start(&text[start..byte]) {
        let mut items = Items { range: positions.of_bytes(start + within..byte), found: Vec::new() };
        for (name, summary) in expressions::names(&written(text)) {
            items.add(&name, CompletionItemKind::Variable, summary, "");
        }
        return items.found;
    }
    let items = Items { range: positions.of_bytes(start..byte), found: Vec::new() };
    items.at(&cursor, text, registry)
}

/// The place of a node in a text.
pub(super) fn place_of<'a>(
    nodes: impl Iterator<Item = &'a WrittenNode>,
    registry: &Registry,
) -> Option<Place> {
    let nodes: Vec<&WrittenNode> = nodes.collect();
    let arguments: Vec<Vec<&str>> = nodes
        .iter()
        .map(|node| node.arguments.iter().map(|argument| argument.text.as_str()).collect())
        .collect();
    let heads: Vec<Head<'_>> = nodes
        .iter()
        .zip(&arguments)
        .map(|(node, arguments)| Head { name: &node.name.text, arguments })
        .collect();
    place(&heads, registry)
}

struct Items {
    range: Range,
    found: Vec<CompletionItem>,
}

impl Items {
    fn at(mut self, cursor: &Cursor, text: &str, registry: &Registry) -> Vec<CompletionItem> {
        if cursor.at == At::Name {
            let place = place_of(cursor.around.iter(), registry);
            for spec in place.iter().flat_map(|place| &place.children) {
                self.add(spec.name, CompletionItemKind::Class, spec.summary, spec.sample);
            }
            return self.found;
        }
        let Some(node) = &cursor.node else { return self.found };
        let Some(place) = place_of(cursor.around.iter().chain([node]), registry) else { return self.found };
        match &cursor.at {
            At::Name => {}
            At::Argument(index) => {
                self.argument(*index, node, &place, text);
                // Within quotes nothing becomes a property.
                if !text[cursor.word.clone()].starts_with(['"', '#']) {
                    self.properties(node, &place);
                }
            }
            At::Property => self.properties(node, &place),
            At::Value(name) => {
                let property = properties(&place).find(|property| property.name == *name);
                if let Some(property) = property {
                    self.values(property.kind, property.default, property.summary);
                    self.names(property.name, text);
                }
            }
        }
        self.found
    }

    fn add(&mut self, text: &str, kind: CompletionItemKind, summary: &str, sample: &str) {
        let sample = if sample.is_empty() { String::new() } else { format!("\n\n```kdl\n{sample}\n```") };
        self.found.push(CompletionItem {
            label: text.to_owned(),
            kind: Some(kind),
            documentation: Some(Documentation::MarkupContent(MarkupContent {
                kind: MarkupKind::Markdown,
                value: format!("{summary}{sample}"),
            })),
            text_edit: Some(TextEdit { range: self.range, new_text: text.to_owned() }.into()),
            ..CompletionItem::default()
        });
    }

    /// A positional value: the kind, or what the node or its kind takes there.
    fn argument(&mut self, index: usize, node: &WrittenNode, place: &Place, text: &str) {
        if place.kind_at == Some(index) {
            // Several nodes write one kind in another way than by its name.
            if node.name.text == "target" {
                self.add("demo", CompletionItemKind::EnumMember, "The built-in shop.", "target shop demo");
            }
            for kind in &place.kinds {
                let name = match (node.name.text.as_str(), kind.name) {
                    ("target", "http") => "\"http://127.0.0.1:8080\"",
                    (_, name) => name,
                };
                self.add(name, CompletionItemKind::EnumMember, kind.summary, kind.sample);
            }
            return;
        }
        for (spec, first) in arguments_of(place) {
            let argument = index.checked_sub(first).and_then(|index| spec.arguments.get(index));
            if let Some(argument) = argument {
                self.values(argument.kind, "", argument.summary);
            }
        }
        if index == 0 {
            self.names(&node.name.text, text);
        }
    }

    /// Properties that are not written yet.
    fn properties(&mut self, node: &WrittenNode, place: &Place) {
        for property in properties(place) {
            if !node.properties.iter().any(|(key, _)| key.text == property.name) {
                let text = format!("{}=", property.name);
                self.add(&text, CompletionItemKind::Property, &described(property), "");
            }
        }
    }

    /// The words that a value may be, or its default.
    fn values(&mut self, kind: ValueKind, default: &str, summary: &str) {
        match kind {
            ValueKind::Word(words) => {
                for word in words {
                    self.add(word, CompletionItemKind::EnumMember, summary, "");
                }
            }
            _ if default.is_empty() => {}
            // KDL takes numbers and names bare, and quantities between quotes.
            ValueKind::Count | ValueKind::Number | ValueKind::Name => {
                self.add(default, CompletionItemKind::Value, summary, "");
            }
            _ => self.add(&format!("{default:?}"), CompletionItemKind::Value, summary, ""),
        }
    }

    /// The workload's own names that a property or node of this name may refer to.
    fn names(&mut self, of: &str, text: &str) {
        let nodes = written(text);
        let named = |kind: &str| -> Vec<String> {
            let nodes = nodes.iter().filter(|node| node.name.text == kind);
            nodes.filter_map(|node| Some(node.arguments.first()?.text.clone())).collect()
        };
        let (candidates, summary) = match of {
            "target" => (named("target"), "A target of this workload."),
            "service" => (named("target"), "Answers for this target in virtual time."),
            "scenario" => (named("scenario"), "A scenario of this workload."),
            "behavior" => (named("behavior"), "A behaviour of this workload."),
            "step" => (steps(&nodes), "A step of this workload."),
            _ => return,
        };
        for name in candidates {
            let bare = name.chars().all(|letter| letter.is_alphanumeric() || "-_".contains(letter))
                && !name.starts_with(|letter: char| letter.is_ascii_digit());
            let name = if bare { name } else { format!("{name:?}") };
            if !self.found.iter().any(|item| item.label == name) {
                self.add(&name, CompletionItemKind::Reference, summary, "");
            }
        }
    }
}

/// The specifications of a node and its kind, each with the number of its first positional value.
pub(super) fn arguments_of(place: &Place) -> impl Iterator<Item = (&'static NodeSpec, usize)> {
    let behind = place.kind_at.map_or(0, |at| at + 1);
    place.specs.iter().enumerate().map(move |(index, spec)| (*spec, if index == 0 { 0 } else { behind }))
}

/// All properties of a node and its kind.
pub(super) fn properties(place: &Place) -> impl Iterator<Item = &'static FieldSpec> {
    place.specs.iter().flat_map(|spec| spec.properties)
}

/// A property's form, default and summary.
pub(super) fn described(property: &FieldSpec) -> String {
    let default = match property.default {
        "" => String::new(),
        default => format!(", default `{default}`"),
    };
    format!("{}{default}\n\n{}", property.kind.form(), property.summary)
}

/// The names of steps, in the order of the text.
fn steps(nodes: &[WrittenNode]) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Vec<&WrittenNode> =
        nodes.iter().filter(|node| node.name.text == "behavior").rev().collect();
    while let Some(node) = open.pop() {
        let name = node.properties.iter().find(|(key, _)| key.text == "name");
        found.extend(name.map(|(_, value)| value.text.clone()));
        open.extend(node.children.iter().rev());
    }
    found
}
