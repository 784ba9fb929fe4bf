//! Outputs that cannot be written and ports that are taken: 106, before anything is sent.

use std::net::TcpListener;

use throng_tests::support::Recorder;

use crate::books::count;
use crate::scratch::{CALM, Scratch};

fn workload(server: &Recorder, rest: &str) -> Scratch {
    Scratch::new(format!(
        "{CALM}target shop \"{}\"\nbehavior visit {{ http GET \"/\" name=home }}\n\
         scenario crew {{ behavior visit; population {{ hold 2 for=\"10m\" }}; iterations 20 }}\n{rest}\n",
        server.url()
    ))
}

#[test]
fn an_output_that_cannot_be_written_starts_nothing() {
    let server = Recorder::start().expect("a server");
    let scratch = workload(&server, "");
    std::fs::create_dir(scratch.path("folder")).expect("it can be made");
    std::fs::write(scratch.path("file"), "").expect("it can be written");
    nix::unistd::mkfifo(&scratch.path("pipe"), nix::sys::stat::Mode::S_IRWXU).expect("it can be made");
    let cases: &[(&[&str], &str)] = &[
        (&["run", "w.kdl", "--summary", "nowhere/summary.json"], "nowhere/summary.json"),
        (&["run", "w.kdl", "--summary", "folder"], "folder"),
        (&["run", "w.kdl", "--out", "file=folder"], "folder"),
        (&["run", "w.kdl", "--out", "file=pipe"], "cannot open `pipe`: nobody reads from this pipe"),
        (&["run", "w.kdl", "--record", "pipe"], "nobody reads from this pipe"),
        (&["run", "w.kdl", "--out", "file=file/samples.jsonl"], "file/samples.jsonl"),
    ];
    for (arguments, named) in cases {
        let ended = scratch.throng(arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(106), ""), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(named), "{arguments:?}: {}", ended.stderr);
    }
    let modelled = workload(&server, "service shop { time constant \"10ms\" }");
    std::fs::create_dir(modelled.path("folder")).expect("it can be made");
    let ended = modelled.throng(&["simulate", "w.kdl", "--events", "folder"]);
    assert_eq!(ended.code, Some(106), "{}", ended.stderr);
    assert!(ended.stderr.contains("folder"), "{}", ended.stderr);
    let scratch = workload(&server, "listener file \"there\" exists=fail");
    std::fs::write(scratch.path("there"), "").expect("it can be written");
    let ended = scratch.throng(&["run", "w.kdl"]);
    assert_eq!(ended.code, Some(106), "{}", ended.stderr);
    assert_eq!(server.seen().connections, 0, "something was started");
}

#[test]
fn no_output_is_written_over_an_input_or_another_output() {
    let server = Recorder::start().expect("a server");
    let scratch = workload(
        &server,
        "service shop { time constant \"10ms\" }\ninclude \"more.kdl\"\nlistener file \"lines\" name=lines",
    );
    std::fs::write(scratch.path("more.kdl"), "throng 1\n").expect("it can be written");
    std::fs::hard_link(scratch.path("w.kdl"), scratch.path("twin")).expect("it can be linked");
    let text = scratch.read("w.kdl");
    for (outputs, expected) in [
        ("--record w.kdl", "`--record w.kdl` would write over the workload `w.kdl`"),
        ("--events w.kdl", "`--events w.kdl` would write over the workload `w.kdl`"),
        ("--summary ./w.kdl", "`--summary ./w.kdl` would write over the workload `w.kdl`"),
        ("--out file=w.kdl", "`--out file=w.kdl` would write over the workload `w.kdl`"),
        ("--save-at 1s w.kdl", "`--save-at w.kdl` would write over the workload `w.kdl`"),
        ("--record twin", "`--record twin` would write over the workload `w.kdl`"),
        ("--events more.kdl", "`--events more.kdl` would write over the workload `more.kdl`"),
        ("--record x --events x", "`--record x` and `--events x` are one file"),
        ("--record x --summary x", "`--record x` and `--summary x` are one file"),
        ("--record x --out record=x", "`--out record=x` and `--record x` are one file"),
        ("--summary lines", "`listener lines` and `--summary lines` are one file"),
    ] {
        let arguments: Vec<&str> = ["simulate", "w.kdl"].into_iter().chain(outputs.split(' ')).collect();
        let ended = scratch.throng(&arguments);
        assert_eq!(ended.code, Some(2), "{outputs}: {}", ended.stderr);
        assert!(ended.stderr.contains(expected), "{outputs}: {}", ended.stderr);
        assert_eq!(scratch.read("w.kdl"), text, "{outputs}");
        assert!(!scratch.path("x").exists() && !scratch.path("lines").exists(), "{outputs}");
    }
    let nowhere =
        ["simulate", "w.kdl", "--record", "/dev/null", "--events", "/dev/null", "--summary", "/dev/null"];
    let ended = scratch.throng(&nowhere);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[test]
fn a_workload_that_is_refused_leaves_no_output_behind() {
    let outputs = ["--events", "events.jsonl", "--summary", "summary.json", "--out", "file=samples.jsonl"];
    let look = "behavior b { http GET \"/\" name=x }\ntarget shop \"http://127.0.0.1:1\"\n";
    let crew = "scenario s { behavior b; population { hold 1 for=\"1s\" } }\n";
    for workload in [format!("{CALM}{look}{crew}"), format!("{CALM}{look}{crew}nonsense\n")] {
        let scratch = Scratch::new(workload);
        let ended = scratch.throng(&[&["simulate", "w.kdl"][..], &outputs].concat());
        assert_eq!(ended.code, Some(104), "{}", ended.stderr);
        for name in ["events.jsonl", "summary.json", "samples.jsonl"] {
            assert!(!scratch.path(name).exists(), "{name} is there: {}", ended.stderr);
        }
    }
}

#[test]
fn all_outputs_that_cannot_be_opened_are_named() {
    let server = Recorder::start().expect("a server");
    let scratch =
        workload(&server, "listener file \"one/two\" name=first\nlistener file \"one/three\" name=second");
    std::fs::write(scratch.path("one"), "").expect("it can be written");
    let ended = scratch.throng(&["run", "w.kdl"]);
    assert_eq!(ended.code, Some(106), "{}", ended.stderr);
    assert!(ended.stderr.contains("one/two") && ended.stderr.contains("one/three"), "{}", ended.stderr);
    assert_eq!(server.seen().connections, 0);
}

#[test]
fn a_taken_port_is_named() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = taken.local_addr().expect("it has one").to_string();
    let ended = Scratch::new("").throng(&["serve-demo", "--listen", &address]);
    assert_eq!(ended.code, Some(106), "{}", ended.stderr);
    assert!(ended.stderr.contains(&address), "{}", ended.stderr);
}

