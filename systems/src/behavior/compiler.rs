//! Compiles a behaviour's nodes: names become slots, blocks become jumps.

mod names;

use std::collections::{BTreeMap, BTreeSet};

use throng_components::run::StepHeader;
use throng_components::sample::StepId;
use throng_components::scenario::StepNames;
use throng_components::target::{Target, TargetAddress};
use throng_components::workload::{Entry, Fields, Node, Problem, Problems, Scalar, Span};

use super::answer::Capture;
use super::budget::Budget;
use super::calls::CallGraph;
use super::expression::{Constants, VariableIsParameter};
use super::files::Files;
use super::group::Group;
use super::program::{Instruction, Perform, Program};
use super::step_mistake::{DEPTH_LIMIT, StepMistake};
use super::template::Template;
use super::value::{Kind, Value};
use crate::plugins::Registry;
use crate::plugins::steps::LATER;

/// What a behaviour may name.
#[derive(Clone, Copy, Debug)]
pub struct Declared<'a> {
    /// Targets as declared, by number.
    pub targets: &'a [Target],
    /// Files that steps may name.
    pub files: &'a dyn Files,
    /// Behaviours and which of them call which.
    pub behaviors: &'a CallGraph<'a>,
    /// What may be spent on all of them together.
    pub budget: &'a Budget,
}

/// Targets that are named to a step that names none.
const MOST_NAMED: usize = 12;

/// Compiles one behaviour. Steps of every kind add their instructions to it.
pub struct Compiler<'a> {
    registry: &'a Registry,
    pub(super) declared: Declared<'a>,
    constants: &'a Constants,
    steps: &'a mut StepNames,
    problems: Problems,
    program: Program,
    /// The slots of variables by name: a generated behaviour may have tens of thousands.
    slots: BTreeMap<String, u16>,
    /// Names of all steps in the behaviour, so that expressions may name any of them.
    step_names: BTreeSet<String>,
    /// Figures that expressions name, by step.
    captured: BTreeMap<String, Vec<Capture>>,
    /// For each instruction of the program that performs, the step's name.
    performed: Vec<(usize, String)>,
    /// Steps whose header the program has.
    headed: BTreeSet<StepId>,
    pub(super) stop_on_failure: bool,
    depth: usize,
    /// The behaviours that are compiled in one another just now, the outermost first.
    pub(super) calling: Vec<String>,
    /// Whether it was told that its calls are too long.
    pub(super) too_long: bool,
    /// The groups around the next step, outermost first.
    groups: Vec<Group>,
    /// Where the `else` of the last node would have to be joined.
    chain: Option<Chain>,
    /// Whether the next step runs beside others.
    in_parallel: bool,
}

/// A `when` and the `else` nodes behind it, as far as they are compiled: instructions to be completed.
#[derive(Debug, Default)]
pub struct Chain {
    /// Conditions: each goes on behind all of it when nobody can tell.
    pub conditions: Vec<u32>,
    /// Jumps at the end of each way: to what stands behind all of it.
    pub ends: Vec<u32>,
}

impl<'a> Compiler<'a> {
    /// Compiles `behavior NAME { … }`. The node's own values are the caller's to check.
    ///
    /// # Errors
    /// All that is wrong in the steps.
    pub fn program(
        node: &Node,
        registry: &'a Registry,
        declared: Declared<'a>,
        constants: &'a Constants,
        steps: &'a mut StepNames,
    ) -> Result<Program, Problems> {
        let name = node.text(0).map_or_else(String::new, |name| name.value.to_owned());
        let mut compiler = Self {
            registry,
            declared,
            constants,
            steps,
            problems: Problems::new(),
            calling: vec![name.clone()],
            program: Program { name, ..Program::default() },
            slots: BTreeMap::new(),
            step_names: BTreeSet::new(),
            captured: BTreeMap::new(),
            performed: Vec::new(),
            headed: BTreeSet::new(),
            stop_on_failure: stops_on_failure(node),
            depth: 0,
            too_long: false,
            groups: Vec::new(),
            chain: None,
            in_parallel: false,
        };
        compiler.gather_names(node, 0);
        for other in declared.behaviors.related(node) {
            if !declared.budget.shares(other.span.length) {
                compiler.report_too_long(node.name.span);
                break;
            }
            compiler.gather_names(other, 0);
        }
        compiler.children(node);
        compiler.attach_captures();
        compiler.problems.or(compiler.program)
    }

