//! `--record` and `throng replay`: what was done is done again.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use throng_tests::support::{Scripted, scripted_answer};

use crate::books::assert_adds_up;
use crate::scratch::{CALM, Scratch};

/// Both models, a choice, a wait, a warm-up, a start that is put off; requests that hold what was drawn, and the number of
/// their iteration.
const LOAD: &str = "param pages 9\n\
    behavior browse {\n\
        http GET \"/home\" name=home\n\
        think exponential mean=\"40ms\"\n\
        choose {\n\
            branch weight=2 { http GET \"/page/${random(1, pages)}/${iteration}\" name=page }\n\
            branch { http POST \"/buy\" name=buy { body \"${uuid()}\" } }\n\
        }\n\
    }\n\
    scenario crowd { behavior browse; arrivals poisson { hold \"60/s\" for=\"1s\" }; users max=60; warm-up \"300ms\" }\n\
    scenario crew { behavior browse; population { hold 3 for=\"900ms\" }; pace \"70ms\"; start delay=\"100ms\" }\n";

const MODEL: &str = "service shop { servers 2; queue fifo; time exponential mean=\"8ms\"; fails ratio=\"4%\" }\n\
    target shop \"http://127.0.0.1:1\"\n";

/// Who was due when: scenario, number of the iteration, instant; sorted.
type Plan = Vec<(String, u64, u64)>;

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

fn number(line: &Value, member: &str) -> u64 {
    line[member].as_u64().unwrap_or_else(|| panic!("no {member} in {line}"))
}

fn plan(scratch: &Scratch, recording: &str) -> Plan {
    let lines = lines(&scratch.read(recording));
    let iterations = lines.iter().filter(|line| line["step"].is_null() && !line["due_ns"].is_null());
    let mut plan: Plan = iterations
        .map(|line| {
            let scenario = line["scenario"].as_str().expect("a name").to_owned();
            (scenario, number(line, "iteration"), number(line, "due_ns"))
        })
        .collect();
    plan.sort();
    assert!(plan.len() > 60, "{recording}: {}", plan.len());
    plan
}

/// Runs the command, which has to pass.
fn throng(scratch: &Scratch, arguments: &[&str]) {
    let ended = scratch.throng(arguments);
    assert_eq!(ended.code, Some(0), "{arguments:?}\n{}\n{}", ended.stdout, ended.stderr);
}

#[test]
fn a_simulation_is_replayed_to_the_nanosecond() {
    let scratch = Scratch::new(format!("throng 1\nseed 7\n{MODEL}{LOAD}"));
    throng(&scratch, &["simulate", "w.kdl", "--set", "pages=5", "--record", "first"]);
    // The recording is enough: what the file says now is another matter.
    std::fs::write(scratch.path("w.kdl"), "gone").expect("it can be written");
    let replay = ["replay", "first", "--simulate", "--record", "again", "--summary", "summary.json"];
    throng(&scratch, &replay);
    assert_adds_up(&scratch.summary());
    let first = plan(&scratch, "first");
    assert_eq!(plan(&scratch, "again"), first);
    let planned =
        scratch.summary()["scenarios"]["crew"]["tokens"]["planned"].as_u64().expect("it is open now");
    assert_eq!(planned, first.iter().filter(|(scenario, ..)| scenario == "crew").count() as u64);

    throng(&scratch, &["replay", "first", "--simulate", "--speed", "2", "--record", "faster"]);
    let mut halved: Plan =
        first.iter().map(|(who, number, due)| (who.clone(), *number, due.div_ceil(2))).collect();
    halved.sort();
    assert_eq!(plan(&scratch, "faster"), halved);
    throng(&scratch, &["replay", "first", "--simulate", "--speed", "0.5", "--record", "slower"]);
    let doubled: Plan = first.iter().map(|(who, number, due)| (who.clone(), *number, due * 2)).collect();
    assert_eq!(plan(&scratch, "slower"), doubled);
    // Who did what is known only where the users were the scenario's own.
    let refused = scratch.throng(&["replay", "again", "--simulate"]);
    assert_eq!(refused.code, Some(104), "{}", refused.stderr);
    assert!(refused.stderr.contains("the closed scenario `crew` was open"), "{}", refused.stderr);
}

