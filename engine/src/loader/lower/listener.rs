//! `listener`: where telemetry leaves, in the file and from `--out`.

use std::path::Path;

use throng_components::listener::Listener;
use throng_components::workload::{
    ArgumentSpec, FieldSpec, Fields, Node, NodeSpec, Problems, Spanned, ValueKind,
};
use throng_systems::plugins::Registry;

use super::names::{MOST_OF_A_KIND, NameMistake, unknown_kind};
use crate::loader::source::Sources;
use crate::loader::workload::{ListenerOutput, ListenerPlan};

/// `listener KIND …`
pub(crate) const LISTENER: NodeSpec = NodeSpec {
    name: "listener",
    summary: "Sends telemetry of the run somewhere.",
    sample: "listener file \"out/samples.jsonl\"",
    arguments: &[ArgumentSpec {
        name: "kind",
        kind: ValueKind::Name,
        required: true,
        summary: "A kind of listener: `throng list listeners`. More follows from the kind.",
    }],
    more_arguments: true,
    properties: &[FieldSpec {
        name: "name",
        kind: ValueKind::Name,
        default: "",
        summary: "What results call it; its kind without it.",
    }],
    any_children: true,
    ..NodeSpec::EMPTY
};

/// Reads all listeners, those of the file and those from outside.
pub(super) fn read_all(
    nodes: &[&Node],
    registry: &Registry,
    sources: &Sources,
    problems: &mut Problems,
) -> Vec<ListenerPlan> {
    let mut names: Vec<Spanned<String>> = Vec::new();
    let mut plans = Vec::new();
    for node in nodes {
        if names.len() == MOST_OF_A_KIND {
            problems.push(NameMistake::TooMany { kind: LISTENER.name, span: node.name.span });
            break;
        }
        if let Some(name) = name_of(node) {
            check_name(&name, &names, problems);
            names.push(name);
        }
        let directory = sources.included_directory(node.span).map(Path::to_owned);
        let plan = problems.take(read(node, registry, plans.len()));
        let from_option = sources.get(node.span.source).is_some_and(|source| !source.is_file);
        plans.extend(plan.map(|(plan, path)| {
            let output = path.map(|path| output(&plan.listener, path, from_option));
            ListenerPlan { directory, output, ..plan }
        }));
    }
    plans
}

/// `name=`, or the kind.
fn name_of(node: &Node) -> Option<Spanned<String>> {
    let kind = node.text(0)?;
    match node.property("name") {
        Some(entry) => Some(Spanned::new(entry.value.to_string(), entry.span)),
        None => Some(Spanned::new(kind.value.to_owned(), kind.span)),
    }
}

fn check_name(name: &Spanned<String>, known: &[Spanned<String>], problems: &mut Problems) {
    let (kind, span) = (LISTENER.name, name.span);
    if name.value.trim().is_empty() || name.value.chars().any(char::is_control) {
        problems.push(NameMistake::Unusable { kind, span });
    } else if let Some(first) = known.iter().find(|known| known.value == name.value) {
        let (name, first) = (name.value.clone(), first.span);
        let help = "give one of them a name of its own: `name=second`";
        problems.push(NameMistake::Duplicate { kind, name, span, first, help });
    }
}

fn output(listener: &Listener, path: &str, from_option: bool) -> ListenerOutput {
    let shown = if from_option {
        format!("--out {}={path}", listener.kind)
    } else {
        format!("listener {}", listener.name)
    };
    ListenerOutput { path: path.into(), shown }
}

/// Reads a listener; gives it, and the path of the file that it writes.
fn read<'a>(
    node: &'a Node,
    registry: &Registry,
    order: usize,
) -> Result<(ListenerPlan, Option<&'a str>), Problems> {
    let Some(kind) = node.text(0) else {
        let mut fields = Fields::of(node, &LISTENER, 0);
        let _ = fields.text_argument(0);
        return fields.finish(None);
    };
    let Some(entry) = registry.listeners.find(kind.value) else {
        return Err(Problems::from(unknown_kind(node, kind, "listener", registry.listeners.names())));
    };
    let install = (entry.read)(node)?;
    let kind = throng_systems::plugins::Named::spec(&entry).name;
    let name = name_of(node).map_or_else(|| kind.to_owned(), |name| name.value);
    let order = u16::try_from(order).unwrap_or(u16::MAX);
    let path = node.text(1).filter(|_| entry.writes_file).map(|path| path.value);
    let listener = Listener { name, kind, order };
    Ok((ListenerPlan { listener, install, directory: None, output: None }, path))
}
