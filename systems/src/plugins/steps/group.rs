//! `group`: steps that are timed together.
//!
//! ```kdl
//! group checkout { noop name=cart; noop name=pay }
//! ```

use throng_components::workload::{ArgumentSpec, Fields, Node, NodeSpec, ValueKind};

use super::Step;
use crate::behavior::Compiler;

/// The step.
#[derive(Debug)]
pub struct Group;

impl Step for Group {
    const SPEC: NodeSpec = NodeSpec {
        name: "group",
        summary: "Times the steps inside it together, from the first one's due to the last one's end, waits included.",
        sample: "group checkout { noop name=cart; noop name=pay }",
        arguments: &[ArgumentSpec {
            name: "name",
            kind: ValueKind::Name,
            required: true,
            summary: "What results call it; groups of one name are counted together.",
        }],
        any_children: true,
        ..NodeSpec::EMPTY
    };

    fn compile(node: &Node, compiler: &mut Compiler<'_>) {
        let mut fields = Fields::of(node, &Self::SPEC, 0);
        let name = fields.text_argument(0);
        let read = fields.finish(name);
        match compiler.take(read) {
            Some(name) => compiler.group(name.value, name.span, |compiler| compiler.children(node)),
            None => compiler.children(node),
        }
    }
}
