//! One answer, from its first byte to its last.

use bytes::Bytes;
use http::HeaderMap;
use throng_components::sample::ErrorType;

use super::body::Body;
use super::head::{self, HEAD_MOST, Head};
use super::known::KnownHeads;
use super::length::Asked;
use crate::plugins::protocols::Keep;

/// The longest body that is kept for a step that looks into it.
pub(crate) const BODY_MOST: usize = 16 << 20;

/// A head of so many bytes is looked at whenever more of it comes: what is wrong with it shows at once.
const SHORT_HEAD: usize = 4 << 10;

/// An answer as far as a behaviour can ask for it.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// `None` where nobody asks for them.
    pub(crate) headers: Option<Box<HeaderMap>>,
    /// Empty where nobody asks for it.
    pub(crate) body: Bytes,
}

/// How far an answer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// There is more to come.
    More,
    /// All of it has come.
    Whole,
}

/// Where in an answer the next byte stands.
#[derive(Debug)]
enum Place {
    Head,
    Body(Body),
    Over,
}

/// Reads one answer, however its bytes are parted. What nobody asks for is read and forgotten.
#[derive(Debug)]
pub(crate) struct AnswerReader {
    asked: Asked,
    keep: Keep,
    place: Place,
    /// The beginning of a head the rest of which has not come; never longer than a head may be.
    begun: Vec<u8>,
    status: u16,
    headers: Option<Box<HeaderMap>>,
    body: Vec<u8>,
    persists: bool,
    continues: bool,
}

impl AnswerReader {
    /// A reader of the answer to a request.
    pub(crate) fn new(asked: Asked, keep: Keep) -> Self {
        Self {
            asked,
            keep,
            place: Place::Head,
            begun: Vec::new(),
            status: 0,
            headers: None,
            body: Vec::new(),
            persists: false,
            continues: false,
        }
    }

    /// Whether the server has said that it waits for the request's body.
    pub(crate) fn continues(&self) -> bool {
        self.continues
    }

    /// Whether the connection may be used for another request, once the answer is whole.
    pub(crate) fn persists(&self) -> bool {
        self.persists
    }

    /// Takes bytes as they come. Those behind the answer belong to no request: its connection is not to be used again.
    ///
    /// # Errors
    /// When this is no answer of HTTP/1.1, or its body is longer than one that is kept may be.
    pub(crate) fn take(&mut self, bytes: &[u8], known: &mut KnownHeads) -> Result<Progress, ErrorType> {
        let mut rest = bytes;
        while matches!(self.place, Place::Head) && !rest.is_empty() {
            let Some((head, behind)) = self.take_head(rest, known)? else { return Ok(Progress::More) };
            rest = behind;
            if head.is_interim() {
                self.continues |= head.status == 100;
            } else {
                self.begin_body(head);
            }
        }
        if let Place::Body(body) = &mut self.place {
            let (kept, keeps) = (&mut self.body, self.keep.body);
            let used = body.take(rest, |data| if keeps { keep(kept, data) } else { Ok(()) })?;
            rest = &rest[used..];
            if body.is_over() {
                self.place = Place::Over;
            }
        }
        if !matches!(self.place, Place::Over) {
            return Ok(Progress::More);
        }
        self.persists &= rest.is_empty();
        Ok(Progress::Whole)
    }

    /// Takes the end of the connection.
    ///
    /// # Errors
    /// When the answer is not whole.
    pub(crate) fn end(&mut self) -> Result<(), ErrorType> {
        match &self.place {
            Place::Over | Place::Body(Body::UntilClose) => Ok(()),
            Place::Body(_) => Err(ErrorType::CONNECTION_CLOSED),
            // What was no head from its beginning is not one that was cut short.
            Place::Head => {
                head::parse(&self.begun, self.asked, self.keep).and(Err(ErrorType::CONNECTION_CLOSED))
            }
        }
    }

    /// The answer, once it is whole.
    pub(crate) fn into_answer(self) -> Answer {
        Answer { status: self.status, headers: self.headers, body: self.body.into() }
    }

