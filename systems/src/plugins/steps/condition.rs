//! Conditions: what stands behind `when`, `while` and `else when=`.

use throng_components::workload::{Entry, Label, Mistake, Span};

use crate::behavior::{Compiler, Kind, Template};

/// A mistake in a condition.
#[derive(Debug)]
enum ConditionMistake {
    NotBoolean { span: Span, kind: Kind, found: String },
}

impl Mistake for ConditionMistake {
    fn code(&self) -> &'static str {
        "T0200"
    }

    fn message(&self) -> String {
        let Self::NotBoolean { kind, .. } = self;
        format!("the condition is {kind}")
    }

    fn labels(&self) -> Vec<Label> {
        let Self::NotBoolean { span, .. } = self;
        vec![Label::new(*span, "never true or false")]
    }

    fn help(&self) -> Option<String> {
        let Self::NotBoolean { found, .. } = self;
        Some(match found.as_str() {
            "true" | "false" => format!("write `#{found}`"),
            _ => "compare something, as in `\"${basket > 1}\"`".to_owned(),
        })
    }
}

/// Compiles a condition. What can be known not to be true or false before it runs is a mistake.
pub(super) fn compile(entry: &Entry, compiler: &mut Compiler<'_>) -> Option<Template> {
    let condition = compiler.value(entry)?;
    match condition.kind() {
        None | Some(Kind::Bool) => Some(condition),
        Some(kind) => {
            let found = entry.value.to_string();
            compiler.problem(ConditionMistake::NotBoolean { span: entry.span, kind, found });
            None
        }
    }
}
