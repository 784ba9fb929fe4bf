//! `dns`, `resolve` and `proxy`: the way to a target.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use throng_components::clock::Nanos;
use throng_components::secret::Secret;
use throng_components::target::Proxy;
use throng_components::workload::{
    ArgumentSpec, FieldSpec, Fields, Label, Mistake, Node, NodeSpec, Problems, Scalar, Span, ValueKind,
};

use super::address;

/// `dns ttl="60s"`
pub(crate) const DNS: NodeSpec = NodeSpec {
    name: "dns",
    summary: "Says how long the addresses of the target's name are used; a minute without it.",
    sample: "dns ttl=\"60s\"",
    properties: &[FieldSpec {
        name: "ttl",
        kind: ValueKind::Duration,
        default: "60s",
        summary: "From a lookup to the next; `\"0s\"` looks up for each connection. New connections take all addresses in turn.",
    }],
    ..NodeSpec::EMPTY
};

/// `resolve "127.0.0.1"`
pub(crate) const RESOLVE: NodeSpec = NodeSpec {
    name: "resolve",
    summary: "Fixes the addresses of the target's name: nothing is looked up.",
    sample: "resolve \"127.0.0.1\"",
    arguments: &[ArgumentSpec {
        name: "address",
        kind: ValueKind::Text,
        required: true,
        summary: "IPv4 or IPv6 addresses, one or more; new connections take them in turn.",
    }],
    more_arguments: true,
    ..NodeSpec::EMPTY
};

/// `proxy "http://127.0.0.1:3128"`
pub(crate) const PROXY: NodeSpec = NodeSpec {
    name: "proxy",
    summary: "Sends all requests by way of an HTTP proxy; those of `https://` through a tunnel.",
    sample: "proxy \"http://127.0.0.1:3128\"",
    arguments: &[ArgumentSpec {
        name: "url",
        kind: ValueKind::Text,
        required: true,
        summary: "`http://HOST:PORT`, with `USER:PASSWORD@` in front of the host where it asks for them.",
    }],
    ..NodeSpec::EMPTY
};

/// The port of a proxy that names none: what proxies use most.
const PROXY_PORT: u16 = 3_128;

/// A mistake in the way to a target.
#[derive(Clone, Debug, PartialEq)]
enum WayMistake {
    /// What is written is not repeated: it may hold a password.
    Proxy {
        span: Span,
        label: &'static str,
    },
    Address {
        span: Span,
        found: String,
    },
}

impl Mistake for WayMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::Proxy { .. } => "T0145",
            Self::Address { .. } => "T0146",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Proxy { .. } => "this is no address of a proxy".to_owned(),
            Self::Address { found, .. } => format!("`{found}` is no address"),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::Proxy { span, label } => vec![Label::new(*span, *label)],
            Self::Address { span, .. } => vec![Label::new(*span, "neither of IPv4 nor of IPv6")],
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Proxy { .. } => "for example: `proxy \"http://127.0.0.1:3128\"`".to_owned(),
            Self::Address { .. } => "for example: `resolve \"127.0.0.1\"`".to_owned(),
        })
    }
}

/// Reads `dns`.
pub(super) fn read_dns(node: &Node) -> Result<Nanos, Problems> {
    let mut fields = Fields::of(node, &DNS, 0);
    fields.require("ttl");
    let ttl = fields.duration("ttl");
    fields.finish(ttl)
}

/// Reads `resolve`.
pub(super) fn read_resolve(node: &Node) -> Result<Vec<IpAddr>, Problems> {
    let mut fields = Fields::of(node, &RESOLVE, 0);
    let mut addresses = Vec::new();
    let first = fields.text_argument(0);
    for entry in &node.arguments {
        let found = match &entry.value {
            Scalar::Text(text) => text.parse().map_err(|_| text.clone()),
            // The first one's form is told of by its reader.
            _ if first.is_none() && addresses.is_empty() => continue,
            other => Err(other.to_string()),
        };
        match found {
            Ok(address) => addresses.push(address),
            Err(found) => fields.problem(WayMistake::Address { span: entry.span, found }),
        }
    }
    fields.finish(Some(addresses))
}

/// Reads `proxy`.
pub(super) fn read_proxy(node: &Node) -> Result<Proxy, Problems> {
    let mut fields = Fields::of(node, &PROXY, 0);
    let proxy = fields.text_argument(0).and_then(|url| match parse_proxy(url.value) {
        Ok(proxy) => Some(proxy),
        Err(label) => {
            fields.problem(WayMistake::Proxy { span: url.span, label });
            None
        }
    });
    fields.finish(proxy)
}

fn parse_proxy(url: &str) -> Result<Proxy, &'static str> {
    let (scheme, rest) = url.split_once("://").ok_or("`http://` is missing in front")?;
    if !scheme.eq_ignore_ascii_case("http") {
        return Err("only `http://` is spoken to a proxy");
    }
    let (credentials, rest) = match rest.rsplit_once('@') {
        Some((credentials, rest)) => (Some(credentials), rest),
        None => (None, rest),
    };
    let (host, port, base) = address::parse(rest, PROXY_PORT)?;
    if !base.is_empty() {
        return Err("a proxy has no path");
    }
    let authorization = credentials.map(|credentials| {
        let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
        let decoded = |text: &str| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>();
        let pair = [decoded(user), vec![b':'], decoded(password)].concat();
        Secret::new(format!("Basic {}", STANDARD.encode(pair)))
    });
    Ok(Proxy { host, port, authorization })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: Result<(&str, u16, Option<&str>), &str>) {
        let found = parse_proxy(url);
        let found = found.as_ref().map(|proxy| {
            let authorization = proxy.authorization.as_ref().map(|secret| secret.reveal().as_str());
            (proxy.host.as_str(), proxy.port, authorization)
        });
        assert_eq!(found.map_err(|label| *label), expected);
    }

    #[test]
    fn proxies_are_read() {
        check("http://h", Ok(("h", 3_128, None)));
        check("http://[::1]:8080/", Ok(("::1", 8_080, None)));
        check("http://Aladdin:open%20sesame@h:1", Ok(("h", 1, Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="))));
        check("http://a:b@c@h:1", Ok(("h", 1, Some("Basic YTpiQGM="))));
        check("https://h:1", Err("only `http://` is spoken to a proxy"));
        check("http://h:1/x", Err("a proxy has no path"));
        check("h:1", Err("`http://` is missing in front"));
    }
}
