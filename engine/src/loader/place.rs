//! Finds places in a workload by path: what is written there, and what could be.

use std::collections::BTreeMap;
use std::fmt;

use throng_components::workload::{Entry, Node, NodeSpec, Scalar, Span, Spanned, ValueKind};
use throng_systems::plugins::Registry;
use throng_systems::plugins::arrivals::STAGE_SPECS;

use crate::nodes::CORE;

/// More places than that are not looked at for help.
const MOST_PLACES: usize = 1_000;

/// One value of a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// From the top level down, which child.
    steps: Vec<usize>,
    /// The path's words, as messages show them.
    words: Vec<String>,
    what: What,
    /// The node it is in.
    pub(super) span: Span,
}

/// What is set there.
#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    /// A property, written or not.
    Property(String),
    /// The node's last argument.
    Argument,
    /// A node that is not written: its name, and the property that it has instead of an argument.
    Node(&'static str, Option<&'static str>),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words.join("."))
    }
}

impl Place {
    /// Paths of this place, the plainest first. One of them may mean other places as well.
    pub(super) fn spellings(&self, nodes: &[Node]) -> Vec<String> {
        let mut links = Vec::new();
        let mut inside = nodes;
        for step in &self.steps {
            links.push(link(&inside[*step]));
            inside = &inside[*step].children;
        }
        if let (What::Argument, Some(last)) = (&self.what, links.last_mut()) {
            last.argument = None;
        }
        let tail = &self.words[self.steps.len()..];
        let mut all = vec![self.to_string()];
        for spell in [Link::by_label, Link::by_argument, Link::in_full] {
            let chain =
                links.iter().enumerate().map(|(at, link)| if at == 0 { link.word(at) } else { spell(link) });
            let path = chain.chain(tail.iter().cloned()).collect::<Vec<_>>().join(".");
            if !all.contains(&path) {
                all.push(path);
            }
        }
        all
    }

    /// Puts a value there; gives the one that it replaces.
    pub(super) fn set(self, nodes: &mut Vec<Node>, path: &Spanned<String>, entry: Entry) -> Option<Entry> {
        let key = |name: &str| Spanned::new(name.to_owned(), path.span);
        let mut inside = nodes;
        let last = self.steps.len().saturating_sub(usize::from(!matches!(self.what, What::Node(..))));
        for step in &self.steps[..last] {
            inside = &mut inside[*step].children;
        }
        if let What::Node(name, property) = self.what {
            let (mut arguments, mut properties) = (Vec::new(), Vec::new());
            match property {
                Some(property) => properties.push((key(property), entry)),
                None => arguments.push(entry),
            }
            let span = path.span;
            inside.push(Node { name: key(name), arguments, properties, children: Vec::new(), span });
            return None;
        }
        let node = &mut inside[self.steps[last]];
        match self.what {
            What::Property(name) => {
                if let Some((_, known)) = node.properties.iter_mut().find(|(key, _)| key.value == name) {
                    return Some(std::mem::replace(known, entry));
                }
                node.properties.push((key(&name), entry));
                None
            }
            _ => node.arguments.last_mut().map(|known| std::mem::replace(known, entry)),
        }
    }
}

/// A path that is looked for.
pub(super) struct Search<'a> {
    pub(super) registry: &'a Registry,
    /// The path's words; none for every place.
    pub(super) path: Vec<&'a str>,
}

/// What is seen on the way down.
struct Walk<'a> {
    steps: Vec<usize>,
    chain: Vec<&'a Node>,
    /// Places whose whole path was given, places of which a part was, and places that nothing is written at yet.
    whole: Vec<Place>,
    part: Vec<Place>,
    unwritten: Vec<Place>,
}

