//! Loads a workload: every step from bytes to plans, and what options add from outside.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use throng_components::workload::{Node, Problem, Problems, SourceId};
use throng_systems::plugins::Registry;

use super::document::{self, span};
use super::environment::Environment;
use super::files::Beside;
use super::include::Reader;
use super::lower::{Around, Lowered, lower};
use super::param;
use super::set::Sets;
use super::shelf::Shelf;
use super::source::{MOST_BYTES, Refused, Sources, read, too_large};
use super::sweep_options::SweepOptions;
use super::syntax::SyntaxMistake;
use super::values::Values;
use super::workload::Loaded;

/// What the command line says over the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--seed N`: instead of the file's.
    pub seed: Option<u64>,
    /// `--out KIND=TARGET`: one more listener each, kind and target; an empty target for a kind that needs none.
    pub outs: Vec<(String, String)>,
    /// How many threads a run has when the file does not say; `None` when it shall not be warned of fewer.
    pub cores: Option<u16>,
    /// `--set NAME=VALUE`: parameters, and values by their path.
    pub sets: Vec<(String, String)>,
    /// What `env("NAME")` and `THRONG_PARAM_NAME` are.
    pub environment: Environment,
    /// Texts of included files, by their paths, that stand for what the disk holds: those of a recording.
    pub texts: Vec<(String, String)>,
    /// `--vary` and `--replications`.
    pub sweep: SweepOptions,
    /// Where the files come from that the workload names.
    pub files: Shelf,
}

/// Reads a file and loads it.
///
/// # Errors
/// As [`read`] and [`load`].
pub fn load_file(path: &Path, registry: &Registry, overrides: &Overrides) -> Result<Loaded, Refused> {
    load(path, &read(path)?, registry, overrides)
}

/// Loads a workload from its bytes; `path` is what messages call it.
///
/// # Errors
/// Every problem found, in the order of the text.
pub fn load(path: &Path, text: &[u8], registry: &Registry, overrides: &Overrides) -> Result<Loaded, Refused> {
    if text.len() > MOST_BYTES {
        return Err(too_large(path.display().to_string()).into());
    }
    let (mut sources, mut problems) = (Sources::default(), Problems::new());
    let mut reader = Reader::new(overrides, &mut sources, &mut problems);
    let Some(mut nodes) = reader.nodes(path, text) else {
        return Err(Refused { sources, problems: problems.into_sorted() });
    };
    let mut values = Values::new(&overrides.environment);
    let mut sets = Sets::read(&overrides.sets, &mut sources);
    let replaced = sets.apply(&mut nodes, registry, &mut problems);
    let params = param::read_all(&nodes, &mut sets, &mut values, &mut sources, &mut problems);
    values.settle(&mut nodes, &mut problems);
    values.count_as_used(&replaced);
    overrides.sweep.apply(&mut nodes, &mut sources);
    let outside = outside_nodes(&nodes, overrides, &mut sources, &mut problems);
    let directory = path.parent().unwrap_or(Path::new(""));
    let constants = &values.constants;
    let files = Beside { directory, shelf: &overrides.files };
    let around = Around { registry, sources: &sources, cores: overrides.cores, files, constants };
    let lowered = match lower(nodes, outside, around) {
        Ok(lowered) => Some(lowered),
        Err(more) => {
            append_others(&mut problems, more, &values);
            None
        }
    };
    match lowered {
        Some(Lowered { mut workload, mut warnings }) if problems.is_empty() => {
            warnings.extend(param::unused(&params, &values));
            warnings.extend(param::undeclared(&params, &overrides.environment));
            values.explain(&mut warnings, &sources);
            workload.seed = overrides.seed.or(workload.seed);
            workload.params = params.into_iter().map(|read| (read.name, read.shown)).collect();
            for header in &mut workload.step_headers {
                header.address = values.secrets.redact(&header.address);
            }
            Ok(Loaded { workload, sources, warnings, secrets: values.secrets })
        }
        _ => {
            let mut problems = problems.into_sorted();
            values.explain(&mut problems, &sources);
            Err(Refused { sources, problems })
        }
    }
}

/// A workload's text, which becomes the first of the sources.
///
/// # Errors
/// It is too large, or no UTF-8.
pub(super) fn text_of<'a>(path: &Path, bytes: &'a [u8], sources: &mut Sources) -> Result<&'a str, Refused> {
    let name = path.display().to_string();
    if bytes.len() > MOST_BYTES {
        return Err(too_large(name).into());
    }
    add_text(name, bytes, sources)
        .map(|(_, text)| text)
        .map_err(|mistake| Refused { sources: std::mem::take(sources), problems: vec![mistake.into()] })
}

