//! Compiles a behaviour's nodes: names become slots, blocks become jumps.

mod names;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use throng_components::run::StepHeader;
use throng_components::sample::StepId;
use throng_components::scenario::StepNames;
use throng_components::target::{Target, TargetAddress};
use throng_components::workload::{
    Entry, Fields, Label, Mistake, Node, Problem, Problems, Scalar, Span, did_you_mean,
};

use super::answer::Capture;
use super::expression::{Constants, VariableIsParameter};
use super::files::Files;
use super::program::{Instruction, Perform, Program};
use super::template::Template;
use super::value::{Kind, Value};
use crate::plugins::Registry;
use crate::plugins::steps::LATER;

/// What a behaviour may name.
#[derive(Clone, Copy, Debug)]
pub struct TargetNames<'a> {
    /// As declared, by number.
    pub targets: &'a [Target],
    /// Files that steps may name.
    pub files: &'a dyn Files,
}

/// Blocks inside blocks, at most: far more than a reader can follow, and little for the stack.
const DEPTH_LIMIT: usize = 64;

/// Unknown names of one behaviour that are compared with the known ones: more than anybody reads at one time.
const MOST_SUGGESTIONS: u32 = 50;

/// A mistake in a behaviour.
#[derive(Clone, Debug)]
enum StepMistake {
    UnknownStep { span: Span, name: String, known: Vec<&'static str> },
    NotYet { span: Span, name: String },
    NoTarget { span: Span, known: Vec<String> },
    UnknownTarget { span: Span, name: String, known: Vec<String> },
    WrongTarget { span: Span, name: String, step: &'static str, needs: &'static str },
    TooDeep { span: Span },
    TooManyNames { span: Span },
    WrongKind { span: Span, found: Kind, kind: Kind },
}

impl Mistake for StepMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownStep { .. } => "T0090",
            Self::NotYet { .. } => "T0028",
            Self::NoTarget { .. } => "T0091",
            Self::UnknownTarget { .. } => "T0092",
            Self::WrongTarget { .. } => "T0093",
            Self::TooDeep { .. } => "T0094",
            Self::TooManyNames { .. } => "T0095",
            Self::WrongKind { .. } => "T0198",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::UnknownStep { name, .. } => format!("unknown step `{name}`"),
            Self::NotYet { name, .. } => format!("`{name}` is not built yet"),
            Self::NoTarget { .. } => "the step does not say which target it goes to".to_owned(),
            Self::UnknownTarget { name, .. } => format!("unknown target `{name}`"),
            Self::WrongTarget { name, step, .. } => format!("`{step}` cannot go to the target `{name}`"),
            Self::TooDeep { .. } => format!("blocks are nested more than {DEPTH_LIMIT} deep"),
            Self::TooManyNames { .. } => "more than 65,536 names".to_owned(),
            Self::WrongKind { found, .. } => format!("the value is {found}"),
        }
    }

    fn labels(&self) -> Vec<Label> {
        let (span, text) = match self {
            Self::UnknownStep { span, .. } => (*span, "no step of this name".to_owned()),
            Self::NotYet { span, .. } => (*span, "in the language, but not in this version".to_owned()),
            Self::NoTarget { span, known } if known.is_empty() => {
                (*span, "the workload declares no target".to_owned())
            }
            Self::NoTarget { span, known } => (*span, format!("one of: {}", known.join(", "))),
            Self::UnknownTarget { span, .. } => (*span, "no target of this name".to_owned()),
            Self::WrongTarget { span, needs, .. } => (*span, format!("it needs {needs}")),
            Self::TooDeep { span } => (*span, "this block".to_owned()),
            Self::TooManyNames { span } => (*span, "this one is too many".to_owned()),
            Self::WrongKind { span, kind, .. } => (*span, format!("should be {kind}")),
        };
        vec![Label::new(span, text)]
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::UnknownStep { name, known, .. } => did_you_mean(name, known),
            Self::NotYet { .. } => Some("remove it, or switch it off with `/-` in front".to_owned()),
            Self::NoTarget { known, .. } => match known.first() {
                Some(name) => Some(format!("add `target={name}`")),
                None => Some("add a target: `target shop \"http://127.0.0.1:8080\"`".to_owned()),
            },
            Self::UnknownTarget { name, known, .. } => {
                did_you_mean(name, &known.iter().map(String::as_str).collect::<Vec<_>>())
            }
            Self::WrongKind { kind: Kind::Int, .. } => Some("`int(…)` makes a whole number".to_owned()),
            Self::WrongKind { .. }
            | Self::WrongTarget { .. }
            | Self::TooDeep { .. }
            | Self::TooManyNames { .. } => None,
        }
    }
}

