//! `--set NAME=VALUE`: sets a parameter, or any value of the workload by its path.
//!
//! A path is made of nodes' names or first arguments, joined by dots, and ends with a property or with the node whose
//! value is meant: `crowd.users.max`, `shop.timeout`, `tick`. What has a `name=` is called by that as well:
//! `login.expect.status`. It may leave out what stands in front as long as one place
//! alone is meant. A node's value is its only argument, or the second of two.

use throng_components::workload::{
    Entry, Label, Mistake, Node, Problems, Scalar, Span, Spanned, nearest, nearest_first,
};
use throng_systems::plugins::Registry;

use super::document::span;
use super::place::{Place, Search};
use super::source::Sources;

/// More are not named: whoever asks for less than that can read the file.
const MOST_NAMED: usize = 12;

/// Paths that are looked at for help, the nearest ones first.
const MOST_TRIED: usize = 100;

/// What was asked for with `--set`.
#[derive(Debug, Default)]
pub(super) struct Sets(Vec<Set>);

#[derive(Debug)]
struct Set {
    name: Spanned<String>,
    value: Spanned<String>,
    taken: bool,
}

/// A mistake in a `--set`.
#[derive(Clone, Debug)]
enum SetMistake {
    Unknown { span: Span, name: String, known: Vec<String> },
    Ambiguous { span: Span, name: String, count: usize, paths: Vec<String>, labels: Vec<Label> },
}

impl Mistake for SetMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "T0184",
            Self::Ambiguous { .. } => "T0185",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Unknown { name, .. } => format!("there is no `{name}` to be set"),
            Self::Ambiguous { name, count, .. } => format!("`{name}` means {count} places"),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::Unknown { span, .. } => {
                vec![Label::new(*span, "no parameter, and no path in the workload")]
            }
            Self::Ambiguous { span, labels, .. } => {
                let own = Label::new(*span, "which of them?");
                std::iter::once(own).chain(labels.iter().cloned()).collect()
            }
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Unknown { known, .. } if known.is_empty() => None,
            Self::Unknown { name, known, .. } => {
                let all: Vec<&str> = known.iter().map(String::as_str).collect();
                let meant = nearest(name, &all).map(|near| format!("did you mean `{near}`? "));
                Some(format!(
                    "{}what can be set, nearest first: {}",
                    meant.unwrap_or_default(),
                    all.join(", ")
                ))
            }
            Self::Ambiguous { paths, .. } if paths.is_empty() => {
                Some("no path tells them apart: write a `param` where it is meant, and set that".to_owned())
            }
            Self::Ambiguous { paths, .. } => Some(format!("name more of the path: {}", paths.join(", "))),
        }
    }
}

impl Sets {
    /// Puts each option into a text of its own, so that messages can show it.
    pub(super) fn read(options: &[(String, String)], sources: &mut Sources) -> Self {
        let mut all = Vec::new();
        for (name, value) in options {
            let text = format!("{name}={value}");
            let Some(source) = sources.add("--set", text.as_str()) else { break };
            all.push(Set {
                name: Spanned::new(name.clone(), span(source, 0, name.len())),
                value: Spanned::new(value.clone(), span(source, name.len() + 1, text.len())),
                taken: false,
            });
        }
        Self(all)
    }

    /// What a parameter was set to; of several the last.
    pub(super) fn take(&mut self, parameter: &str) -> Option<Spanned<String>> {
        let mut found = None;
        for set in self.0.iter_mut().filter(|set| set.name.value == parameter) {
            set.taken = true;
            found = Some(set.value.clone());
        }
        found
    }

