//! Our own client beside hyper's: the same bytes from a server have to come to the same, but for a few cases, each with its
//! reason.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue, UPGRADE};
use http::{HeaderMap, Method, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use throng_components::sample::ErrorType;
use tokio::io::{AsyncRead, ReadBuf};

use super::wire::{End, Wire, exhaust};
use crate::plugins::protocols::http::buffers::Buffers;
use crate::plugins::protocols::http::codec::AnswerReader;
use crate::plugins::protocols::http::dialogue::Dialogue;
use crate::plugins::protocols::http::failure::of_io;
use crate::plugins::protocols::http::outgoing::Outgoing;
use crate::plugins::protocols::http::request::{Additions, HttpRequest};
use crate::plugins::protocols::{Keep, RequestFields};

/// What one exchange came to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Answer { status: u16, headers: HeaderMap, body: Vec<u8>, lasts: bool },
    Failed(ErrorType),
    Waits,
}

impl Outcome {
    /// In a few words: `200 "hello" stays`, `protocol_error`, `waits`.
    fn told(&self) -> String {
        match self {
            Self::Answer { status, body, lasts, .. } => {
                let stays = if *lasts { "stays" } else { "closes" };
                format!("{status} {:?} {stays}", String::from_utf8_lossy(body))
            }
            Self::Failed(error) => error.slug().into_owned(),
            Self::Waits => "waits".to_owned(),
        }
    }
}

/// A request of a method; one of `UPGRADE` is a GET that asks for another protocol.
fn fields(method: &str) -> Vec<(HeaderName, HeaderValue)> {
    let upgrade = (method == "UPGRADE").then(|| (UPGRADE, HeaderValue::from_static("x")));
    upgrade.into_iter().collect()
}

fn method(name: &str) -> Method {
    if name == "UPGRADE" { Method::GET } else { name.parse().expect("a method") }
}

/// What our own client makes of a server's words.
fn own(name: &str, says: Vec<Vec<u8>>, end: End) -> Outcome {
    let mut all = RequestFields::default();
    for (name, value) in fields(name) {
        all.append(name, value);
    }
    let request = HttpRequest::new(method(name), Uri::from_static("/"), all, Bytes::new());
    let request = request.expect("its length is right");
    let host = HeaderValue::from_static("shop.test");
    let (buffers, mut wire) = (Buffers::default(), Wire::new(says, end));
    let keep = Keep { head: true, body: true, session: false };
    let outgoing = Outgoing::new(&request, &Additions::of(&host), &buffers);
    let mut dialogue = Dialogue::new(outgoing, AnswerReader::new(request.asked(), keep), false);
    match exhaust(|cx| dialogue.poll(cx, &mut wire, &buffers)) {
        None => Outcome::Waits,
        Some(Err(error)) => Outcome::Failed(error),
        Some(Ok(())) => {
            let (answer, persists) = dialogue.into_answer();
            // As the connection looks before its next request.
            let look = |cx: &mut Context<'_>| {
                Pin::new(&mut wire).poll_read(cx, &mut ReadBuf::new(&mut [0; 1])).map(|_| ())
            };
            let lasts = persists && exhaust(look).is_none();
            let (status, body) = (answer.status, answer.body.to_vec());
            let headers = answer.headers.map(|headers| *headers).unwrap_or_default();
            Outcome::Answer { status, headers, body, lasts }
        }
    }
}

/// What an error of hyper is called.
fn of_hyper(error: &hyper::Error) -> ErrorType {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            let decoder =
                matches!(io.kind(), std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData);
            return if decoder { ErrorType::PROTOCOL } else { of_io(io) };
        }
        source = cause.source();
    }
    if error.is_parse() || error.is_parse_status() || error.is_parse_too_large() {
        ErrorType::PROTOCOL
    } else if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        ErrorType::CONNECTION_CLOSED
    } else {
        ErrorType::CONNECTION_FAILED
    }
}

type Driver = Pin<Box<http1::Connection<TokioIo<Wire>, Full<Bytes>>>>;

