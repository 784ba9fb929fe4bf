//! Behaviours that run other behaviours' steps in place: which call which, and what a call compiles to.

use throng_components::workload::{Label, Mistake, Node, Span, did_you_mean};

use super::compiler::{Compiler, stops_on_failure};
use super::step_mistake::DEPTH_LIMIT;

/// Instructions of a program, at most, once calls are written out: behaviours that each call another twice double with
/// every one of them.
///
/// # Units
/// Instructions. Each is about 300 bytes with what it holds.
const PROGRAM_MOST: u32 = 200_000;

/// Calls written out in one program, at most: a call of nothing adds no instruction.
const CALLS_MOST: u32 = 50_000;

/// A mistake in a call.
#[derive(Clone, Debug)]
enum CallMistake {
    Unknown { span: Span, name: String, known: Vec<String> },
    Loop { span: Span, way: Vec<String> },
    TooLong { span: Span, name: String },
}

impl Mistake for CallMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "T0202",
            Self::Loop { .. } => "T0203",
            Self::TooLong { .. } => "T0204",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Unknown { name, .. } => format!("unknown behavior `{name}`"),
            Self::Loop { way, .. } => format!("behaviors call one another without end: {}", way.join(" -> ")),
            Self::TooLong { name, .. } => {
                format!("`{name}` has more than {PROGRAM_MOST} steps, with those that it calls")
            }
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::Unknown { span, .. } => vec![Label::new(*span, "no behavior of this name")],
            Self::Loop { span, .. } => vec![Label::new(*span, "this call closes the loop")],
            Self::TooLong { span, .. } => vec![Label::new(*span, "this call is too much")],
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Unknown { name, known, .. } => {
                did_you_mean(name, &known.iter().map(String::as_str).collect::<Vec<_>>())
            }
            Self::Loop { .. } => Some("remove a call, or repeat the steps with `while`".to_owned()),
            Self::TooLong { .. } => {
                Some("repeat a call with `repeat` instead of writing it often".to_owned())
            }
        }
    }
}

/// The behaviours of a workload, and which of them call which.
#[derive(Debug, Default)]
pub struct CallGraph<'a> {
    /// In file order: the name, the node, and the places of those it calls.
    behaviors: Vec<(&'a str, &'a Node, Vec<usize>)>,
}

impl<'a> CallGraph<'a> {
    /// Looks through all behaviours.
    pub fn of(nodes: &[&'a Node]) -> Self {
        let named = |node: &&'a Node| node.text(0).map(|name| (name.value, *node));
        let named: Vec<_> = nodes.iter().filter_map(named).collect();
        let place = |name: &str| named.iter().position(|(known, _)| *known == name);
        let behaviors = named.iter().map(|(name, node)| {
            let mut called = Vec::new();
            gather_calls(node, 0, &mut called);
            (*name, *node, called.into_iter().filter_map(place).collect())
        });
        Self { behaviors: behaviors.collect() }
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.behaviors.iter().position(|(known, ..)| *known == name)
    }

    fn names(&self) -> Vec<String> {
        self.behaviors.iter().map(|(name, ..)| (*name).to_owned()).collect()
    }

    /// Behaviours whose names one may use: those that call it, by however many ways, and all that any of these call.
    ///
    /// A behaviour that is called reads what its caller has set. Where it runs by itself, such a variable is unset.
    pub(super) fn related(&self, node: &Node) -> Vec<&'a Node> {
        let Some(own) = node.text(0).and_then(|name| self.place(name.value)) else { return Vec::new() };
        let mut found = vec![false; self.behaviors.len()];
        found[own] = true;
        let mut grows = true;
        while grows {
            grows = false;
            for (place, (.., calls)) in self.behaviors.iter().enumerate() {
                if !found[place] && calls.iter().any(|called| found[*called]) {
                    (found[place], grows) = (true, true);
                }
            }
        }
        let mut open: Vec<usize> = (0..found.len()).filter(|place| found[*place]).collect();
        while let Some(place) = open.pop() {
            for called in &self.behaviors[place].2 {
                if !found[*called] {
                    found[*called] = true;
                    open.push(*called);
                }
            }
        }
        let others = found.iter().enumerate().filter(|(place, found)| **found && *place != own);
        others.map(|(place, _)| self.behaviors[place].1).collect()
    }
}

/// The names that stand behind `call` below a node.
fn gather_calls<'a>(node: &'a Node, depth: usize, found: &mut Vec<&'a str>) {
    if depth > DEPTH_LIMIT {
        return;
    }
    for child in &node.children {
        if let ("call", Some(name)) = (child.name.value.as_str(), child.text(0)) {
            found.push(name.value);
        }
        gather_calls(child, depth + 1, found);
    }
}

impl Compiler<'_> {
    /// Compiles another behaviour's steps in place.
    pub fn call(&mut self, name: &str, span: Span) {
        let behaviors = self.declared.behaviors;
        let Some(place) = behaviors.place(name) else {
            return self.problem(CallMistake::Unknown {
                span,
                name: name.to_owned(),
                known: behaviors.names(),
            });
        };
        if let Some(start) = self.calling.iter().position(|caller| caller == name) {
            return self.report_loop(start, span);
        }
        self.calls += 1;
        if self.position() > PROGRAM_MOST || self.calls > CALLS_MOST {
            let name = self.calling[0].clone();
            return self.problem(CallMistake::TooLong { span, name });
        }
        let node = behaviors.behaviors[place].1;
        let stops = self.stop_on_failure;
        self.stop_on_failure |= stops_on_failure(node);
        self.calling.push(name.to_owned());
        self.children(node);
        self.calling.pop();
        self.stop_on_failure = stops;
    }

    /// A loop has as many first members as members: it is told once, from the one that the file has first.
    fn report_loop(&mut self, start: usize, span: Span) {
        let members = &self.calling[start..];
        let behaviors = self.declared.behaviors;
        let first = members.iter().filter_map(|name| behaviors.place(name)).min();
        if start == 0 && first == behaviors.place(&members[0]) {
            let way = members.iter().chain(members.first()).cloned().collect();
            self.problem(CallMistake::Loop { span, way });
        }
    }
}
