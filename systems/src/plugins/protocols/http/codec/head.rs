//! The head of an answer: its status, and what its fields say of all that follows.

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use httparse::{Header, ParserConfig, Status};
use throng_components::sample::ErrorType;

use super::length::{Asked, Coding, Declared, Length, length};
use crate::plugins::protocols::Keep;

/// The longest head that is read, in bytes.
pub(super) const HEAD_MOST: usize = 256 << 10;
/// Fields in it, at most.
pub(super) const FIELDS_MOST: usize = 100;
/// The longest name of a field.
const NAME_MOST: usize = u16::MAX as usize;
/// Bytes of empty lines in front of it, at most.
const EMPTY_MOST: usize = 32;

/// A head that is whole.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: u16,
    /// The length of its body. An answer that is not the final one has none.
    pub(super) length: Length,
    /// Whether the connection may be used for another request.
    pub(super) persists: bool,
    /// Its fields, where somebody asks for them. Boxed, as a map is large and most often nobody does.
    pub(super) headers: Option<Box<HeaderMap>>,
}

impl Head {
    /// Whether another head follows, for the same request.
    pub(super) fn is_interim(&self) -> bool {
        self.status < 200 && self.status != 101
    }
}

/// What the fields say that matters to whoever reads them.
#[expect(clippy::struct_excessive_bools, reason = "each is a field that stands there or does not")]
#[derive(Default)]
struct Said {
    declared: Declared,
    coding: Coding,
    closes: bool,
    keeps: bool,
    sets_cookie: bool,
    location: bool,
    encoded: bool,
}

impl Said {
    fn note(&mut self, name: &str, value: &[u8]) {
        // Told apart by their lengths first, so that most fields cost one comparison.
        match name.len() {
            8 => self.location |= name.eq_ignore_ascii_case("location"),
            10 if name.eq_ignore_ascii_case("connection") => {
                let has = |word: &[u8]| {
                    value.split(|byte| *byte == b',').any(|item| item.trim_ascii().eq_ignore_ascii_case(word))
                };
                self.closes |= has(b"close");
                self.keeps |= has(b"keep-alive");
            }
            10 => self.sets_cookie |= name.eq_ignore_ascii_case("set-cookie"),
            14 if name.eq_ignore_ascii_case("content-length") => self.declared = self.declared.note(value),
            16 => self.encoded |= name.eq_ignore_ascii_case("content-encoding"),
            17 if name.eq_ignore_ascii_case("transfer-encoding") => self.coding = Coding::of(value),
            _ => {}
        }
    }

    /// Whether anybody asks for the fields.
    fn are_wanted(&self, keep: Keep, status: u16) -> bool {
        let redirects = || StatusCode::from_u16(status).is_ok_and(|status| status.is_redirection());
        let leads_on = || self.sets_cookie || (self.location && redirects());
        keep.head || (keep.body && self.encoded) || (keep.session && leads_on())
    }
}

