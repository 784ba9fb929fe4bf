//! Where a redirect leads (RFC 9110, section 15.4): its place, and the request that goes there.

use std::fmt::Write;

use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION, CONTENT_TYPE, COOKIE, HOST, LOCATION,
};
use http::uri::Authority;
use http::{HeaderMap, Method, Uri};
use iri_string::format::ToDedicatedString;
use iri_string::types::{UriAbsoluteString, UriReferenceStr};

use crate::plugins::protocols::{Elsewhere, HttpRequest};

/// Whether a status asks to go on elsewhere.
pub(super) fn redirects(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Where an answer leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lead {
    /// Nowhere: it names no place.
    Nowhere,
    /// To what is no address, or none of HTTP.
    Astray,
    /// There; path and query.
    To(Elsewhere, Uri),
}

/// The place that an answer to a request names.
pub(super) fn lead(headers: &HeaderMap, from: &Elsewhere, request: &HttpRequest) -> Lead {
    let Some(location) = headers.get(LOCATION) else { return Lead::Nowhere };
    resolve(location.as_bytes(), from, request.uri())
        .map_or(Lead::Astray, |(place, uri)| Lead::To(place, uri))
}

/// The place that a reference names, seen from a request's; `None` for what is no address of HTTP.
pub(crate) fn resolve(location: &[u8], from: &Elsewhere, uri: &Uri) -> Option<(Elsewhere, Uri)> {
    let base = format!("{from}{}", uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str));
    let base = UriAbsoluteString::try_from(encoded(base.as_bytes())).ok()?;
    let location = encoded(location);
    let reference = UriReferenceStr::new(&location).ok()?;
    let found = reference.resolve_against(&base).to_dedicated_string();
    let found: Uri = found.as_str().split('#').next()?.parse().ok()?;
    let secure = match found.scheme_str()? {
        "http" => false,
        "https" => true,
        _ => return None,
    };
    let authority = found.authority()?;
    let place = place_of(authority, secure)?;
    let path = found.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    Some((place, path.parse().ok()?))
}

fn place_of(authority: &Authority, secure: bool) -> Option<Elsewhere> {
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    let whole = authority.as_str().rsplit('@').next()?;
    let port = match whole.strip_prefix(authority.host())?.strip_prefix(':') {
        None | Some("") => {
            if secure {
                443
            } else {
                80
            }
        }
        Some(port) => port.parse().ok()?,
    };
    (!host.is_empty()).then_some(Elsewhere { secure, host, port })
}

/// Servers name places with blanks and letters beyond ASCII in them: these are percent-encoded, all else is left.
fn encoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(byte) {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// The place that a request's own `Host` field names, when it has one.
pub(super) fn named_host(request: &HttpRequest, secure: bool) -> Option<Elsewhere> {
    let authority = request.fields().get(&HOST)?.to_str().ok()?.parse::<Authority>().ok()?;
    place_of(&authority, secure)
}

/// The request that follows another one there.
///
/// After 301, 302 and 303 it is a GET without a body; after 307 and 308 it is the same again. What was meant for one
/// place alone is not told to another.
pub(super) fn next(request: &HttpRequest, status: u16, uri: Uri, same_place: bool) -> HttpRequest {
    let (mut method, mut body) = (request.method().clone(), request.body().clone());
    let mut fields = request.fields().clone();
    if !matches!(status, 307 | 308) && method != Method::HEAD {
        method = Method::GET;
        body = bytes::Bytes::new();
        for name in [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION] {
            fields.remove(&name);
        }
    }
    if !same_place {
        for name in [AUTHORIZATION, COOKIE, HOST] {
            fields.remove(&name);
        }
    }
    HttpRequest::of_its_length(method, uri, fields, body)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::plugins::protocols::RequestFields;

    fn place(secure: bool, host: &str, port: u16) -> Elsewhere {
        Elsewhere { secure, host: host.to_owned(), port }
    }

    fn request() -> HttpRequest {
        let mut fields = RequestFields::default();
        for (name, value) in
            [(AUTHORIZATION, "secret"), (COOKIE, "a=b"), (CONTENT_TYPE, "text/plain"), (HOST, "v")]
        {
            fields.append(name, HeaderValue::from_static(value));
        }
        let body = bytes::Bytes::from_static(b"body");
        HttpRequest::of_its_length(Method::POST, Uri::from_static("/a/b?c"), fields, body)
    }

    #[test]
    fn places_are_resolved() {
        let home = place(false, "shop.test", 8080);
        let check = |location: &str, place: &Elsewhere, path: &str| {
            let found = resolve(location.as_bytes(), &home, &"/a/b?c".parse().expect("a path"));
            assert_eq!(found, Some((place.clone(), path.parse().expect("a path"))), "{location}");
        };
        check("/x?y=1", &home, "/x?y=1");
        check("x", &home, "/a/x");
        check("../x/./y", &home, "/x/y");
        check("?d", &home, "/a/b?d");
        check("/x#part", &home, "/x");
        check("/ä b\"", &home, "/%C3%A4%20b%22");
        check("http://SHOP.test:8080", &home, "/");
        check("//other.test/x", &place(false, "other.test", 80), "/x");
        check("https://other.test?x", &place(true, "other.test", 443), "/?x");
        check("http://[::1]:9/", &place(false, "::1", 9), "/");
    }

    #[test]
    fn what_is_no_place_leads_astray() {
        let home = place(false, "shop.test", 80);
        for location in ["ftp://h/", "mailto:a", "http://", "http://h:99999/", "http://%zz", "http://a:b:c/"]
        {
            let found = resolve(location.as_bytes(), &home, &Uri::from_static("/"));
            assert_eq!(found, None, "{location}");
        }
    }

    #[test]
    fn methods_bodies_and_secrets() {
        let check = |status: u16, same_place: bool, method: Method, body: &str, fields: &[&str]| {
            let next = next(&request(), status, Uri::from_static("/n"), same_place);
            let found: Vec<&str> = next.fields().iter().map(|(name, _)| name.written()).collect();
            assert_eq!(
                (next.method(), &next.body()[..], next.uri().path()),
                (&method, body.as_bytes(), "/n")
            );
            assert_eq!(found, fields, "{status}");
        };
        for status in [301, 302, 303] {
            check(status, true, Method::GET, "", &["authorization", "cookie", "host"]);
        }
        for status in [307, 308] {
            check(status, true, Method::POST, "body", &["authorization", "cookie", "content-type", "host"]);
            check(status, false, Method::POST, "body", &["content-type"]);
        }
        check(303, false, Method::GET, "", &[]);
    }
}
