//! Targets that misbehave: each failure is counted under its name, and none is held against the generator.

use std::fmt::Write as _;

use serde_json::{Value, json};
use throng_tests::support::{BadServer, Manner};

use crate::books::{assert_adds_up, assert_lines_agree, assert_nobody_else_is_blamed, count, over_steps};
use crate::scratch::{CALM, Scratch};

/// Each manner, the step that meets it, and what its failure is called.
const MANNERS: &[(Manner, &str, &str)] = &[
    (Manner::Refuse, "refuse", "connection_refused"),
    (Manner::ResetInBody, "reset", "connection_reset"),
    (Manner::CloseInBody, "close", "connection_closed"),
    (Manner::CloseUnanswered, "hang-up", "connection_closed"),
    (Manner::NeverAnswer, "never", "timeout"),
    (Manner::AnnounceOnly, "announce", "timeout"),
    (Manner::Fail, "fail", "500"),
];

/// Answers that are not HTTP/1.1's, or not whole, each with what its failure is called.
const ANSWERS: &[(&str, &[u8], &str)] = &[
    ("garbage", b"\x16\x03\x01 this is no HTTP\r\n\r\n", "protocol_error"),
    ("preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "protocol_error"),
    ("http-2", b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64", "protocol_error"),
    ("http-2-line", b"HTTP/2.0 200 OK\r\ncontent-length: 0\r\n\r\n", "protocol_error"),
    ("status-99", b"HTTP/1.1 099 X\r\ncontent-length: 0\r\n\r\n", "protocol_error"),
    ("status-1000", b"HTTP/1.1 1000 X\r\ncontent-length: 0\r\n\r\n", "protocol_error"),
    ("status-word", b"HTTP/1.1 abc X\r\ncontent-length: 0\r\n\r\n", "protocol_error"),
    ("status-600", b"HTTP/1.1 600 X\r\ncontent-length: 0\r\n\r\n", "protocol_error"),
    ("upgrade", b"HTTP/1.1 101 X\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", "protocol_error"),
    ("header-name", b"HTTP/1.1 200 OK\r\nbad name: x\r\ncontent-length: 0\r\n\r\n", "protocol_error"),
    ("header-value", b"HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 0\r\n\r\n", "protocol_error"),
    ("header-fold", b"HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 0\r\n\r\n", "protocol_error"),
    ("two-lengths", b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", "protocol_error"),
    ("length-word", b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\nab", "protocol_error"),
    ("length-less", b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nab", "protocol_error"),
    ("chunk-word", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\nab", "protocol_error"),
    (
        "chunk-huge",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\na",
        "protocol_error",
    ),
    (
        "chunk-end",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nabXX0\r\n\r\n",
        "protocol_error",
    ),
    (
        "trailer",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nb d\x01: x\r\n\r\n",
        "protocol_error",
    ),
    ("half-head", b"HTTP/1.1 200 OK\r\ncontent-le", "connection_closed"),
    ("half-body", b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab", "connection_closed"),
    ("half-chunk", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab", "connection_closed"),
    (
        "no-last-chunk",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n",
        "connection_closed",
    ),
    ("half-size", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2", "connection_closed"),
];

/// A head of more fields than a client has room for, and one that is too long in all.
fn long_heads() -> [(&'static str, &'static [u8], &'static str); 2] {
    let head = |fields: String| {
        let head = format!("HTTP/1.1 200 OK\r\n{fields}content-length: 0\r\n\r\n");
        &*head.into_bytes().leak()
    };
    let fields = "x: 1\r\n".repeat(1_000);
    [
        ("many-fields", head(fields), "protocol_error"),
        ("long-field", head(format!("x: {}\r\n", "y".repeat(1 << 20))), "protocol_error"),
    ]
}

/// Iterations of each behaviour.
const EACH: u64 = 12;

/// Three users who meet nothing but failures, for each manner; and one whose target's name does not exist.
fn workload(rest: &str) -> (Scratch, Vec<BadServer>) {
    let mut text = format!("{CALM}listener file \"samples.jsonl\"\n{rest}\n");
    let mut servers = Vec::new();
    let mut add = |name: &str, url: &str, timeout: &str| {
        let _ = writeln!(
            text,
            "target {name} \"{url}\" {{ timeout \"{timeout}\" }}\n\
             behavior {name} {{ http GET \"/\" name={name} target={name} }}\n\
             scenario {name} {{ behavior {name}; population {{ hold 3 for=\"10m\" }}; iterations {EACH} }}"
        );
    };
    for (manner, name, _) in MANNERS {
        let server = BadServer::start(*manner).expect("a server");
        add(
            name,
            &server.url(),
            if matches!(manner, Manner::NeverAnswer | Manner::AnnounceOnly) { "200ms" } else { "10m" },
        );
        servers.push(server);
    }
    // No label of a name may have 64 letters, so that nobody has to be asked.
    add("nameless", &format!("http://{}.invalid", "x".repeat(64)), "10m");
    (Scratch::new(text), servers)
}

fn assert_counted(summary: &Value) {
    let nameless = [("nameless", "dns")];
    for (name, slug) in MANNERS.iter().map(|(_, name, slug)| (*name, *slug)).chain(nameless) {
        let step = &summary["steps"][name];
        assert_eq!(step["errors"], json!({ slug: EACH }), "{name}");
        assert_eq!([&step["count"], &step["failures"], &step["cut"]], [EACH, EACH, 0], "{name}");
        assert_eq!(count(summary, &format!("scenarios.{name}.iterations.failed")), EACH, "{name}");
    }
    let shortest = count(summary, "steps.never.response_ns.min");
    assert!(shortest >= 200_000_000, "a timeout counts at its length, not {shortest} ns");
}

#[test]
fn each_failure_has_its_name_and_the_run_ends_as_any_other() {
    let (scratch, servers) = workload("");
    let summary = scratch.run(0);
    assert_counted(&summary);
    assert_adds_up(&summary);
    assert_lines_agree(&summary, &scratch.lines("samples.jsonl"));
    assert_nobody_else_is_blamed(&summary);
    assert_eq!(summary["outcome"], "passed");
    for ((_, name, _), server) in MANNERS.iter().zip(&servers).skip(1) {
        assert_eq!(server.requests(), EACH, "{name}");
    }
    assert_eq!(count(&summary, "scenarios.fail.connections.opened"), 3, "a 500 leaves its connection open");
    assert_eq!(over_steps(&summary, "attempts"), EACH * (MANNERS.len() as u64 + 1));
}

#[test]
fn a_requirement_is_what_makes_failures_count() {
    let (scratch, _servers) = workload("require { failures below=\"1%\" }");
    let summary = scratch.run(99);
    assert_counted(&summary);
    assert_nobody_else_is_blamed(&summary);
    assert_eq!(summary["outcome"], "failed");
}

/// Two users of each behaviour, one target and one step each, all of one name.
fn each(steps: &[(&str, String, String)]) -> Scratch {
    let mut text = format!("{CALM}listener file \"samples.jsonl\"\n");
    for (name, url, steps) in steps {
        let _ = writeln!(
            text,
            "target {name} \"{url}\" {{ timeout \"10m\" }}\nbehavior {name} {{\n{steps}\n}}\n\
             scenario {name} {{ behavior {name}; population {{ hold 2 for=\"10m\" }}; iterations 4 }}"
        );
    }
    Scratch::new(text)
}

#[test]
fn malformed_answers_have_their_names() {
    let long = long_heads();
    let all: Vec<_> = ANSWERS.iter().chain(&long).collect();
    let servers: Vec<_> =
        all.iter().map(|(_, bytes, _)| BadServer::start(Manner::Say(bytes)).expect("a server")).collect();
    let steps: Vec<_> = all
        .iter()
        .zip(&servers)
        .map(|((name, ..), server)| {
            let step = format!(
                "http GET \"/\" name={name} target={name} {{ expect {{ body not-contains=\"!\" }} }}"
            );
            (*name, server.url(), step)
        })
        .collect();
    let scratch = each(&steps);
    let summary = scratch.run(0);
    for ((name, _, slug), server) in all.iter().zip(&servers) {
        assert_eq!(summary["steps"][name]["errors"], json!({ *slug: 4 }), "{name}");
        assert_eq!(count(&summary, &format!("scenarios.{name}.connections.opened")), 4, "{name}");
        assert_eq!(server.requests(), 4, "{name}: it is not sent twice");
    }
    assert_adds_up(&summary);
    assert_lines_agree(&summary, &scratch.lines("samples.jsonl"));
    assert_nobody_else_is_blamed(&summary);
}

/// What follows an answer that nobody asked for belongs to no request: the answer counts, its connection is not used again.
#[test]
fn what_stands_behind_an_answer_is_never_the_next_one() {
    const TWICE: &[u8] =
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfirstHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecond";
    let server = BadServer::start(Manner::Answer(TWICE)).expect("a server");
    let step = "http GET \"/\" name=a target=a { expect { body equals=\"first\" } }";
    let summary = each(&[("a", server.url(), step.to_owned())]).run(0);
    assert_eq!(summary["steps"]["a"]["errors"], json!({}));
    let connections = &summary["scenarios"]["a"]["connections"];
    assert_eq!([&connections["opened"], &connections["reused"], &connections["resent"]], [4, 0, 0]);
}

/// A target may close a connection that lies idle at any time, also when the next request is on its way already. What may
/// be repeated is then sent again, once; what may not fails.
#[test]
fn a_request_that_met_the_end_of_an_open_connection_is_sent_again() {
    let server = BadServer::start(Manner::CloseReused).expect("a server");
    let steps = "http GET \"/\" name=first target=a\nhttp GET \"/\" name=again target=a\n\
        http PUT \"/\" name=third target=a\nhttp POST \"/\" name=post target=a";
    let scratch = each(&[("a", server.url(), steps.to_owned())]);
    let summary = scratch.run(0);
    // The second and the third request each find the connection of the one before, and have to open another one.
    for step in ["first", "again", "third"] {
        assert_eq!(summary["steps"][step]["errors"], json!({}), "{step}");
        assert_eq!(
            count(&summary, &format!("steps.{step}.attempts")),
            4,
            "a request sent again is one attempt"
        );
    }
    assert_eq!(summary["steps"]["post"]["errors"], json!({ "connection_closed": 4 }));
    let figure = |name: &str| count(&summary, &format!("scenarios.a.connections.{name}"));
    assert_eq!([figure("opened"), figure("reused"), figure("resent")], [4 * 3, 4 * 3, 4 * 2]);
    assert_eq!(server.requests(), 4 * 4 + 4 * 2);
    assert_adds_up(&summary);
    assert_lines_agree(&summary, &scratch.lines("samples.jsonl"));
}