impl Search<'_> {
    /// The places that the path means: those it names from the top on, else those it ends at, else what could be written.
    pub(super) fn places(&self, nodes: &[Node]) -> Vec<Place> {
        let mut walk = Walk {
            steps: Vec::new(),
            chain: Vec::new(),
            whole: Vec::new(),
            part: Vec::new(),
            unwritten: Vec::new(),
        };
        self.walk(nodes, &mut walk);
        [walk.whole, walk.part, walk.unwritten]
            .into_iter()
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }

    /// The paths of what is written, for help.
    pub(super) fn all(nodes: &[Node], registry: &Registry) -> Vec<String> {
        let places = Search { registry, path: Vec::new() }.places(nodes);
        let plain: Vec<String> = places.iter().map(Place::to_string).collect();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for path in &plain {
            *counts.entry(path).or_default() += 1;
        }
        let mut paths = Vec::new();
        for (place, path) in places.iter().zip(&plain) {
            if counts[path.as_str()] == 1 {
                paths.push(path.clone());
            } else {
                paths.extend(place.spellings(nodes));
            }
        }
        paths
    }

    fn walk<'n>(&self, nodes: &'n [Node], walk: &mut Walk<'n>) {
        self.absent(nodes, walk);
        for (step, node) in nodes.iter().enumerate() {
            if walk.chain.is_empty() && ["param", "include", "throng"].contains(&node.name.value.as_str()) {
                continue;
            }
            if self.path.is_empty() && walk.whole.len() > MOST_PLACES {
                return;
            }
            walk.steps.push(step);
            walk.chain.push(node);
            self.arguments(node, walk);
            for (key, _) in &node.properties {
                self.note(walk, Some(&key.value), What::Property(key.value.clone()), true);
            }
            for property in self.unwritten_properties(node, &walk.chain) {
                self.note(walk, Some(property), What::Property(property.to_owned()), false);
            }
            self.walk(&node.children, walk);
            walk.chain.pop();
            walk.steps.pop();
        }
    }

    fn arguments(&self, node: &Node, walk: &mut Walk<'_>) {
        let named =
            |spec: &NodeSpec| spec.arguments.first().is_some_and(|first| first.kind == ValueKind::Name);
        // The only argument of a named thing is its name.
        let is_name = walk.chain.len() == 1
            && node.arguments.len() == 1
            && CORE
                .iter()
                .any(|core| core.inside.is_empty() && core.spec.name == node.name.value && named(core.spec));
        if matches!(node.arguments.len(), 1 | 2) && !is_name {
            self.note(walk, None, What::Argument, true);
        }
    }

    fn note(&self, walk: &mut Walk<'_>, property: Option<&str>, what: What, written: bool) {
        // A node's only argument is its value and no part of its path.
        let value_alone =
            property.is_none() && walk.chain.last().is_some_and(|node| node.arguments.len() == 1);
        let chain: Vec<Link<'_>> = walk.chain.iter().map(|node| link(node)).collect();
        let mut chain = chain;
        if let (true, Some(last)) = (value_alone, chain.last_mut()) {
            last.argument = None;
        }
        let found = (0..chain.len()).find(|start| meets(&chain[*start..], property, &self.path));
        let start = match (self.path.is_empty(), found) {
            (true, _) if written => 0,
            (false, Some(start)) => start,
            // A property's name alone, where it is written.
            (false, None) if written && property.is_some_and(|name| self.path == [name]) => 1,
            _ => return,
        };
        let mut words: Vec<String> = chain.iter().enumerate().map(|(at, link)| link.word(at)).collect();
        words.extend(property.map(str::to_owned));
        let span = walk.chain.last().map_or(Span::default(), |node| node.head());
        let place = Place { steps: walk.steps.clone(), words, what, span };
        match (written, start) {
            (false, _) => walk.unwritten.push(place),
            (true, 0) => walk.whole.push(place),
            (true, _) => walk.part.push(place),
        }
    }

    /// Notes nodes that could stand among these and do not.
    fn absent<'n>(&self, nodes: &'n [Node], walk: &mut Walk<'n>) {
        let parent = walk.chain.last().map_or("", |node| node.name.value.as_str());
        for core in CORE.iter().filter(|core| core.inside.rsplit(' ').next() == Some(parent)) {
            let spec = core.spec;
            if nodes.iter().any(|node| node.name.value == spec.name) || self.path.is_empty() {
                continue;
            }
            let mut chain: Vec<Link<'_>> = walk.chain.iter().map(|node| link(node)).collect();
            chain.push(Link { name: spec.name, argument: None, label: None });
            let argument = spec
                .arguments
                .first()
                .filter(|argument| spec.arguments.len() == 1 && is_value(argument.kind));
            let properties = spec.properties.iter().map(|property| Some(property.name));
            for property in properties.chain(argument.map(|_| None)) {
                if (0..chain.len()).any(|start| meets(&chain[start..], property, &self.path)) {
                    let mut words: Vec<String> =
                        chain.iter().enumerate().map(|(at, link)| link.word(at)).collect();
                    words.extend(property.map(str::to_owned));
                    let span = walk.chain.last().map_or(Span::default(), |node| node.head());
                    let what = What::Node(spec.name, property);
                    walk.unwritten.push(Place { steps: walk.steps.clone(), words, what, span });
                }
            }
        }
    }

    /// The properties that a node could have and has not.
    fn unwritten_properties(&self, node: &Node, chain: &[&Node]) -> Vec<&'static str> {
        if self.path.is_empty() {
            return Vec::new();
        }
        let parent = chain.len().checked_sub(2).map_or("", |above| chain[above].name.value.as_str());
        let name = node.name.value.as_str();
        let kind = node.text(0).map(|kind| kind.value);
        let core = CORE.iter().filter(|core| core.inside.rsplit(' ').next() == Some(parent));
        let registry = self.registry;
        let by_name = core
            .map(|core| core.spec)
            .chain(registry.steps.specs())
            .chain(registry.exit_conditions.specs())
            .chain(STAGE_SPECS.iter().copied())
            .filter(|spec| spec.name == name);
        let by_kind = registry
            .arrivals
            .specs()
            .chain(registry.listeners.specs())
            .chain(registry.laws.specs())
            .chain(registry.queues.specs())
            .filter(|spec: &&NodeSpec| Some(spec.name) == kind);
        let mut found: Vec<&'static str> =
            by_name.chain(by_kind).flat_map(|spec| spec.properties.iter().map(|field| field.name)).collect();
        found.sort_unstable();
        found.dedup();
        found.retain(|name| node.property(name).is_none());
        found
    }
}

