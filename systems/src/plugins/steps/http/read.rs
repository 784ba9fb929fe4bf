//! Reads the nodes inside an `http` step.

use http::Method;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH};
use throng_components::clock::Nanos;
use throng_components::target::{ContentCoding, Target};
use throng_components::workload::{ArgumentSpec, Fields, Node, NodeSpec, Scalar, Span, ValueKind};

use super::form::{FORM, Form};
use super::json::{Json, body_escape};
use super::mistake::HttpMistake;
use super::multipart::{MULTIPART, Multipart};
use crate::behavior::{Compiler, Escape, Template};
use crate::plugins::protocols::FieldName;

/// `header` in a step.
pub const HEADER: NodeSpec = NodeSpec {
    name: "header",
    summary: "Sends a header field, its name as written; one of the same name in the target is replaced. A body waits for the word that `expect \"100-continue\"` asks for, a second at most.",
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

/// Methods that are surely meant when they are written in another case (RFC 9110, 9.3, and RFC 5789).
const STANDARD: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];

pub(super) fn method(fields: &mut Fields<'_>) -> Option<Method> {
    let text = fields.text_argument(0)?;
    let (span, found) = (text.span, text.value.to_owned());
    let method = Method::from_bytes(text.value.as_bytes()).ok();
    if method.is_none() {
        fields.problem(HttpMistake::Method { span, found });
    } else if !STANDARD.contains(&text.value) && STANDARD.contains(&text.value.to_ascii_uppercase().as_str())
    {
        fields.problem(HttpMistake::LowerCase { span, found });
    }
    method
}

pub(in crate::plugins::steps) fn timeout(fields: &mut Fields<'_>) -> Option<Nanos> {
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
    /// A form.
    Form(Form),
    /// Several parts, files among them.
    Multipart(Multipart),
}

pub(super) fn body(fields: &mut Fields<'_>, compiler: &mut Compiler<'_>) -> Option<Body> {
    let nodes: Vec<&Node> =
        ["body", "json", "form", "multipart"].into_iter().filter_map(|name| fields.child(name)).collect();
    if let Some(second) = nodes.get(1) {
        fields.problem(HttpMistake::TwoBodies { span: second.name.span });
    }
    let node = *nodes.first()?;
    if node.name.value == "body" {
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
    let spec = match node.name.value.as_str() {
        "json" => &JSON,
        "form" => &FORM,
        _ => &MULTIPART,
    };
    let read = Fields::of(node, spec, 0).finish(Some(()));
    fields.take(read)?;
    Some(match node.name.value.as_str() {
        "json" => Body::Json(Json::object(node, compiler)),
        "form" => Body::Form(Form::read(node, compiler)),
        _ => Body::Multipart(Multipart::read(node, fields, compiler)),
    })
}

fn is_content_type(header: &Node) -> bool {
    header.text(0).is_some_and(|name| name.value.eq_ignore_ascii_case("content-type"))
}

/// Header fields of a request: beyond that no server reads them, and the map of them has an end.
const HEADERS_MOST: usize = 1_000;

/// The header fields of a step: the target's, and over them its own. `length` is that of its body, where it does not vary.
pub(super) fn headers(
    fields: &mut Fields<'_>,
    compiler: &mut Compiler<'_>,
    target: Option<&Target>,
    length: Option<usize>,
) -> Vec<(FieldName, Template)> {
    let wrong_length = |name: &FieldName, value: &Template, span: Span| {
        let (length, text) = (length?, value.constant()?);
        let wrong = *name.known() == CONTENT_LENGTH && text.parse() != Ok(length);
        wrong.then(|| HttpMistake::ContentLength { span, found: text.to_owned(), length })
    };
    let nodes: Vec<&Node> = fields.node().children_named("header").collect();
    let mut own = Vec::new();
    if let Some(node) = nodes.get(HEADERS_MOST) {
        fields.problem(HttpMistake::TooManyHeaders { span: node.name.span, most: HEADERS_MOST });
    }
    for node in nodes.into_iter().take(HEADERS_MOST) {
        let mut header = Fields::of(node, &HEADER, 0);
        let name = header.text_argument(0).and_then(|text| {
            let name = FieldName::of(text.value);
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
        if let Some(mistake) = wrong_length(&name, &value, entry.span) {
            fields.problem(mistake);
        }
        own.push((name, value));
    }
    let declared = target.map_or(&[][..], |target| target.headers.as_slice());
    let mut all: Vec<(FieldName, Template)> = Vec::new();
    for (name, value) in declared {
        if let Some(name) = FieldName::of(name)
            && !own.iter().any(|(known, _): &(FieldName, _)| known.known() == name.known())
        {
            let value = Template::of_text(value.as_str());
            if let Some(mistake) = wrong_length(&name, &value, fields.node().name.span) {
                fields.problem(mistake);
            }
            all.push((name, value));
        }
    }
    all.append(&mut own);
    all
}

/// Accepts encodings, where nothing of the step or its target says what is accepted.
pub(super) fn accept_encoding(headers: &mut Vec<(FieldName, Template)>, codings: &[ContentCoding]) {
    if codings.is_empty() || headers.iter().any(|(name, _)| *name.known() == ACCEPT_ENCODING) {
        return;
    }
    let names: Vec<&str> = codings.iter().map(|coding| coding.name()).collect();
    headers.push((ACCEPT_ENCODING.into(), Template::of_text(names.join(", "))));
}
