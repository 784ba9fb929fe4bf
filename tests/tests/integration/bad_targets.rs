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
    (Manner::Garbage, "garbage", "protocol_error"),
    (Manner::Fail, "fail", "500"),
];

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
        add(name, &server.url(), if *manner == Manner::NeverAnswer { "200ms" } else { "10m" });
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
    assert_eq!(over_steps(&summary, "attempts"), EACH * 8);
}

#[test]
fn a_requirement_is_what_makes_failures_count() {
    let (scratch, _servers) = workload("require { failures below=\"1%\" }");
    let summary = scratch.run(99);
    assert_counted(&summary);
    assert_nobody_else_is_blamed(&summary);
    assert_eq!(summary["outcome"], "failed");
}