/// Waits for a part of an exchange while hyper's connection does its work. What the connection says of its end says more.
async fn driven<T>(
    driver: &mut Driver,
    part: impl Future<Output = Result<T, hyper::Error>>,
) -> Result<T, ErrorType> {
    let (mut part, mut over) = (pin!(part), None);
    poll_fn(|cx| {
        if over.is_none()
            && let Poll::Ready(end) = driver.as_mut().poll(cx)
        {
            over = Some(end.map_or_else(|error| of_hyper(&error), |()| ErrorType::CONNECTION_CLOSED));
        }
        let result = part.as_mut().poll(cx).map_err(|error| match of_hyper(&error) {
            ErrorType::CONNECTION_CLOSED => over.unwrap_or(ErrorType::CONNECTION_CLOSED),
            error => error,
        });
        if result.is_pending() { over.map_or(Poll::Pending, |error| Poll::Ready(Err(error))) } else { result }
    })
    .await
}

/// One exchange by hyper.
async fn hyper_exchange(name: &str, wire: Wire) -> Result<Outcome, ErrorType> {
    let handshake = http1::handshake(TokioIo::new(wire)).await;
    let (mut sender, driver) = handshake.map_err(|error| of_hyper(&error))?;
    let mut driver = Box::pin(driver);
    let mut request = http::Request::builder().method(method(name)).uri("/").header("host", "shop.test");
    for (name, value) in fields(name) {
        request = request.header(name, value);
    }
    let request = request.body(Full::new(Bytes::new())).expect("a request");
    let (head, body) = driven(&mut driver, sender.send_request(request)).await?.into_parts();
    // hyper leaves this to its user.
    if head.status == StatusCode::SWITCHING_PROTOCOLS && name != "UPGRADE" {
        return Err(ErrorType::PROTOCOL);
    }
    let body = driven(&mut driver, body.collect()).await?.to_bytes().to_vec();
    let open = poll_fn(|cx| Poll::Ready(driver.as_mut().poll(cx).is_pending())).await;
    let lasts = open && sender.is_ready();
    Ok(Outcome::Answer { status: head.status.as_u16(), headers: head.headers, body, lasts })
}

/// What hyper makes of a server's words.
fn reference(name: &str, says: Vec<Vec<u8>>, end: End) -> Outcome {
    let mut exchange = Box::pin(hyper_exchange(name, Wire::new(says, end)));
    match exhaust(|cx| exchange.as_mut().poll(cx)) {
        None => Outcome::Waits,
        Some(result) => result.unwrap_or_else(Outcome::Failed),
    }
}

/// A case: its name, the method, what the server says, how it goes on, and what has to come of it.
struct Case {
    name: &'static str,
    method: &'static str,
    says: Vec<u8>,
    end: End,
    expected: &'static str,
    /// Whether the server says something that is right.
    whole: bool,
}

/// Bytes as the table writes them: line ends, tabs and controls by their escapes.
fn unescaped(text: &str) -> Vec<u8> {
    let escapes = [
        ("\\r", "\r"),
        ("\\n", "\n"),
        ("\\t", "\t"),
        ("\\0", "\0"),
        ("\\x16", "\x16"),
        ("\\x03", "\x03"),
        ("\\x01", "\x01"),
    ];
    escapes.iter().fold(text.to_owned(), |text, (written, meant)| text.replace(written, meant)).into_bytes()
}

/// All cases.
fn cases() -> Vec<Case> {
    let (mut cases, mut whole) = (Vec::new(), true);
    let lines =
        include_str!("conformance.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in lines {
        let Some(row) = line.strip_prefix("    ") else {
            whole = line == "whole";
            continue;
        };
        let columns: Vec<&str> = row.split('¦').map(str::trim).collect();
        let [name, method, says, end, expected] = columns[..] else { panic!("{row} is no case") };
        let end = match end {
            "open" => End::Open,
            "close" => End::Close,
            "reset" => End::Reset,
            other => panic!("{other} is no end"),
        };
        cases.push(Case { name, method, says: unescaped(says), end, expected, whole });
    }
    assert!(cases.len() > 90, "{}", cases.len());
    cases
}

/// Where hyper comes to something else: the case, what it comes to, and why we do not.
const DIFFERENCES: &[(&str, &str, &str)] = &[(
    "chunks and a length",
    "200 \"ok\" stays",
    "such an answer may be a smuggled one: RFC 9112, section 6.3, has the connection closed behind it",
)];