#[test]
fn an_open_scenario_does_all_it_did() {
    // Without a closed one beside it nobody is due at the same instant as another.
    let load = LOAD.lines().filter(|line| !line.contains("crew")).collect::<Vec<_>>().join("\n");
    let scratch = Scratch::new(format!("throng 1\nseed 11\n{MODEL}{load}\n"));
    throng(&scratch, &["simulate", "w.kdl", "--record", "first", "--events", "first.events"]);
    throng(&scratch, &["replay", "first", "--simulate", "--record", "again", "--events", "again.events"]);
    assert!(scratch.read("first.events") == scratch.read("again.events"), "every event is the same one");
    let rows =
        |recording: &str| scratch.read(recording).lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert!(rows("first") == rows("again"), "and so is every line behind the header");
    let summary = ["replay", "again", "--simulate", "--speed", "2", "--summary", "summary.json"];
    throng(&scratch, &summary);
    let header = lines(&scratch.read("again")).swap_remove(0);
    let replayed = serde_json::json!({ "run_id": header["run_id"], "speed": 2.0 });
    assert_eq!(scratch.summary()["replay_of"], replayed);
    assert_eq!(header["replay_of"]["run_id"], lines(&scratch.read("first"))[0]["run_id"]);
}

/// Everything that was asked, and how often.
fn asked(server: &Scripted) -> BTreeMap<(String, String), u64> {
    let mut counts = BTreeMap::new();
    for asked in server.asked() {
        *counts.entry((asked.path.clone(), asked.text())).or_insert(0) += 1;
    }
    counts
}

#[test]
fn real_requests_are_sent_again_somewhere_else() {
    let serve = || Scripted::start(|_| scripted_answer(200, &[], b"ok")).expect("a port");
    let (one, other) = (serve(), serve());
    let target = format!("target shop \"{}\" {{ timeout \"60s\" }}\n", one.url());
    let scratch = Scratch::new(format!("{CALM}{target}{LOAD}"));
    throng(&scratch, &["run", "w.kdl", "--record", "first"]);
    let there = format!("shop={}", other.url());
    // What the environment says of virtual time is not for a run in real time.
    let variables = [("THRONG_UNTIL", "1ms"), ("THRONG_EVENTS", "events")];
    let replay = ["replay", "first", "--target", &there, "--record", "again", "--speed", "4"];
    let ended = scratch.throng_with(&replay, &variables);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!scratch.path("events").exists());
    let (sent, again) = (asked(&one), asked(&other));
    assert!(sent.values().sum::<u64>() > 120, "{}", sent.values().sum::<u64>());
    assert_eq!(sent, again, "the same requests, with the same bodies");
    let quarter = |(who, number, due): (String, u64, u64)| (who, number, due.div_ceil(4));
    let mut expected: Plan = plan(&scratch, "first").into_iter().map(quarter).collect();
    expected.sort();
    assert_eq!(plan(&scratch, "again"), expected);
}