/// Compiles one behaviour. Steps of every kind add their instructions to it.
pub struct Compiler<'a> {
    registry: &'a Registry,
    targets: &'a [Target],
    constants: &'a Constants,
    files: &'a dyn Files,
    steps: &'a mut StepNames,
    problems: Problems,
    program: Program,
    /// The slots of variables by name: a generated behaviour may have tens of thousands.
    slots: BTreeMap<String, u16>,
    /// Names of all steps in the behaviour, so that expressions may name any of them.
    step_names: BTreeSet<String>,
    /// Figures that expressions name, by step.
    captured: BTreeMap<String, Vec<Capture>>,
    /// How many more unknown names get a look at all that are known; each costs as much as there are.
    suggestions: Cell<u32>,
    /// For each instruction of the program that performs, the step's name.
    performed: Vec<(usize, String)>,
    /// Steps whose header the program has.
    headed: BTreeSet<StepId>,
    stop_on_failure: bool,
    depth: usize,
}

impl<'a> Compiler<'a> {
    /// Compiles `behavior NAME { … }`. The node's own values are the caller's to check.
    ///
    /// # Errors
    /// All that is wrong in the steps.
    pub fn program(
        node: &Node,
        registry: &'a Registry,
        targets: TargetNames<'a>,
        constants: &'a Constants,
        steps: &'a mut StepNames,
    ) -> Result<Program, Problems> {
        let name = node.text(0).map_or_else(String::new, |name| name.value.to_owned());
        let is_stop = |entry: &Entry| entry.value == Scalar::Text("stop".to_owned());
        let mut compiler = Self {
            registry,
            targets: targets.targets,
            constants,
            files: targets.files,
            steps,
            problems: Problems::new(),
            program: Program { name, ..Program::default() },
            slots: BTreeMap::new(),
            step_names: BTreeSet::new(),
            captured: BTreeMap::new(),
            suggestions: Cell::new(MOST_SUGGESTIONS),
            performed: Vec::new(),
            headed: BTreeSet::new(),
            stop_on_failure: node.property("on-failure").is_some_and(is_stop),
            depth: 0,
        };
        compiler.gather_names(node, 0);
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
            self.gather_names(child, depth + 1);
        }
    }

    /// Compiles all steps inside a node, in order.
    pub fn children(&mut self, node: &Node) {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            self.problems.push(StepMistake::TooDeep { span: node.name.span });
        } else {
            for child in &node.children {
                self.child(child);
            }
        }
        self.depth -= 1;
    }

    fn child(&mut self, node: &Node) {
        let name = node.name.value.as_str();
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
        self.files.read(path, most)
    }

    /// Keeps a reader's value, or its problems.
    pub fn take<T>(&mut self, result: Result<T, Problems>) -> Option<T> {
        self.problems.take(result)
    }

    /// Notes a mistake.
    pub fn problem(&mut self, problem: impl Into<Problem>) {
        self.problems.push(problem);
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
        let known = || self.targets.iter().map(|target| target.name.clone()).collect::<Vec<_>>();
        let found = if let Some(name) = fields.text("target") {
            let named = self.targets.iter().find(|target| target.name == name.value);
            named.map(|target| (target, name.span)).ok_or_else(|| StepMistake::UnknownTarget {
                span: name.span,
                name: name.value.to_owned(),
                known: known(),
            })
        } else {
            let mut suitable = self.targets.iter().filter(|target| suits(&target.address));
            match (suitable.next(), suitable.next(), self.targets) {
                (Some(target), None, _) | (None, None, [target]) => Ok((target, node.head())),
                _ => Err(StepMistake::NoTarget { span: node.head(), known: known() }),
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
