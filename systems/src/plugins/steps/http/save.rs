//! `save` in an `http` step: what is kept of the answer.

use http::HeaderName;
use regex::bytes::Regex;
use throng_components::workload::{
    ArgumentSpec, FieldSpec, Fields, Node, NodeSpec, Scalar, Spanned, ValueKind,
};

use super::mistake::HttpMistake;
use super::pattern;
use crate::behavior::{Budget, Compiler, Save, Source};

/// `save`.
pub const SAVE: NodeSpec = NodeSpec {
    name: "save",
    summary: "Keeps a value of the answer in a variable, the first one that is found; the step fails where there is none.",
    sample: "save token json-path=\"$.token\" default=\"none\"",
    arguments: &[ArgumentSpec {
        name: "name",
        kind: ValueKind::Name,
        required: true,
        summary: "The variable.",
    }],
    properties: &[
        source("json-path", "Where it stands in a JSON body (RFC 9535)."),
        source("header", "The header field whose value it is."),
        source(
            "regex",
            "The expression that matches it in the body: its first group, or all of it without one.",
        ),
        FieldSpec {
            name: "group",
            kind: ValueKind::Name,
            default: "1",
            summary: "With `regex`: the number or name of the group; 0 for the whole match.",
        },
        source(
            "css",
            "The selector of an element in an HTML body; its text, or an attribute of it. A page of more than 512 elements within each other, or of 262,144 elements and texts, is not looked into: the step fails with `html_too_complex`.",
        ),
        source("attribute", "With `css`: the attribute whose value it is."),
        source("cookie", "The cookie whose value it is: of this answer, or one that the user has."),
        FieldSpec {
            name: "default",
            kind: ValueKind::Template,
            default: "",
            summary: "What is kept where nothing is found; the step then does not fail.",
        },
    ],
    ..NodeSpec::EMPTY
};

/// Properties that say where a value stands; one of them has to be there.
const SOURCES: &[&str] = &["json-path", "header", "regex", "css", "cookie"];

const fn source(name: &'static str, summary: &'static str) -> FieldSpec {
    FieldSpec { name, kind: ValueKind::Text, default: "", summary }
}

/// All that a step keeps.
pub(super) fn read(fields: &mut Fields<'_>, compiler: &mut Compiler<'_>) -> Vec<Save> {
    let nodes: Vec<&Node> = fields.node().children_named("save").collect();
    let mut saves = Vec::new();
    for node in nodes {
        let mut save = Fields::of(node, &SAVE, 0);
        let name = save.text_argument(0);
        let source = read_source(&mut save, compiler.budget());
        let read = save.finish(name.zip(source));
        let default = node.property("default").and_then(|entry| compiler.value(entry));
        if let Some((name, source)) = fields.take(read) {
            let slot = compiler.variable(name.value, name.span);
            saves.push(Save { slot, source, default });
        }
    }
    saves
}

fn read_source(save: &mut Fields<'_>, budget: &Budget) -> Option<Source> {
    let node = save.node();
    let mut named = node.properties.iter().filter(|(name, _)| SOURCES.contains(&name.value.as_str()));
    let Some((first, _)) = named.next() else {
        // A misspelt one has been told of.
        let known = |name: &str| SAVE.properties.iter().any(|field| field.name == name);
        if node.properties.iter().all(|(name, _)| known(&name.value)) {
            save.problem(HttpMistake::NoSource { span: node.head() });
        }
        return None;
    };
    if let Some((second, _)) = named.next() {
        save.problem(HttpMistake::TwoSources { span: second.span, first: first.span });
        return None;
    }
    for (belongs, to) in [("group", "regex"), ("attribute", "css")] {
        let lost = node.properties.iter().find(|(name, _)| name.value == belongs && first.value != to);
        if let Some((name, _)) = lost {
            save.problem(HttpMistake::Belongs { name: name.clone(), to, first: first.span });
        }
    }
    match first.value.as_str() {
        "json-path" => pattern::json_path(save, "json-path").map(|path| Source::Json(Box::new(path))),
        "header" => save.text("header").and_then(|name| header_name(save, name)).map(Source::Header),
        "regex" => {
            let expression = pattern::regex(save, "regex", budget)?;
            let group = group(save, &expression)?;
            Some(Source::Regex(Box::new(expression), group))
        }
        "css" => {
            let attribute = save.text("attribute").map(|name| name.value.to_ascii_lowercase());
            pattern::selector(save, "css").map(|selector| Source::Css(Box::new(selector), attribute))
        }
        _ => save.text("cookie").map(|name| Source::Cookie(name.value.to_owned())),
    }
}

/// A name that a header field may have.
pub(super) fn header_name(fields: &mut Fields<'_>, name: Spanned<&str>) -> Option<HeaderName> {
    let found = HeaderName::from_bytes(name.value.as_bytes()).ok();
    if found.is_none() {
        fields.problem(HttpMistake::HeaderName { span: name.span, found: name.value.to_owned() });
    }
    found
}

/// The number of the group that is wanted. Group 0 is the whole match.
fn group(save: &mut Fields<'_>, expression: &Regex) -> Option<usize> {
    let groups = expression.captures_len() - 1;
    let Some(entry) = save.node().property("group") else { return Some(groups.min(1)) };
    let found = match entry.known() {
        Scalar::Integer(number) => usize::try_from(*number).ok().filter(|number| *number <= groups),
        Scalar::Text(wanted) => expression.capture_names().position(|name| name == Some(wanted)),
        _ => None,
    };
    if found.is_none() {
        let names = expression.capture_names().flatten().map(str::to_owned).collect();
        let mistake =
            HttpMistake::NoGroup { span: entry.span, found: entry.value.to_string(), groups, names };
        save.problem(mistake);
    }
    found
}
