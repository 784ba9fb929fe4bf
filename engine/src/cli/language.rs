//! The reference of the language as a page, made of the tables that the language itself is read by.

use std::fmt::Write as _;

use throng_components::workload::{NodeSpec, ValueKind};
use throng_systems::behavior::FUNCTIONS;
use throng_systems::plugins::Registry;
use throng_systems::plugins::listeners::otlp::INSTRUMENTS;

use super::list::{Family, families};
use super::reference::kind_of;
use crate::exit_code::EXIT_CODES;
use crate::loader::PAGES;
use crate::nodes::CORE;

/// What stands in front of the tables.
const OPENING: &str = "# The language

Every word that a workload may hold. This page is made of the tables that throng itself reads workloads by:
`throng list --format markdown` writes it, `throng explain NAME` shows one entry.

A workload is one [KDL 2](https://kdl.dev) document. A node has a name, then *arguments* in their order, then *properties*
`name=value` in any order, then *children* between braces. Where a node has several kinds (`arrivals poisson`, `listener otlp`),
the kind is an argument in front of its own. What is not known is refused, with what was probably meant. `/-` in front of a
node, value or `{` switches it off. `throng fmt` puts a file in form, `throng check` says what is wrong in it.
";

/// What `${…}` may hold.
const EXPRESSIONS: &str = include_str!("language/expressions.md");

/// The page.
pub(super) fn page(registry: &Registry) -> String {
    let families = families(registry);
    let mut page = format!("{OPENING}\n## Contents\n\n");
    contents(&families, &mut page);
    values(&mut page);
    page.push_str("\n## Nodes\n");
    for node in CORE {
        let name = format!("{} {}", node.inside, node.spec.name);
        let kinds = families.iter().find(|family| family.name == node.family);
        entry(name.trim(), node.spec, &mut page);
        inside(node.spec, name.trim(), &mut page);
        if let Some(family) = kinds {
            let members: Vec<String> = family
                .members
                .iter()
                .map(|spec| link(&format!("{} {}", family.name, spec.name), spec.name))
                .collect();
            let _ = writeln!(page, "\n{}: {}", link(family.name, family.name), members.join(", "));
        }
    }
    for family in &families {
        let _ = write!(page, "\n## {}\n\n{}.\n", family.name, capital(family.place));
        for spec in &family.members {
            entry(&format!("{} {}", family.name, spec.name), spec, &mut page);
            inside(spec, &format!("{} {}", family.name, spec.name), &mut page);
        }
    }
    let _ = write!(page, "\n{EXPRESSIONS}");
    functions(&mut page);
    tables(&mut page);
    page
}

/// A link to a heading of this page.
fn link(heading: &str, text: &str) -> String {
    format!("[{text}](#{})", heading.replace(' ', "-"))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn contents(families: &[Family], page: &mut String) {
    page.push_str("- [Values](#values)\n- [Nodes](#nodes)\n");
    for node in CORE.iter().filter(|node| node.inside.is_empty()) {
        let name = node.spec.name;
        let within = |inside: &str| inside == name || inside.starts_with(&format!("{name} "));
        let inner = CORE.iter().filter(|other| within(other.inside));
        let inner: Vec<String> = inner
            .map(|other| link(&format!("{} {}", other.inside, other.spec.name), other.spec.name))
            .collect();
        let inner = if inner.is_empty() { String::new() } else { format!(": {}", inner.join(", ")) };
        let _ = writeln!(page, "  - {}{inner}", link(name, name));
    }
    for family in families {
        let members: Vec<String> = family
            .members
            .iter()
            .map(|spec| link(&format!("{} {}", family.name, spec.name), spec.name))
            .collect();
        let _ = writeln!(page, "- {}: {}", link(family.name, family.name), members.join(", "));
    }
    page.push_str(
        "- [Expressions](#expressions): [functions](#functions)\n- [Error codes](#error-codes)\n- [Exit codes](#exit-codes)\n",
    );
    page.push_str("- [Metrics](#metrics)\n- [Results](#results)\n");
}

/// The forms of values, each with a sample.
fn values(page: &mut String) {
    page.push_str("\n## Values\n\n| form | as it is written |\n| --- | --- |\n");
    for (kind, sample) in VALUES {
        let name = kind.form();
        let name = name.split(", as in").next().unwrap_or_default();
        let _ = writeln!(page, "| {name} | {sample} |");
    }
}

/// Every form but that of a few words, which are named where they stand.
const VALUES: &[(ValueKind, &str)] = &[
    (
        ValueKind::Text,
        "`shop`, `\"let me in\"`, `#\"{\"raw\": 1}\"#`, or over several lines between `\"\"\"`",
    ),
    (ValueKind::Name, "`crowd`, `\"a crowd\"`: not empty, without control characters"),
    (ValueKind::Count, "`0`, `1000`, `1_000`: 0 or more"),
    (ValueKind::Number, "`1`, `0.5`, `1e3`"),
    (
        ValueKind::Duration,
        "`\"250ms\"`, `\"1.5s\"`, `\"1h30m\"`: of `ns us ms s m h d w`; quoted, as KDL asks",
    ),
    (ValueKind::Rate, "`\"200/s\"`, `\"30/m\"`, `\"1000/h\"`"),
    (ValueKind::Share, "`\"5%\"`"),
    (ValueKind::Limit, "`\"5%\"` or `100`"),
    (ValueKind::ShareOrRate, "`\"99%\"` or `\"200/s\"`"),
    (ValueKind::Size, "`\"64KiB\"`"),
    (ValueKind::Template, "`\"Bearer ${token}\"`: see [Expressions](#expressions)"),
];

/// A node's entry: summary, sample, arguments, properties.
fn entry(heading: &str, spec: &NodeSpec, page: &mut String) {
    let _ = write!(page, "\n### {heading}\n\n{}\n\n```kdl\n{}\n```\n", spec.summary, spec.sample);
    if !spec.arguments.is_empty() {
        page.push_str("\n| argument | form | |\n| --- | --- | --- |\n");
    }
    for (index, argument) in spec.arguments.iter().enumerate() {
        let optional = if argument.required { "" } else { " May be left out." };
        let last = index + 1 == spec.arguments.len();
        let more = if last && spec.more_arguments { " More of them may follow." } else { "" };
        let (name, form) = (argument.name, cell(&argument.kind.form()));
        let _ = writeln!(page, "| {name} | {form} | {}{optional}{more} |", cell(argument.summary));
    }
    if !spec.properties.is_empty() {
        page.push_str("\n| property | form | default | |\n| --- | --- | --- | --- |\n");
    }
    for property in spec.properties {
        let default =
            if property.default.is_empty() { String::new() } else { format!("`{}`", property.default) };
        let (form, summary) = (cell(&property.kind.form()), cell(property.summary));
        let _ = writeln!(page, "| `{}=` | {form} | {default} | {summary} |", property.name);
    }
}

/// What may stand between a node's braces, and what will.
fn inside(spec: &NodeSpec, name: &str, page: &mut String) {
    // Plug-ins' own children stand among the nodes, below the node that they are a kind of.
    let places =
        [name.to_owned(), name.replacen("steps", "behavior", 1), name.replacen("listeners", "listener", 1)];
    let children = spec.children.iter().map(|child| {
        let known =
            CORE.iter().find(|node| node.spec.name == *child && places.contains(&node.inside.to_owned()));
        known.map_or_else(|| format!("`{child}`"), |node| link(&format!("{} {child}", node.inside), child))
    });
    let children: Vec<String> = children.collect();
    if !children.is_empty() {
        let _ = writeln!(page, "\nInside: {}", children.join(", "));
    }
    if !spec.later.is_empty() {
        let later: Vec<String> = spec.later.iter().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(page, "\nNot yet: {}", later.join(", "));
    }
}

fn functions(page: &mut String) {
    page.push_str("\n### functions\n\n| call | gives | |\n| --- | --- | --- |\n");
    for function in FUNCTIONS {
        let gives =
            if function.gives.is_empty() { String::new() } else { format!("`{}`", cell(function.gives)) };
        let _ = writeln!(page, "| `{}` | {gives} | {} |", cell(function.sample), cell(function.summary));
    }
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn tables(page: &mut String) {
    page.push_str("\n## Error codes\n\n| code | what is wrong |\n| --- | --- |\n");
    for error in PAGES {
        let _ = writeln!(page, "| [{0}](../errors/{0}.md) | {1} |", error.code, cell(error.title()));
    }
    page.push_str("\n## Exit codes\n\n| code | means |\n| --- | --- |\n");
    for (code, _, meaning) in EXIT_CODES {
        let _ = writeln!(page, "| {} | {meaning} |", code.number());
    }
    page.push_str("\n## Metrics\n\nWhat `listener otlp` sends.\n\n| metric | kind | unit | | attributes |\n| --- | --- | --- | --- | --- |\n");
    for metric in INSTRUMENTS {
        let attributes: Vec<String> = metric.attributes.iter().map(|name| format!("`{name}`")).collect();
        let (name, kind, unit) = (metric.name, kind_of(metric), metric.unit);
        let _ = writeln!(
            page,
            "| `{name}` | {kind} | `{unit}` | {} | {} |",
            metric.summary,
            attributes.join(", ")
        );
    }
    page.push_str(
        "\n## Results\n\nEvery field of the JSON that `--summary FILE` writes: [summary.md](summary.md). Every field of a problem \
         that\n`check --format json` writes: [diagnostics.md](diagnostics.md).\n",
    );
}
