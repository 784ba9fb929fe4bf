//! A JSON body written as nodes: `json { user "${name}"; tags a b; address { city "Ulm" } }`.

use std::collections::BTreeMap;

use throng_components::workload::{Entry, Label, Mistake, Node, Scalar, Span, Spanned};

use crate::behavior::{Compiler, Escape, EvaluationError, Frame, Template, Value};
use crate::json::quoted;

/// Two members of one object that share a name: a receiver takes either.
#[derive(Debug)]
struct MemberTwice {
    name: String,
    span: Span,
    first: Span,
}

impl Mistake for MemberTwice {
    fn code(&self) -> &'static str {
        "T0199"
    }

    fn message(&self) -> String {
        format!("the object has `{}` twice", self.name)
    }

    fn labels(&self) -> Vec<Label> {
        vec![Label::new(self.span, "the second one"), Label::new(self.first, "the first one")]
    }

    fn help(&self) -> Option<String> {
        Some("several values behind one name make an array".to_owned())
    }
}

/// A bare member's name that ends with a colon, as JSON has it.
#[derive(Debug)]
struct MemberWithColon {
    name: String,
    span: Span,
}

impl Mistake for MemberWithColon {
    fn code(&self) -> &'static str {
        "T0219"
    }

    fn message(&self) -> String {
        format!("the member's name would be `{}`, with its colon", self.name)
    }

    fn labels(&self) -> Vec<Label> {
        vec![Label::new(self.span, "no colon belongs here")]
    }

    fn help(&self) -> Option<String> {
        let name = &self.name;
        let bare = name.trim_end_matches(':');
        Some(format!("write `{bare}`, or `\"{name}\"` for a name that has one"))
    }
}

/// A piece of JSON with places for values.
#[derive(Debug)]
pub(super) enum Json {
    /// Text that stands as it is.
    Literal(String),
    /// A value: a whole `${…}` keeps its type, all else is a string.
    Value(Template),
    /// Keys, each written with its quotes and colon, and values.
    Object(Vec<(String, Json)>),
    /// Values.
    Array(Vec<Json>),
}

impl Json {
    /// The object that a node's children make.
    pub(super) fn object(node: &Node, compiler: &mut Compiler<'_>) -> Self {
        let mut names: BTreeMap<&str, Span> = BTreeMap::new();
        for Spanned { value, span } in node.children.iter().map(|child| &child.name) {
            // In quotes it is meant.
            if value.ends_with(':') && span.length as usize == value.len() {
                compiler.problem(MemberWithColon { name: value.clone(), span: *span });
            }
            match names.get(value.as_str()) {
                Some(first) => {
                    compiler.problem(MemberTwice { name: value.clone(), span: *span, first: *first });
                }
                None => {
                    names.insert(value, *span);
                }
            }
        }
        let members = node.children.iter().map(|child| {
            let value = if !child.children.is_empty() {
                Self::object(child, compiler)
            } else if let [entry] = child.arguments.as_slice() {
                Self::entry(entry, compiler)
            } else {
                Self::Array(child.arguments.iter().map(|entry| Self::entry(entry, compiler)).collect())
            };
            (format!("{}:", quoted(&child.name.value)), value)
        });
        Self::Object(members.collect())
    }

    fn entry(entry: &Entry, compiler: &mut Compiler<'_>) -> Self {
        match &entry.value {
            Scalar::Text(text) => match compiler.template(entry) {
                Some(template) if template.constant().is_none() => Self::Value(template),
                Some(template) => Self::Literal(quoted(template.constant().unwrap_or(text))),
                None => Self::Literal(String::new()),
            },
            Scalar::Integer(number) => Self::Literal(number.to_string()),
            Scalar::Float(number) => Self::Literal(number.to_string()),
            Scalar::Bool(flag) => Self::Literal(flag.to_string()),
            Scalar::Null => Self::Literal("null".to_owned()),
        }
    }

    /// Its text when it has no places for values.
    pub(super) fn constant(&self) -> Option<String> {
        match self {
            Self::Literal(text) => Some(text.clone()),
            Self::Value(_) => None,
            Self::Object(members) => {
                let parts: Option<Vec<_>> =
                    members.iter().map(|(key, value)| Some(format!("{key}{}", value.constant()?))).collect();
                Some(format!("{{{}}}", parts?.join(",")))
            }
            Self::Array(values) => {
                let parts: Option<Vec<_>> = values.iter().map(Self::constant).collect();
                Some(format!("[{}]", parts?.join(",")))
            }
        }
    }

    /// Writes it with a user's values.
    pub(super) fn render(&self, frame: &mut Frame<'_>, out: &mut String) -> Result<(), EvaluationError> {
        match self {
            Self::Literal(text) => out.push_str(text),
            Self::Value(template) => match template.value(frame)? {
                Value::Int(number) => out.push_str(&number.to_string()),
                Value::Float(number) if number.is_finite() => out.push_str(&number.to_string()),
                Value::Bool(flag) => out.push_str(if flag { "true" } else { "false" }),
                value => out.push_str(&quoted(&value.to_string())),
            },
            Self::Object(members) => {
                out.push('{');
                for (index, (key, value)) in members.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    out.push_str(key);
                    value.render(frame, out)?;
                }
                out.push('}');
            }
            Self::Array(values) => {
                out.push('[');
                for (index, value) in values.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    value.render(frame, out)?;
                }
                out.push(']');
            }
        }
        Ok(())
    }
}

/// How values in a body written as text are escaped: as JSON where the body is JSON by its header or its first character.
pub(super) fn body_escape(text: &str, content_type: Option<&str>) -> Escape {
    let is_json = match content_type {
        Some(kind) => kind.contains("json"),
        None => text.trim_start().starts_with(['{', '[']),
    };
    if is_json { Escape::Json } else { Escape::None }
}
