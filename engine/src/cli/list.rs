//! `throng list [FAMILY]`: every node and plug-in with its one-line summary.

use std::io::{self, Write};

use throng_components::workload::{NodeSpec, did_you_mean};
use throng_systems::behavior::FUNCTIONS;
use throng_systems::plugins::Registry;
use throng_systems::plugins::arrivals::STAGE_SPECS;

use super::outputs::as_far_as_read;
use super::reference::{Section, sections};
use super::{complain, language, width};
use crate::exit_code::ExitCode;
use crate::nodes::CORE;

/// What `list` is asked.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Args {
    /// nodes, arrivals, stages, steps, protocols, exit-conditions, listeners, laws or functions, all of them without it;
    /// names (in `${…}`), metrics, fields (of the summary), errors, error-types, words or exit-codes
    pub(super) family: Option<String>,
    /// How it is shown
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Columns that a summary has at least, however long the names beside it are.
const LEAST_SUMMARY: usize = 30;

/// How what there is is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Names and summaries
    Text,
    /// The whole reference of the language, as a page
    Markdown,
}

/// A family's name, where its members stand, and the members.
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) place: &'static str,
    pub(super) members: Vec<&'static NodeSpec>,
}

/// All families of plug-ins, and the stages that arrivals and populations share.
pub(super) fn families(registry: &Registry) -> Vec<Family> {
    let family = |name, place, members| Family { name, place, members };
    vec![
        family("arrivals", "arrivals KIND, in a scenario", registry.arrivals.specs().collect()),
        family("stages", "in arrivals, population and users", STAGE_SPECS.to_vec()),
        family("steps", "in a behavior", registry.steps.specs().collect()),
        family("protocols", "of a target", registry.protocols.specs().collect()),
        family("exit-conditions", "in stop-when and require", registry.exit_conditions.specs().collect()),
        family("listeners", "listener KIND", registry.listeners.specs().collect()),
        family("queues", "queue KIND, in a service", registry.queues.specs().collect()),
        family(
            "laws",
            "think KIND, in a behavior; time KIND, in a service; pace KIND, in a scenario",
            registry.laws.specs().collect(),
        ),
    ]
}

/// What may be listed.
pub(super) fn known(registry: &Registry) -> Vec<&'static str> {
    let families = families(registry).into_iter().map(|family| family.name);
    let sections = sections().into_iter().map(|section| section.name);
    std::iter::once("nodes").chain(families).chain(["functions"]).chain(sections).collect()
}

/// Shows one family, or all.
pub(super) fn run(args: &Args, registry: &Registry, out: &mut dyn Write) -> ExitCode {
    let families = families(registry);
    let known = known(registry);
    let sections = sections();
    let asked = args.family.as_deref();
    let written = match asked {
        None if args.format == Format::Markdown => out.write_all(language::page(registry).as_bytes()),
        Some(_) if args.format == Format::Markdown => {
            complain("the page is of the whole language; leave out the family");
            return ExitCode::Usage;
        }
        Some(name) if !known.contains(&name) => {
            let help = did_you_mean(name, &known).unwrap_or_default();
            complain(&format!("there is no family `{name}`; {help}"));
            return ExitCode::Usage;
        }
        _ => show(asked, &families, out).and_then(|()| show_sections(asked, &sections, out)),
    };
    if as_far_as_read(written).is_ok() { ExitCode::Passed } else { ExitCode::Output }
}

fn show(asked: Option<&str>, families: &[Family], out: &mut dyn Write) -> io::Result<()> {
    let wanted = |name: &str| asked.is_none_or(|asked| asked == name);
    let mut first = true;
    if wanted("nodes") {
        let rows: Vec<(String, &str)> = CORE
            .iter()
            .map(|node| (format!("{} {}", node.inside, node.spec.name).trim().to_owned(), node.spec.summary))
            .collect();
        section("nodes", "of the language", &rows, &mut first, out)?;
    }
    for family in families.iter().filter(|family| wanted(family.name)) {
        let rows: Vec<(String, &str)> =
            family.members.iter().map(|spec| (spec.name.to_owned(), spec.summary)).collect();
        section(family.name, family.place, &rows, &mut first, out)?;
    }
    if wanted("functions") {
        let rows: Vec<(String, &str)> =
            FUNCTIONS.iter().map(|function| (function.name.to_owned(), function.summary)).collect();
        section("functions", "in ${…}", &rows, &mut first, out)?;
    }
    Ok(())
}

/// Shows the table that was asked for, or says which there are.
fn show_sections(asked: Option<&str>, sections: &[Section], out: &mut dyn Write) -> io::Result<()> {
    let Some(asked) = asked else {
        let names: Vec<&str> = sections.iter().map(|section| section.name).collect();
        return writeln!(out, "\nmore, by name: {}", names.join(", "));
    };
    let mut first = true;
    for Section { name, place, rows } in sections.iter().filter(|section| section.name == asked) {
        let rows: Vec<(String, &str)> =
            rows.iter().map(|(name, summary)| ((*name).to_owned(), summary.as_str())).collect();
        section(name, place, &rows, &mut first, out)?;
    }
    Ok(())
}

fn section(
    name: &str,
    place: &str,
    rows: &[(String, &str)],
    first: &mut bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    if !std::mem::replace(first, false) {
        writeln!(out)?;
    }
    writeln!(out, "{name} ({place})")?;
    let column = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let room = width::of_standard_output().saturating_sub(column + 4).max(LEAST_SUMMARY);
    for (name, summary) in rows {
        let mut name = name.as_str();
        for line in width::lines(summary, room) {
            writeln!(out, "  {name:column$}  {line}")?;
            name = "";
        }
    }
    Ok(())
}
