//! Reads the nodes inside an `http` step.

use http::{HeaderName, Method};
use throng_components::clock::Nanos;
use throng_components::target::Target;
use throng_components::workload::{
    ArgumentSpec, FieldSpec, Fields, Label, Mistake, Node, NodeSpec, Scalar, Span, ValueKind,
};

use super::json::{Json, body_escape};
use crate::behavior::{Compiler, Escape, Expectations, Save, Template};

/// A mistake in an `http` step.
#[derive(Debug)]
pub(super) enum HttpMistake {
    Method { span: Span, found: String },
    HeaderName { span: Span, found: String },
    TwoBodies { span: Span },
    JsonPath { span: Span, found: String, reason: String },
    Path { span: Span, found: String },
    HeaderValue { span: Span },
}

impl Mistake for HttpMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::Method { .. } => "T0100",
            Self::HeaderName { .. } => "T0101",
            Self::TwoBodies { .. } => "T0102",
            Self::JsonPath { .. } => "T0103",
            Self::Path { .. } => "T0104",
            Self::HeaderValue { .. } => "T0105",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Method { found, .. } => format!("`{found}` is no HTTP method"),
            Self::HeaderName { found, .. } => format!("`{found}` is no header name"),
            Self::TwoBodies { .. } => "the request has two bodies".to_owned(),
            Self::JsonPath { found, .. } => format!("`{found}` is no JSONPath"),
            Self::Path { found, .. } => format!("`{found}` is no path"),
            Self::HeaderValue { .. } => "a header value holds a control character".to_owned(),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::Method { span, .. } | Self::HeaderName { span, .. } => {
                vec![Label::new(*span, "not a token")]
            }
            Self::TwoBodies { span } => vec![Label::new(*span, "the second body")],
            Self::JsonPath { span, reason, .. } => vec![Label::new(*span, reason.clone())],
            Self::Path { span, .. } => vec![Label::new(*span, "cannot be sent as path and query")],
            Self::HeaderValue { span } => vec![Label::new(*span, "cannot be sent in a header")],
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Method { .. } => Some("for example: `http GET \"/\"`".to_owned()),
            Self::HeaderName { .. } => Some("use letters, digits and hyphens: `x-tenant`".to_owned()),
            Self::TwoBodies { .. } => Some("keep one of `body` and `json`".to_owned()),
            Self::JsonPath { .. } => Some("for example: `save token json-path=\"$.token\"`".to_owned()),
            Self::Path { .. } => Some("begin it with `/` and percent-encode blanks: `%20`".to_owned()),
            Self::HeaderValue { .. } => None,
        }
    }
}

/// `header` in a step.
pub const HEADER: NodeSpec = NodeSpec {
    name: "header",
    summary: "Sends a header field; one of the same name in the target is replaced.",
    sample: "header accept \"application/json\"",
    arguments: &[
        ArgumentSpec { name: "name", kind: ValueKind::Name, required: true, summary: "The field's name." },
        ArgumentSpec {
            name: "value",
            kind: ValueKind::Template,
            required: true,
            summary: "Its value; line breaks in values fail the step unsent.",
        },
    ],
    ..NodeSpec::EMPTY
};

/// `body`.
pub const BODY: NodeSpec = NodeSpec {
    name: "body",
    summary: "Sends a text as the body; values are escaped as JSON where it is JSON.",
    sample: "body \"basket=${basket}\"",
    arguments: &[ArgumentSpec {
        name: "text",
        kind: ValueKind::Template,
        required: true,
        summary: "The body.",
    }],
    ..NodeSpec::EMPTY
};

/// `json`.
pub const JSON: NodeSpec = NodeSpec {
    name: "json",
    summary: "Sends an object as JSON: a node a member, several values an array, children an object.",
    sample: "json { user \"ann\"; tags a b }",
    any_children: true,
    ..NodeSpec::EMPTY
};

/// `expect`.
pub const EXPECT: NodeSpec = NodeSpec {
    name: "expect",
    summary: "Says what the answer has to be; otherwise the step fails.",
    sample: "expect { status 200 201 }",
    children: &["status"],
    later: &["body", "within", "header", "json-path"],
    ..NodeSpec::EMPTY
};

/// `status`, in `expect`.
pub const STATUS: NodeSpec = NodeSpec {
    name: "status",
    summary: "Lists the statuses that pass; without it, all below 400 do.",
    sample: "status 200 201",
    arguments: &[ArgumentSpec {
        name: "status",
        kind: ValueKind::Count,
        required: true,
        summary: "100 to 599.",
    }],
    more_arguments: true,
    ..NodeSpec::EMPTY
};

/// `save`.
pub const SAVE: NodeSpec = NodeSpec {
    name: "save",
    summary: "Keeps a value of the answer in a variable; the step fails where it is missing.",
    sample: "save token json-path=\"$.token\"",
    arguments: &[ArgumentSpec {
        name: "name",
        kind: ValueKind::Name,
        required: true,
        summary: "The variable.",
    }],
    properties: &[FieldSpec {
        name: "json-path",
        kind: ValueKind::Text,
        default: "",
        summary: "Where it stands in a JSON body (RFC 9535); the first match.",
    }],
    later: &["header", "regex", "css", "cookie"],
    ..NodeSpec::EMPTY
};

