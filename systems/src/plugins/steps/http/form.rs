//! A form's body: `form { user "${name}"; tags a b }`, sent as `application/x-www-form-urlencoded`.

use std::fmt::Write;

use throng_components::workload::{Node, NodeSpec};

use crate::behavior::{Compiler, EvaluationError, Frame, Template};

/// `form`.
pub const FORM: NodeSpec = NodeSpec {
    name: "form",
    summary: "Sends a form: a node a field, several values the field several times.",
    sample: "form { user \"ann\"; tags a b }",
    any_children: true,
    ..NodeSpec::EMPTY
};

/// Fields in their order: names as they are written, with the sign behind them, and values.
#[derive(Debug)]
pub(super) struct Form(Vec<(String, Template)>);

impl Form {
    /// The fields that a node's children make.
    pub(super) fn read(node: &Node, compiler: &mut Compiler<'_>) -> Self {
        let mut fields = Vec::new();
        for child in &node.children {
            let mut name = String::new();
            encode(&child.name.value, &mut name);
            name.push('=');
            let values = child.arguments.iter().filter_map(|entry| compiler.value(entry));
            fields.extend(values.map(|value| (name.clone(), value)));
        }
        Self(fields)
    }

    /// Its text when it has no places for values.
    pub(super) fn constant(&self) -> Option<String> {
        let mut text = String::new();
        for (name, value) in &self.0 {
            push(name, value.constant()?, &mut text);
        }
        Some(text)
    }

    /// Writes it with a user's values.
    pub(super) fn render(&self, frame: &mut Frame<'_>, out: &mut String) -> Result<(), EvaluationError> {
        for (name, value) in &self.0 {
            push(name, &value.value(frame)?.to_string(), out);
        }
        Ok(())
    }
}

fn push(name: &str, value: &str, out: &mut String) {
    out.push_str(if out.is_empty() { "" } else { "&" });
    out.push_str(name);
    encode(value, out);
}

/// Encodes a name or a value, by the URL standard: blanks become `+`.
fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            byte if byte.is_ascii_alphanumeric() || b"*-._".contains(&byte) => out.push(char::from(byte)),
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}
