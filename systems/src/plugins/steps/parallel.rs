//! `parallel`: several steps at one time, as a browser loads what a page needs.
//!
//! ```kdl
//! parallel {
//!     noop name=picture
//!     branch { noop name=script; noop name=data }
//! }
//! ```

use throng_components::workload::{Fields, Label, Mistake, Node, NodeSpec, Span};

use super::Step;
use crate::behavior::{Compiler, Instruction};

/// The step.
#[derive(Debug)]
pub struct Parallel;

/// Things that one user does at one time, at most: a browser opens six connections to a host, a page names few hosts.
const STRANDS_MOST: usize = 32;

/// `branch`, in `parallel`.
pub const BRANCH: NodeSpec = NodeSpec {
    name: "branch",
    summary: "Steps of a `parallel` that follow one another.",
    sample: "branch { noop name=script; noop name=data }",
    any_children: true,
    ..NodeSpec::EMPTY
};

/// A mistake in what is to run at one time.
#[derive(Debug)]
enum ParallelMistake {
    Nested { span: Span },
    TooWide { span: Span, found: usize },
    Empty { span: Span },
}

impl Mistake for ParallelMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::Nested { .. } => "T0205",
            Self::TooWide { .. } => "T0206",
            Self::Empty { .. } => "T0207",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Nested { .. } => "a `parallel` stands inside another one".to_owned(),
            Self::TooWide { found, .. } => {
                format!("`parallel` has {found} things to do at one time, of {STRANDS_MOST} at most")
            }
            Self::Empty { .. } => "`parallel` has nothing to do".to_owned(),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::Nested { span } => vec![Label::new(*span, "runs beside other steps already")],
            Self::TooWide { span, .. } => vec![Label::new(*span, "the first one that is too many")],
            Self::Empty { span } => vec![Label::new(*span, "no step inside")],
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Nested { .. } => "put its steps beside those of the outer one".to_owned(),
            Self::TooWide { .. } => "put steps that may follow one another into a `branch { … }`".to_owned(),
            Self::Empty { .. } => "put two steps or more inside".to_owned(),
        })
    }
}

impl Step for Parallel {
    const SPEC: NodeSpec = NodeSpec {
        name: "parallel",
        summary: "Runs each step or `branch` inside it at the same time, and goes on when all have ended.",
        sample: "parallel {\n    noop name=picture\n    branch { noop name=script; noop name=data }\n}",
        any_children: true,
        ..NodeSpec::EMPTY
    };

    fn compile(node: &Node, compiler: &mut Compiler<'_>) {
        let read = Fields::of(node, &Self::SPEC, 0).finish(Some(()));
        compiler.take(read);
        let span = node.name.span;
        if node.children.is_empty() {
            return compiler.problem(ParallelMistake::Empty { span });
        }
        if let Some(child) = node.children.get(STRANDS_MOST) {
            let found = node.children.len();
            compiler.problem(ParallelMistake::TooWide { span: child.name.span, found });
        }
        if !compiler.in_parallel(|compiler| strands(node, compiler)) {
            compiler.problem(ParallelMistake::Nested { span });
        }
    }
}

/// Compiles each child as a strand of its own.
fn strands(node: &Node, compiler: &mut Compiler<'_>) {
    let head = compiler.push(Instruction::Parallel { first: Vec::new(), after: 0 });
    let mut starts = Vec::new();
    for child in node.children.iter().take(STRANDS_MOST) {
        starts.push(compiler.position());
        if child.name.value == BRANCH.name {
            let read = Fields::of(child, &BRANCH, 0).finish(Some(()));
            compiler.take(read);
            compiler.children(child);
        } else {
            // An `else` beside its `when` would run at the same time: it belongs into a `branch` with it.
            let _ = compiler.take_chain();
            compiler.child(child);
        }
        compiler.push(Instruction::Join);
    }
    let behind = compiler.position();
    if let Instruction::Parallel { first, after } = compiler.instruction(head) {
        (*first, *after) = (starts, behind);
    }
}
