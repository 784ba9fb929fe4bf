//! Runs that one process saves and another one goes on with, and what is said where that cannot be.

use std::fs;

use serde_json::Value;
use throng_tests::support::{Scripted, scripted_answer as answer};

use crate::books::{assert_adds_up, assert_lines_agree};
use crate::scratch::{CALM, Scratch};

/// Parts of a run that a saved one has to bring along: files beside the workload, parameters, all kinds of state.
const WORKLOAD: &str = "throng 1\nseed 7\ninclude \"parts/base.kdl\"\nparam rate \"20/s\"\nparam most 3\n\
    behavior visit {\n http GET \"/\" name=ask { retry 2 backoff=\"5ms\" }\n think empirical \"parts/waits.csv\"\n }\n\
    scenario crowd {\n behavior visit\n arrivals poisson { hold \"${rate}\" for=\"20s\" }\n users max=\"${most}\"\n \
    overflow queue limit=5\n }\n\
    require { failures below=\"50%\"; rate at-least=\"1%\" }\nlistener file \"samples.jsonl\"\n";
const BASE: &str = "throng 1\ntarget shop \"http://127.0.0.1:1\"\n\
    service shop { servers 2; time exponential mean=\"30ms\"; fails ratio=\"10%\" }\n";

fn scratch() -> Scratch {
    let scratch = Scratch::new(WORKLOAD);
    fs::create_dir(scratch.path("parts")).expect("a directory can be made");
    fs::write(scratch.path("parts/base.kdl"), BASE).expect("it can be written");
    fs::write(scratch.path("parts/waits.csv"), "1ms\n70ms\n30ms\n").expect("it can be written");
    scratch
}

/// Runs the command and expects that exit code; gives what it printed, results and problems.
fn throng(scratch: &Scratch, arguments: &[&str], code: i32) -> (String, String) {
    let ended = scratch.throng_with(arguments, &[("THRONG_PARAM_RATE", "40/s")]);
    assert_eq!(ended.code, Some(code), "{arguments:?}: {}\n{}", ended.stdout, ended.stderr);
    (ended.stdout, ended.stderr)
}

/// A summary without what tells one run from another with the same seed.
fn comparable(scratch: &Scratch, name: &str) -> Value {
    let mut summary: Value = serde_json::from_str(&scratch.read(name)).expect("it is JSON");
    let fields = summary.as_object_mut().expect("it is an object");
    for name in ["run_id", "started", "generator"] {
        fields.remove(name).expect("it is there");
    }
    summary
}

/// Saves the first seven seconds.
const SAVE: [&str; 7] = ["simulate", "w.kdl", "--set", "most=2", "--save-at", "7s", "run.saved"];

#[test]
fn another_process_goes_on_without_the_files_of_the_first() {
    let whole = scratch();
    throng(&whole, &["simulate", "w.kdl", "--set", "most=2", "--events", "log", "--summary", "s.json"], 0);
    let parts = scratch();
    let (said, problems) =
        throng(&parts, &[&SAVE[..], &["--events", "1.log", "--summary", "s.json"]].concat(), 0);
    assert_eq!(said, "saved at 7.00 s; go on with `throng resume run.saved`\n");
    assert_eq!(problems, "");
    assert!(!parts.path("s.json").exists(), "a run that goes on has no summary yet");
    fs::remove_dir_all(parts.path("parts")).expect("it is there");
    fs::remove_file(parts.path("w.kdl")).expect("it is there");
    // What the environment says now is nothing to a run that has begun; and it may be saved once more.
    let go_on = |arguments: &[&str]| {
        let ended = parts.throng_with(arguments, &[("THRONG_PARAM_RATE", "1/s"), ("THRONG_PARAM_MOST", "9")]);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.stderr);
        ended.stdout
    };
    go_on(&["resume", "run.saved", "--events", "2.log", "--save-at", "12345678us", "later.saved"]);
    let told = go_on(&["resume", "later.saved", "--events", "3.log", "--summary", "s.json"]);
    assert!(told.starts_with("PASSED  w.kdl after 20"), "{told}");
    let logs = ["1.log", "2.log", "3.log"].map(|name| parts.read(name));
    assert!(logs.iter().all(|log| log.len() > 1_000), "{:?}", logs.each_ref().map(String::len));
    assert!(logs.concat() == whole.read("log"), "the three logs are not the whole one");
    assert_eq!(comparable(&parts, "s.json"), comparable(&whole, "s.json"));
    // Listeners' files are added to.
    assert!(parts.read("samples.jsonl") == whole.read("samples.jsonl"), "the samples differ");
}