pub(super) fn method(fields: &mut Fields<'_>) -> Option<Method> {
    let text = fields.text_argument(0)?;
    let method = Method::from_bytes(text.value.as_bytes()).ok();
    if method.is_none() {
        fields.problem(HttpMistake::Method { span: text.span, found: text.value.to_owned() });
    }
    method
}

pub(super) fn timeout(fields: &mut Fields<'_>) -> Option<Nanos> {
    let timeout = fields.duration("timeout")?;
    let entry = fields.node().property("timeout")?;
    if timeout == Nanos::ZERO {
        fields.quantity_out_of_bounds("timeout", entry, "1ns", "292 years");
        return None;
    }
    Some(timeout)
}

/// A request's body.
#[derive(Debug)]
pub(super) enum Body {
    /// A text, with its values escaped in one way.
    Text(Template, Escape),
    /// JSON written as nodes.
    Json(Json),
}

pub(super) fn body(fields: &mut Fields<'_>, compiler: &mut Compiler<'_>) -> Option<Body> {
    let (text, json) = (fields.child("body"), fields.child("json"));
    if let (Some(_), Some(second)) = (text, json) {
        fields.problem(HttpMistake::TwoBodies { span: second.name.span });
    }
    if let Some(node) = text {
        let mut body = Fields::of(node, &BODY, 0);
        let entry = body.text_argument(0).and(node.arguments.first());
        let read = body.finish(entry);
        let entry = fields.take(read)?;
        let Scalar::Text(content) = &entry.value else { return None };
        let declared = fields.node().children_named("header");
        let kind = declared.filter(|header| is_content_type(header)).find_map(|header| header.text(1));
        let escape = body_escape(content, kind.map(|kind| kind.value));
        return compiler.template(entry).map(|template| Body::Text(template, escape));
    }
    let node = json?;
    let read = Fields::of(node, &JSON, 0).finish(Some(()));
    fields.take(read)?;
    Some(Body::Json(Json::object(node, compiler)))
}

fn is_content_type(header: &Node) -> bool {
    header.text(0).is_some_and(|name| name.value.eq_ignore_ascii_case("content-type"))
}

pub(super) fn expect(fields: &mut Fields<'_>) -> Expectations {
    let mut expectations = Expectations::default();
    let Some(node) = fields.child("expect") else { return expectations };
    let mut expect = Fields::of(node, &EXPECT, 0);
    if let Some(node) = expect.child("status") {
        let mut status = Fields::of(node, &STATUS, 0);
        status.count_argument(0, 100, 599);
        let read = status.finish(Some(()));
        expect.take(read);
        for entry in &node.arguments {
            match entry.known() {
                Scalar::Integer(number @ 100..=599) => {
                    expectations.statuses.extend(u16::try_from(*number));
                }
                _ => expect.quantity_out_of_bounds("status", entry, "100", "599"),
            }
        }
    }
    let read = expect.finish(Some(()));
    fields.take(read);
    expectations
}

pub(super) fn saves(fields: &mut Fields<'_>, compiler: &mut Compiler<'_>) -> Vec<Save> {
    let nodes: Vec<&Node> = fields.node().children_named("save").collect();
    let mut saves = Vec::new();
    for node in nodes {
        let mut save = Fields::of(node, &SAVE, 0);
        let name = save.text_argument(0);
        save.require("json-path");
        let text = save.text("json-path");
        let path = text.and_then(|text| match serde_json_path::JsonPath::parse(text.value) {
            Ok(path) => Some(path),
            Err(error) => {
                let reason = error.message().to_owned();
                save.problem(HttpMistake::JsonPath { span: text.span, found: text.value.to_owned(), reason });
                None
            }
        });
        let read = save.finish(name.zip(path));
        if let Some((name, path)) = fields.take(read) {
            saves.push(Save { slot: compiler.variable(name.value, name.span), path });
        }
    }
    saves
}

/// The header fields of a step: the target's, and over them its own.
pub(super) fn headers(
    fields: &mut Fields<'_>,
    compiler: &mut Compiler<'_>,
    target: Option<&Target>,
) -> Vec<(HeaderName, Template)> {
    let nodes: Vec<&Node> = fields.node().children_named("header").collect();
    let mut own = Vec::new();
    for node in nodes {
        let mut header = Fields::of(node, &HEADER, 0);
        let name = header.text_argument(0).and_then(|text| {
            let name = HeaderName::from_bytes(text.value.as_bytes()).ok();
            if name.is_none() {
                header.problem(HttpMistake::HeaderName { span: text.span, found: text.value.to_owned() });
            }
            name
        });
        let entry = header.any_argument(1);
        let read = header.finish(name.zip(entry));
        let Some((name, entry)) = fields.take(read) else { continue };
        let Some(value) = compiler.template(entry) else { continue };
        if value.constant().is_some_and(|text| http::HeaderValue::from_str(text).is_err()) {
            fields.problem(HttpMistake::HeaderValue { span: entry.span });
        }
        own.push((name, value));
    }
    let declared = target.map_or(&[][..], |target| target.headers.as_slice());
    let mut all: Vec<(HeaderName, Template)> = Vec::new();
    for (name, value) in declared {
        if let Ok(name) = HeaderName::from_bytes(name.as_bytes())
            && !own.iter().any(|(known, _)| *known == name)
        {
            all.push((name, Template::of_text(value.as_str())));
        }
    }
    all.append(&mut own);
    all
}
