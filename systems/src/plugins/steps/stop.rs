//! `stop`: ends the iteration here, lets its user leave, or stops its scenario.
//!
//! ```kdl
//! stop
//! stop user
//! stop scenario
//! ```
//!
//! A scenario is stopped as by a rule: from this instant on nothing of it begins, tokens that wait for a user stay waiting,
//! those not yet due are cancelled, and what runs has the drain to end in. The other scenarios go on. In real time the
//! scenario's users on other threads hear of it with the next tick.

use throng_components::workload::{
    ArgumentSpec, Fields, Label, Mistake, Node, NodeSpec, Span, ValueKind, did_you_mean,
};

use super::Step;
use crate::behavior::{Compiler, Instruction, Stopped};

/// The step.
#[derive(Debug)]
pub struct Stop;

/// What can be stopped.
const WORDS: &[&str] = &["iteration", "user", "scenario"];

/// A mistake in what is to be stopped.
#[derive(Debug)]
enum StopMistake {
    Unknown { span: Span, name: String },
}

impl Mistake for StopMistake {
    fn code(&self) -> &'static str {
        "T0208"
    }

    fn message(&self) -> String {
        let Self::Unknown { name, .. } = self;
        format!("a step cannot stop `{name}`")
    }

    fn labels(&self) -> Vec<Label> {
        let Self::Unknown { span, .. } = self;
        vec![Label::new(*span, "not one of: iteration, user, scenario")]
    }

    fn help(&self) -> Option<String> {
        let Self::Unknown { name, .. } = self;
        did_you_mean(name, WORDS)
    }
}

impl Step for Stop {
    const SPEC: NodeSpec = NodeSpec {
        name: "stop",
        summary: "Ends the iteration here, as its steps went so far; lets its user leave with it, or stops its scenario.",
        sample: "stop",
        arguments: &[ArgumentSpec {
            name: "what",
            kind: ValueKind::Word(WORDS),
            required: false,
            summary: "`iteration`, as without it; `user`: it leaves and is not replaced; `scenario`: nothing of it begins any more, \
                      and what runs is drained.",
        }],
        ..NodeSpec::EMPTY
    };

    fn compile(node: &Node, compiler: &mut Compiler<'_>) {
        let mut fields = Fields::of(node, &Self::SPEC, 0);
        let what = fields.text_argument(0);
        if let Some(what) = what.as_ref().filter(|what| !WORDS.contains(&what.value)) {
            fields.problem(StopMistake::Unknown { span: what.span, name: what.value.to_owned() });
        }
        let read = fields.finish(Some(()));
        if compiler.take(read).is_some() {
            compiler.push(Instruction::Stop(match what.map(|what| what.value) {
                Some("user") => Stopped::User,
                Some("scenario") => Stopped::Scenario,
                _ => Stopped::Iteration,
            }));
        }
    }
}