    /// The next head and what stands behind it; `None` when it is not whole.
    fn take_head<'b>(
        &mut self,
        bytes: &'b [u8],
        known: &mut KnownHeads,
    ) -> Result<Option<(Head, &'b [u8])>, ErrorType> {
        let before = self.begun.len();
        if before == 0 {
            let parsed = known.read(bytes, self.asked, self.keep)?;
            if parsed.is_none() {
                self.begun.extend_from_slice(bytes);
            }
            return Ok(parsed.map(|(head, used)| (head, &bytes[used..])));
        }
        let part = &bytes[..bytes.len().min(HEAD_MOST - before)];
        self.begun.extend_from_slice(part);
        // A head becomes whole where a line ends, and nowhere else: a long one that comes byte by byte is not read anew for each.
        if (self.begun.len() <= SHORT_HEAD || memchr::memchr(b'\n', part).is_some())
            && let Some((head, used)) = head::parse(&self.begun, self.asked, self.keep)?
        {
            self.begun.clear();
            return Ok(Some((head, &bytes[used - before..])));
        }
        if part.len() < bytes.len() { Err(ErrorType::PROTOCOL) } else { Ok(None) }
    }

    fn begin_body(&mut self, head: Head) {
        self.status = head.status;
        self.persists = head.persists;
        self.headers = head.headers;
        let body = Body::new(head.length);
        self.place = if body.is_over() { Place::Over } else { Place::Body(body) };
    }
}

