//! `target`: where the load goes.

use throng_components::clock::Nanos;
use throng_components::target::{ConnectionPolicy, Target, TargetAddress, TargetId};
use throng_components::workload::{
    ArgumentSpec, FieldSpec, Fields, Label, Mistake, Node, NodeSpec, Problems, Span, Spanned, ValueKind,
};

use super::names::unknown_kind;
use super::pointless::Pointless;
use super::settings::read_positive;

/// `target shop "http://127.0.0.1:8080" { … }`
pub(crate) const TARGET: NodeSpec = NodeSpec {
    name: "target",
    summary: "Names what the load goes to.",
    sample: "target shop \"http://127.0.0.1:8080\" { timeout \"5s\" }",
    arguments: &[
        ArgumentSpec {
            name: "name",
            kind: ValueKind::Name,
            required: true,
            summary: "What steps and services call it.",
        },
        ArgumentSpec {
            name: "address",
            kind: ValueKind::Text,
            required: true,
            summary: "A URL; or `demo` for the built-in server; or `noop`, which answers at once without I/O.",
        },
    ],
    children: &["timeout", "connections", "header"],
    later: &["tls", "proxy", "resolve", "http"],
    ..NodeSpec::EMPTY
};

/// `timeout "5s"`
pub(crate) const TIMEOUT: NodeSpec = NodeSpec {
    name: "timeout",
    summary: "Bounds one attempt, connecting included; 30 s without it.",
    sample: "timeout \"5s\"",
    arguments: &[ArgumentSpec {
        name: "length",
        kind: ValueKind::Duration,
        required: true,
        summary: "Above zero.",
    }],
    ..NodeSpec::EMPTY
};

/// `connections shared limit=64`
pub(crate) const CONNECTIONS: NodeSpec = NodeSpec {
    name: "connections",
    summary: "Says who uses which connection; each user its own without it.",
    sample: "connections shared limit=64",
    arguments: &[ArgumentSpec {
        name: "policy",
        kind: ValueKind::Word(&["per-user", "shared"]),
        required: true,
        summary: "`per-user`, or `shared` among all users.",
    }],
    properties: &[FieldSpec {
        name: "limit",
        kind: ValueKind::Count,
        default: "",
        summary: "How many are shared, over all threads; needed with `shared`. A run has no more threads than that.",
    }],
    ..NodeSpec::EMPTY
};

/// `header accept "application/json"`
pub(crate) const HEADER: NodeSpec = NodeSpec {
    name: "header",
    summary: "Adds a header field to every request.",
    sample: "header accept \"application/json\"",
    arguments: &[
        ArgumentSpec { name: "name", kind: ValueKind::Name, required: true, summary: "The field's name." },
        ArgumentSpec { name: "value", kind: ValueKind::Text, required: true, summary: "The field's value." },
    ],
    ..NodeSpec::EMPTY
};

/// Long enough for a slow answer, short enough that a dead target shows within the run.
const DEFAULT_TIMEOUT: Nanos = Nanos::from_secs(30);

/// A mistake in a target.
#[derive(Clone, Debug, PartialEq)]
enum TargetMistake {
    BadUrl { span: Span, found: String, label: &'static str },
    BadHeader { span: Span, found: String, name: bool },
}

impl Mistake for TargetMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::BadUrl { .. } => "T0046",
            Self::BadHeader { .. } => "T0051",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::BadUrl { found, .. } => format!("`{found}` is no address of a target"),
            Self::BadHeader { found, name: true, .. } => format!("`{found}` cannot name a header field"),
            Self::BadHeader { .. } => "this header value cannot be sent".to_owned(),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::BadUrl { span, label, .. } => vec![Label::new(*span, *label)],
            Self::BadHeader { span, name: true, .. } => {
                vec![Label::new(*span, "letters, digits and dashes only")]
            }
            Self::BadHeader { span, .. } => vec![Label::new(*span, "printable ASCII only, no line break")],
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::BadUrl { .. } => Some("for example: `\"http://127.0.0.1:8080/base\"`".to_owned()),
            Self::BadHeader { name: true, .. } => Some("for example: `header x-tenant \"blue\"`".to_owned()),
            Self::BadHeader { .. } => None,
        }
    }
}

/// Reads one target.
pub(super) fn read(node: &Node, id: TargetId) -> Result<Target, Problems> {
    let mut fields = Fields::of(node, &TARGET, 0);
    let name = fields.text_argument(0);
    let address = fields.text_argument(1).and_then(|text| address(&mut fields, text));
    if let (Some(TargetAddress::Noop), Some(written)) = (&address, node.arguments.get(1)) {
        for child in node.children.iter().filter(|child| TARGET.children.contains(&child.name.value.as_str()))
        {
            let because = Label::new(written.span, "this target answers without I/O");
            fields.problem(Pointless { name: child.name.clone(), because });
        }
    }
    let timeout = fields.child("timeout").map(|child| fields.take(read_positive(child, &TIMEOUT)));
    let connections = fields.child("connections").map(|child| fields.take(read_connections(child)));
    let headers: Vec<_> =
        node.children_named("header").map(|child| fields.take(read_header(child))).collect();
    let target = name.zip(address).map(|(name, address)| Target {
        id,
        name: name.value.to_owned(),
        address,
        timeout: timeout.flatten().unwrap_or(DEFAULT_TIMEOUT),
        connections: connections.flatten().unwrap_or(ConnectionPolicy::PerUser),
        headers: headers.into_iter().flatten().collect(),
    });
    fields.finish(target)
}