#[test]
fn a_recording_says_what_it_is_and_how_much() {
    let scratch = Scratch::new(format!("throng 1\nseed 7\n{MODEL}{LOAD}listener record \"out/own\"\n"));
    let secret = [("THRONG_PARAM_PAGES", "3")];
    let ended = scratch.throng_with(&["simulate", "w.kdl", "--record", "asked", "--until", "700ms"], &secret);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let (own, asked) = (lines(&scratch.read("out/own")), lines(&scratch.read("asked")));
    assert_eq!(own, asked);
    let (header, end) = (&own[0], &own[own.len() - 1]);
    assert_eq!(
        (&header["recording"], &header["seed"], &header["clock"]),
        (&1.into(), &7.into(), &"virtual".into())
    );
    assert_eq!(header["set"], serde_json::json!([["pages", "3"]]));
    assert_eq!(header["files"][0]["text"].as_str(), Some(scratch.read("w.kdl").as_str()));
    let rows = &own[1..own.len() - 1];
    let iterations = rows.iter().filter(|row| row["step"].is_null()).count();
    let expected = serde_json::json!({
        "end": true, "iterations": iterations, "tries": rows.len() - iterations, "lost": 0,
    });
    assert_eq!(*end, expected);
    assert!(rows.iter().any(|row| row["outcome"] == "cut" && row["ended_ns"] == 700_000_000));
    // A replay leaves alone what it reads.
    throng(&scratch, &["replay", "out/own", "--simulate", "--quiet"]);
    assert_eq!(lines(&scratch.read("out/own")), own);
    let outs = ["--out", "record=one", "--record", "two", "--out", "record=three"];
    throng(&scratch, &[&["replay", "out/own", "--simulate", "--quiet"], &outs[..]].concat());
    assert_eq!(lines(&scratch.read("out/own")), own);
    let [one, two, three] = ["one", "two", "three"].map(|name| lines(&scratch.read(name)).len());
    assert!(one > own.len() / 2 && (one, one) == (two, three), "{one}, {two}, {three}");
    let over = scratch.throng(&["replay", "out/own", "--simulate", "--out", "record=./out/own"]);
    assert_eq!(over.code, Some(2), "{}", over.stderr);
    assert!(over.stderr.contains("would write over the recording"), "{}", over.stderr);
}

/// Replays what the recording is made into; it is refused, with these words.
fn refused(scratch: &Scratch, change: impl Fn(&str) -> String, expected: &str) {
    std::fs::write(scratch.path("changed"), change(&scratch.read("whole"))).expect("it can be written");
    let ended = scratch.throng(&["replay", "changed", "--simulate"]);
    assert_eq!(ended.code, Some(104), "{}", ended.stderr);
    assert!(ended.stderr.contains(expected), "{}\nnot {expected}", ended.stderr);
    assert_eq!(ended.stdout, "");
}

#[test]
fn what_is_no_whole_recording_is_refused() {
    let scratch = Scratch::new(format!("throng 1\nseed 7\n{MODEL}{LOAD}"));
    throng(&scratch, &["simulate", "w.kdl", "--record", "whole"]);
    for command in ["check", "run"] {
        let ended = scratch.throng(&[command, "whole"]);
        assert_eq!(ended.code, Some(104), "{}", ended.stderr);
        assert!(ended.stderr.contains("`whole` is a recording"), "{}", ended.stderr);
        assert!(ended.stderr.contains("`throng replay whole`"), "{}", ended.stderr);
    }
    let count = scratch.read("whole").lines().count();
    let last = format!("cut off behind line {}", count - 1);
    let head = |text: &str| text.lines().take(count - 1).collect::<Vec<_>>().join("\n") + "\n";
    refused(&scratch, head, &last);
    refused(&scratch, |text| text[..text.len() - 2].to_owned(), &last);
    refused(&scratch, |text| text.replacen(":1,", ":2,", 1), "version 2 of the format is not known");
    refused(&scratch, |text| text.replacen("\"user\":", "\"usr\":", 1), "line 2: missing field `user`");
    refused(
        &scratch,
        |text| text.replacen("\"user\":1,", "\"user\":0,", 1),
        ": users and iterations are numbered",
    );
    refused(&scratch, |text| format!("{text}\n"), &format!("line {}: something follows", count + 1));
    refused(&scratch, |_| "throng 1\n".to_owned(), "it is no recording");
    refused(&scratch, |_| String::new(), "it is no recording");
    refused(
        &scratch,
        |text| text.replace("\"scenario\":\"crew\"", "\"scenario\":\"crow\""),
        "iterations of `crow`",
    );
    let usage = |arguments: &[&str], expected: &str| {
        let ended = scratch.throng(&[&["replay", "whole"], arguments].concat());
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    };
    usage(&["--record", "./whole"], "`--record ./whole` would write over the recording `whole`");
    usage(&["--summary", "whole"], "`--summary whole` would write over the recording `whole`");
    usage(&["--simulate", "--events", "whole"], "`--events whole` would write over the recording `whole`");
    usage(&["--until", "5s"], "add `--simulate`");
    for set in ["seed=8", "crowd.arrivals.hold=9/s", "crew.population.hold.for=1s"] {
        usage(&["--simulate", "--set", set], "a replay goes by its recording");
    }
    usage(&["--target", "nosuch=http://127.0.0.1:1"], "no target `nosuch`; known: shop");
    usage(&["--target", "shop"], "needs a name and an address");
    usage(&["--speed", "0"], "a number from 0.001 to 10000");
}

