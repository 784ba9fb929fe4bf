//! A request as it goes over the wire: what is the same each time is written once.

use std::fmt;
use std::io::Write;

use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, HOST, HeaderName, HeaderValue, PROXY_AUTHORIZATION,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{Method, Uri};

use super::codec::Asked;
use super::fields::{FieldName, RequestFields};
use crate::plugins::protocols::Request;

/// The W3C trace context's field.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// A request, ready to be sent but for the fields that belong to the connection.
#[derive(Clone)]
pub struct HttpRequest {
    method: Method,
    uri: Uri,
    fields: RequestFields,
    body: Bytes,
    /// Its fields as lines, and behind them the length of its body.
    lines: Vec<u8>,
    /// Where in the lines the length begins.
    length_at: usize,
    /// The body as it is sent: in chunks, where its fields say so.
    content: Bytes,
    habits: Habits,
}

/// What about a request its connection has to know.
#[expect(clippy::struct_excessive_bools, reason = "each is a habit of its own")]
#[derive(Clone, Copy, Debug, Default)]
struct Habits {
    asked: Asked,
    /// It names its host itself.
    hosts: bool,
    /// It has a field of its own that a connection may put another one in the place of.
    yields: bool,
    /// It wants the connection closed behind the answer.
    closes: bool,
    /// It waits for a word before it sends its body.
    waits: bool,
}

/// What a connection and a user's session put into a request. Their fields stand in the place of the request's own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Additions<'a> {
    /// What stands in front of the path: nothing, or scheme and host where a proxy has to know them.
    pub(super) front: &'a str,
    /// The host, where the request names none.
    pub(super) host: &'a HeaderValue,
    pub(super) cookies: Option<&'a HeaderValue>,
    pub(super) proxy_authorization: Option<&'a HeaderValue>,
    /// Whether the connection is closed behind the answer.
    pub(super) closes: bool,
    /// Ids of the trace and of the span, and whether they are exported.
    pub(super) trace: Option<(u128, u64, bool)>,
}

/// A `Content-Length` that is not its body's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongLength;

impl Request for HttpRequest {}

/// Values may be secrets.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.uri.path();
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("path", &path)
            .finish_non_exhaustive()
    }
}

impl HttpRequest {
    /// A request to a path with its query, the target's base included; the body is empty for none.
    ///
    /// # Errors
    /// When its fields say another length than its body has: what follows on the connection would be taken for a part of it,
    /// or a part of it for what follows.
    pub fn new(method: Method, uri: Uri, fields: RequestFields, body: Bytes) -> Result<Self, WrongLength> {
        let right = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.parse() == Ok(body.len()));
        if fields.all(&CONTENT_LENGTH).all(right) {
            Ok(Self::of_its_length(method, uri, fields, body))
        } else {
            Err(WrongLength)
        }
    }

    /// A request whose fields say nothing wrong about its length.
    pub(crate) fn of_its_length(method: Method, uri: Uri, mut fields: RequestFields, body: Bytes) -> Self {
        let chunked = arrange_coding(&mut fields, body.is_empty());
        let has_length = fields.remove(&CONTENT_LENGTH) || !body.is_empty();
        // A server may ask for the length of a body that could be there (RFC 9110, section 8.6).
        let has_length = has_length || matches!(method, Method::POST | Method::PUT | Method::PATCH);
        let room = fields.iter().map(|(name, value)| name.written().len() + value.len() + 4).sum::<usize>();
        let mut lines = Vec::with_capacity(room + 32);
        for (name, value) in fields.iter() {
            line(&mut lines, name.written(), value);
        }
        let length_at = lines.len();
        if has_length && !chunked {
            let _ = write!(lines, "content-length: {}\r\n", body.len());
        }
        let content = if chunked { in_one_chunk(&body) } else { body.clone() };
        let habits = Habits::of(&method, &fields, &body);
        Self { method, uri, fields, body, lines, length_at, content, habits }
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Path and query.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Header fields, the target's included, but for its length.
    pub fn fields(&self) -> &RequestFields {
        &self.fields
    }

    /// The body; empty for none.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body as it is sent.
    pub(super) fn content(&self) -> &Bytes {
        &self.content
    }

    /// What the length of its answer depends on.
    pub(super) fn asked(&self) -> Asked {
        self.habits.asked
    }

    /// Whether it waits for a word before it sends its body.
    pub(super) fn waits(&self) -> bool {
        self.habits.waits
    }

    /// Whether it wants the connection closed behind the answer.
    pub(super) fn closes(&self) -> bool {
        self.habits.closes
    }

    /// Writes its head.
    pub(super) fn write_head(&self, out: &mut Vec<u8>, additions: &Additions<'_>) {
        let path = self.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        out.extend_from_slice(self.method.as_str().as_bytes());
        out.push(b' ');
        out.extend_from_slice(additions.front.as_bytes());
        if !path.starts_with('/') {
            out.push(b'/');
        }
        out.extend_from_slice(path.as_bytes());
        out.extend_from_slice(b" HTTP/1.1\r\n");
        if !self.habits.hosts {
            line(out, HOST.as_str(), additions.host);
        }
        if self.habits.yields {
            let stays = |name: &FieldName| !additions.replace(name.known());
            for (name, value) in self.fields.iter().filter(|(name, _)| stays(name)) {
                line(out, name.written(), value);
            }
            out.extend_from_slice(&self.lines[self.length_at..]);
        } else {
            out.extend_from_slice(&self.lines);
        }
        additions.write(out);
        out.extend_from_slice(b"\r\n");
    }
}