fn address(fields: &mut Fields<'_>, written: Spanned<&str>) -> Option<TargetAddress> {
    match written.value {
        "demo" => return Some(TargetAddress::Demo),
        "noop" => return Some(TargetAddress::Noop),
        _ => {}
    }
    let span = written.span;
    let Some((scheme, rest)) = written.value.split_once("://") else {
        if written.value.contains([':', '/', '.']) {
            let found = written.value.to_owned();
            fields.problem(TargetMistake::BadUrl { span, found, label: "`http://` is missing in front" });
        } else {
            let known = vec!["demo", "noop", "\"http://HOST:PORT\""];
            fields.problem(unknown_kind(fields.node(), written, "target", known));
        }
        return None;
    };
    match scheme.to_ascii_lowercase().as_str() {
        "http" => {}
        "https" => {
            fields.not_yet("https://", span);
            return None;
        }
        _ => {
            let found = written.value.to_owned();
            fields.problem(TargetMistake::BadUrl { span, found, label: "only `http://` is spoken" });
            return None;
        }
    }
    match parse_authority(rest) {
        Ok(url) => Some(url),
        Err(label) => {
            fields.problem(TargetMistake::BadUrl { span, found: written.value.to_owned(), label });
            None
        }
    }
}

/// Host, port and base path of what follows `http://`.
fn parse_authority(rest: &str) -> Result<TargetAddress, &'static str> {
    if !rest.chars().all(|c| c.is_ascii_graphic()) {
        return Err("printable ASCII without spaces only");
    }
    if rest.contains(['?', '#']) {
        return Err("a query belongs to a step's path");
    }
    let (authority, base) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err("no user in a URL: use a header");
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(inner) => {
            let (host, after) = inner.split_once(']').ok_or("`]` is missing")?;
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return Err("no IPv6 address stands in the brackets");
            }
            (host, after)
        }
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    if host.is_empty() {
        return Err("the host is missing");
    }
    let named = host.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    if !named && !authority.starts_with('[') {
        return Err("this host has letters that no name has");
    }
    let port = match port.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => match digits.parse::<u16>() {
            Ok(port) if port > 0 => port,
            _ => return Err("a port is a number from 1 to 65535"),
        },
        Some(_) => return Err("a port is a number from 1 to 65535"),
        None if port.is_empty() => 80,
        None => return Err("a colon and a port should follow the brackets"),
    };
    Ok(TargetAddress::Url { host: host.to_owned(), port, base: base.trim_end_matches('/').to_owned() })
}

fn read_connections(node: &Node) -> Result<ConnectionPolicy, Problems> {
    let mut fields = Fields::of(node, &CONNECTIONS, 0);
    let policy = fields.text_argument(0).and_then(|word| match word.value {
        "per-user" => Some(ConnectionPolicy::PerUser),
        "shared" => {
            fields.require("limit");
            let limit = fields.count("limit", 1, 1_000_000)?;
            u32::try_from(limit).ok().map(|limit| ConnectionPolicy::Shared { limit })
        }
        _ => {
            fields.problem(unknown_kind(node, word, "connections", vec!["per-user", "shared"]));
            None
        }
    });
    if let (Some(ConnectionPolicy::PerUser), Some((name, _)), Some(word)) =
        (policy, node.properties.iter().find(|(name, _)| name.value == "limit"), node.arguments.first())
    {
        let because = Label::new(word.span, "each user has its own");
        fields.problem(Pointless { name: name.clone(), because });
    }
    fields.finish(policy)
}

fn read_header(node: &Node) -> Result<(String, String), Problems> {
    let mut fields = Fields::of(node, &HEADER, 0);
    let (name, value) = (fields.text_argument(0), fields.text_argument(1));
    if let Some(name) = &name {
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if name.value.is_empty() || !name.value.chars().all(token) {
            let (span, found) = (name.span, name.value.to_owned());
            fields.problem(TargetMistake::BadHeader { span, found, name: true });
        }
    }
    if let Some(value) = &value
        && !value.value.chars().all(|c| c == '\t' || c == ' ' || c.is_ascii_graphic())
    {
        fields.problem(TargetMistake::BadHeader { span: value.span, found: String::new(), name: false });
    }
    let header = name.zip(value).map(|(name, value)| (name.value.to_owned(), value.value.to_owned()));
    fields.finish(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rest: &str, expected: Option<(&str, u16, &str)>) {
        let found = match parse_authority(rest) {
            Ok(TargetAddress::Url { host, port, base }) => Some((host, port, base)),
            _ => None,
        };
        let expected = expected.map(|(host, port, base)| (host.to_owned(), port, base.to_owned()));
        assert_eq!(found, expected, "{rest}");
    }

    #[test]
    fn urls_are_taken_apart() {
        check("localhost", Some(("localhost", 80, "")));
        check("127.0.0.1:8080/api/", Some(("127.0.0.1", 8080, "/api")));
        check("[::1]:9", Some(("::1", 9, "")));
        for wrong in
            ["", ":80", "a:0", "a:65536", "a:", "a b", "[::1", "[x]:1", "u@h", "h?q", "[::1]9", "a:+1"]
        {
            check(wrong, None);
        }
    }
}
