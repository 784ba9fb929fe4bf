//! The built-in target, alone and within a run.

use std::io::{Read, Write};
use std::net::TcpStream;

use nix::sys::signal::Signal;
use throng_tests::support::wait_until;

use crate::books::{assert_adds_up, assert_lines_agree, count};
use crate::scratch::{CALM, Scratch};

/// The answer to a request, whole, as far as one came.
fn ask(address: &str, method: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: demo\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: 2\r\n\r\n{{}}"
    );
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = Vec::new();
    // A reset is an answer too.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn it_serves_alone_until_it_is_interrupted() {
    let scratch = Scratch::new("");
    let mut demo = scratch.start(&["serve-demo", "--listen", "127.0.0.1:0"]);
    assert!(wait_until(|| demo.stdout().contains("Ctrl-C") || demo.has_ended()), "it says nothing");
    let said = demo.stdout();
    let address = said.lines().next().and_then(|line| line.strip_prefix("http://")).expect("an address");
    let answers = [
        ("GET", "/", "HTTP/1.1 200"),
        ("GET", "/items/7", "HTTP/1.1 200"),
        ("POST", "/login", "HTTP/1.1 200"),
        ("POST", "/buy", "HTTP/1.1 201"),
        ("GET", "/delay/constant/1ms", "HTTP/1.1 200"),
        ("GET", "/fail/100%25", "HTTP/1.1 500"),
        ("GET", "/fail/0%25", "HTTP/1.1 200"),
        ("GET", "/status/418", "HTTP/1.1 418"),
        ("GET", "/nowhere", "HTTP/1.1 404"),
    ];
    for (method, path, status) in answers {
        let answer = ask(address, method, path);
        assert!(answer.starts_with(status), "{method} {path}: {answer}");
    }
    assert!(ask(address, "GET", "/bytes/64KiB").len() > 64 * 1024);
    assert!(!ask(address, "GET", "/garbage").starts_with("HTTP"));
    demo.signal(Signal::SIGINT);
    let ended = demo.wait().expect("it ends");
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stdout);
    assert!(ended.stdout.trim_end().ends_with(&format!("{} answers", answers.len() + 2)), "{}", ended.stdout);
}

#[test]
fn it_is_a_target_of_a_run() {
    let scratch = Scratch::new(format!(
        "{CALM}target shop demo\nlistener file \"samples.jsonl\"\nbehavior visit {{\n\
           http GET \"/\" name=index {{ expect {{ status 200 }} }}\n\
           http POST \"/login\" name=login {{ json {{ user \"visitor\"; password \"x\" }}; save token json-path=\"$.token\" }}\n\
           http GET \"/items/${{iteration}}\" name=item {{ header authorization \"Bearer ${{token}}\" }}\n\
           http POST \"/buy\" name=buy {{ expect {{ status 201 }} }}\n\
           http POST \"/leave\" name=leave\n\
           http GET \"/fail/100%25\" name=fail\n\
           http GET \"/bytes/10KiB\" name=bytes\n}}\n\
         scenario crew {{ behavior visit; population {{ hold 4 for=\"10m\" }}; iterations 20 }}\n"
    ));
    let summary = scratch.run(0);
    assert_adds_up(&summary);
    assert_lines_agree(&summary, &scratch.lines("samples.jsonl"));
    for step in ["index", "login", "item", "buy", "leave", "bytes"] {
        let path = format!("steps.{step}");
        assert_eq!(count(&summary, &format!("{path}.count")), 20, "{step}");
        assert_eq!(count(&summary, &format!("{path}.failures")), 0, "{step}: {summary:#}");
    }
    assert_eq!(count(&summary, "steps.fail.errors.500"), 20);
    assert!(count(&summary, "steps.bytes.bytes_received") > 20 * 10 * 1024);
    assert!(count(&summary, "steps.login.response_ns.min") >= 5_000_000, "a login takes 5 ms");
}

#[test]
fn the_quickstart_passes_in_short() {
    let quickstart = include_str!("../../../workloads/quickstart.kdl");
    let short = [
        ("over=\"5s\"", "over=\"500ms\""),
        ("for=\"9s\"", "for=\"1500ms\""),
        ("over=\"2s\"", "over=\"200ms\""),
        ("for=\"12s\"", "for=\"1800ms\""),
    ];
    let text = short.iter().fold(quickstart.to_owned(), |text, (long, short)| {
        assert!(text.contains(long), "the quickstart has changed: no {long}");
        text.replace(long, short)
    });
    let text = text.replace("throng 1\n", CALM);
    // Whether answers are quick is not what this is about, nor how many of them tell a percentile.
    let text = text.replace("below=\"500ms\"", "below=\"20s\" min-count=1");
    let scratch = Scratch::new(text);
    let summary = scratch.run(0);
    assert_adds_up(&summary);
    assert_eq!(
        (summary["outcome"].as_str(), &summary["stopped_by"]),
        (Some("passed"), &serde_json::Value::Null)
    );
    assert!(count(&summary, "scenarios.crowd.iterations.succeeded") > 0);
    assert!(count(&summary, "scenarios.crew.iterations.succeeded") > 0);
    let simulated = scratch.throng(&["simulate", "w.kdl", "--summary", "summary.json"]);
    assert_eq!(simulated.code, Some(0), "{}", simulated.stderr);
    let planned = |summary: &serde_json::Value| count(summary, "scenarios.crowd.tokens.planned");
    assert_eq!(planned(&scratch.summary()), planned(&summary), "one seed, the same crowd");
}
