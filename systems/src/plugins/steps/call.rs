//! `call`: runs another behaviour's steps in place.
//!
//! ```kdl
//! call log-in
//! ```

use throng_components::workload::{ArgumentSpec, Fields, Node, NodeSpec, ValueKind};

use super::Step;
use crate::behavior::Compiler;

/// The step.
#[derive(Debug)]
pub struct Call;

impl Step for Call {
    const SPEC: NodeSpec = NodeSpec {
        name: "call",
        summary: "Runs another behavior's steps in place: variables, steps' names and results are shared.",
        sample: "call log-in",
        arguments: &[ArgumentSpec {
            name: "behavior",
            kind: ValueKind::Name,
            required: true,
            summary: "The behavior's name.",
        }],
        ..NodeSpec::EMPTY
    };

    fn compile(node: &Node, compiler: &mut Compiler<'_>) {
        let mut fields = Fields::of(node, &Self::SPEC, 0);
        let name = fields.text_argument(0);
        let read = fields.finish(name);
        if let Some(name) = compiler.take(read) {
            compiler.call(name.value, name.span);
        }
    }
}
