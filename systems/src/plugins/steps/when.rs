//! `when`: runs its steps where a condition holds; `else` behind it, where it does not.
//!
//! ```kdl
//! when "${basket > 2}" { noop name=buy }
//! else when="${basket > 0}" { noop name=look }
//! else { noop name=leave }
//! ```

use throng_components::workload::{
    ArgumentSpec, Entry, FieldSpec, Fields, Label, Mistake, Node, NodeSpec, Span, ValueKind,
};

use super::{Step, condition};
use crate::behavior::{Chain, Compiler, Instruction};

/// The step.
#[derive(Debug)]
pub struct When;

/// Its other way, a node of its own right behind it.
#[derive(Debug)]
pub struct Else;

/// A mistake in how the ways stand.
#[derive(Debug)]
enum WhenMistake {
    Alone { span: Span },
}

impl Mistake for WhenMistake {
    fn code(&self) -> &'static str {
        "T0201"
    }

    fn message(&self) -> String {
        "`else` has no `when`".to_owned()
    }

    fn labels(&self) -> Vec<Label> {
        let Self::Alone { span } = self;
        vec![Label::new(*span, "no `when` stands right before it")]
    }

    fn help(&self) -> Option<String> {
        Some("put it right behind the closing brace of a `when` or of an `else when=`".to_owned())
    }
}

impl Step for When {
    const SPEC: NodeSpec = NodeSpec {
        name: "when",
        summary: "Runs the steps inside it where a condition holds.",
        sample: "when \"${iteration > 1}\" { noop name=again }\nelse { noop name=first }",
        arguments: &[ArgumentSpec {
            name: "condition",
            kind: ValueKind::Template,
            required: true,
            summary: "`${…}` that gives true or false; what gives anything else fails the iteration.",
        }],
        any_children: true,
        ..NodeSpec::EMPTY
    };

    fn compile(node: &Node, compiler: &mut Compiler<'_>) {
        let mut fields = Fields::of(node, &Self::SPEC, 0);
        let entry = fields.any_argument(0);
        let read = fields.finish(entry);
        let entry = compiler.take(read);
        way(node, entry, Chain::default(), compiler);
    }
}

impl Step for Else {
    const SPEC: NodeSpec = NodeSpec {
        name: "else",
        summary: "Runs the steps inside it where the `when` right before it does not hold.",
        sample: "else { noop name=other }",
        properties: &[FieldSpec {
            name: "when",
            kind: ValueKind::Template,
            default: "",
            summary: "A condition of its own, where there are more than two ways.",
        }],
        any_children: true,
        ..NodeSpec::EMPTY
    };

    fn compile(node: &Node, compiler: &mut Compiler<'_>) {
        let read = Fields::of(node, &Self::SPEC, 0).finish(Some(()));
        compiler.take(read);
        let chain = compiler.take_chain();
        let Some(chain) = chain else {
            return compiler.problem(WhenMistake::Alone { span: node.name.span });
        };
        let condition = node.property("when");
        if condition.is_some() {
            return way(node, condition, chain, compiler);
        }
        compiler.children(node);
        complete(&chain, compiler);
    }
}

/// Compiles one way with a condition, and keeps it for an `else` behind it.
fn way(node: &Node, entry: Option<&Entry>, mut chain: Chain, compiler: &mut Compiler<'_>) {
    let condition = entry.and_then(|entry| condition::compile(entry, compiler));
    // Without a condition there is a mistake already; what stands inside is looked at all the same.
    let head =
        condition.map(|condition| compiler.push(Instruction::When { condition, otherwise: 0, after: 0 }));
    compiler.children(node);
    chain.ends.push(compiler.push(Instruction::Jump(0)));
    let next = compiler.position();
    if let Some(head) = head {
        if let Instruction::When { otherwise, .. } = compiler.instruction(head) {
            *otherwise = next;
        }
        chain.conditions.push(head);
    }
    complete(&chain, compiler);
    compiler.keep_chain(chain);
}

/// All ways go on from here, as far as there is no further one.
fn complete(chain: &Chain, compiler: &mut Compiler<'_>) {
    let here = compiler.position();
    for end in &chain.ends {
        *compiler.instruction(*end) = Instruction::Jump(here);
    }
    for condition in &chain.conditions {
        if let Instruction::When { after, .. } = compiler.instruction(*condition) {
            *after = here;
        }
    }
}
