//! `while`: runs its steps again and again, as long as a condition holds.
//!
//! ```kdl
//! while "${basket < 3}" at-most=100 { noop name=item; set basket "${basket + 1}" }
//! ```

use throng_components::workload::{ArgumentSpec, FieldSpec, Fields, Node, NodeSpec, ValueKind};

use super::{Step, condition};
use crate::behavior::{Compiler, Instruction};

/// The step.
#[derive(Debug)]
pub struct While;

/// Rounds without `at-most=`: many for a page that is asked for until it is there, few for a machine that waits for
/// something that never comes.
const MOST: u32 = 10_000;

impl Step for While {
    const SPEC: NodeSpec = NodeSpec {
        name: "while",
        summary: "Runs the steps inside it as long as a condition holds.",
        sample: "set basket 0\nwhile \"${basket < 3}\" { noop name=item; set basket \"${basket + 1}\" }",
        arguments: &[ArgumentSpec {
            name: "condition",
            kind: ValueKind::Template,
            required: true,
            summary: "`${…}` that gives true or false, before each round; what gives anything else fails the iteration.",
        }],
        properties: &[FieldSpec {
            name: "at-most",
            kind: ValueKind::Count,
            default: "10000",
            summary: "Rounds, at most; a condition that still holds then fails the iteration (`loop_limit`).",
        }],
        any_children: true,
        ..NodeSpec::EMPTY
    };

    fn compile(node: &Node, compiler: &mut Compiler<'_>) {
        let mut fields = Fields::of(node, &Self::SPEC, 0);
        let entry = fields.any_argument(0);
        let most = fields.count("at-most", 1, u64::from(u32::MAX));
        let read = fields.finish(entry);
        let entry = compiler.take(read);
        let condition = entry.and_then(|entry| condition::compile(entry, compiler));
        let Some(condition) = condition else {
            // What stands inside is looked at all the same.
            return compiler.children(node);
        };
        let most = most.and_then(|most| u32::try_from(most).ok()).unwrap_or(MOST);
        let counter = compiler.hidden_variable(node.name.span);
        let head = compiler.push(Instruction::While { counter, condition, most, end: 0 });
        compiler.children(node);
        compiler.push(Instruction::Jump(head));
        let after = compiler.position();
        if let Instruction::While { end, .. } = compiler.instruction(head) {
            *end = after;
        }
    }
}