#[test]
fn a_saved_run_is_resumed_as_often_as_one_likes_and_none_but_its_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = scratch();
    throng(&scratch, &SAVE, 0);
    let mode = fs::metadata(scratch.path("run.saved")).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    for name in ["1.json", "2.json"] {
        throng(
            &scratch,
            &["resume", "run.saved", "--summary", name, "--quiet", "--out", "file=more.jsonl"],
            0,
        );
    }
    let (mut first, mut second) = (comparable(&scratch, "1.json"), comparable(&scratch, "2.json"));
    assert!(first["listeners"]["file-2"]["delivered"].as_u64().expect("it is there") > 0, "{first}");
    for summary in [&mut first, &mut second] {
        summary["listeners"].take();
    }
    assert_eq!(first, second);
    // The old file is replaced as a whole.
    throng(&scratch, &SAVE, 0);
    let names = fs::read_dir(scratch.path("."))
        .expect("it is there")
        .map(|entry| entry.expect("it is there").file_name());
    let hidden: Vec<_> = names.filter(|name| name.to_string_lossy().starts_with('.')).collect();
    assert!(hidden.is_empty(), "{hidden:?}");
}

#[test]
fn secrets_of_the_environment_are_not_saved() {
    let secret = "xyzzy-7f3a9c";
    let text = format!(
        "{WORKLOAD}behavior other {{ http GET \"/\" name=ask {{ header x #\"${{env(\"TOKEN\")}}\"# }} }}\n\
        scenario more {{ behavior other; arrivals even {{ hold \"5/s\" for=\"9s\" }} }}\n"
    );
    let scratch = scratch();
    fs::write(scratch.path("w.kdl"), text).expect("it can be written");
    let ended = scratch.throng_with(&SAVE, &[("TOKEN", secret)]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let bytes = fs::read(scratch.path("run.saved")).expect("it is there");
    assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "the secret is in the file");
    let (_, problems) = throng(&scratch, &["resume", "run.saved"], 104);
    assert!(problems.contains("T0186") && problems.contains("TOKEN"), "{problems}");
    throng(&scratch, &["resume", "run.saved", "--quiet", "-e", "TOKEN=another"], 0);
}

#[test]
fn what_is_no_saved_run_is_told() {
    let scratch = scratch();
    throng(&scratch, &SAVE, 0);
    let bytes = fs::read(scratch.path("run.saved")).expect("it is there");
    let check = |bytes: &[u8], expected: &str| {
        fs::write(scratch.path("bad"), bytes).expect("it can be written");
        let (_, problems) = throng(&scratch, &["resume", "bad"], 104);
        assert!(problems.starts_with("error: cannot resume `bad`: "), "{problems}");
        assert!(problems.contains(expected) && problems.lines().count() == 1, "{problems}");
    };
    let changed = |at: usize, by: u8| {
        let mut changed = bytes.clone();
        changed[at] ^= by;
        changed
    };
    check(b"", "it is no saved run of throng");
    check(b"throng 1\n", "it is no saved run of throng");
    check(&bytes[..20], "it is cut off: 20 bytes are there");
    check(&bytes[..bytes.len() - 1], "it is cut off");
    check(&changed(bytes.len() - 1, 1), "it is damaged");
    check(&changed(8, 1), "in format 3, and this one");
    check(&[&bytes[..], b"x"].concat(), "it is damaged");
    let (_, problems) = throng(&scratch, &["resume", "nowhere"], 104);
    assert_eq!(problems, "error: cannot resume `nowhere`: there is no such file\n");
    for no_file in [".", "/dev/zero"] {
        let (_, problems) = throng(&scratch, &["resume", no_file], 104);
        assert!(problems.contains("it is no regular file"), "{problems}");
    }
}

#[test]
fn where_nothing_can_be_saved_it_is_said() {
    let scratch = scratch();
    let save = |more: &[&str], code: i32| {
        let (said, problems) = throng(&scratch, &[&["simulate", "w.kdl"], more].concat(), code);
        assert!(!scratch.path("run.saved").exists(), "{more:?}");
        (said, problems)
    };
    let (said, problems) = save(&["--save-at", "1h", "run.saved", "--summary", "s.json"], 0);
    assert!(
        said.starts_with("PASSED") && problems.contains("before 60.0 min: nothing was saved in `run.saved`"),
        "{problems}"
    );
    assert!(scratch.path("s.json").exists());
    let (said, problems) = save(&["--save-at", "5s", "no/such/run.saved"], 106);
    assert!(
        said.is_empty() && problems.starts_with("error: cannot write `no/such/run.saved`: "),
        "{problems}"
    );
    let (_, problems) = save(&["--save-at", "5s", "parts"], 106);
    assert!(problems.contains("cannot write `parts`"), "{problems}");
    let (_, problems) = save(&["--save-at", "5", "run.saved"], 2);
    assert!(problems.contains("`--save-at 5`: write numbers with their units"), "{problems}");
    save(&["--save-at", "5s", "a", "--save-at", "6s", "b"], 2);
    save(&["--save-at", "5s"], 2);
}

/// A shop that knows its visitors by a cookie, and gives one to who has none.
fn cookie_shop() -> Scripted {
    Scripted::start(|asked| match asked.field("cookie").as_str() {
        "" => answer(200, &["Set-Cookie: sid=7; Path=/"], b""),
        _ => answer(200, &[], b"{}"),
    })
    .expect("a server")
}

