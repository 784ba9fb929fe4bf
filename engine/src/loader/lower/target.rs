//! `target`: where the load goes.

mod address;
mod connections;
mod network;
mod tls;

use std::net::IpAddr;

use throng_components::clock::Nanos;
use throng_components::target::{
    ConnectionLife, ConnectionPolicy, NameLookup, Target, TargetAddress, TargetId,
};
use throng_components::workload::{
    ArgumentSpec, Fields, Label, Mistake, Node, NodeSpec, Problems, Span, Spanned, ValueKind,
};
use throng_systems::plugins::Registry;

use throng_systems::plugins::steps::http::transfer;

pub(crate) use self::connections::CONNECTIONS;
pub(crate) use self::network::{DNS, PROXY, RESOLVE};
pub(crate) use self::tls::{CLIENT_CERTIFICATE, RESUMPTION, ROOTS, SERVER_NAME, TLS, VERIFY};
use super::pointless::Pointless;
use super::settings::read_positive;
use crate::loader::files::Beside;

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
            summary: "A URL; or `demo` for the built-in server, over TLS with `tls` inside; or `noop`, which answers at once without I/O.",
        },
    ],
    children: &[
        "timeout",
        "connections",
        "dns",
        "resolve",
        "proxy",
        "tls",
        "header",
        "cookies",
        "redirects",
        "compression",
    ],
    later: &["http"],
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

/// A header that cannot be sent.
#[derive(Clone, Debug, PartialEq)]
struct BadHeader {
    span: Span,
    found: String,
    /// Whether it is the name.
    name: bool,
}

impl Mistake for BadHeader {
    fn code(&self) -> &'static str {
        "T0051"
    }

    fn message(&self) -> String {
        if self.name {
            format!("`{}` cannot name a header field", self.found)
        } else {
            "this header value cannot be sent".to_owned()
        }
    }

    fn labels(&self) -> Vec<Label> {
        let text =
            if self.name { "letters, digits and dashes only" } else { "printable ASCII only, no line break" };
        vec![Label::new(self.span, text)]
    }

    fn help(&self) -> Option<String> {
        self.name.then(|| "for example: `header x-tenant \"blue\"`".to_owned())
    }
}

/// Header fields of a request: beyond that no server reads them.
const HEADERS_MOST: usize = 1_000;

/// More header fields than a request can have.
#[derive(Clone, Debug, PartialEq)]
struct TooManyHeaders {
    span: Span,
}

impl Mistake for TooManyHeaders {
    fn code(&self) -> &'static str {
        "T0262"
    }

    fn message(&self) -> String {
        "the target has too many header fields".to_owned()
    }

    fn labels(&self) -> Vec<Label> {
        vec![Label::new(self.span, format!("more than {HEADERS_MOST}"))]
    }

    fn help(&self) -> Option<String> {
        Some("no server reads so many".to_owned())
    }
}

fn read_headers(fields: &mut Fields<'_>) -> Vec<(String, String)> {
    let nodes: Vec<&Node> = fields.node().children_named("header").collect();
    if let Some(node) = nodes.get(HEADERS_MOST) {
        fields.problem(TooManyHeaders { span: node.name.span });
    }
    nodes.into_iter().take(HEADERS_MOST).filter_map(|node| fields.take(read_header(node))).collect()
}

/// Reads one target, and the files that it names.
pub(super) fn read(
    node: &Node,
    id: TargetId,
    files: Beside<'_>,
    registry: &Registry,
) -> Result<Target, Problems> {
    let mut fields = Fields::of(node, &TARGET, 0);
    let name = fields.text_argument(0);
    let written = fields.text_argument(1);
    let address = written.and_then(|text| address::read(&mut fields, text, registry));
    if let Some((address, secure)) = &address {
        check_pointless(&mut fields, address, *secure);
    }
    let timeout = fields.child("timeout").map(|child| fields.take(read_positive(child, &TIMEOUT)));
    let connections = fields.child("connections").and_then(|child| fields.take(connections::read(child)));
    let (connections, life) = connections.unwrap_or((ConnectionPolicy::PerUser, ConnectionLife::default()));
    let mut lookup = NameLookup::default();
    if let Some(ttl) = fields.child("dns").and_then(|child| fields.take(network::read_dns(child))) {
        lookup.ttl = ttl;
    }
    if let Some(fixed) = fields.child("resolve").and_then(|child| fields.take(network::read_resolve(child))) {
        lookup.fixed = fixed;
    }
    let proxy = fields.child("proxy").and_then(|child| fields.take(network::read_proxy(child)));
    let tls_node = fields.child("tls");
    let tls = tls_node.and_then(|child| fields.take(tls::read(child, files)));
    let secure = address.as_ref().is_some_and(|(_, secure)| *secure);
    if let (true, Some(written), Some((TargetAddress::Url { host, .. }, _))) = (secure, written, &address)
        && tls_node.is_none_or(|node| node.children_named("server-name").next().is_none())
    {
        tls::check_host(&mut fields, Spanned::new(host.as_str(), written.span));
    }
    let headers = read_headers(&mut fields);
    let cookies = fields.child("cookies").map(|child| fields.take(transfer::read_cookies(child)));
    let follow = fields.child("redirects").map(|child| fields.take(transfer::read_redirects(child)));
    let compression = fields.child("compression").map(|child| fields.take(transfer::read_compression(child)));
    let target = name.zip(address).map(|(name, (address, secure))| {
        // The built-in server speaks TLS where somebody asks for it.
        let own = secure || (tls_node.is_some() && address == TargetAddress::Demo);
        let settings = (own || tls_node.is_some()).then(|| Box::new(tls.unwrap_or_default()));
        let (tls, redirect_tls) = if own { (settings, None) } else { (None, settings) };
        Target {
            id,
            name: name.value.to_owned(),
            address,
            timeout: timeout.flatten().unwrap_or(DEFAULT_TIMEOUT),
            connections,
            life,
            lookup,
            tls,
            redirect_tls,
            proxy: proxy.map(Box::new),
            headers,
            cookies: cookies.flatten().unwrap_or_default(),
            follow: follow.flatten().unwrap_or(0),
            compression: compression.flatten().unwrap_or_default(),
        }
    });
    fields.finish(target)
}