/// Reads the head that bytes begin with, and tells how long it is; `None` when it is not whole yet.
///
/// # Errors
/// When this is no head of an answer, or one that is too long.
pub(super) fn parse(bytes: &[u8], asked: Asked, keep: Keep) -> Result<Option<(Head, usize)>, ErrorType> {
    let mut fields = [const { MaybeUninit::<Header<'_>>::uninit() }; FIELDS_MOST];
    let mut head = httparse::Response::new(&mut []);
    let parsed = ParserConfig::default()
        .parse_response_with_uninit_headers(&mut head, bytes, &mut fields)
        .map_err(|_| ErrorType::PROTOCOL)?;
    let most = if parsed.is_complete() { usize::MAX } else { HEAD_MOST };
    let empty = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    if empty > EMPTY_MOST || bytes.len() > most {
        return Err(ErrorType::PROTOCOL);
    }
    let (Status::Complete(used), Some(status)) = (parsed, head.code) else { return Ok(None) };
    if used > HEAD_MOST || status < 100 || head.headers.iter().any(|field| field.name.len() > NAME_MOST) {
        return Err(ErrorType::PROTOCOL);
    }
    let mut said = Said::default();
    for field in &*head.headers {
        said.note(field.name, field.value);
    }
    // Nobody may change the protocol who was not asked to (RFC 9110, section 15.2.2).
    if status == 101 && !asked.upgrades {
        return Err(ErrorType::PROTOCOL);
    }
    let is_old = head.version == Some(0);
    let interim = Head { status, length: Length::Exactly(0), persists: true, headers: None };
    if interim.is_interim() {
        return Ok(Some((interim, used)));
    }
    let length = length(asked, status, is_old, said.coding, said.declared)?;
    // A length beside a coding is what smuggled answers are made of: the coding counts, and nothing behind it.
    let twofold = length == Length::Chunked && said.declared != Declared::Nothing;
    // What follows is another protocol.
    let left = status == 101 || (asked.connect && (200..300).contains(&status));
    let persists = !said.closes && (!is_old || said.keeps) && !twofold && !left;
    let persists = persists && length != Length::UntilClose;
    let headers = if said.are_wanted(keep, status) { Some(Box::new(map(head.headers)?)) } else { None };
    Ok(Some((Head { status, length, persists, headers }, used)))
}

/// The fields as a map. All values lie in one piece of memory.
fn map(fields: &[Header<'_>]) -> Result<HeaderMap, ErrorType> {
    let mut all = Vec::with_capacity(fields.iter().map(|field| field.value.len()).sum());
    for field in fields {
        all.extend_from_slice(field.value);
    }
    let mut rest = Bytes::from(all);
    let mut headers = HeaderMap::with_capacity(fields.len());
    for field in fields {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| ErrorType::PROTOCOL)?;
        let value = HeaderValue::from_maybe_shared(rest.split_to(field.value.len()));
        headers.append(name, value.map_err(|_| ErrorType::PROTOCOL)?);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Keep = Keep { head: true, body: false, session: false };

    /// What a head says, in a few words; `None` when it is not whole.
    fn read(text: &str) -> Result<Option<String>, ErrorType> {
        let asked = Asked::default();
        let Some((head, used)) = parse(text.as_bytes(), asked, ALL)? else { return Ok(None) };
        let Head { status, length, persists, headers } = head;
        let lasts = if persists { "stays" } else { "closes" };
        Ok(Some(format!(
            "{status} {length:?} {lasts}, {} fields, {used} bytes",
            headers.map_or(0, |headers| headers.len())
        )))
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(read(text), Ok(Some(format!("{expected}, {} bytes", text.len()))), "{text:?}");
        for at in 0..text.len() {
            assert_eq!(read(&text[..at]), Ok(None), "{text:?} up to {at}");
        }
    }

    fn refused(text: &str) {
        assert_eq!(read(text), Err(ErrorType::PROTOCOL), "{text:?}");
    }

    #[test]
    fn heads_say_what_follows() {
        check("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", "200 Exactly(5) stays, 1 fields");
        check("HTTP/1.1 200\r\nContent-Length:5\r\n\r\n", "200 Exactly(5) stays, 1 fields");
        check("HTTP/1.1 404 \r\nCONTENT-LENGTH: \t5 \r\n\r\n", "404 Exactly(5) stays, 1 fields");
        check("HTTP/1.1 200 OK\ncontent-length: 5\n\n", "200 Exactly(5) stays, 1 fields");
        check("\r\n\r\nHTTP/1.1 204 No\r\n\r\n", "204 Exactly(0) stays, 0 fields");
        check("HTTP/1.1 999 OK\r\n\r\n", "999 UntilClose closes, 0 fields");
        check("HTTP/1.1 100 Continue\r\nx: y\r\n\r\n", "100 Exactly(0) stays, 0 fields");
    }

    #[test]
    fn connections_stay_or_close() {
        let check = |version: &str, fields: &str, expected: &str| {
            check(&format!("HTTP/1.{version} 200 OK\r\n{fields}\r\n"), expected);
        };
        check("1", "content-length: 0\r\nconnection: close\r\n", "200 Exactly(0) closes, 2 fields");
        check("1", "content-length: 0\r\nconnection: te, Close\r\n", "200 Exactly(0) closes, 2 fields");
        check(
            "1",
            "connection: close\r\nconnection: keep-alive\r\ncontent-length: 0\r\n",
            "200 Exactly(0) closes, 3 fields",
        );
        check("1", "connection: x-close\r\ncontent-length: 0\r\n", "200 Exactly(0) stays, 2 fields");
        check("0", "content-length: 0\r\n", "200 Exactly(0) closes, 1 fields");
        check("0", "content-length: 0\r\nconnection: Keep-Alive\r\n", "200 Exactly(0) stays, 2 fields");
        check("1", "transfer-encoding: chunked\r\n", "200 Chunked stays, 1 fields");
        check("1", "transfer-encoding: gzip\r\n", "200 UntilClose closes, 1 fields");
        check("1", "transfer-encoding: chunked\r\ncontent-length: 5\r\n", "200 Chunked closes, 2 fields");
    }

    #[test]
    fn what_is_no_head_is_refused() {
        for text in
            ["x", "HTTP/1.2 200 OK\r\n", "HTTP/2 200\r\n", "http/1.1 200 OK\r\n", "HTTP/1.1  200 OK\r\n"]
        {
            refused(text);
        }
        for line in ["99 X", "099 X", "20 X", "2000 X", "x00 X", "200\tOK", "+20 X"] {
            refused(&format!("HTTP/1.1 {line}\r\n\r\n"));
        }
        for field in ["a b: c", ": c", "a\0: c", "a: b\0c", "a: b\r\n c", " a: b", "a: b\rc", "a", "a : b"] {
            refused(&format!("HTTP/1.1 200 OK\r\nx: y\r\n{field}\r\ncontent-length: 0\r\n\r\n"));
        }
        refused("HTTP/1.1 101 X\r\nupgrade: x\r\n\r\n");
        refused("HTTP/1.0 200 X\r\ntransfer-encoding: chunked\r\n\r\n");
        refused("HTTP/1.1 200 X\r\ncontent-length: 5, 6\r\n\r\n");
    }

    #[test]
    fn heads_have_bounds() {
        let head = |fields: String| format!("HTTP/1.1 204 X\r\n{fields}\r\n");
        check(&head("a: b\r\n".repeat(FIELDS_MOST)), "204 Exactly(0) stays, 100 fields");
        refused(&head("a: b\r\n".repeat(FIELDS_MOST + 1)));
        let padded = |length: usize| head(format!("a: {}\r\n", "b".repeat(length - 23)));
        assert!(read(&padded(HEAD_MOST)).is_ok_and(|head| head.is_some()));
        refused(&padded(HEAD_MOST + 1));
        refused(&padded(HEAD_MOST + 2)[..=HEAD_MOST]);
        refused(&head(format!("{}: b\r\n", "a".repeat(NAME_MOST + 1))));
        refused(&"\r\n".repeat(EMPTY_MOST));
    }

    #[test]
    fn fields_are_kept_for_who_asks_for_them() {
        let check = |status: u16, field: &str, keep: Keep, expected: bool| {
            let text = format!("HTTP/1.1 {status} X\r\n{field}: v\r\ncontent-length: 0\r\n\r\n");
            let head = parse(text.as_bytes(), Asked::default(), keep).expect("a head");
            let headers = head.and_then(|(head, _)| head.headers).map(|headers| *headers).unwrap_or_default();
            assert_eq!(headers.len(), if expected { 2 } else { 0 }, "{text}");
            assert_eq!(headers.get(field).is_some_and(|value| value == "v"), expected, "{text}");
        };
        let (nothing, session) = (Keep::default(), Keep { session: true, ..Keep::default() });
        check(200, "Set-Cookie", nothing, false);
        check(200, "Set-Cookie", session, true);
        check(200, "x", session, false);
        check(301, "location", session, true);
        check(201, "location", session, false);
        check(200, "content-encoding", session, false);
        check(200, "content-encoding", Keep { body: true, ..nothing }, true);
    }
}
