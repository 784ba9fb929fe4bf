//! URLs of targets and proxies, taken apart.

use std::borrow::Cow;

use throng_components::target::TargetAddress;
use throng_components::workload::{Fields, Label, Mistake, Span, Spanned};

use throng_systems::plugins::Registry;

use crate::loader::lower::names::unknown_kind;

/// An address that is none.
#[derive(Clone, Debug, PartialEq)]
struct BadUrl {
    span: Span,
    found: String,
    label: Cow<'static, str>,
}

impl Mistake for BadUrl {
    fn code(&self) -> &'static str {
        "T0046"
    }

    fn message(&self) -> String {
        format!("`{}` is no address of a target", self.found)
    }

    fn labels(&self) -> Vec<Label> {
        vec![Label::new(self.span, self.label.clone())]
    }

    fn help(&self) -> Option<String> {
        Some("for example: `\"http://127.0.0.1:8080/base\"`".to_owned())
    }
}

/// Where a target is, and whether its URL says `https://`.
pub(super) fn read(
    fields: &mut Fields<'_>,
    written: Spanned<&str>,
    registry: &Registry,
) -> Option<(TargetAddress, bool)> {
    match written.value {
        "demo" => return Some((TargetAddress::Demo, false)),
        "noop" => return Some((TargetAddress::Noop, false)),
        _ => {}
    }
    let bad =
        |label: Cow<'static, str>| BadUrl { span: written.span, found: written.value.to_owned(), label };
    let Some((scheme, rest)) = written.value.split_once("://") else {
        if written.value.contains([':', '/', '.']) {
            fields.problem(bad("`http://` is missing in front".into()));
        } else {
            let known = vec!["demo", "noop", "\"http://HOST:PORT\""];
            fields.problem(unknown_kind(fields.node(), written, "target", known));
        }
        return None;
    };
    let secure = match scheme.to_ascii_lowercase().as_str() {
        "http" => false,
        "https" => true,
        scheme => {
            let custom = custom(scheme, rest, registry).map_err(bad);
            let custom = custom.map_err(|mistake| fields.problem(mistake)).ok();
            return custom.map(|address| (address, false));
        }
    };
    if rest.split('/').next().is_some_and(|authority| authority.contains('@')) {
        fields.problem(bad("no user in a URL: use a header".into()));
        return None;
    }
    match parse(rest, if secure { 443 } else { 80 }) {
        Ok((host, port, base)) => Some((TargetAddress::Url { host, port, base }, secure)),
        Err(label) => {
            fields.problem(bad(label.into()));
            None
        }
    }
}

/// An address that a protocol of the application's own speaks.
fn custom(scheme: &str, rest: &str, registry: &Registry) -> Result<TargetAddress, Cow<'static, str>> {
    let protocols = registry.protocols.entries().iter();
    let others: Vec<_> = protocols.filter(|entry| !entry.schemes.contains(&"http")).collect();
    let Some(protocol) = others.iter().find(|entry| entry.schemes.contains(&scheme)) else {
        let own = others.iter().flat_map(|entry| entry.schemes);
        let known: Vec<String> =
            own.chain(&["http", "https"]).map(|scheme| format!("`{scheme}://`")).collect();
        let (last, first) =
            known.split_last().map_or(("", String::new()), |(last, first)| (last, first.join(", ")));
        return Err(format!("only {first} and {last} are spoken").into());
    };
    (protocol.check_address)(rest)?;
    Ok(TargetAddress::Custom { scheme: scheme.to_owned(), rest: rest.to_owned() })
}

/// Host, port and base path of what follows `http://`.
pub(super) fn parse(rest: &str, usual: u16) -> Result<(String, u16, String), &'static str> {
    if !rest.chars().all(|c| c.is_ascii_graphic()) {
        return Err("printable ASCII without spaces only");
    }
    if rest.contains(['?', '#']) {
        return Err("a query belongs to a step's path");
    }
    let (authority, base) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
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
        None if port.is_empty() => usual,
        None => return Err("a colon and a port should follow the brackets"),
    };
    Ok((host.to_owned(), port, base.trim_end_matches('/').to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rest: &str, expected: Option<(&str, u16, &str)>) {
        let expected = expected.map(|(host, port, base)| (host.to_owned(), port, base.to_owned()));
        assert_eq!(parse(rest, 80).ok(), expected, "{rest}");
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