/// Keeps a stretch of a body.
fn keep(kept: &mut Vec<u8>, data: &[u8]) -> Result<(), ErrorType> {
    if kept.len() + data.len() > BODY_MOST {
        return Err(ErrorType::BODY_TOO_LARGE);
    }
    kept.extend_from_slice(data);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of bytes: status, body, and whether the connection may be used again.
    fn read(asked: Asked, parts: &[&[u8]], ends: bool) -> Result<Option<(u16, String, bool)>, ErrorType> {
        let mut reader = AnswerReader::new(asked, Keep { body: true, ..Keep::default() });
        let (mut whole, mut known) = (false, KnownHeads::default());
        for part in parts {
            // What comes behind an answer finds an idle connection.
            if whole {
                reader.persists &= part.is_empty();
            } else if !part.is_empty() {
                whole = reader.take(part, &mut known)? == Progress::Whole;
            }
        }
        if !whole && ends {
            reader.end()?;
            whole = true;
        }
        let persists = reader.persists();
        let answer = reader.into_answer();
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        Ok(whole.then_some((answer.status, body, persists)))
    }

    fn check_asked(
        asked: Asked,
        text: &str,
        ends: bool,
        expected: Result<Option<(u16, &str, bool)>, ErrorType>,
    ) {
        let bytes = text.as_bytes();
        let expected =
            expected.map(|answer| answer.map(|(status, body, persists)| (status, body.to_owned(), persists)));
        for at in 0..=bytes.len() {
            assert_eq!(read(asked, &[&bytes[..at], &bytes[at..]], ends), expected, "{text:?} parted at {at}");
        }
        let each: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read(asked, &each, ends), expected, "{text:?} byte by byte");
    }

    /// An answer on a connection that stays open.
    fn check(text: &str, expected: Result<Option<(u16, &str, bool)>, ErrorType>) {
        check_asked(Asked::default(), text, false, expected);
    }

    /// An answer behind which the connection ends.
    fn check_end(text: &str, expected: Result<(u16, &str, bool), ErrorType>) {
        check_asked(Asked::default(), text, true, expected.map(Some));
    }

    #[test]
    fn answers_are_the_same_however_they_come() {
        check("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", Ok(Some((200, "hello", true))));
        check("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell", Ok(None));
        check("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Ok(Some((200, "", true))));
        check("\r\nHTTP/1.1 304\r\ncontent-length: 9\r\n\r\n", Ok(Some((304, "", true))));
        let chunks = "2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nx: y\r\n\r\n";
        let chunked = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunks}");
        check(&chunked, Ok(Some((200, "hello", true))));
        check(&chunked[..chunked.len() - 1], Ok(None));
        check("HTTP/1.1 200 OK\r\n\r\nhello", Ok(None));
    }

    #[test]
    fn answers_that_are_not_the_final_one_are_passed_over() {
        let last = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
        let hints = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\ncontent-length: 7\r\n\r\n";
        check(&format!("HTTP/1.1 100 Continue\r\n\r\n{last}"), Ok(Some((200, "ok", true))));
        check(&format!("{hints}{hints}HTTP/1.1 102\r\n\r\n{last}"), Ok(Some((200, "ok", true))));
        check(hints, Ok(None));
        let mut known = KnownHeads::default();
        let mut reader = AnswerReader::new(Asked::default(), Keep::default());
        assert_eq!(reader.take(hints.as_bytes(), &mut known), Ok(Progress::More));
        assert!(!reader.continues());
        assert_eq!(reader.take(b"HTTP/1.1 100 Go on\r\n\r\n", &mut known), Ok(Progress::More));
        assert!(reader.continues());
    }

    #[test]
    fn what_stands_behind_an_answer_ends_its_connection() {
        let first = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
        check(&format!("{first}{first}"), Ok(Some((200, "ok", false))));
        check(&format!("{first}\r\n"), Ok(Some((200, "ok", false))));
        check("HTTP/1.1 204 X\r\ncontent-length: 2\r\n\r\nok", Ok(Some((204, "", false))));
        let head = Asked { head: true, ..Asked::default() };
        check_asked(head, &first[..first.len() - 2], false, Ok(Some((200, "", true))));
        check_asked(head, first, false, Ok(Some((200, "", false))));
    }

    #[test]
    fn the_end_of_a_connection_ends_some_answers() {
        check_end("HTTP/1.1 200 OK\r\n\r\nhello", Ok((200, "hello", false)));
        check_end("HTTP/1.1 200 OK\r\n\r\n", Ok((200, "", false)));
        check_end("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n\r\nhello", Ok((200, "hello", false)));
        check_end("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nhello", Ok((200, "hello", false)));
        check_end("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", Ok((200, "hello", true)));
        let whole = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;x\r\na\r\n0\r\nx: y\r\n\r\n";
        for at in 0..whole.len() {
            check_end(&whole[..at], Err(ErrorType::CONNECTION_CLOSED));
        }
        check_end("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell", Err(ErrorType::CONNECTION_CLOSED));
        check_end("HTTP/1.1 100 Continue\r\n\r\n", Err(ErrorType::CONNECTION_CLOSED));
    }

    #[test]
    fn what_was_no_head_is_not_one_that_was_cut_short() {
        check_end("SSH-2.0-x", Err(ErrorType::PROTOCOL));
        check_end("HTTP/1.1 200 OK\r\na b: c", Err(ErrorType::PROTOCOL));
        check_end("HTTP/1.1 2x0 OK", Err(ErrorType::PROTOCOL));
    }

    #[test]
    fn long_heads_and_bodies_are_refused() {
        let long = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(HEAD_MOST));
        for size in [1, 1_000, 65_536, long.len()] {
            let parts: Vec<&[u8]> = long.as_bytes().chunks(size).collect();
            assert_eq!(read(Asked::default(), &parts, false), Err(ErrorType::PROTOCOL), "{size}");
        }
        let body = vec![0; BODY_MOST];
        let asked = Asked::default();
        let head = b"HTTP/1.1 200 OK\r\n\r\n";
        assert!(read(asked, &[head, &body], true).is_ok_and(|answer| answer.is_some()));
        assert_eq!(read(asked, &[head, &body, b"x"], true), Err(ErrorType::BODY_TOO_LARGE));
        let mut known = KnownHeads::default();
        let mut forgetful = AnswerReader::new(asked, Keep::default());
        assert_eq!(forgetful.take(head, &mut known), Ok(Progress::More));
        for _ in 0..2 {
            assert_eq!(forgetful.take(&body, &mut known), Ok(Progress::More));
        }
        assert_eq!(forgetful.body.capacity(), 0);
    }
}
