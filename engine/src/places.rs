//! What may stand where in a workload: for editors. Made of the tables that the loader and `explain` go by.

use throng_components::workload::NodeSpec;
use throng_systems::plugins::arrivals::STAGE_SPECS;
use throng_systems::plugins::{Named, Registry};

use crate::nodes::{CORE, CoreNode};

/// Nodes whose kind decides what may stand inside them.
const WITH_KINDS_OF_PLACES: [&str; 6] =
    ["listener", "scenario arrivals", "scenario pace", "behavior think", "service time", "service step time"];

/// A node's name and positional values, as far as they are written.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its positional values.
    pub arguments: &'a [&'a str],
}

/// What a node may hold.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The node, and its kind where one is written: what their values and properties are.
    pub specs: Vec<&'static NodeSpec>,
    /// Its kinds.
    pub kinds: Vec<&'static NodeSpec>,
    /// Which positional value the kind is, where it has kinds.
    pub kind_at: Option<usize>,
    /// Nodes that may stand between its braces.
    pub children: Vec<&'static NodeSpec>,
}

/// What the innermost of these nodes may hold, outermost first; the document itself without any. `None` for one that is not
/// known where it stands.
pub fn place(nodes: &[Head<'_>], registry: &Registry) -> Option<Place> {
    let mut key = String::new();
    let mut place = Place { children: children("", registry), ..Place::default() };
    for node in nodes {
        let found = find(&key, node.name, registry)?;
        key = found.key;
        place = Place { specs: vec![found.spec], ..Place::default() };
        (place.kind_at, place.kinds) = kinds(&key, found.family, registry);
        let written = place.kind_at.and_then(|at| node.arguments.get(at));
        let kind = written.and_then(|kind| place.kinds.iter().find(|spec| spec.name == *kind));
        place.specs.extend(kind);
        if let Some(kind) = kind.filter(|_| WITH_KINDS_OF_PLACES.contains(&key.as_str())) {
            key = format!("{key} {}", kind.name);
        }
        place.children = children(&key, registry);
    }
    Some(place)
}

/// A node found where it stands.
struct Found {
    spec: &'static NodeSpec,
    family: &'static str,
    /// Where its children stand in [`CORE`].
    key: String,
}

fn find(key: &str, name: &str, registry: &Registry) -> Option<Found> {
    let deeper = format!("{key} {name}").trim().to_owned();
    let core = CORE.iter().find(|node| node.inside == key && node.spec.name == name);
    if let Some(CoreNode { spec, family, .. }) = core {
        // What a request holds is data; every other node that takes any children takes steps.
        let holds_steps = spec.any_children && key.starts_with("behavior") && key != "behavior http";
        let key = if holds_steps { "behavior".to_owned() } else { deeper };
        return Some(Found { spec, family, key });
    }
    let spec = family_inside(key, registry).into_iter().find(|spec| spec.name == name)?;
    let holds_steps = key == "behavior" && spec.any_children;
    Some(Found { spec, family: "", key: if holds_steps { key.to_owned() } else { deeper } })
}

/// The plug-ins that stand as nodes there.
fn family_inside(key: &str, registry: &Registry) -> Vec<&'static NodeSpec> {
    match key {
        "behavior" => registry.steps.specs().collect(),
        "stop-when" | "require" => registry.exit_conditions.specs().collect(),
        "scenario arrivals" | "scenario population" | "scenario users" => STAGE_SPECS.to_vec(),
        _ => {
            let law = key.strip_prefix("scenario arrivals ").and_then(|kind| registry.arrivals.find(kind));
            let may = law.map_or(&[][..], |law| law.spec().children);
            STAGE_SPECS.iter().copied().filter(|stage| may.contains(&stage.name)).collect()
        }
    }
}

/// The kinds of a node, and which of its positional values they are.
fn kinds(key: &str, family: &str, registry: &Registry) -> (Option<usize>, Vec<&'static NodeSpec>) {
    match (key, family) {
        (_, "arrivals") => (Some(0), registry.arrivals.specs().collect()),
        (_, "listeners") => (Some(0), registry.listeners.specs().collect()),
        (_, "laws") | ("behavior think", _) => (Some(0), registry.laws.specs().collect()),
        (_, "queues") => (Some(0), registry.queues.specs().collect()),
        (_, "protocols") => (Some(1), registry.protocols.specs().collect()),
        ("scenario overflow", _) => (Some(0), core_inside(key).collect()),
        _ => (None, Vec::new()),
    }
}

fn core_inside(key: &str) -> impl Iterator<Item = &'static NodeSpec> {
    CORE.iter().filter(move |node| node.inside == key).map(|node| node.spec)
}

fn children(key: &str, registry: &Registry) -> Vec<&'static NodeSpec> {
    // The kinds of `overflow` are words on its line.
    let core = core_inside(key).filter(|_| key != "scenario overflow");
    core.chain(family_inside(key, registry)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: &[&str]) {
        let registry = Registry::default();
        let words: Vec<Vec<&str>> = path.split('/').map(|node| node.split(' ').collect()).collect();
        let nodes: Vec<Head<'_>> = words
            .iter()
            .filter(|words| !words[0].is_empty())
            .map(|words| Head { name: words[0], arguments: &words[1..] })
            .collect();
        let place = place(&nodes, &registry).unwrap_or_else(|| panic!("{path}: nothing"));
        let names: Vec<&str> = place.children.iter().map(|spec| spec.name).collect();
        for name in expected {
            assert!(names.contains(name), "{path}: no `{name}` in {names:?}");
        }
        assert_eq!(names.is_empty(), expected.is_empty(), "{path}: {names:?}");
    }

    #[test]
    fn children_are_those_of_the_place() {
        check("", &["scenario", "listener"]);
        check("behavior b", &["http", "repeat"]);
        check("behavior b/repeat 3/choose/branch", &["http", "repeat"]);
        check("behavior b/repeat 3/http GET", &["expect", "save"]);
        check("behavior b/http GET/expect", &["status"]);
        check("scenario s/arrivals poisson", &["ramp", "hold"]);
        check("scenario s/arrivals mmpp", &["state", "ramp", "hold"]);
        check("scenario s", &["users", "arrivals"]);
        check("scenario s/overflow queue", &[]);
        check("scenario s/users", &["ramp", "hold"]);
        check("require", &["failures"]);
        check("listener otlp", &["metrics"]);
        check("listener file", &[]);
        check("service s", &["time"]);
        check("service s/time hyperexponential", &["phase"]);
        check("service s/time exponential", &[]);
        check("service s/step x/time hyperexponential", &["phase"]);
        check("behavior b/think hyperexponential", &["phase"]);
    }

    #[test]
    fn every_child_of_a_table_stands_in_a_table() {
        for node in CORE.iter().filter(|node| !node.spec.children.is_empty()) {
            let key = format!("{} {}", node.inside, node.spec.name).trim().to_owned();
            let known: Vec<&str> =
                children(&key, &Registry::default()).iter().map(|spec| spec.name).collect();
            for child in node.spec.children {
                assert!(known.contains(child), "`{child}` of `{key}` is in no table: {known:?}");
            }
        }
    }
}
