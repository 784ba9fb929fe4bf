//! What is planned at which instant: exact at any rate, and the same in real and in virtual time.

use std::fmt::Write as _;

use serde_json::Value;
use throng_tests::support::Recorder;

use crate::books::{assert_adds_up, assert_lines_agree, assert_nobody_else_is_blamed, count};
use crate::scratch::{CALM, Scratch};

/// Scenarios by name: shape, and how many tokens it has. A stretch of area A has ceil(A − ½).
const SHAPES: &[(&str, &str, u64)] = &[
    ("three", "hold \"3/s\" for=\"1s\"", 3),
    ("four", "hold \"4/s\" for=\"1s\"", 4),
    // An area of 22.8.
    ("odd", "hold \"15.2/s\" for=\"1500ms\"", 23),
    ("sixty", "hold \"60/s\" for=\"1s\"", 60),
    ("sixty-a-minute", "hold \"60/m\" for=\"1s\"", 1),
    // An area of 0.75.
    ("thirty-a-minute", "hold \"30/m\" for=\"1500ms\"", 1),
    ("seventy", "hold \"70/s\" for=\"1s\"", 70),
    ("three-hundred", "hold \"300/s\" for=\"1s\"", 300),
    ("six-hundred", "hold \"600/s\" for=\"1s\"", 600),
    ("seven-hundred", "hold \"700/s\" for=\"1100ms\"", 770),
    ("nine-hundred", "hold \"900/s\" for=\"1s\"", 900),
    ("levels", "steps \"10/s\" \"0/s\" \"15.2/s\" each=\"500ms\"", 13),
    ("swing", "sine mean=\"50/s\" amplitude=\"50/s\" period=\"1s\" for=\"1s\"", 50),
    ("two-thousand", "hold \"2000/s\" for=\"1s\"", 2_000),
    // An area of 7.5: the eighth token would be due at its end, and ends do not belong to intervals.
    ("ramp", "ramp from=\"5/s\" to=\"10/s\" over=\"1s\"", 7),
    // 0.5, 2 and 0.25 of area: 2.75 in all, and nothing is rounded where stretches meet.
    (
        "stretches",
        "hold \"1/s\" for=\"500ms\"; hold \"4/s\" for=\"500ms\"; ramp from=\"1/s\" to=0/s over=\"500ms\"",
        3,
    ),
    // Less than half a token.
    ("hardly", "hold \"1/s\" for=\"499ms\"", 0),
];

/// Laws that draw, with about as many arrivals each.
const LAWS: &[(&str, &str)] = &[
    ("drawn", "poisson"),
    ("moved", "jittered"),
    ("steady", "gamma shape=3"),
    ("ageing", "weibull shape=0.6"),
    ("seldom", "pareto shape=3"),
    ("bursting", "mmpp"),
];

/// All laws at once, each with a step of its own.
fn laws() -> String {
    let mut text = String::new();
    for (name, law) in LAWS {
        let states =
            if *law == "mmpp" { "state factor=1 mean=\"100ms\"; state factor=5 mean=\"50ms\";" } else { "" };
        let _ = writeln!(
            text,
            "behavior {name} {{ noop name={name} }}\n\
             scenario {name} {{ behavior {name}; arrivals {law} {{ {states} hold \"400/s\" for=\"1s\" }} }}"
        );
    }
    text
}

/// All shapes at once, each with a step of its own.
fn shapes(step: &str) -> String {
    let mut text = String::new();
    for (name, shape, _) in SHAPES {
        let shape = shape.replace("0/s over", "\"0/s\" over");
        let step = step.replace("NAME", name);
        // On a machine that stands still for a while tokens wait instead of being dropped.
        let users = "users max=100; overflow queue limit=unbounded";
        let _ = writeln!(
            text,
            "behavior {name} {{ {step} }}\nscenario {name} {{ behavior {name}; arrivals even {{ {shape} }}; {users} }}"
        );
    }
    text
}

/// Instants at which the iterations of a scenario were due, by token.
fn due(lines: &[Value], step: &str) -> Vec<(u64, u64)> {
    let lines = lines.iter().filter(|line| line["step"] == step);
    let mut due: Vec<_> = lines.map(|line| (count(line, "iteration"), count(line, "due_ns"))).collect();
    due.sort_unstable();
    due
}

fn assert_planned(summary: &Value) {
    for (name, _, planned) in SHAPES {
        assert_eq!(count(summary, &format!("scenarios.{name}.tokens.planned")), *planned, "{name}");
        assert_eq!(count(summary, &format!("scenarios.{name}.tokens.started")), *planned, "{name}");
    }
}

#[test]
fn every_rate_is_planned_exactly_and_simulated_at_the_same_instants() {
    let scratch = Scratch::new(format!(
        "{CALM}target t noop\n{}{}listener file \"samples.jsonl\"\n",
        shapes("noop name=NAME"),
        laws()
    ));
    let summary = scratch.run(0);
    let lines = scratch.lines("samples.jsonl");
    assert_planned(&summary);
    assert_adds_up(&summary);
    assert_lines_agree(&summary, &lines);
    assert_nobody_else_is_blamed(&summary);

    let simulated =
        scratch.throng(&["simulate", "w.kdl", "--events", "events.jsonl", "--summary", "summary.json"]);
    assert_eq!(simulated.code, Some(0), "{}", simulated.stderr);
    assert_planned(&scratch.summary());
    let events: Vec<Value> =
        scratch.lines("events.jsonl").into_iter().filter(|event| event["event"] == "step").collect();
    for name in SHAPES.iter().map(|(name, ..)| *name).chain(LAWS.iter().map(|(name, _)| *name)) {
        assert_eq!(due(&lines, name), due(&events, name), "{name}");
    }
    assert!(due(&lines, "drawn").len() > 300, "six standard deviations below the mean are 280");
}

#[test]
fn even_arrivals_are_due_in_the_middle_of_their_interval() {
    let scratch = Scratch::new(format!(
        "{CALM}target t noop\n{}listener file \"samples.jsonl\"\n",
        shapes("noop name=NAME")
    ));
    scratch.run(0);
    let lines = scratch.lines("samples.jsonl");
    let rates = [
        ("three", 3),
        ("four", 4),
        ("sixty", 60),
        ("seventy", 70),
        ("three-hundred", 300),
        ("six-hundred", 600),
        ("seven-hundred", 700),
        ("nine-hundred", 900),
        ("two-thousand", 2_000),
    ];
    for (name, rate) in rates {
        for (token, due) in due(&lines, name) {
            let exact = (2 * token - 1) * 1_000_000_000;
            // Half a nanosecond either way, doubled and times the rate.
            assert!((due * 2 * rate).abs_diff(exact) <= 2 * rate, "{name}: token {token} at {due}");
        }
    }
}

#[test]
fn every_rate_reaches_a_server() {
    let server = Recorder::start().expect("a server");
    let target = format!("target shop \"{}\"", server.url());
    let scratch = Scratch::new(format!(
        "{CALM}{target}\n{}listener file \"samples.jsonl\"\n",
        shapes("http GET \"/NAME\" name=NAME")
    ));
    let summary = scratch.run(0);
    assert_planned(&summary);
    assert_adds_up(&summary);
    assert_lines_agree(&summary, &scratch.lines("samples.jsonl"));
    let requests = server.seen().requests;
    for (name, _, planned) in SHAPES {
        let path = format!("/{name}");
        let came = requests.iter().filter(|request| request.path == path).count() as u64;
        assert_eq!((came, count(&summary, &format!("steps.{name}.failures"))), (*planned, 0), "{name}");
    }
}