impl Habits {
    fn of(method: &Method, fields: &RequestFields, body: &Bytes) -> Self {
        let mut habits = Self {
            asked: Asked {
                head: method == Method::HEAD,
                connect: method == Method::CONNECT,
                upgrades: false,
            },
            ..Self::default()
        };
        for (name, value) in fields.iter() {
            let name = name.known();
            habits.hosts |= *name == HOST;
            habits.yields |= [COOKIE, CONNECTION, PROXY_AUTHORIZATION, TRACEPARENT].contains(name);
            habits.closes |= *name == CONNECTION && has_word(value, "close");
            habits.waits |= *name == EXPECT && has_word(value, "100-continue") && !body.is_empty();
            habits.asked.upgrades |= *name == UPGRADE;
        }
        habits
    }
}

impl<'a> Additions<'a> {
    /// Nothing but the host.
    pub(super) fn of(host: &'a HeaderValue) -> Self {
        Self { front: "", host, cookies: None, proxy_authorization: None, closes: false, trace: None }
    }

    /// Whether there is one of this name.
    fn replace(&self, name: &HeaderName) -> bool {
        (*name == COOKIE && self.cookies.is_some())
            || (*name == PROXY_AUTHORIZATION && self.proxy_authorization.is_some())
            || (*name == CONNECTION && self.closes)
            || (*name == TRACEPARENT && self.trace.is_some())
    }

    fn write(&self, out: &mut Vec<u8>) {
        if let Some(cookies) = self.cookies {
            line(out, COOKIE.as_str(), cookies);
        }
        if let Some(authorization) = self.proxy_authorization {
            line(out, PROXY_AUTHORIZATION.as_str(), authorization);
        }
        if self.closes {
            out.extend_from_slice(b"connection: close\r\n");
        }
        if let Some((trace, span, sampled)) = self.trace {
            let flags = u8::from(sampled);
            let _ = write!(out, "{TRACEPARENT}: 00-{trace:032x}-{span:016x}-{flags:02x}\r\n");
        }
    }
}

