//! Behaviours that run other behaviours' steps in place: which call which, and what a call compiles to.

use throng_components::workload::{Label, Mistake, Node, Span, did_you_mean};

use super::budget::INSTRUCTIONS_MOST;
use super::compiler::{Compiler, stops_on_failure};
use super::step_mistake::DEPTH_LIMIT;

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
                format!("with what `{name}` calls, the workload has more than {INSTRUCTIONS_MOST} steps")
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
                known: if self.declared.budget.suggests() { behaviors.names() } else { Vec::new() },
            });
        };
        if let Some(start) = self.calling.iter().position(|caller| caller == name) {
            return self.report_loop(start, span);
        }
        let node = behaviors.behaviors[place].1;
        if !self.declared.budget.calls(node.span.length) {
            return self.report_too_long(span);
        }
        let stops = self.stop_on_failure;
        self.stop_on_failure |= stops_on_failure(node);
        self.calling.push(name.to_owned());
        self.children(node);
        self.calling.pop();
        self.stop_on_failure = stops;
    }

    /// The rest of the calls is as much too much: it is told once for each behaviour.
    pub(super) fn report_too_long(&mut self, span: Span) {
        if !std::mem::replace(&mut self.too_long, true) {
            let name = self.calling[0].clone();
            self.problem(CallMistake::TooLong { span, name });
        }
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