#[test]
fn all_that_was_done_is_done_however_long_it_takes() {
    let scratch = Scratch::new(
        "throng 1\nseed 7\nparam wait \"1ms\"\ntarget t noop\nbehavior b { noop name=x; think constant \"${wait}\"; noop name=y }\n\
         scenario s { behavior b; population { hold 1 for=\"1500ms\" }; drain \"20s\" }\n",
    );
    throng(&scratch, &["simulate", "w.kdl", "--record", "first"]);
    // Each of them is still under way when the last one begins.
    let slower = ["replay", "first", "--simulate", "--set", "wait=2s", "--summary", "summary.json"];
    throng(&scratch, &slower);
    let scenario = &scratch.summary()["scenarios"]["s"];
    let done = |scenario: &Value| number(&scenario["iterations"], "succeeded");
    let count = done(scenario);
    assert!(count > 1_400, "{scenario}");
    assert_eq!(number(&scenario["users"], "peak"), count, "{scenario}");
    // A wait of 2000 s is longer than the drain was.
    throng(&scratch, &[&slower[..], &["--speed", "0.001"]].concat());
    assert_eq!(done(&scratch.summary()["scenarios"]["s"]), count);
}

/// The recording with another text in the first lines of iterations of this scenario; the change is given each of them in turn.
fn with_iterations(text: &str, scenario: &str, mut change: impl FnMut(&str) -> String) -> String {
    let own = format!("{{\"scenario\":\"{scenario}\",\"user\"");
    let changed = |line: &str| if line.starts_with(&own) { change(line) } else { line.to_owned() };
    text.lines().map(changed).collect::<Vec<_>>().join("\n") + "\n"
}

/// The recording with another number for this member of the iterations of a scenario.
fn with_number(text: &str, scenario: &str, member: &str, number: u64) -> String {
    let before = format!("\"{member}\":");
    with_iterations(text, scenario, |line| line.replace(&before, &format!("{before}{number},\"was\":")))
}

#[test]
fn what_no_run_can_have_done_is_refused() {
    let scratch = Scratch::new(format!("throng 1\nseed 7\n{MODEL}{LOAD}"));
    throng(&scratch, &["simulate", "w.kdl", "--record", "whole"]);
    let never = |text: &str| with_number(text, "crowd", "due_ns", u64::MAX);
    refused(&scratch, never, ": due_ns is 18446744073709551615, and no run is longer");
    refused(
        &scratch,
        |text| with_number(text, "crew", "ended_ns", 1),
        ": it ended at 1 ns, before it started",
    );
    let unplanned = |text: &str| with_number(text, "crowd", "iteration", 1 << 30);
    refused(&scratch, unplanned, ": iteration 1073741824 is that of line ");
    let unplanned = |text: &str| {
        let mut count = 0;
        with_iterations(text, "crowd", |line| {
            count += 1;
            if count > 1 {
                line.to_owned()
            } else {
                line.replace("\"iteration\":", "\"iteration\":107374182")
            }
        })
    };
    refused(&scratch, unplanned, "at most 10000000 are planned for so many");
    for scenario in ["crowd", "crew"] {
        let mut first = None;
        let twice = |line: &str| first.get_or_insert_with(|| line.to_owned()).clone();
        let text = with_iterations(&scratch.read("whole"), scenario, twice);
        refused(&scratch, |_| text.clone(), " once more");
    }
    let backwards = |text: &str| text.replacen("\"speed\":1.0", "\"speed\":-1.0", 1);
    refused(&scratch, backwards, "line 1: a speed is a number above 0, and this is -1");
    // What is late enough is too late when it is stretched.
    let late = with_number(&scratch.read("whole"), "crowd", "due_ns", 1 << 54);
    std::fs::write(scratch.path("changed"), late).expect("it can be written");
    let ended = scratch.throng(&["replay", "changed", "--simulate", "--speed", "0.001"]);
    assert_eq!(ended.code, Some(104), "{}", ended.stderr);
    assert!(ended.stderr.contains(": at speed 0.001 it is due behind 15250w"), "{}", ended.stderr);
    throng(&scratch, &["replay", "changed", "--simulate"]);
}