fn line(out: &mut Vec<u8>, name: &str, value: &HeaderValue) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Whether a list has a word.
fn has_word(value: &HeaderValue, word: &str) -> bool {
    let mut items = value.as_bytes().split(|byte| *byte == b',');
    items.any(|item| item.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
}

/// Sees to it that the codings that a step names itself end in `chunked`, so that the body's end can be found; tells whether
/// there are any. Without a body there are none.
fn arrange_coding(fields: &mut RequestFields, is_empty: bool) -> bool {
    if is_empty {
        fields.remove(&TRANSFER_ENCODING);
    }
    let Some(last) = fields.all(&TRANSFER_ENCODING).last() else { return false };
    let words = last.as_bytes().rsplit(|byte| *byte == b',').next().unwrap_or_default();
    if !words.trim_ascii().eq_ignore_ascii_case(b"chunked") {
        fields.append(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    true
}

/// A body as one chunk and the end of all.
fn in_one_chunk(body: &Bytes) -> Bytes {
    let mut content = format!("{:x}\r\n", body.len()).into_bytes();
    content.extend_from_slice(body);
    content.extend_from_slice(b"\r\n0\r\n\r\n");
    content.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    static HOME: HeaderValue = HeaderValue::from_static("shop.test");

    fn request(
        method: Method,
        fields: &[(&str, &'static str)],
        body: &'static str,
    ) -> Result<HttpRequest, WrongLength> {
        let mut all = RequestFields::default();
        for (name, value) in fields {
            all.append(FieldName::of(name).expect("a name"), HeaderValue::from_static(value));
        }
        HttpRequest::new(method, Uri::from_static("/a?b=c"), all, Bytes::from_static(body.as_bytes()))
    }

    fn written(request: &HttpRequest, additions: &Additions<'_>) -> String {
        let mut out = Vec::new();
        request.write_head(&mut out, additions);
        out.extend_from_slice(request.content());
        String::from_utf8(out).expect("text")
    }

    fn check(method: Method, fields: &[(&str, &'static str)], body: &'static str, expected: &str) {
        let request = request(method, fields, body).expect("its length is right");
        assert_eq!(written(&request, &Additions::of(&HOME)), expected);
    }

    #[test]
    fn requests_are_written_as_the_workload_has_them() {
        check(Method::GET, &[], "", "GET /a?b=c HTTP/1.1\r\nhost: shop.test\r\n\r\n");
        check(
            Method::POST,
            &[("X-Tenant", "blue"), ("Host", "other"), ("x-tenant", "red")],
            "body",
            "POST /a?b=c HTTP/1.1\r\nX-Tenant: blue\r\nHost: other\r\nx-tenant: red\r\ncontent-length: 4\r\n\r\nbody",
        );
        check(Method::PUT, &[], "", "PUT /a?b=c HTTP/1.1\r\nhost: shop.test\r\ncontent-length: 0\r\n\r\n");
        check(Method::DELETE, &[], "", "DELETE /a?b=c HTTP/1.1\r\nhost: shop.test\r\n\r\n");
    }

    #[test]
    fn a_length_is_the_bodys_own() {
        let right = &[("Content-Length", "4")];
        check(
            Method::GET,
            right,
            "body",
            "GET /a?b=c HTTP/1.1\r\nhost: shop.test\r\ncontent-length: 4\r\n\r\nbody",
        );
        for wrong in ["3", "5", "x", ""] {
            assert_eq!(request(Method::POST, &[("content-length", wrong)], "body").err(), Some(WrongLength));
        }
        let two = request(Method::POST, &[("content-length", "4"), ("content-length", "5")], "body");
        assert_eq!(two.err(), Some(WrongLength));
    }

    #[test]
    fn a_body_goes_in_chunks_where_the_step_says_so() {
        const CHUNK: &str = "4\r\nbody\r\n0\r\n\r\n";
        let head = "POST /a?b=c HTTP/1.1\r\nhost: shop.test\r\n";
        let coding = &[("Transfer-Encoding", "chunked"), ("content-length", "4")];
        check(Method::POST, coding, "body", &format!("{head}Transfer-Encoding: chunked\r\n\r\n{CHUNK}"));
        check(
            Method::POST,
            &[("transfer-encoding", "gzip")],
            "body",
            &format!("{head}transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n{CHUNK}"),
        );
        check(
            Method::POST,
            &[("transfer-encoding", "chunked")],
            "",
            &format!("{head}content-length: 0\r\n\r\n"),
        );
    }

    #[test]
    fn what_a_connection_adds_stands_in_the_place_of_the_requests_own() {
        let own = &[("Cookie", "a=b"), ("x", "y"), ("Connection", "upgrade"), ("traceparent", "z")];
        let request = request(Method::POST, own, "body").expect("its length is right");
        let (cookies, basic) = (HeaderValue::from_static("c=d"), HeaderValue::from_static("Basic eA=="));
        let additions = Additions {
            front: "http://shop.test",
            cookies: Some(&cookies),
            proxy_authorization: Some(&basic),
            closes: true,
            trace: Some((1, 2, true)),
            ..Additions::of(&HOME)
        };
        let trace = "00-00000000000000000000000000000001-0000000000000002-01";
        assert_eq!(
            written(&request, &additions),
            format!(
                "POST http://shop.test/a?b=c HTTP/1.1\r\nhost: shop.test\r\nx: y\r\ncontent-length: 4\r\n\
                 cookie: c=d\r\nproxy-authorization: Basic eA==\r\nconnection: close\r\ntraceparent: {trace}\r\n\r\nbody"
            )
        );
        assert!(
            written(&request, &Additions::of(&HOME))
                .contains("Cookie: a=b\r\nx: y\r\nConnection: upgrade\r\ntraceparent: z\r\n")
        );
    }

    #[test]
    fn habits() {
        let habits = |fields: &[(&str, &'static str)], body| {
            request(Method::HEAD, fields, body).expect("a request").habits
        };
        let plain = habits(&[], "body");
        assert!(plain.asked.head && !plain.closes && !plain.waits && !plain.asked.upgrades);
        assert!(habits(&[("connection", "te, Close")], "").closes);
        assert!(habits(&[("Expect", "100-Continue")], "body").waits);
        assert!(!habits(&[("expect", "100-continue")], "").waits, "there is nothing to wait with");
        assert!(habits(&[("upgrade", "x")], "").asked.upgrades);
        assert!(
            !format!("{:?}", request(Method::GET, &[("authorization", "secret")], "")).contains("secret")
        );
    }
}
