//! `set`: gives a variable a value.
//!
//! ```kdl
//! set basket "${basket + 1}"
//! ```

use throng_components::workload::{ArgumentSpec, Fields, Node, NodeSpec, ValueKind};

use super::Step;
use crate::behavior::{Compiler, Instruction};

/// The step.
#[derive(Debug)]
pub struct Set;

impl Step for Set {
    const SPEC: NodeSpec = NodeSpec {
        name: "set",
        summary: "Gives a variable of the user a value; variables begin each iteration unset.",
        sample: "set basket 0",
        arguments: &[
            ArgumentSpec {
                name: "name",
                kind: ValueKind::Name,
                required: true,
                summary: "The variable; made by its first `set`.",
            },
            ArgumentSpec {
                name: "value",
                kind: ValueKind::Template,
                required: true,
                summary: "A number, a flag, or a text; `${…}` alone keeps its type.",
            },
        ],
        ..NodeSpec::EMPTY
    };

    fn compile(node: &Node, compiler: &mut Compiler<'_>) {
        let mut fields = Fields::of(node, &Self::SPEC, 0);
        let name = fields.text_argument(0);
        let entry = fields.any_argument(1);
        let read = fields.finish(name.zip(entry));
        let Some((name, entry)) = compiler.take(read) else { return };
        let slot = compiler.variable(name.value, name.span);
        if let Some(value) = compiler.value(entry) {
            compiler.push(Instruction::Set { slot, value });
        }
    }
}
