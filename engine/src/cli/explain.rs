//! `throng explain NAME`: all about a node, a plug-in's kind, a property, a value's word, an error or exit code, a metric or a
//! field of the summary.

mod inner_words;

use std::fmt::Write as _;
use std::io::Write;

use throng_components::workload::{FieldSpec, NodeSpec, nearest};
use throng_systems::behavior::{FUNCTIONS, FunctionSpec};
use throng_systems::plugins::Registry;

use super::list::families;
use super::outputs::as_far_as_read;
use super::{complain, reference};
use crate::exit_code::ExitCode;
use crate::loader::{PAGES, page};
use crate::nodes::{CORE, CoreNode};

/// What `explain` is asked.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Args {
    /// A node (`scenario`; `target tls` where several have the name), a kind (`poisson`), a property (`at-least`), a value (`fifo`), a function (`random`), a name in
    /// `${…}` (`login.status`), an error code
    /// (`T0007`), an error type (`connection_refused`), an exit code (`99`), a metric (`throng.lateness`), a field of the
    /// summary (`lateness_ns`) or a word of the results (`lateness`); without it, what kinds of names there are
    pub(super) name: Vec<String>,
}

/// Shows everything of that name.
pub(super) fn run(args: &Args, registry: &Registry, out: &mut dyn Write) -> ExitCode {
    let asked = args.name.join(" ");
    let name = asked.trim();
    let text = if name.is_empty() { Some(kinds(registry)) } else { explain(name, registry) };
    let Some(text) = text else {
        complain(&unknown(name, registry));
        return ExitCode::Usage;
    };
    if as_far_as_read(out.write_all(text.as_bytes())).is_ok() { ExitCode::Passed } else { ExitCode::Output }
}

fn explain(name: &str, registry: &Registry) -> Option<String> {
    if let Some(page) = page(&name.to_ascii_uppercase()) {
        return Some(without_fences(page.text));
    }
    let name = name.strip_suffix('=').unwrap_or(name);
    let mut parts = Vec::new();
    for node in CORE.iter().filter(|node| ends_with(&format!("{} {}", node.inside, node.spec.name), name)) {
        parts.push(explain_core(node, registry));
    }
    for family in families(registry) {
        let is_meant = |spec: &&&NodeSpec| match name.rsplit_once(' ') {
            None => spec.name == name,
            Some((owner, kind)) => spec.name == kind && has_word(family.place, owner),
        };
        for spec in family.members.iter().filter(is_meant) {
            parts.push(explain_spec(spec, &format!("one of the {} ({})", family.name, family.place)));
        }
    }
    for function in FUNCTIONS.iter().filter(|function| function.name == name) {
        parts.push(explain_function(function));
    }
    parts.extend(inner_words::explain(name, registry));
    parts.extend(reference::explain(name));
    (!parts.is_empty()).then(|| parts.join("\n"))
}

/// Whether a path of nodes ends with that one.
fn ends_with(path: &str, end: &str) -> bool {
    path.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with(' '))
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '-').any(|known| known == word)
}

/// A page for a terminal: what stands between fences is indented instead.
fn without_fences(page: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for line in page.lines() {
        if line.starts_with("```") {
            inside = !inside;
            continue;
        }
        let indent = if inside && !line.is_empty() { "    " } else { "" };
        let _ = writeln!(text, "{indent}{line}");
    }
    text
}

/// Whether two words have more than half of their letters in common: of short ones, few edits make a word of no likeness.
fn is_alike(one: &str, other: &str) -> bool {
    let mut left: Vec<char> = other.chars().collect();
    let common = one.chars().filter(|letter| {
        left.iter().position(|known| known == letter).map(|at| left.swap_remove(at)).is_some()
    });
    common.count() * 2 > one.chars().count().max(other.chars().count())
}