    /// Notes the names of all steps and variables below a node, before anything is compiled.
    fn gather_names(&mut self, node: &Node, depth: usize) {
        if depth > DEPTH_LIMIT {
            return;
        }
        for child in &node.children {
            if let Some(Scalar::Text(name)) = child.property("name").map(Entry::known) {
                self.step_names.insert(name.clone());
            }
            if let ("set" | "save", Some(name)) = (child.name.value.as_str(), child.text(0)) {
                self.variable(name.value, name.span);
            }
            let set = self.registry.steps.find(&child.name.value).map_or(&[][..], |entry| entry.variables);
            for name in set {
                self.variable(name, child.name.span);
            }
            self.gather_names(child, depth + 1);
        }
    }

    /// Compiles all steps inside a node, in order.
    pub fn children(&mut self, node: &Node) {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            self.problems.push(StepMistake::TooDeep { span: node.name.span });
        } else {
            self.chain = None;
            for child in &node.children {
                self.child(child);
            }
            self.chain = None;
        }
        self.depth -= 1;
    }

    /// Compiles one step.
    pub fn child(&mut self, node: &Node) {
        let name = node.name.value.as_str();
        if name != "else" {
            self.chain = None;
        }
        if let Some(entry) = self.registry.steps.find(name) {
            return (entry.compile)(node, self);
        }
        let span = node.name.span;
        if LATER.contains(&name) {
            self.problems.push(StepMistake::NotYet { span, name: name.to_owned() });
        } else {
            let known = self.registry.steps.names();
            self.problems.push(StepMistake::UnknownStep { span, name: name.to_owned(), known });
        }
    }

    /// The content of a file that the workload names.
    ///
    /// # Errors
    /// Why it cannot be had, in a few words.
    pub fn read_file(&self, path: &str, most: usize) -> Result<Vec<u8>, String> {
        self.declared.files.read(path, most)
    }

    /// The files that the workload may name.
    pub fn files(&self) -> &dyn Files {
        self.declared.files
    }

    /// Keeps a reader's value, or its problems.
    pub fn take<T>(&mut self, result: Result<T, Problems>) -> Option<T> {
        self.problems.take(result)
    }

    /// Notes a mistake.
    pub fn problem(&mut self, problem: impl Into<Problem>) {
        self.problems.push(problem);
    }

    /// The `when` or `else` that stands right before the node that is compiled, if one does.
    pub fn take_chain(&mut self) -> Option<Chain> {
        self.chain.take()
    }

    /// Keeps a `when` or `else` for an `else` right behind it.
    pub fn keep_chain(&mut self, chain: Chain) {
        self.chain = Some(chain);
    }

    /// Compiles what runs beside other steps; false when that is so already.
    pub fn in_parallel(&mut self, compile: impl FnOnce(&mut Self)) -> bool {
        if self.in_parallel {
            return false;
        }
        self.in_parallel = true;
        compile(self);
        self.in_parallel = false;
        true
    }

    /// Compiles the steps of a group, timed under its name.
    pub fn group(&mut self, name: &str, span: Span, compile: impl FnOnce(&mut Self)) {
        let Some(id) = self.steps.intern_group(name) else {
            return self.problems.push(StepMistake::TooManyNames { span });
        };
        if self.program.groups.is_empty() {
            self.program.group_counter = self.hidden_variable(span);
        }
        let slot = self.hidden_variable(span);
        for _ in 1..Group::VARIABLES {
            self.hidden_variable(span);
        }
        let group = Group { id, slot, parent: self.groups.last().map(|group| group.slot) };
        self.program.groups.push(group);
        self.push(Instruction::Enter(group));
        self.groups.push(group);
        compile(self);
        self.groups.pop();
        self.push(Instruction::Leave(group));
    }

    /// What all behaviours together may still take.
    pub fn budget(&self) -> &'a Budget {
        self.declared.budget
    }

    /// The plug-ins of the application.
    pub fn registry(&self) -> &'a Registry {
        self.registry
    }

    /// The index of the next instruction.
    pub fn position(&self) -> u32 {
        u32::try_from(self.program.instructions.len()).unwrap_or(u32::MAX)
    }

    /// Adds an instruction; gives its index.
    pub fn push(&mut self, instruction: Instruction) -> u32 {
        let index = self.position();
        self.declared.budget.count_instruction();
        self.program.instructions.push(instruction);
        index
    }

    /// An instruction that was added, to be completed when what follows it is known.
    pub fn instruction(&mut self, index: u32) -> &mut Instruction {
        &mut self.program.instructions[index as usize]
    }

    /// Adds a step that reaches for a target.
    pub fn perform(&mut self, name: &str, header: StepHeader, mut perform: Perform) {
        perform.stop_on_failure |= self.stop_on_failure;
        perform.groups = self.groups.iter().map(|group| group.slot).collect();
        self.performed.push((self.program.instructions.len(), name.to_owned()));
        if self.headed.insert(perform.step) {
            self.program.headers.push((perform.step, header));
        }
        self.push(Instruction::Perform(Box::new(perform)));
    }

    /// The slot of a variable, new or not.
    pub fn variable(&mut self, name: &str, span: Span) -> u16 {
        if let Some(parameter) = self.constants.parameter(name) {
            let (name, declared) = (name.to_owned(), parameter.declared);
            self.problems.push(VariableIsParameter { name, span, declared });
        }
        if let Some(slot) = self.slots.get(name) {
            return *slot;
        }
        let Ok(slot) = u16::try_from(self.program.variables.len()) else {
            self.problems.push(StepMistake::TooManyNames { span });
            return 0;
        };
        self.program.variables.push(name.to_owned());
        self.slots.insert(name.to_owned(), slot);
        slot
    }

    /// A slot without a name, for a step's own use.
    pub fn hidden_variable(&mut self, span: Span) -> u16 {
        // No expression can spell a name that begins with a space.
        let name = format!(" {}", self.program.variables.len());
        self.variable(&name, span)
    }

    /// The number of a measured step's name.
    pub fn step(&mut self, name: &str, span: Span) -> Option<StepId> {
        let id = self.steps.intern(name);
        if id.is_none() {
            self.problems.push(StepMistake::TooManyNames { span });
        }
        id
    }

    /// Compiles a text that may hold `${…}`.
    pub fn template(&mut self, entry: &Entry) -> Option<Template> {
        let text = entry.value.to_string();
        let result = Template::compile(&text, entry.content, self);
        self.problems.take(result)
    }

    /// Compiles a value of any form: a number or flag stands for itself, a text may hold `${…}`.
    pub fn value(&mut self, entry: &Entry) -> Option<Template> {
        match Value::from_scalar(&entry.value) {
            Some(Value::Text(_)) | None => self.template(entry),
            Some(value) => Some(Template::of_value(value)),
        }
    }

    /// As [`Compiler::value`], for a value that has to be of one kind. What is known to be of another is a mistake now.
    pub fn value_of(&mut self, entry: &Entry, kind: Kind) -> Option<Template> {
        let template = self.value(entry)?;
        match template.kind() {
            Some(found) if found != kind => {
                self.problems.push(StepMistake::WrongKind { span: entry.span, found, kind });
                None
            }
            _ => Some(template),
        }
    }

    /// The target that a step names with `target=`, or the only one.
    pub fn target_of(
        &mut self,
        fields: &mut Fields<'_>,
        step: &'static str,
        needs: &'static str,
        suits: impl Fn(&TargetAddress) -> bool,
    ) -> Option<&'a Target> {
        let node = fields.node();
        let known = |most: usize| -> Vec<String> {
            self.declared.targets.iter().take(most).map(|target| target.name.clone()).collect()
        };
        let found = if let Some(name) = fields.text("target") {
            let named = self.declared.targets.iter().find(|target| target.name == name.value);
            named.map(|target| (target, name.span)).ok_or_else(|| StepMistake::UnknownTarget {
                span: name.span,
                name: name.value.to_owned(),
                known: known(if self.declared.budget.suggests() { usize::MAX } else { 0 }),
            })
        } else {
            let mut suitable = self.declared.targets.iter().filter(|target| suits(&target.address));
            match (suitable.next(), suitable.next(), self.declared.targets) {
                (Some(target), None, _) | (None, None, [target]) => Ok((target, node.head())),
                _ => Err(StepMistake::NoTarget { span: node.head(), known: known(MOST_NAMED) }),
            }
        };
        let mistake = match found {
            Ok((target, _)) if suits(&target.address) => return Some(target),
            Ok((target, span)) => StepMistake::WrongTarget { span, name: target.name.clone(), step, needs },
            Err(mistake) => mistake,
        };
        fields.problem(mistake);
        None
    }

    /// Tells each step which of its figures expressions name.
    fn attach_captures(&mut self) {
        for (index, name) in &self.performed {
            let captures = self.captured.get(name).cloned().unwrap_or_default();
            if let Instruction::Perform(perform) = &mut self.program.instructions[*index] {
                perform.captures = captures;
            }
        }
    }
}

/// Whether a behaviour's failed steps end its iterations.
pub(super) fn stops_on_failure(behavior: &Node) -> bool {
    let is_stop = |entry: &Entry| entry.value == Scalar::Text("stop".to_owned());
    behavior.property("on-failure").is_some_and(is_stop)
}
