//! `expect` in an `http` step: what the answer has to be.
//!
//! ```kdl
//! expect {
//!     status 200 "3xx"
//!     header content-type contains="json"
//!     body json-path="$.state" equals="open"
//!     within "250ms"
//! }
//! ```

use std::ops::RangeInclusive;

use throng_components::clock::Nanos;
use throng_components::workload::{
    ArgumentSpec, Entry, FieldSpec, Fields, Node, NodeSpec, Scalar, ValueKind,
};

use super::mistake::HttpMistake;
use super::pattern;
use super::save::header_name;
use crate::behavior::{
    BodyExpectation, Comparison, Compiler, Expectations, HeaderExpectation, Template, Value,
};

/// `expect`.
pub const EXPECT: NodeSpec = NodeSpec {
    name: "expect",
    summary: "Says what the answer has to be; the step fails where any of it does not hold.",
    sample: "expect { status 200 201; body contains=\"token\"; within \"250ms\" }",
    children: &["status", "header", "body", "within"],
    ..NodeSpec::EMPTY
};

/// `status`, in `expect`.
pub const STATUS: NodeSpec = NodeSpec {
    name: "status",
    summary: "Lists the statuses that pass; without it, all below 400 do.",
    sample: "status 200 201 \"3xx\"",
    arguments: &[ArgumentSpec {
        name: "status",
        kind: ValueKind::Text,
        required: true,
        summary: "100 to 599, or a class: \"2xx\".",
    }],
    more_arguments: true,
    ..NodeSpec::EMPTY
};

const CONTAINS: FieldSpec = FieldSpec {
    name: "contains",
    kind: ValueKind::Template,
    default: "",
    summary: "A text that stands somewhere in it.",
};
const NOT_CONTAINS: FieldSpec = FieldSpec {
    name: "not-contains",
    kind: ValueKind::Template,
    default: "",
    summary: "A text that stands nowhere in it.",
};
const EQUALS: FieldSpec = FieldSpec {
    name: "equals",
    kind: ValueKind::Template,
    default: "",
    summary: "The whole of it: a text, a number, a flag.",
};
const MATCHES: FieldSpec = FieldSpec {
    name: "matches",
    kind: ValueKind::Text,
    default: "",
    summary: "A regular expression that matches somewhere in it.",
};

/// `header`, in `expect`.
pub const HEADER: NodeSpec = NodeSpec {
    name: "header",
    summary: "Asks for a header field in the answer; where it has several values, one has to do.",
    sample: "header content-type contains=\"json\"",
    arguments: &[ArgumentSpec {
        name: "name",
        kind: ValueKind::Name,
        required: true,
        summary: "The field's name.",
    }],
    properties: &[CONTAINS, NOT_CONTAINS, EQUALS, MATCHES],
    ..NodeSpec::EMPTY
};

/// `body`, in `expect`.
pub const BODY: NodeSpec = NodeSpec {
    name: "body",
    summary: "Asks for something in the answer's body.",
    sample: "body json-path=\"$.state\" equals=\"open\"",
    properties: &[
        FieldSpec {
            name: "json-path",
            kind: ValueKind::Text,
            default: "",
            summary: "Looks at this place of a JSON body (RFC 9535) instead of the whole; it has to be there.",
        },
        CONTAINS,
        NOT_CONTAINS,
        EQUALS,
        MATCHES,
    ],
    ..NodeSpec::EMPTY
};

/// `within`, in `expect`.
pub const WITHIN: NodeSpec = NodeSpec {
    name: "within",
    summary: "Bounds the response time: due to end, as `response` in results, and not what the target took alone.",
    sample: "within \"250ms\"",
    arguments: &[ArgumentSpec {
        name: "length",
        kind: ValueKind::Duration,
        required: true,
        summary: "Above zero.",
    }],
    ..NodeSpec::EMPTY
};