/// What may be asked: the families that `list` has, each with a name of it.
fn kinds(registry: &Registry) -> String {
    let names = kinds_of_names(registry);
    format!(
        "`throng explain NAME` explains one of these, a property or a value's word:\n  {names}\n\n\
         `throng list` shows all of the language, `throng list errors` one kind\n"
    )
}

fn kinds_of_names(registry: &Registry) -> String {
    super::list::known(registry).join(", ")
}

fn explain_function(function: &FunctionSpec) -> String {
    let arguments = match function.arguments {
        (0, 0) => "no argument".to_owned(),
        (1, 1) => "1 argument".to_owned(),
        (least, usize::MAX) => format!("{least} arguments or more"),
        (least, most) if least == most => format!("{least} arguments"),
        (least, most) => format!("{least} to {most} arguments"),
    };
    let gives =
        if function.gives.is_empty() { String::new() } else { format!(" gives `{}`", function.gives) };
    let name = function.name;
    format!(
        "{name}: a function, in ${{…}}\n  {}\n\n  ${{{}}}{gives}\n\ntakes {arguments}\n",
        function.summary, function.sample
    )
}

/// Where a node of the language stands.
fn place_of(node: &CoreNode) -> String {
    if node.inside.is_empty() {
        return "at the top level".to_owned();
    }
    let nodes: Vec<String> = node.inside.rsplit(' ').map(|name| format!("in `{name}`")).collect();
    nodes.join(", ")
}

fn explain_core(node: &CoreNode, registry: &Registry) -> String {
    let mut text = explain_spec(node.spec, &place_of(node));
    if let Some(family) = families(registry).into_iter().find(|family| family.name == node.family) {
        let names: Vec<&str> = family.members.iter().map(|spec| spec.name).collect();
        let _ = writeln!(text, "\n{}: {}", family.name, names.join(", "));
    }
    text
}

fn explain_spec(spec: &NodeSpec, place: &str) -> String {
    let mut text = format!("{}: {place}\n  {}\n\n", spec.name, spec.summary);
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
            argument.kind.form(),
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
    let _ = writeln!(
        text,
        "  {}= ({}{default})\n      {}",
        property.name,
        property.kind.form(),
        property.summary
    );
}

