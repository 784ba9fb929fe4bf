//! What there is beside the language: metrics, fields of the summary, error codes, exit codes. Each from the code's own table.

use std::fmt::Write as _;

use throng_systems::behavior::FUNCTIONS;
use throng_systems::plugins::Registry;
use throng_systems::plugins::listeners::otlp::{INSTRUMENTS, MetricKind, MetricSpec};

use super::error_types;
use super::expression_names::{self, NAMES};
use super::glossary::{self, GLOSSARY};
use super::list::families;
use crate::exit_code::EXIT_CODES;
use crate::loader::PAGES;
use crate::nodes::CORE;
use crate::summary::fields;

/// A table for `list`.
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) place: &'static str,
    /// Names and what they mean.
    pub(super) rows: Vec<(&'static str, String)>,
}

/// All tables.
pub(super) fn sections() -> Vec<Section> {
    let section = |name, place, rows| Section { name, place, rows };
    let names = NAMES.iter().map(|(name, meaning)| (*name, (*meaning).to_owned()));
    let metrics = INSTRUMENTS.iter().map(|metric| (metric.name, summary_of(metric)));
    let fields = fields().map(|field| (field.path, with_unit(field.unit, field.meaning)));
    let errors = PAGES.iter().map(|page| (page.code, page.title().to_owned()));
    let types = error_types::all().map(|(slug, meaning, _)| (slug, meaning.to_owned()));
    let words = GLOSSARY.iter().map(|(words, meaning)| (*words, (*meaning).to_owned()));
    let codes = EXIT_CODES.iter().map(|(_, name, meaning)| (*name, (*meaning).to_owned()));
    vec![
        section("names", "in ${…}, beside parameters and variables", names.collect()),
        section("metrics", "of listener otlp", metrics.collect()),
        section("fields", "of the JSON that --summary writes", fields.collect()),
        section("errors", "in messages; `throng explain CODE` shows the page", errors.collect()),
        section("error-types", "what failed steps are counted under, beside statuses", types.collect()),
        section("words", "of messages and results", words.collect()),
        section("exit-codes", "what the process returns", codes.collect()),
    ]
}

/// What a kind of metric is called.
pub(super) fn kind_of(metric: &MetricSpec) -> &'static str {
    match metric.kind {
        MetricKind::Histogram => "histogram",
        MetricKind::Counter => "counter",
        MetricKind::Gauge => "gauge",
    }
}

fn summary_of(metric: &MetricSpec) -> String {
    format!("{} ({}, {})", metric.summary, kind_of(metric), metric.unit)
}

fn with_unit(unit: &str, meaning: &str) -> String {
    if unit.is_empty() { meaning.to_owned() } else { format!("{meaning} ({unit})") }
}

/// What a name means outside of the language, each meaning a text.
pub(super) fn explain(name: &str) -> Vec<String> {
    let mut parts = Vec::new();
    if let Some((known, meaning)) = expression_names::meaning(name) {
        parts.push(format!("{known}: a name in ${{…}}\n  {meaning}\n"));
    }
    for metric in INSTRUMENTS.iter().filter(|metric| metric.name == name) {
        let mut text = format!("{name}: a metric of `listener otlp`, {}\n", kind_of(metric));
        let attributes = metric.attributes.join(", ");
        let _ = writeln!(text, "  {}\n\n  unit: {}\n  attributes: {attributes}", metric.summary, metric.unit);
        parts.push(text);
    }
    for field in fields().filter(|field| field.is(name)) {
        let meaning = with_unit(field.unit, field.meaning);
        parts.push(format!("{}: a field of the JSON that `--summary` writes\n  {meaning}\n", field.path));
    }
    parts.extend(error_type(name));
    if let Some((words, meaning)) =
        glossary::meaning(name).or_else(|| GLOSSARY.iter().find(|row| row.0 == name))
    {
        parts.push(format!("{words}: in messages and results\n  {meaning}\n"));
    }
    for (_, exit, meaning) in EXIT_CODES {
        if *exit == name || exit.strip_prefix("exit-") == Some(name) {
            parts.push(format!("{exit}: what the process returns\n  {meaning}\n"));
        }
    }
    parts
}

/// What a step's failure of that name is, whose fault, and what to do.
fn error_type(name: &str) -> Option<String> {
    if error_types::status(name).is_some() {
        return Some(format!(
            "{name}: an error type, what failed steps are counted under\n  The target answered with this status.\n\n  \
             whose fault: the target's, or the workload's\n  \
             what to do: look into its log, and at what the step sends; `expect {{ status {name} }}` if it is right\n"
        ));
    }
    let (slug, meaning, advice) = error_types::all().find(|(slug, ..)| *slug == name)?;
    let (whose, what) = (advice.whose, advice.what);
    Some(format!(
        "{slug}: an error type, what failed steps are counted under\n  {meaning}\n\n  whose fault: {whose}\n  what to do: {what}\n"
    ))
}

/// Every name that `explain` knows by its own: for completion.
pub(super) fn names(registry: &Registry) -> Vec<&'static str> {
    let mut names: Vec<&str> = CORE.iter().map(|node| node.spec.name).collect();
    let families = families(registry);
    let members = families.iter().flat_map(|family| &family.members);
    names.extend(members.map(|spec| spec.name));
    names.extend(FUNCTIONS.iter().map(|function| function.name));
    names.extend(
        sections().into_iter().flat_map(|section| section.rows).flat_map(|(name, _)| name.split(", ")),
    );
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_is_explained() {
        for section in sections().into_iter().filter(|section| section.name != "errors") {
            for (name, _) in section.rows {
                assert!(!explain(name).is_empty(), "{}: `{name}` is not explained", section.name);
            }
        }
    }
}
