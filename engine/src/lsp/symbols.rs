//! The parts of a workload as an editor lists them.

use gen_lsp_types::{DocumentSymbol, SymbolKind};

use super::positions::Positions;
use crate::loader::{WrittenNode, written};

/// Nodes within nodes deeper than that are details.
const LEVELS: usize = 3;

/// The nodes of a text.
pub(super) fn symbols(text: &str) -> Vec<DocumentSymbol> {
    let positions = Positions::of(text);
    written(text).iter().map(|node| symbol(node, &positions, LEVELS)).collect()
}

fn symbol(node: &WrittenNode, positions: &Positions<'_>, levels: usize) -> DocumentSymbol {
    let own_name = node.properties.iter().find(|(key, _)| key.text == "name").map(|(_, value)| &value.text);
    let arguments: Vec<&str> = node.arguments.iter().map(|argument| argument.text.as_str()).collect();
    let children = node.children.iter().filter(|_| levels > 1);
    let name = match own_name {
        Some(name) => format!("{} {name}", node.name.text),
        None => format!("{} {}", node.name.text, arguments.join(" ")).trim().to_owned(),
    };
    let kind = match node.name.text.as_str() {
        "scenario" | "behavior" => SymbolKind::Class,
        "target" | "service" => SymbolKind::Interface,
        "listener" => SymbolKind::Event,
        _ => SymbolKind::Field,
    };
    let children = children.map(|child| symbol(child, positions, levels - 1)).collect();
    let [whole, name_alone] = [&node.range, &node.name.range].map(|range| positions.of_bytes(range.clone()));
    DocumentSymbol::new(name, None, kind, None, None, whole, name_alone, Some(children))
}