#[test]
fn recorded_service_times_drive_a_model() {
    // One user at a time, so that nobody waits: what is recorded are the times of the service alone.
    let model = |time: &str, length: &str| {
        format!(
            "throng 1\nseed 5\ntarget shop \"http://127.0.0.1:1\"\nbehavior b {{ http GET \"/\" name=home }}\n\
             scenario s {{ behavior b; population {{ hold 1 for=\"{length}\" }}; warm-up \"1s\" }}\n\
             service shop {{ servers 1; time {time} }}\n"
        )
    };
    let scratch = Scratch::new(model("exponential mean=\"10ms\"", "20s"));
    throng(&scratch, &["simulate", "w.kdl", "--record", "out.recording"]);
    std::fs::write(scratch.path("w.kdl"), model("empirical \"out.recording\" step=home", "200s"))
        .expect("it can be written");
    throng(&scratch, &["simulate", "w.kdl", "--record", "model.recording"]);
    let times = |recording: &str| -> Vec<u64> {
        let lines = lines(&scratch.read(recording));
        let tries = lines.iter().filter(|line| line["step"] == "home" && line["warm_up"] != true);
        let tries = tries.filter(|line| line["outcome"] == "succeeded");
        tries.map(|line| number(line, "ended_ns") - number(line, "started_ns")).collect()
    };
    let (recorded, drawn) = (times("out.recording"), times("model.recording"));
    assert!(recorded.len() > 1_500 && drawn.len() > 15_000, "{} and {}", recorded.len(), drawn.len());
    let known: BTreeSet<u64> = recorded.iter().copied().collect();
    assert!(drawn.iter().all(|time| known.contains(time)), "only recorded times are drawn");
    let mean = |times: &[u64]| times.iter().sum::<u64>() as f64 / times.len() as f64;
    let (of_recorded, of_drawn) = (mean(&recorded), mean(&drawn));
    let squares: f64 = recorded.iter().map(|time| (*time as f64 - of_recorded).powi(2)).sum();
    let error = (squares / recorded.len() as f64 / drawn.len() as f64).sqrt();
    assert!((of_drawn - of_recorded).abs() < 4.0 * error, "{of_drawn}, not {of_recorded} by {error}");
}

#[test]
fn a_secret_that_is_set_stands_in_no_recording() {
    let scratch = Scratch::new(format!(
        "throng 1\nparam api-key \"${{env('THRONG_TEST_KEY')}}\"\n{MODEL}\
         behavior look {{ http GET \"/\" name=home {{ header \"X-Key\" \"${{api-key}}\" }} }}\n\
         scenario crew {{ behavior look; population {{ hold 1 for=\"100ms\" }} }}\n"
    ));
    let set = ["--set", "api-key=hidden-here", "--record", "a.recording", "--summary", "summary.json"];
    throng(&scratch, &[&["simulate", "w.kdl"][..], &set].concat());
    for file in ["a.recording", "summary.json"] {
        assert!(!scratch.read(file).contains("hidden-here"), "{file}");
    }
    let ended = scratch.throng(&["replay", "a.recording", "--simulate"]);
    assert_eq!(ended.code, Some(104), "{}", ended.stderr);
    assert!(ended.stderr.contains("THRONG_TEST_KEY"), "{}", ended.stderr);
    throng(&scratch, &["replay", "a.recording", "--simulate", "-e", "THRONG_TEST_KEY=again"]);
}