    /// Sets what is no parameter, in the nodes.
    ///
    /// Gives what stood there before: parameters that it used are used, even if not this time.
    pub(super) fn apply(
        &self,
        nodes: &mut Vec<Node>,
        registry: &Registry,
        problems: &mut Problems,
    ) -> Vec<Entry> {
        let mut replaced = Vec::new();
        let params: Vec<String> = nodes
            .iter()
            .filter(|node| node.name.value == "param")
            .filter_map(|node| node.text(0).map(|name| name.value.to_owned()))
            .collect();
        for set in self.0.iter().filter(|set| !set.taken && !params.contains(&set.name.value)) {
            let search = Search { registry, path: set.name.value.split('.').collect() };
            let mut places = search.places(nodes);
            let (span, name) = (set.name.span, set.name.value.clone());
            match places.len() {
                1 => replaced.extend(places.remove(0).set(nodes, &set.name, entry(&set.value))),
                0 => {
                    let known = settable(&name, nodes, &params, registry);
                    problems.push(SetMistake::Unknown { span, name, known });
                }
                _ => {
                    let labels = places.iter().take(2).map(|place| Label::new(place.span, "here?")).collect();
                    let (count, paths) = (places.len(), telling(&places, nodes, registry));
                    problems.push(SetMistake::Ambiguous { span, name, count, paths, labels });
                }
            }
        }
        replaced
    }
}

/// For each place, as far as there is one, the plainest path that means it alone.
fn telling(places: &[Place], nodes: &[Node], registry: &Registry) -> Vec<String> {
    let alone = |path: &String| {
        let search = Search { registry, path: path.split('.').collect() };
        search.places(nodes).len() == 1
    };
    places
        .iter()
        .take(MOST_NAMED)
        .filter_map(|place| place.spellings(nodes).into_iter().find(alone))
        .collect()
}

/// What could have been meant: parameters, and paths that mean one place, the nearest first.
fn settable(name: &str, nodes: &[Node], params: &[String], registry: &Registry) -> Vec<String> {
    let paths = Search::all(nodes, registry);
    let mut all: Vec<&str> = params.iter().chain(&paths).map(String::as_str).collect();
    all.sort_unstable();
    all.dedup();
    let works = |path: &&str| {
        let is_param = params.iter().any(|param| param == path);
        let search = || Search { registry, path: path.split('.').collect() };
        is_param || search().places(nodes).len() == 1
    };
    let tried = nearest_first(name, &all).into_iter().take(MOST_TRIED);
    tried.filter(works).take(MOST_NAMED).map(str::to_owned).collect()
}

/// A value as it would be written: a number, `#true` and `#false` are what they are in KDL, quotes make a text of them.
fn entry(value: &Spanned<String>) -> Entry {
    let text = value.value.as_str();
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let number = || {
        let digits = text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        let float =
            || text.parse().ok().filter(|number: &f64| digits && number.is_finite()).map(Scalar::Float);
        text.parse().ok().map(Scalar::Integer).or_else(float)
    };
    let scalar = match (quoted, text) {
        (Some(inner), _) => Scalar::Text(inner.to_owned()),
        (None, "#true" | "#false") => Scalar::Bool(text == "#true"),
        (None, _) => number().unwrap_or_else(|| Scalar::Text(text.to_owned())),
    };
    let mut entry = Entry::new(scalar, value.span);
    if quoted.is_some() {
        entry.content = value.span.part(1, value.span.length - 2);
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_in_the_file() {
        let check = |text: &str, expected: Scalar| {
            let length = u32::try_from(text.len()).expect("a short text");
            let value = Spanned::new(text.to_owned(), Span { length, ..Span::default() });
            assert_eq!(entry(&value).value, expected, "{text}");
        };
        check("5", Scalar::Integer(5));
        check("-5", Scalar::Integer(-5));
        check("0.5", Scalar::Float(0.5));
        check("\"5\"", Scalar::Text("5".to_owned()));
        check("5%", Scalar::Text("5%".to_owned()));
        check("#true", Scalar::Bool(true));
        check("inf", Scalar::Text("inf".to_owned()));
        check("\"", Scalar::Text("\"".to_owned()));
        check("", Scalar::Text(String::new()));
    }
}
