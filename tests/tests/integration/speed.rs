//! `clock real speed=…`: real I/O in a run's time that passes faster than the wall clock's.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::books::assert_adds_up;
use crate::scratch::{CALM, Scratch};

/// A minute of load, with a start that is put off and a wait within each iteration.
const MINUTE: &str = "clock real speed=50\ntarget shop demo { timeout \"1h\" }\n\
    service shop { servers 50; time constant \"40ms\" }\n\
    behavior browse { http GET \"/\" name=home; think uniform \"1s\" \"3s\"; http GET \"/items/7\" name=item }\n\
    scenario crowd {\n\
        behavior browse\n\
        arrivals poisson { hold \"4/s\" for=\"30s\"; ramp from=\"4/s\" to=\"0/s\" over=\"20s\" }\n\
        users max=1000\n\
        start delay=\"10s\"\n\
        drain \"1h\"\n\
    }\n\
    listener file \"samples.jsonl\"\n";

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

/// When the first step of each iteration was due, and by how much later the second one was than the first had ended.
fn plan(scratch: &Scratch) -> (BTreeMap<u64, u64>, BTreeMap<u64, u64>) {
    let lines = lines(&scratch.read("samples.jsonl"));
    let number = |line: &Value, field: &str| line[field].as_u64().expect("a number");
    let of = |step: &str, field: &'static str| -> BTreeMap<u64, u64> {
        let those = lines.iter().filter(|line| line["step"] == step);
        those.map(|line| (number(line, "iteration"), number(line, field))).collect()
    };
    let ends = of("home", "ended_ns");
    let waits = of("item", "due_ns").into_iter().map(|(iteration, due)| (iteration, due - ends[&iteration]));
    (of("home", "due_ns"), waits.collect())
}

#[test]
fn a_plan_is_the_same_at_any_speed() {
    let scratch = Scratch::new(format!("{CALM}{MINUTE}"));
    let ran = scratch.throng(&["run", "w.kdl", "--summary", "summary.json"]);
    assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("at speed 50, in 1."), "{}", ran.stdout);
    let summary = scratch.summary();
    assert_adds_up(&summary);
    assert_eq!((&summary["clock"], &summary["speed"]), (&"real".into(), &50.0.into()));
    assert!(summary["duration_ns"].as_u64() >= Some(60_000_000_000), "{}", summary["duration_ns"]);
    let real = plan(&scratch);
    assert!(
        lines(&scratch.read("samples.jsonl"))
            .iter()
            .all(|line| line["started_ns"].as_u64() >= line["due_ns"].as_u64())
    );

    let simulated = scratch.throng(&["simulate", "w.kdl", "--summary", "summary.json"]);
    assert_eq!(simulated.code, Some(0), "{}\n{}", simulated.stdout, simulated.stderr);
    assert_eq!(scratch.summary()["speed"], Value::Null);
    let modelled = plan(&scratch);
    assert!(real.0.len() > 100, "{}", real.0.len());
    assert_eq!(real.0, modelled.0, "iterations are due at the same instants");
    assert_eq!(real.1, modelled.1, "waits within an iteration are as long");
    assert!(real.0.values().all(|due| (10_000_000_000..60_000_000_000).contains(due)));
}

#[test]
fn timeouts_are_in_the_time_of_the_run() {
    // Ten seconds, of which 10,000 pass in one of wall time: nobody waits for the shop's minute.
    let slow = "clock real speed=10000\ntarget shop demo { timeout \"10s\" }\n\
        behavior wait { http GET \"/never\" name=hang }\n\
        scenario s { behavior wait; population { hold 1 for=\"1s\" }; iterations 1; drain \"9h\" }\n";
    let scratch = Scratch::new(format!("{CALM}{slow}"));
    let ran = scratch.throng(&["run", "w.kdl", "--summary", "summary.json"]);
    assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
    let hang = &scratch.summary()["steps"]["hang"];
    assert_eq!(hang["errors"]["timeout"], 1, "{hang}");
    assert!(hang["response_ns"]["min"].as_u64() >= Some(10_000_000_000), "{hang}");
}
