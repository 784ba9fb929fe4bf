//! What is said of the word under the mouse: the tables' own words, and the page of an error that is shown there.

use std::fmt::Write as _;

use gen_lsp_types::{Code, Contents, Diagnostic, Hover, MarkupContent, MarkupKind, Position};
use throng_components::workload::NodeSpec;
use throng_systems::plugins::Registry;

use super::completion::{arguments_of, described, place_of, properties};
use super::positions::Positions;
use crate::loader::{At, cursor, page};

/// What is known of a position; the diagnostics are those that the editor shows.
pub(super) fn hover(
    text: &str,
    position: Position,
    diagnostics: &[Diagnostic],
    registry: &Registry,
) -> Option<Hover> {
    let mut said = explained(text, position, registry).unwrap_or_default();
    for diagnostic in diagnostics.iter().filter(|diagnostic| touches(diagnostic, position)) {
        let Some(Code::String(code)) = &diagnostic.code else { continue };
        if let Some(page) = page(code) {
            let _ = write!(said, "{}{}", if said.is_empty() { "" } else { "\n\n---\n\n" }, page.text);
        }
    }
    let contents = Contents::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value: said.clone() });
    (!said.is_empty()).then_some(Hover { contents, range: None })
}

fn touches(diagnostic: &Diagnostic, position: Position) -> bool {
    let order = |position: Position| (position.line, position.character);
    order(diagnostic.range.start) <= order(position) && order(position) <= order(diagnostic.range.end)
}

/// What the tables say of the word there.
fn explained(text: &str, position: Position, registry: &Registry) -> Option<String> {
    let byte = Positions::of(text).byte(position);
    let cursor = cursor(text, byte)?;
    let node = cursor.node.as_ref().filter(|_| !cursor.word.is_empty())?;
    let place = place_of(cursor.around.iter().chain([node]), registry)?;
    let name = &text[cursor.word.clone()];
    match &cursor.at {
        At::Name => place.specs.first().map(|spec| node_text(spec)),
        At::Argument(index) if place.kind_at == Some(*index) => {
            let kind = place.kinds.iter().find(|kind| kind.name == name);
            kind.map(|kind| node_text(kind))
        }
        At::Argument(index) => arguments_of(&place).find_map(|(spec, first)| {
            let argument = spec.arguments.get(index.checked_sub(first)?)?;
            Some(format!("**{}**: {}\n\n{}", argument.name, argument.kind.form(), argument.summary))
        }),
        At::Property => property_text(name.trim_matches('"'), &place),
        At::Value(property) => property_text(property, &place),
    }
}

fn node_text(spec: &NodeSpec) -> String {
    format!("**{}**\n\n{}\n\n```kdl\n{}\n```", spec.name, spec.summary, spec.sample)
}

fn property_text(name: &str, place: &crate::places::Place) -> Option<String> {
    let property = properties(place).find(|property| property.name == name)?;
    Some(format!("**{name}=** {}", described(property)))
}