#[test]
fn a_full_disk_loses_lines_and_never_the_run() {
    let server = Recorder::start().expect("a server");
    let scratch = workload(&server, "listener file \"/dev/full\"");
    let summary = scratch.run(0);
    assert_eq!(count(&summary, "steps.home.count"), 20);
    assert_eq!(count(&summary, "listeners.file.delivered"), 0);
    assert_eq!(count(&summary, "listeners.file.lost"), 20);
    assert_eq!(summary["verdict"], "valid");
}

#[test]
fn a_summary_that_cannot_be_written_in_the_end_returns_106() {
    let server = Recorder::start().expect("a server");
    let ended = workload(&server, "").throng(&["run", "w.kdl", "--summary", "/dev/full"]);
    assert_eq!(ended.code, Some(106), "{}", ended.stderr);
    assert!(ended.stderr.contains("summary"), "{}", ended.stderr);
    assert_eq!(server.requests(), 20);
}

#[test]
fn a_recording_that_cannot_be_written_to_its_end_returns_106_and_says_why() {
    let server = Recorder::start().expect("a server");
    let scratch = workload(&server, "service shop { time constant \"10ms\" }");
    for arguments in [&["simulate", "w.kdl"][..], &["run", "w.kdl"], &["run", "w.kdl", "--quiet"]] {
        let ended = scratch.throng(&[arguments, &["--record", "/dev/full", "--summary", "s.json"]].concat());
        assert_eq!(ended.code, Some(106), "{arguments:?}: {}", ended.stderr);
        let expected = "error: listener `record` could not write what it is for: No space left on device";
        assert!(ended.stderr.contains(expected), "{arguments:?}: {}", ended.stderr);
        let summary: serde_json::Value = serde_json::from_str(&scratch.read("s.json")).expect("it is JSON");
        assert_eq!(summary["outcome"], "passed", "the run itself goes on");
        let error = summary["listeners"]["record"]["error"].as_str().expect("it is told");
        assert!(error.starts_with("No space left"), "{error}");
    }
    assert_eq!(server.requests(), 40);
}

#[test]
fn streams_that_are_closed_or_full_end_a_run_as_they_should() {
    let server = Recorder::start().expect("a server");
    let check = |redirection: &str, arguments: &[&str], code: i32, said: &str| {
        let scratch = workload(&server, "listener console every=\"100ms\"");
        // A pipe's own code is its last command's; that of throng is what counts.
        let how = format!("{{ \"$0\" \"$@\"; echo $? > code; }} {redirection}");
        let run = scratch.start_under("sh", &["-c", &how], &[&["run", "w.kdl"], arguments].concat());
        let ended = run.wait().expect("it ends");
        assert_eq!(scratch.read("code").trim(), code.to_string(), "{redirection} {arguments:?}");
        let (out, error) = (&ended.stdout, &ended.stderr);
        assert!(out.contains(said) || error.contains(said), "{redirection} {arguments:?}: {out}{error}");
        assert!(!error.contains("panicked") && !out.contains("panicked"), "{redirection}: {error}");
    };
    check(">&-", &[], 0, "");
    check("2>&-", &[], 0, "PASSED");
    check(">&- 2>&-", &["--summary", "-"], 0, "");
    check("| head -n 1", &[], 0, "PASSED");
    check("| head -n 1", &["--summary", "-"], 0, "{");
    check("| true", &["--summary", "-"], 0, "");
    check(">/dev/full", &[], 106, "cannot write the summary to standard output");
    check(">/dev/full", &["--summary", "-"], 106, "cannot write the summary to standard output");
    check("2>/dev/full", &[], 0, "PASSED");
    check("2>/dev/full", &["--quiet", "--summary", "-"], 0, "\"outcome\": \"passed\"");
}