/// What a step expects.
pub(super) fn read(fields: &mut Fields<'_>, compiler: &mut Compiler<'_>) -> Expectations {
    let mut expectations = Expectations::default();
    let Some(node) = fields.child("expect") else { return expectations };
    let mut expect = Fields::of(node, &EXPECT, 0);
    if let Some(node) = expect.child("status") {
        expectations.statuses = statuses(node, &mut expect);
    }
    for node in node.children_named("header") {
        let mut header = Fields::of(node, &HEADER, 0);
        let name = header.text_argument(0).and_then(|name| header_name(&mut header, name));
        let comparisons = comparisons(&mut header, compiler);
        let read = header.finish(name);
        expectations.headers.extend(expect.take(read).map(|name| HeaderExpectation { name, comparisons }));
    }
    for node in node.children_named("body") {
        let mut body = Fields::of(node, &BODY, 0);
        let path = pattern::json_path(&mut body, "json-path");
        let comparisons = comparisons(&mut body, compiler);
        if BODY.properties.iter().all(|property| node.property(property.name).is_none()) {
            body.problem(HttpMistake::AsksNothing { span: node.head() });
        }
        let read = body.finish(Some(BodyExpectation { path, comparisons }));
        expectations.bodies.extend(expect.take(read));
    }
    if let Some(node) = expect.child("within") {
        let mut within = Fields::of(node, &WITHIN, 0);
        let length = within.duration_argument(0);
        if let (Some(Nanos::ZERO), Some(entry)) = (length, node.arguments.first()) {
            within.quantity_out_of_bounds("within", entry, "1ns", "292 years");
        }
        let read = within.finish(length);
        expectations.within = expect.take(read);
    }
    let read = expect.finish(Some(()));
    fields.take(read);
    expectations
}

fn statuses(node: &Node, expect: &mut Fields<'_>) -> Vec<RangeInclusive<u16>> {
    let mut status = Fields::of(node, &STATUS, 0);
    status.any_argument(0);
    let mut ranges = Vec::new();
    for entry in &node.arguments {
        match entry.known() {
            Scalar::Integer(number) => match u16::try_from(*number) {
                Ok(number @ 100..=599) => ranges.push(number..=number),
                _ => status.quantity_out_of_bounds("status", entry, "100", "599"),
            },
            other => match class(other) {
                Some(range) => ranges.push(range),
                None => {
                    status.problem(HttpMistake::StatusClass { span: entry.span, found: other.to_string() });
                }
            },
        }
    }
    let read = status.finish(Some(()));
    expect.take(read);
    ranges
}

/// The statuses of a class: 200 to 299 for `2xx`.
fn class(value: &Scalar) -> Option<RangeInclusive<u16>> {
    let Scalar::Text(text) = value else { return None };
    let digit = text.strip_suffix("xx").or_else(|| text.strip_suffix("XX"))?;
    match digit.parse::<u16>() {
        Ok(digit @ 1..=5) if text.len() == 3 => Some(digit * 100..=digit * 100 + 99),
        _ => None,
    }
}

fn comparisons(fields: &mut Fields<'_>, compiler: &mut Compiler<'_>) -> Vec<Comparison> {
    let node = fields.node();
    let mut all = Vec::new();
    let mut template = |name: &str, wrap: fn(Template) -> Comparison| {
        let entry = node.property(name)?;
        expected(entry, compiler).map(wrap)
    };
    all.extend(template("contains", Comparison::Contains));
    all.extend(template("not-contains", Comparison::NotContains));
    all.extend(template("equals", Comparison::Equals));
    let matches = pattern::regex(fields, "matches", compiler.budget());
    all.extend(matches.map(|expression| Comparison::Matches(Box::new(expression))));
    all
}

/// A value that is expected. JSON's `null` is the only one that a workload spells in another way.
fn expected(entry: &Entry, compiler: &mut Compiler<'_>) -> Option<Template> {
    match entry.value {
        Scalar::Null => Some(Template::of_value(Value::Text("null".into()))),
        _ => compiler.value(entry),
    }
}
