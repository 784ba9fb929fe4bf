//! What goes out and what comes in, when one of them does not wait for the other.

use bytes::Bytes;
use http::{HeaderValue, Method, Uri};
use throng_components::sample::ErrorType;

use super::wire::{End, Wire, exhaust};
use crate::plugins::protocols::http::buffers::Buffers;
use crate::plugins::protocols::http::codec::AnswerReader;
use crate::plugins::protocols::http::dialogue::Dialogue;
use crate::plugins::protocols::http::outgoing::Outgoing;
use crate::plugins::protocols::http::request::{Additions, HttpRequest};
use crate::plugins::protocols::{FieldName, Keep, RequestFields};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";
const REFUSED: &str = "HTTP/1.1 413 X\r\ncontent-length: 0\r\n\r\n";

fn post(body: &str, expects: bool) -> HttpRequest {
    let mut fields = RequestFields::default();
    if expects {
        let name = FieldName::of("Expect").expect("a name");
        fields.append(name, HeaderValue::from_static("100-continue"));
    }
    let body = Bytes::copy_from_slice(body.as_bytes());
    HttpRequest::new(Method::POST, Uri::from_static("/"), fields, body).expect("its length is right")
}

fn dialogue(request: &HttpRequest, buffers: &Buffers) -> Dialogue {
    let host = HeaderValue::from_static("shop.test");
    let outgoing = Outgoing::new(request, &Additions::of(&host), buffers);
    Dialogue::new(outgoing, AnswerReader::new(request.asked(), Keep::default()), false)
}

/// Talks on a wire: the status and whether the connection may be used again; `None` when the talk does not end.
fn talk(request: &HttpRequest, wire: &mut Wire) -> Option<Result<(u16, bool), ErrorType>> {
    let buffers = Buffers::default();
    let mut dialogue = dialogue(request, &buffers);
    let result = exhaust(|cx| dialogue.poll(cx, wire, &buffers))?;
    Some(result.map(|()| {
        let (answer, persists) = dialogue.into_answer();
        (answer.status, persists)
    }))
}

fn says(text: &str, end: End) -> Wire {
    Wire::new([text.as_bytes().to_vec()], end)
}

#[test]
fn bodies_of_every_size_go_out_whole() {
    for size in [0, 1, 16 << 10, (16 << 10) + 1, 1 << 20] {
        let mut wire = says(OK, End::Open);
        // The answer comes when the head has been heard: the last of a body is still to be sent when it is larger.
        wire.says_behind = size;
        assert_eq!(talk(&post(&"x".repeat(size), false), &mut wire), Some(Ok((200, true))), "{size}");
        let head = format!("POST / HTTP/1.1\r\nhost: shop.test\r\ncontent-length: {size}\r\n\r\n");
        assert_eq!(wire.heard.len(), head.len() + size);
        assert!(wire.heard.starts_with(head.as_bytes()));
    }
}

#[test]
fn an_answer_may_come_before_all_of_the_request_is_sent() {
    for takes in [100, 20_000] {
        let mut wire = Wire { takes, ..says(REFUSED, End::Open) };
        assert_eq!(talk(&post(&"x".repeat(1 << 20), false), &mut wire), Some(Ok((413, false))), "{takes}");
        assert_eq!(wire.heard.len(), takes);
    }
}

#[test]
fn an_answer_is_heard_though_the_server_hears_no_more() {
    let deaf = |text: &str, end| Wire { takes: 100, deaf: true, ..says(text, end) };
    let body = "x".repeat(1 << 20);
    assert_eq!(talk(&post(&body, false), &mut deaf(REFUSED, End::Close)), Some(Ok((413, false))));
    // That the connection broke says more than that it ended.
    let broken = Some(Err(ErrorType::CONNECTION_RESET));
    assert_eq!(talk(&post(&body, false), &mut deaf("", End::Close)), broken);
    assert_eq!(talk(&post(&body, false), &mut deaf("HTTP/1.1 200 OK\r\n", End::Close)), broken);
    assert_eq!(talk(&post(&body, false), &mut deaf("what?", End::Close)), Some(Err(ErrorType::PROTOCOL)));
}

/// Bodies wait in a reactor, whose timer ends the wait.
fn in_reactor<T>(work: impl FnOnce() -> T) -> T {
    let reactor = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a reactor");
    let _entered = reactor.enter();
    work()
}

#[test]
fn a_body_waits_for_the_word_that_it_asks_for() {
    let body = "what was announced";
    let announced = in_reactor(|| {
        let mut wire = says("", End::Open);
        assert_eq!(talk(&post(body, true), &mut wire), None, "it waits");
        wire
    });
    assert!(announced.heard.ends_with(b"Expect: 100-continue\r\ncontent-length: 18\r\n\r\n"));
    in_reactor(|| {
        let mut wire = Wire::new([CONTINUE, OK].map(|text| text.as_bytes().to_vec()), End::Open);
        wire.says_behind_last = body.len();
        assert_eq!(talk(&post(body, true), &mut wire), Some(Ok((200, true))));
        assert!(wire.heard.ends_with(body.as_bytes()));
    });
}

#[test]
fn a_body_that_nobody_wants_is_not_sent() {
    in_reactor(|| {
        let mut wire = says(REFUSED, End::Open);
        assert_eq!(
            talk(&post("a body", true), &mut wire),
            Some(Ok((413, false))),
            "the server may wait for it"
        );
        assert!(wire.heard.ends_with(b"\r\n\r\n"));
    });
}

/// Many servers never say the word.
#[test]
fn a_body_waits_no_longer_than_a_second() {
    let reactor = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a reactor");
    let (buffers, request) = (Buffers::default(), post("a body", true));
    let mut wire = says(OK, End::Open);
    wire.says_behind = "a body".len();
    let mut dialogue = dialogue(&request, &buffers);
    let result = reactor.block_on(std::future::poll_fn(|cx| dialogue.poll(cx, &mut wire, &buffers)));
    assert_eq!((result, dialogue.into_answer().1), (Ok(()), true));
    assert!(wire.heard.ends_with(b"a body"));
}

#[test]
fn room_is_given_back() {
    let buffers = Buffers::default();
    for size in [10, 1 << 20] {
        let (request, mut wire) = (post(&"x".repeat(size), false), says(OK, End::Open));
        let mut dialogue = dialogue(&request, &buffers);
        assert_eq!(exhaust(|cx| dialogue.poll(cx, &mut wire, &buffers)), Some(Ok(())));
        let room = buffers.take_outgoing();
        assert!(room.is_empty() && (1..64 << 10).contains(&room.capacity()), "{}", room.capacity());
        buffers.give_back(room);
    }
}