/// When the steps of that name were due, sorted.
fn due(lines: &[Value], step: &str) -> Vec<u64> {
    let of_step = lines.iter().filter(|line| line["step"] == step);
    let mut due: Vec<u64> = of_step.map(|line| line["due_ns"].as_u64().expect("it is there")).collect();
    due.sort_unstable();
    due
}

#[test]
fn a_load_test_goes_on_with_its_plan_and_its_users() {
    let server = cookie_shop();
    let scratch = Scratch::new(format!(
        "{CALM}target shop \"{}\" {{ cookies per-user }}\n\
         behavior visit {{ http GET \"/visit\" name=visit; think constant \"30ms\" }}\n\
         behavior work {{ http GET \"/work\" name=work }}\n\
         scenario crowd {{ behavior visit; arrivals even {{ hold \"40/s\" for=\"2s\" }}; users min=8 max=100\n\
             overflow queue limit=unbounded }}\n\
         scenario crew {{ behavior work; population {{ ramp from=0 to=4 over=\"800ms\"; hold 4 for=\"1200ms\" }}; pace \"100ms\" }}\n\
         listener file \"samples.jsonl\"\n",
        server.url()
    ));
    let saved = scratch.throng(&["run", "w.kdl", "--save-at", "900ms", "run.saved"]);
    assert_eq!(saved.code, Some(0), "{}", saved.stderr);
    assert_eq!(saved.stdout, "saved at 900 ms; go on with `throng resume run.saved`\n");
    let before = scratch.lines("samples.jsonl");
    assert!(due(&before, "visit").iter().all(|due| *due < 900_000_000), "{before:?}");
    let resumed = scratch.throng(&["resume", "run.saved", "--summary", "summary.json"]);
    assert_eq!(resumed.code, Some(0), "{}\n{}", resumed.stdout, resumed.stderr);
    assert!(resumed.stdout.contains("saved at 900ms, and resumed "), "{}", resumed.stdout);
    let (summary, lines) = (scratch.summary(), scratch.lines("samples.jsonl"));
    assert_adds_up(&summary);
    assert_lines_agree(&summary, &lines);
    // Each token is due where the plan had it, and begins once: number n at (n − ½) / 40 s.
    assert_eq!(due(&lines, "visit"), (0..80).map(|n| n * 25_000_000 + 12_500_000).collect::<Vec<u64>>());
    assert_eq!(due(&lines, "visit")[..due(&before, "visit").len()], due(&before, "visit"));
    assert_eq!(summary["scenarios"]["crowd"]["tokens"]["planned"], 80);
    assert_eq!(summary["scenarios"]["crew"]["users"]["created"], 4);
    assert_eq!(summary["gaps"].as_array().map(Vec::len), Some(1));
    assert_eq!(summary["gaps"][0]["at_ns"], 900_000_000);
    // Who has a cookie keeps it.
    let users = |name: &str| summary["scenarios"][name]["users"]["created"].as_u64().expect("it is there");
    let (worked, strangers): (Vec<_>, Vec<_>) = server
        .asked()
        .into_iter()
        .filter(|asked| asked.path == "/work")
        .partition(|asked| !asked.field("cookie").is_empty());
    assert_eq!(strangers.len() as u64, users("crew"), "{} with a cookie", worked.len());
    assert!(worked.len() > 20, "{}", worked.len());
}

#[test]
fn what_does_not_end_within_the_drain_is_cut_and_counted() {
    let scratch = Scratch::new(format!(
        "{CALM}target t noop\nbehavior wait {{ noop name=ask; think constant \"1h\" }}\n\
         scenario crew {{ behavior wait; population {{ hold 3 for=\"600ms\" }}; drain \"50ms\" }}\n"
    ));
    let saved = scratch.throng(&["run", "w.kdl", "--save-at", "250ms", "run.saved"]);
    assert_eq!(saved.code, Some(0), "{}", saved.stderr);
    let saved = scratch.path("run.saved");
    let kept = fs::read(&saved).expect("it is there");
    let (_, problems) = throng(&scratch, &["resume", "run.saved", "--summary", "run.saved"], 2);
    assert!(problems.contains("would write over the saved run `run.saved`"), "{problems}");
    assert_eq!(fs::read(&saved).expect("it is there"), kept);
    let again = scratch.throng(&["resume", "run.saved", "--save-at", "400ms", "again.saved"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    let (_, problems) = throng(&scratch, &["resume", "again.saved", "--save-at", "400ms", "never"], 2);
    assert!(problems.contains("was saved at 400 ms already"), "{problems}");
    let ended = scratch.throng(&["resume", "again.saved", "--summary", "summary.json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let summary = scratch.summary();
    assert_adds_up(&summary);
    let iterations = &summary["scenarios"]["crew"]["iterations"];
    assert_eq!(
        (&iterations["started"], &iterations["cut"]),
        (&Value::from(9), &Value::from(9)),
        "{iterations}"
    );
    assert_eq!(summary["gaps"].as_array().map(Vec::len), Some(2));
}