/// Reports settings that mean nothing beside the address or one another.
fn check_pointless(fields: &mut Fields<'_>, address: &TargetAddress, secure: bool) {
    let node = fields.node();
    let Some(written) = node.arguments.get(1).map(|entry| entry.span) else { return };
    let proxy = node.children_named("proxy").next().map(|child| child.name.span);
    let because = |name: &str| -> Option<Label> {
        let numeric = matches!(address, TargetAddress::Url { host, .. } if host.parse::<IpAddr>().is_ok());
        let fixed = node.children_named("resolve").next().map(|child| child.name.span);
        match (address, name) {
            (TargetAddress::Noop, _) => Some(Label::new(written, "this target answers without I/O")),
            (TargetAddress::Custom { .. }, "dns" | "resolve" | "proxy" | "tls") => {
                Some(Label::new(written, "what this address needs is its protocol's own business"))
            }
            (TargetAddress::Demo, "dns" | "resolve" | "proxy") => {
                Some(Label::new(written, "this target is here"))
            }
            (TargetAddress::Demo, "tls") => None,
            (_, "tls") if !secure && node.children_named("redirects").next().is_none() => {
                Some(Label::new(written, "only `https://` has TLS, or where the target's `redirects` lead"))
            }
            (_, "resolve") if proxy.is_some() => Some(Label::new(proxy?, "the proxy finds the target")),
            (_, "resolve") if numeric => Some(Label::new(written, "there is no name to resolve")),
            (_, "dns") if fixed.is_some() && proxy.is_none() => {
                Some(Label::new(fixed?, "the addresses are fixed"))
            }
            (_, "dns") if numeric && proxy.is_none() => {
                Some(Label::new(written, "there is no name to look up"))
            }
            _ => None,
        }
    };
    let known = node.children.iter().filter(|child| TARGET.children.contains(&child.name.value.as_str()));
    for child in known {
        if let Some(because) = because(&child.name.value) {
            fields.problem(Pointless { name: child.name.clone(), because });
        }
    }
    let of_tls = node.children_named("tls").flat_map(|tls| &tls.children);
    for child in of_tls.filter(|_| !secure) {
        let why = match child.name.value.as_str() {
            "server-name" if matches!(address, TargetAddress::Url { .. }) => {
                "a redirect names where it leads"
            }
            _ if *address != TargetAddress::Demo => continue,
            "roots" => "this target's certificate is made and trusted by the run",
            "client-certificate" => "this target asks for none",
            _ => continue,
        };
        fields.problem(Pointless { name: child.name.clone(), because: Label::new(written, why) });
    }
}

fn read_header(node: &Node) -> Result<(String, String), Problems> {
    let mut fields = Fields::of(node, &HEADER, 0);
    let (name, value) = (fields.text_argument(0), fields.text_argument(1));
    if let Some(name) = &name {
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if name.value.is_empty() || !name.value.chars().all(token) {
            let (span, found) = (name.span, name.value.to_owned());
            fields.problem(BadHeader { span, found, name: true });
        }
    }
    if let Some(value) = &value
        && !value.value.chars().all(|c| c == '\t' || c == ' ' || c.is_ascii_graphic())
    {
        fields.problem(BadHeader { span: value.span, found: String::new(), name: false });
    }
    let header = name.zip(value).map(|(name, value)| (name.value.to_owned(), value.value.to_owned()));
    fields.finish(header)
}