/// What to say of a name that nothing has: the one that was probably meant, and where all of them stand.
fn unknown(name: &str, registry: &Registry) -> String {
    let is_code = name.len() == 5
        && name.starts_with(['T', 't'])
        && name.chars().skip(1).all(|digit| digit.is_ascii_digit());
    if is_code {
        let (first, last) =
            (PAGES.first().map_or("", |page| page.code), PAGES.last().map_or("", |page| page.code));
        return format!("no error has the code `{name}`; the first is {first}, the last {last}");
    }
    let mut known: Vec<&str> = CORE.iter().map(|node| node.spec.name).collect();
    known.extend(families(registry).iter().flat_map(|family| family.members.iter().map(|spec| spec.name)));
    known.extend(inner_words::known(registry));
    known.extend(reference::names(registry));
    known.extend(FUNCTIONS.iter().map(|function| function.name));
    let meant = nearest(name, &known).filter(|word| is_alike(name, word));
    let meant = meant.map_or(String::new(), |word| format!("did you mean `{word}`? "));
    format!("nothing is called `{name}`; {meant}what it explains: {}", kinds_of_names(registry))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str) -> String {
        explain(name, &Registry::default()).unwrap_or_else(|| panic!("`{name}` is not explained"))
    }

    #[test]
    fn errors_of_steps_and_words_of_results_are_explained() {
        for name in ["save_failed", "connection_refused", "timeout", "500"] {
            let text = known(name);
            assert!(text.contains("an error type") && text.contains("whose fault: "), "{text}");
            assert!(text.contains("what to do: "), "{text}");
        }
        for name in ["lateness", "waiting", "blocked", "underruns", "verdict"] {
            assert!(known(name).contains("in messages and results"), "{name}");
        }
        assert!(kinds(&Registry::default()).contains("error-types, words"));
    }

    #[test]
    fn nodes_kinds_and_codes_are_explained() {
        assert!(known("scenario").starts_with("scenario: at the top level\n"));
        assert!(
            known("poisson").starts_with("poisson: one of the arrivals (arrivals KIND, in a scenario)\n")
        );
        assert!(known("status").starts_with("status: in `expect`, in `http`, in `behavior`\n"));
        assert!(known("pad").contains("${pad(42, 6)} gives `000042`"));
        assert!(known("t0022").starts_with("# T0022: unknown property\n"));
    }

    #[test]
    fn paths_names_and_words_of_the_results_are_explained() {
        assert!(known("target tls").starts_with("tls: in `target`\n"), "{}", known("target tls"));
        assert!(known("listener file").starts_with("file: one of the listeners"));
        assert!(explain("scenario tls", &Registry::default()).is_none());
        for (name, expected) in [("now", "now"), ("user.id", "user.id"), ("login.status", "STEP.status")] {
            assert!(known(name).starts_with(&format!("{expected}: a name in ${{…}}\n")), "{name}");
        }
        for word in ["valid", "degraded", "invalid", "asked/s", "kept/s", "woke"] {
            assert!(known(word).contains("in messages and results"), "{word}");
        }
        let page = known("T0022");
        assert!(!page.contains("```") && page.contains("\n    throng 1\n"), "{page}");
    }

    #[test]
    fn a_word_of_two_meanings_has_both() {
        let text = known("http");
        assert!(
            text.contains("http: one of the steps") && text.contains("http: one of the protocols"),
            "{text}"
        );
    }

    #[test]
    fn words_inside_a_node_are_explained() {
        let text = known("json-path");
        assert!(text.starts_with("json-path: a property of `body` (in `expect`"), "{text}");
        assert!(text.contains("json-path: a property of `save` (in `http`, in `behavior`)\n"), "{text}");
        let text = known("per-user");
        assert!(
            text.starts_with(
                "per-user: a value of `connections`, its policy, in `target`\n  `per-user`; `shared`"
            ),
            "{text}"
        );
        assert!(text.contains("per-user: a value of `cookies`, its policy, in `target`\n"), "{text}");
        let rules = "one of the exit-conditions, in stop-when and require";
        let text = known("scenario=");
        let all = "`failures`, `successes`, `response`, `precision`, `lateness`, `rate`, `backlog`";
        let of = format!("a property of {all} ({rules})\n");
        assert!(text.starts_with("scenario: at the top level\n") && text.contains(&of), "{text}");
        let text = known("on-failure");
        assert!(
            text.contains("`scenario` (at the top level)") && text.contains("default continue"),
            "{text}"
        );
    }

    #[test]
    fn every_word_of_the_tables_is_explained() {
        let words = inner_words::known(&Registry::default());
        assert!(words.len() > 40, "only {} words", words.len());
        for word in words {
            assert!(known(word).contains(word), "{word}");
        }
    }

    #[test]
    fn what_is_not_known_is_answered_in_one_line() {
        let registry = Registry::default();
        let check = |name: &str, expected: &str| {
            assert_eq!(unknown(name, &registry), expected);
            assert_eq!(explain(name, &registry), None);
        };
        let kinds = "what it explains: nodes, arrivals, stages, steps, protocols, exit-conditions, listeners, queues, \
            laws, functions, names, metrics, fields, errors, error-types, words, exit-codes";
        check("fro", &format!("nothing is called `fro`; did you mean `for`? {kinds}"));
        check("xoz", &format!("nothing is called `xoz`; {kinds}"));
        check("nonsense", &format!("nothing is called `nonsense`; {kinds}"));
        check("poison", &format!("nothing is called `poison`; did you mean `poisson`? {kinds}"));
        check("at-lest", &format!("nothing is called `at-lest`; did you mean `at-least`? {kinds}"));
        let last = PAGES.last().map_or("", |page| page.code);
        check("T9999", &format!("no error has the code `T9999`; the first is T0001, the last {last}"));
    }
}
