//! `throng explain NAME`: all about a node, a plug-in's kind or an error code.

use std::fmt::Write as _;
use std::io::Write;

use throng_components::workload::{FieldSpec, NodeSpec, ValueKind, did_you_mean};
use throng_systems::plugins::Registry;

use super::list::families;
use crate::exit_code::ExitCode;
use crate::loader::{PAGES, page};
use crate::nodes::{CORE, CoreNode};

/// What `explain` is asked.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Args {
    /// A node (`scenario`), a kind (`poisson`) or an error code (`T0007`)
    pub(super) name: String,
}

/// Shows everything of that name.
pub(super) fn run(args: &Args, registry: &Registry, out: &mut dyn Write) -> ExitCode {
    let (text, code) = match explain(&args.name, registry) {
        Some(text) => (text, ExitCode::Passed),
        None => (unknown(&args.name, registry), ExitCode::Usage),
    };
    if out.write_all(text.as_bytes()).is_ok() { code } else { ExitCode::Output }
}

fn explain(name: &str, registry: &Registry) -> Option<String> {
    if let Some(page) = page(&name.to_ascii_uppercase()) {
        return Some(page.text.to_owned());
    }
    let mut parts = Vec::new();
    for node in CORE.iter().filter(|node| node.spec.name == name) {
        parts.push(explain_core(node, registry));
    }
    for family in families(registry) {
        for spec in family.members.iter().filter(|spec| spec.name == name) {
            parts.push(explain_spec(spec, &format!("one of the {}: {}", family.name, family.place)));
        }
    }
    (!parts.is_empty()).then(|| parts.join("\n"))
}

fn explain_core(node: &CoreNode, registry: &Registry) -> String {
    let place =
        if node.inside.is_empty() { "at the top level".to_owned() } else { format!("in {}", node.inside) };
    let mut text = explain_spec(node.spec, &place);
    if let Some(family) = families(registry).into_iter().find(|family| family.name == node.family) {
        let names: Vec<&str> = family.members.iter().map(|spec| spec.name).collect();
        let _ = writeln!(text, "\n{}: {}", family.name, names.join(", "));
    }
    text
}

fn explain_spec(spec: &NodeSpec, place: &str) -> String {
    let mut text = format!("{} ({place})\n  {}\n\n", spec.name, spec.summary);
    for line in spec.sample.lines() {
        let _ = writeln!(text, "  {line}");
    }
    if !spec.arguments.is_empty() {
        text.push_str("\narguments\n");
    }
    for argument in spec.arguments {
        let needed = if argument.required { "" } else { ", may be left out" };
        let _ = writeln!(
            text,
            "  {} ({}{needed})\n      {}",
            argument.name,
            form(argument.kind),
            argument.summary
        );
    }
    if !spec.properties.is_empty() {
        text.push_str("\nproperties\n");
    }
    for property in spec.properties {
        explain_property(property, &mut text);
    }
    if !spec.children.is_empty() {
        let _ = writeln!(text, "\ninside: {}", spec.children.join(", "));
    }
    if !spec.later.is_empty() {
        let _ = writeln!(text, "\nnot yet: {}", spec.later.join(", "));
    }
    text
}

fn explain_property(property: &FieldSpec, text: &mut String) {
    let default = match property.default {
        "" => String::new(),
        default => format!(", default {default}"),
    };
    let _ =
        writeln!(text, "  {}= ({}{default})\n      {}", property.name, form(property.kind), property.summary);
}

/// A value's form in a few words.
fn form(kind: ValueKind) -> String {
    match kind {
        ValueKind::Text => "text".to_owned(),
        ValueKind::Name => "name".to_owned(),
        ValueKind::Word(words) => words.join(" | "),
        ValueKind::Count => "whole number".to_owned(),
        ValueKind::Number => "number".to_owned(),
        ValueKind::Duration => "duration, as in \"250ms\"".to_owned(),
        ValueKind::Rate => "rate, as in \"200/s\"".to_owned(),
        ValueKind::Share => "share, as in \"5%\"".to_owned(),
        ValueKind::Limit => "share or count, as in \"5%\" or 100".to_owned(),
        ValueKind::ShareOrRate => "share or rate, as in \"99%\" or \"200/s\"".to_owned(),
        ValueKind::Size => "size, as in \"64KiB\"".to_owned(),
        ValueKind::Template => "text that may hold ${…}".to_owned(),
    }
}

fn unknown(name: &str, registry: &Registry) -> String {
    let mut known: Vec<&str> = CORE.iter().map(|node| node.spec.name).collect();
    known.extend(families(registry).iter().flat_map(|family| family.members.iter().map(|spec| spec.name)));
    known.sort_unstable();
    known.dedup();
    let first = PAGES.first().map_or("", |page| page.code);
    let help = did_you_mean(name, &known).unwrap_or_default();
    format!("nothing is called `{name}`: {help}; or an error code such as {first}\n")
}
