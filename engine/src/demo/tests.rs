//! Every page, asked over a plain socket: nothing of HTTP's own client is in between.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use super::*;

fn demo(seed: u64) -> Demo {
    start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), seed).expect("the loopback has a free port")
}

/// Sends one request on a connection of its own and reads until the end; gives the error that ended it, if one did.
fn exchange(demo: &Demo, method: &str, path: &str, body: &str) -> (String, Option<ErrorKind>) {
    let mut stream = TcpStream::connect(demo.address()).expect("the demo listens");
    // Only keeps a broken test from hanging.
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time-out can be set");
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: demo\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("the demo reads");
    let mut answer = Vec::new();
    let error = stream.read_to_end(&mut answer).err().map(|error| error.kind());
    (String::from_utf8_lossy(&answer).into_owned(), error)
}

fn check(method: &str, path: &str, body: &str, head: &str, content: &str) {
    let (answer, error) = exchange(&demo(1), method, path, body);
    assert_eq!(error, None, "{method} {path}");
    assert!(answer.starts_with(&format!("HTTP/1.1 {head}")), "{method} {path}: {answer}");
    assert!(answer.contains(content), "{method} {path}: {answer}");
}

#[test]
fn the_shop_answers() {
    check("GET", "/", "", "200", "/delay/exponential/20ms");
    check("GET", "/items/7", "", "200", "\"name\":\"item 7\"");
    check("GET", "/items/7?color=red", "", "200", "\"id\":7");
    check("POST", "/login", "{\"user\":\"a\"}", "200", "{\"token\":\"");
    check("POST", "/login", "no JSON", "400", "no JSON");
    check("GET", "/login", "", "405", "allow: POST");
    check("POST", "/buy", "", "201", "{\"order\":\"");
    check("POST", "/leave", "", "204", "");
    check("GET", "/nowhere", "", "404", "");
}

#[test]
fn the_laws_answer() {
    check("GET", "/delay/constant/1ms", "", "200", "waited");
    check("GET", "/delay/exponential/1ms", "", "200", "waited");
    check("GET", "/fail/0%", "", "200", "well");
    check("GET", "/fail/100%", "", "500", "failed");
    check("GET", "/status/503", "", "503", "as asked");
    check("GET", "/slow-body", "", "200", "a piece");
}

#[test]
fn a_body_has_the_size_asked_for() {
    let (answer, _) = exchange(&demo(1), "GET", "/bytes/64KiB", "");
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.len());
    assert_eq!(body, Some(65_536));
}

#[test]
fn a_broken_body_ends_early() {
    let (answer, error) = exchange(&demo(1), "GET", "/close", "");
    assert!(answer.contains("content-length: 1000") && answer.ends_with(&".".repeat(100)), "{answer}");
    assert_eq!(error, None);
    let (_, error) = exchange(&demo(1), "GET", "/reset", "");
    assert_eq!(error, Some(ErrorKind::ConnectionReset));
}

#[test]
fn garbage_is_no_http() {
    let (answer, error) = exchange(&demo(1), "GET", "/garbage", "");
    assert!(!answer.contains("HTTP/1.1") && answer.contains("this is no HTTP"), "{answer}");
    assert_eq!(error, None);
}

#[test]
fn failures_are_a_function_of_the_seed() {
    let statuses = |seed| {
        let demo = demo(seed);
        let failed = (0..40).map(|_| exchange(&demo, "GET", "/fail/50%", "").0.starts_with("HTTP/1.1 500"));
        failed.collect::<Vec<_>>()
    };
    assert_eq!(statuses(1), statuses(1));
    assert_ne!(statuses(1), statuses(2));
}

#[test]
fn answers_are_counted() {
    let demo = demo(1);
    assert_eq!(demo.answered(), 0);
    exchange(&demo, "GET", "/", "");
    exchange(&demo, "GET", "/nowhere", "");
    assert_eq!(demo.answered(), 2);
}

#[test]
fn dropping_ends_what_is_under_way() {
    let demo =
        start_on(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), 1, 2).expect("the loopback has a free port");
    let address = demo.address();
    let mut stream = TcpStream::connect(address).expect("the demo listens");
    stream.write_all(b"GET /never HTTP/1.1\r\nhost: demo\r\n\r\n").expect("the demo reads");
    drop(demo);
    let mut rest = Vec::new();
    // Closed in good order or with a reset, but without an answer.
    let _ = stream.read_to_end(&mut rest);
    assert_eq!(rest, b"");
    assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
}