fn is_value(kind: ValueKind) -> bool {
    !matches!(kind, ValueKind::Name | ValueKind::Word(_))
}

/// One node of a path: its name, its first argument, and what `name=` calls it.
struct Link<'a> {
    name: &'a str,
    argument: Option<&'a str>,
    label: Option<&'a str>,
}

fn link(node: &Node) -> Link<'_> {
    let label = node.property("name").and_then(|entry| match entry.known() {
        Scalar::Text(text) => Some(text.as_ref()),
        _ => None,
    });
    Link { name: &node.name.value, argument: node.text(0).map(|text| text.value), label }
}

impl Link<'_> {
    /// At the top level a node is called by its first argument, where it has one.
    fn word(&self, at: usize) -> String {
        let name = if at == 0 { self.argument.unwrap_or(self.name) } else { self.name };
        name.to_owned()
    }

    fn by_label(&self) -> String {
        self.label.unwrap_or(self.name).to_owned()
    }

    fn by_argument(&self) -> String {
        self.label.or(self.argument).unwrap_or(self.name).to_owned()
    }

    fn in_full(&self) -> String {
        let words = [Some(self.name), self.argument, self.label];
        words.into_iter().flatten().collect::<Vec<_>>().join(".")
    }
}

/// Whether a path names all of these nodes, each by one or more of its words in their order, and then the property.
fn meets(chain: &[Link<'_>], property: Option<&str>, path: &[&str]) -> bool {
    let Some((link, rest)) = chain.split_first() else {
        return path == property.as_slice();
    };
    // Each bit stands for one of the words.
    (1..8_u8).any(|chosen| {
        let words = [Some(link.name), link.argument, link.label].into_iter().enumerate();
        let chosen = words.filter(|(bit, _)| chosen >> bit & 1 == 1).map(|(_, word)| word);
        let mut after = path;
        for word in chosen {
            match after.split_first() {
                Some((next, behind)) if Some(*next) == word => after = behind,
                _ => return false,
            }
        }
        meets(rest, property, after)
    })
}
