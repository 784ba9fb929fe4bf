//! `think`: a declared wait between two steps.
//!
//! ```kdl
//! think uniform "1s" "3s"
//! ```

use throng_components::workload::{
    ArgumentSpec, Label, Mistake, Node, NodeSpec, Span, ValueKind, did_you_mean, parse_duration,
};

use super::Step;
use crate::behavior::{Compiler, Instruction};

/// The step.
#[derive(Debug)]
pub struct Think;

/// A mistake in the kind word of a law of time.
#[derive(Debug)]
enum LawMistake {
    Missing { span: Span },
    Unknown { span: Span, name: String, known: Vec<&'static str> },
}

impl Mistake for LawMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "T0020",
            Self::Unknown { .. } => "T0096",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Missing { .. } => "the law of time is missing".to_owned(),
            Self::Unknown { name, .. } => format!("unknown law of time `{name}`"),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::Missing { span } => vec![Label::new(*span, "how long?")],
            Self::Unknown { span, .. } => vec![Label::new(*span, "no law of this name")],
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Missing { .. } => Some("for example: `think constant \"1s\"`".to_owned()),
            Self::Unknown { name, .. } if parse_duration(name).is_ok() => {
                Some(format!("say how the time is drawn: `constant \"{name}\"` for always the same one"))
            }
            Self::Unknown { name, known, .. } => did_you_mean(name, known),
        }
    }
}

/// Reads a node whose first argument names a law of time: `think exponential mean="2s"`.
fn read_law(
    node: &Node,
    compiler: &Compiler<'_>,
) -> Result<std::sync::Arc<dyn crate::plugins::laws::Law>, throng_components::workload::Problems> {
    let problem = |mistake: LawMistake| Err(throng_components::workload::Problem::from(mistake).into());
    let Some(kind) = node.text(0) else {
        return problem(LawMistake::Missing { span: node.head() });
    };
    let laws = &compiler.registry().laws;
    match laws.find(kind.value) {
        Some(entry) => (entry.read)(node, compiler.files()),
        None => {
            problem(LawMistake::Unknown { span: kind.span, name: kind.value.to_owned(), known: laws.names() })
        }
    }
}

impl Step for Think {
    const SPEC: NodeSpec = NodeSpec {
        name: "think",
        summary: "Waits, as a person between two clicks; the wait is part of no step.",
        sample: "think uniform \"1s\" \"3s\"",
        arguments: &[ArgumentSpec {
            name: "law",
            kind: ValueKind::Name,
            required: true,
            summary: "A law of time: `throng list laws`. More follows from the law.",
        }],
        more_arguments: true,
        ..NodeSpec::EMPTY
    };

    fn compile(node: &Node, compiler: &mut Compiler<'_>) {
        let law = read_law(node, compiler);
        if let Some(law) = compiler.take(law) {
            compiler.push(Instruction::Think(law));
        }
    }
}
