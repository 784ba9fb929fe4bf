//! All of HTTP against a real nginx that closes connections under its clients: nothing fails, and its log has every request.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;
use throng_tests::support::{Authority, Nginx};

use crate::books::{assert_lines_agree, count, over_steps};
use crate::scratch::{CALM, Scratch};

const WORKLOAD: &str = include_str!("../../../workloads/nginx.kdl");

/// Iterations of the workload.
const ITERATIONS: u64 = 320;

/// Redirects that each iteration follows, by the step.
const REDIRECTS: &[(&str, u64)] = &[
    ("absolute", 1),
    ("relative", 1),
    ("chain", 2),
    ("unfollowed", 0),
    ("next", 1),
    ("posted-again", 1),
    ("to-tls", 1),
    ("from-tls", 1),
    ("login", 1),
    ("me-by-tls", 1),
    ("theme", 1),
];

#[test]
fn every_expectation_of_the_workload_holds_and_the_log_has_every_request() {
    let authority = Authority::new();
    let Some(nginx) = Nginx::start_shop(&authority.for_server("127.0.0.1")).expect("nginx starts") else {
        return;
    };
    let [plain, secure] = nginx.shop_addresses();
    let text = WORKLOAD
        .replace("127.0.0.1:8080", &plain.to_string())
        .replace("127.0.0.1:8443", &secure.to_string())
        .replace("verify off", "roots \"ca.pem\"");
    let scratch = Scratch::new(format!("{text}\nlistener file \"samples.jsonl\"\n"));
    std::fs::write(scratch.path("ca.pem"), authority.certificate()).expect("it can be written");
    std::fs::write(scratch.path("nginx.kdl"), WORKLOAD).expect("it can be written");
    let summary = scratch.run(0);
    let log = nginx.finish().expect("nginx ends");

    assert_eq!(
        count(&summary, "scenarios.visitors.iterations.succeeded"),
        ITERATIONS,
        "{:#}",
        summary["steps"]
    );
    assert_eq!(over_steps(&summary, "failures"), 0);
    assert_eq!(summary["scenarios"]["visitors"]["connections"]["tls_unverified"], false);
    assert_lines_agree(&summary, &scratch.lines("samples.jsonl"));
    for (step, redirects) in REDIRECTS {
        assert_eq!(count(&summary, &format!("steps.{step}.redirects")), redirects * ITERATIONS, "{step}");
    }

    // Attempts, those tried again included, and one request more for each redirect that was followed: those are the
    // requests. On connections: each was opened for one or had one more, and of those sent again the server saw one.
    let requests = over_steps(&summary, "attempts") + over_steps(&summary, "redirects");
    let connections = |name: &str| count(&summary, &format!("scenarios.visitors.connections.{name}"));
    assert_eq!(log.len() as u64, requests, "lines of the log");
    assert_eq!(connections("opened") + connections("reused") - connections("resent"), requests);

    let mut lines: BTreeMap<&str, u64> = BTreeMap::new();
    for line in &log {
        *lines.entry(line).or_default() += 1;
    }
    let tried_again = count(&summary, "steps.flaky.attempts") - count(&summary, "steps.flaky.count");
    let expected = [
        ("GET /method 200 http", 1),
        ("HEAD /method 200 http", 1),
        ("PUT /method 200 http", 1),
        ("PATCH /method 200 http", 1),
        ("DELETE /method 200 http", 1),
        ("OPTIONS /method 200 http", 1),
        ("POST /method 200 http", 1),
        // json, form, posted-again and order
        ("POST /echo 200 http", 4),
        ("GET /absolute 301 http", 1),
        // chain leads through relative, as `unfollowed` says to `next`
        ("GET /relative 301 http", 3),
        ("GET /chain 302 http", 2),
        // absolute, relative, chain, next, page, plain-page
        ("GET /page.html 200 http", 6),
        ("POST /again 307 http", 1),
        ("GET /secure 302 http", 2),
        ("GET /plain 302 https", 1),
        ("POST /login 303 http", 1),
        ("POST /theme 303 http", 1),
        // from-tls, login, me, theme, me-again
        ("GET /me 200 http", 5),
        ("GET /rest 200 http", 1),
        ("GET /me 200 https", 2),
        ("GET /logout 204 http", 1),
        ("GET /included.html 200 https", 1),
        ("GET /page.html 200 https", 1),
        ("GET /gone 410 https", 1),
        ("GET /flaky 200 http", 1),
    ];
    let mut expected: BTreeMap<&str, u64> =
        expected.into_iter().map(|(line, each)| (line, each * ITERATIONS)).collect();
    if tried_again > 0 {
        expected.insert("GET /flaky 503 http", tried_again);
    }
    assert_eq!(lines, expected);
}

/// A server that refuses a body does not read all of it: what it answers counts, and not that it stopped reading.
#[test]
fn a_body_that_is_refused_has_the_answers_status() {
    let credentials = Authority::new().for_server("127.0.0.1");
    let Some(nginx) = Nginx::start_shop(&credentials).expect("nginx starts") else { return };
    let [plain, secure] = nginx.shop_addresses();
    let mut workload = CALM.to_owned();
    for (name, url) in [("plain", format!("http://{plain}")), ("secure", format!("https://{secure}"))] {
        let tls = if name == "secure" { "tls { verify off }" } else { "" };
        let _ = writeln!(
            workload,
            "target {name} \"{url}\" {{ timeout \"1m\"; {tls} }}\n\
             behavior {name} {{ http POST \"/method\" name={name} target={name} {{ multipart {{ file f \"large.bin\" }} }} }}\n\
             scenario {name} {{ behavior {name}; population {{ hold 2 for=\"10m\" }}; iterations 8 }}"
        );
    }
    let scratch = Scratch::new(workload);
    std::fs::write(scratch.path("large.bin"), vec![b'x'; 8 << 20]).expect("it can be written");
    let summary = scratch.run(0);
    for step in ["plain", "secure"] {
        assert_eq!(summary["steps"][step]["errors"], json!({ "413": 8 }), "{step}");
    }
    let log = nginx.finish().expect("nginx ends");
    assert_eq!(log.len(), 16, "none is sent twice");
}
