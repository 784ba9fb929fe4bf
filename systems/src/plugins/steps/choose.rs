//! `choose`: one of several ways, drawn by weight.
//!
//! ```kdl
//! choose {
//!     branch weight=70 { noop name=buy }
//!     branch weight=30 { noop name=leave }
//! }
//! ```

use throng_components::workload::{FieldSpec, Fields, Label, Mistake, Node, NodeSpec, Span, ValueKind};

use super::Step;
use crate::behavior::{Compiler, Instruction};

/// The step.
#[derive(Debug)]
pub struct Choose;

/// `branch`, in `choose`.
pub const BRANCH: NodeSpec = NodeSpec {
    name: "branch",
    summary: "One way of a `choose`.",
    sample: "branch weight=70 { noop name=buy }",
    properties: &[FieldSpec {
        name: "weight",
        kind: ValueKind::Count,
        default: "1",
        summary: "How often it is taken, as a part of the sum of all weights.",
    }],
    any_children: true,
    ..NodeSpec::EMPTY
};

/// A mistake in the ways.
#[derive(Debug)]
enum ChooseMistake {
    NoWeight { span: Span },
}

impl Mistake for ChooseMistake {
    fn code(&self) -> &'static str {
        "T0097"
    }

    fn message(&self) -> String {
        "`choose` has no way that could be taken".to_owned()
    }

    fn labels(&self) -> Vec<Label> {
        let Self::NoWeight { span } = self;
        vec![Label::new(*span, "all weights are 0, or there is no `branch`")]
    }

    fn help(&self) -> Option<String> {
        Some("add `branch weight=1 { … }`".to_owned())
    }
}

impl Step for Choose {
    const SPEC: NodeSpec = NodeSpec {
        name: "choose",
        summary: "Goes one of several ways, drawn by weight.",
        sample: "choose {\n    branch weight=70 { noop name=buy }\n    branch weight=30 { noop name=leave }\n}",
        children: &["branch"],
        ..NodeSpec::EMPTY
    };

    fn compile(node: &Node, compiler: &mut Compiler<'_>) {
        let read = Fields::of(node, &Self::SPEC, 0).finish(Some(()));
        if compiler.take(read).is_none() {
            return;
        }
        let head = compiler.push(Instruction::Choose { branches: Vec::new() });
        let (mut ways, mut ends, mut sum) = (Vec::new(), Vec::new(), 0_u64);
        for branch in node.children_named("branch") {
            let mut fields = Fields::of(branch, &BRANCH, 0);
            let weight = fields.count("weight", 0, u64::from(u32::MAX));
            let read = fields.finish(Some(()));
            compiler.take(read);
            let weight = if branch.property("weight").is_some() { weight.unwrap_or(0) } else { 1 };
            sum += weight;
            ways.push((sum, compiler.position()));
            compiler.children(branch);
            ends.push(compiler.push(Instruction::Jump(0)));
        }
        if sum == 0 {
            compiler.problem(ChooseMistake::NoWeight { span: node.head() });
        }
        let after = compiler.position();
        for end in ends {
            *compiler.instruction(end) = Instruction::Jump(after);
        }
        *compiler.instruction(head) = Instruction::Choose { branches: ways };
    }
}
