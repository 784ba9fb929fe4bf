//! `repeat`: runs its steps several times.
//!
//! ```kdl
//! repeat 3 { noop name=item }
//! ```

use throng_components::workload::{ArgumentSpec, Fields, Node, NodeSpec, ValueKind};

use super::Step;
use crate::behavior::{Compiler, Instruction, Kind};

/// The step.
#[derive(Debug)]
pub struct Repeat;

impl Step for Repeat {
    const SPEC: NodeSpec = NodeSpec {
        name: "repeat",
        summary: "Runs the steps inside it several times.",
        sample: "repeat 3 { noop name=item }",
        arguments: &[ArgumentSpec {
            name: "times",
            kind: ValueKind::Template,
            required: true,
            summary: "How often: a whole number, or `${…}` that gives one.",
        }],
        any_children: true,
        ..NodeSpec::EMPTY
    };

    fn compile(node: &Node, compiler: &mut Compiler<'_>) {
        let mut fields = Fields::of(node, &Self::SPEC, 0);
        let literal = matches!(
            node.arguments.first().map(|entry| &entry.value),
            Some(throng_components::workload::Scalar::Text(_)) | None
        );
        // A number is checked here and now; a text is an expression, checked when it runs.
        let entry = if literal {
            fields.any_argument(0)
        } else {
            fields.count_argument(0, 0, i64::MAX as u64).and(fields.any_argument(0))
        };
        let read = fields.finish(entry);
        let Some(entry) = compiler.take(read) else { return };
        let Some(times) = compiler.value_of(entry, Kind::Int) else { return compiler.children(node) };
        let counter = compiler.hidden_variable(node.name.span);
        let head = compiler.push(Instruction::Repeat { counter, times, end: 0 });
        let body = compiler.position();
        compiler.children(node);
        compiler.push(Instruction::Again { counter, body });
        let after = compiler.position();
        if let Instruction::Repeat { end, .. } = compiler.instruction(head) {
            *end = after;
        }
    }
}