/// Adds a file's bytes to the sources, as text.
pub(super) fn add_text<'a>(
    name: String,
    bytes: &'a [u8],
    sources: &mut Sources,
) -> Result<(SourceId, &'a str), SyntaxMistake> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok((sources.add_file(name, text).unwrap_or_default(), text)),
        Err(error) => {
            let source = sources.add_file(name, String::from_utf8_lossy(bytes)).unwrap_or_default();
            let (start, width) = (error.valid_up_to(), char::REPLACEMENT_CHARACTER.len_utf8());
            Err(SyntaxMistake::NotText { span: span(source, start, start + width) })
        }
    }
}

/// Takes over problems, but for those of a token that has one already: a bare `.5` is told of once, and so is a text
/// whose `${…}` has no value.
fn append_others(problems: &mut Problems, more: Problems, values: &Values<'_>) {
    let place = |problem: &Problem| problem.labels.first().map(|label| label.span);
    let known: BTreeSet<_> = problems.iter().map(place).chain(values.failed().map(Some)).collect();
    for problem in more.into_sorted().into_iter().filter(|problem| !known.contains(&place(problem))) {
        problems.push(problem);
    }
}

/// The nodes that `--out` stands for, each in a text of its own so that messages can show it.
fn outside_nodes(
    nodes: &[Node],
    overrides: &Overrides,
    sources: &mut Sources,
    problems: &mut Problems,
) -> Vec<Node> {
    let mut taken: Vec<String> = nodes
        .iter()
        .filter(|node| node.name.value == "listener")
        .filter_map(|node| node.property("name").or(node.arguments.first()))
        .map(|entry| entry.value.to_string())
        .collect();
    let mut outside = Vec::new();
    for (kind, target) in &overrides.outs {
        let mut text = format!("listener {}", quoted(kind));
        if !target.is_empty() {
            let _ = write!(text, " {}", quoted(target));
        }
        let name = free_name(kind, &taken);
        if name != *kind {
            let _ = write!(text, " name={}", quoted(&name));
        }
        taken.push(name);
        let Some(source) = sources.add("--out", text.as_str()) else { break };
        let parsed = document::parse(&text, source);
        problems.append(parsed.problems);
        outside.extend(parsed.nodes);
    }
    outside
}

/// The kind, or the kind and the first number from 2 on that makes it unique.
fn free_name(kind: &str, taken: &[String]) -> String {
    let is_taken = |name: &String| taken.contains(name);
    let numbered = (2_u32..).map(|number| format!("{kind}-{number}"));
    std::iter::once(kind.to_owned()).chain(numbered).find(|name| !is_taken(name)).unwrap_or_default()
}

/// A text as a KDL string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            letter if letter.is_control() => {
                let _ = write!(quoted, "\\u{{{:x}}}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "throng 1\nbehavior b { noop name=x }\ntarget t noop\n\
        scenario s { behavior b; population { hold 1 for=\"1s\" } }\nlistener file \"a\"\n";

    fn outs(outs: &[(&str, &str)]) -> Result<Loaded, Refused> {
        let outs = outs.iter().map(|(kind, target)| ((*kind).to_owned(), (*target).to_owned())).collect();
        let overrides = Overrides { seed: Some(7), outs, ..Overrides::default() };
        load(Path::new("w.kdl"), SMALL.as_bytes(), &Registry::default(), &overrides)
    }

    #[test]
    fn outs_are_listeners_with_names_of_their_own() {
        let Ok(loaded) = outs(&[("file", "b \"c\"\\\n"), ("console", "")]) else { panic!("it loads") };
        let names: Vec<&str> =
            loaded.workload.listeners.iter().map(|plan| plan.listener.name.as_str()).collect();
        assert_eq!(names, ["file", "file-2", "console"]);
        assert_eq!(loaded.workload.seed, Some(7));
    }

    #[test]
    fn fewer_threads_than_cores_are_warned_of() {
        let shared = "target u \"http://h\" { connections shared limit=2 }\n";
        let check = |rest: &str, cores: Option<u16>, expected: &[&str]| {
            let text = format!("{SMALL}{shared}{rest}").replace("noop name=x", "noop name=x target=t");
            let overrides = Overrides { cores, ..Overrides::default() };
            let loaded = load(Path::new("w.kdl"), text.as_bytes(), &Registry::default(), &overrides);
            let warnings = loaded.unwrap_or_else(|refused| panic!("{:?}", refused.problems)).warnings;
            let codes: Vec<&str> = warnings.iter().map(|warning| warning.code).collect();
            assert_eq!(codes, expected, "{rest} {cores:?}");
        };
        check("", None, &[]);
        check("", Some(2), &[]);
        check("", Some(3), &["T0132"]);
        check("threads 2", Some(3), &[]);
        check("threads 3", None, &["T0132"]);
    }

    #[test]
    fn a_misspelt_out_is_shown_in_its_own_text() {
        let refused = outs(&[("flie", "b")]).err().expect("it is refused");
        assert_eq!(refused.problems[0].code, "T0007");
        assert_eq!(refused.sources.slice(refused.problems[0].labels[0].span), "\"flie\"");
    }
}