/// What comes in one piece, and byte by byte.
fn forms(says: &[u8]) -> [(&'static str, Vec<Vec<u8>>); 2] {
    [("whole", vec![says.to_vec()]), ("byte by byte", says.chunks(1).map(<[u8]>::to_vec).collect())]
}

#[test]
fn every_case_comes_to_what_it_should_and_to_what_hyper_says() {
    let mut found = Vec::new();
    for Case { name, method, says, end, expected, .. } in cases() {
        let whole = own(method, vec![says.clone()], end);
        assert_eq!(whole.told(), expected, "{name}");
        for at in 1..says.len() {
            let parts = vec![says[..at].to_vec(), says[at..].to_vec()];
            assert_eq!(own(method, parts, end), whole, "{name}, parted at {at}");
        }
        for (form, parts) in forms(&says) {
            assert_eq!(own(method, parts.clone(), end), whole, "{name}, {form}");
            let other = reference(method, parts, end);
            match DIFFERENCES.iter().find(|(known, ..)| *known == name) {
                Some((_, told, _)) => assert_eq!(other.told(), *told, "{name}, {form}, by hyper"),
                None if other != whole => found.push(format!("{name}, {form}: {}", other.told())),
                None => {}
            }
        }
    }
    assert_eq!(found, Vec::<String>::new(), "hyper comes to something else");
}

#[test]
fn every_difference_is_one() {
    for (name, told, reason) in DIFFERENCES {
        let case = cases().into_iter().find(|case| case.name == *name);
        assert!(case.is_some_and(|case| case.expected != *told), "{name}: {reason}");
    }
}

/// An answer that is cut anywhere comes to the same by both.
#[test]
fn the_end_may_come_at_every_byte() {
    for Case { name, method, says, .. } in cases().into_iter().filter(|case| case.whole) {
        for at in 0..=says.len() {
            for end in [End::Close, End::Reset] {
                let part = vec![says[..at].to_vec()];
                let (ours, other) = (own(method, part.clone(), end), reference(method, part, end));
                assert_eq!(ours.told(), other.told(), "{name}, {end:?} behind {at} bytes");
            }
        }
    }
}

/// Whether there is a bare line feed behind the head.
fn has_bare_line_feed(says: &[u8]) -> bool {
    let body = says.windows(4).position(|four| four == b"\r\n\r\n").map_or(says.len(), |at| at + 2);
    says[body..].windows(2).any(|two| two[1] == b'\n' && two[0] != b'\r')
}

/// Whether we close or refuse what hyper goes on with, for a reason.
fn is_stricter(says: &[u8], whole: &str, other: &str) -> bool {
    // It takes no word of a field that is not all ASCII, so that `close` beside such a word is lost on it.
    whole.replace("closes", "stays") == other
        // It counts the lines of a trailer by their ends and then reads as many: what stands behind a bare line feed is lost.
        || (has_bare_line_feed(says) && whole == "protocol_error")
}

/// Every byte of every case, replaced by what has a meaning in HTTP: whatever comes of it, both come to the same, and it does not
/// depend on how the bytes are parted.
#[test]
fn a_wrong_byte_comes_to_the_same() {
    let mut found = Vec::new();
    let mut compare = |name: &str, method: &str, says: Vec<u8>, end: End| {
        let whole = own(method, vec![says.clone()], end).told();
        let each = own(method, says.chunks(1).map(<[u8]>::to_vec).collect(), end).told();
        let other = reference(method, vec![says.clone()], end).told();
        if each != whole || (other != whole && !is_stricter(&says, &whole, &other)) {
            let says = String::from_utf8_lossy(&says).into_owned();
            found.push(format!("{name}, {end:?}: {says:?}: {whole}, {each}, by hyper {other}"));
        }
    };
    for Case { name, method, says, .. } in cases() {
        for at in 0..says.len() {
            for byte in *b"\r\n :;0\xff" {
                let mut says = says.clone();
                says[at] = byte;
                compare(name, method, says.clone(), End::Close);
                compare(name, method, says, End::Open);
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}
