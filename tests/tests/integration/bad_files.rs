//! Files that are no workload: nothing starts, every problem is shown at once, and the exit code is 104.

use throng_tests::support::{Ended, Recorder};

use crate::scratch::Scratch;

/// What is right around a mistake. All would send requests.
fn around(server: &Recorder, mistake: &str) -> String {
    format!(
        "throng 1\ntarget shop \"{}\"\nbehavior visit {{ http GET \"/\" name=home }}\n\
         scenario crowd {{ behavior visit; arrivals even {{ hold \"50/s\" for=\"1s\" }} }}\n{mistake}\n",
        server.url()
    )
}

/// A scenario more, with a mistake in it.
fn scenario(inner: &str) -> String {
    format!("scenario more {{ behavior visit; {inner} }}")
}

fn hold(rate: &str, length: &str) -> String {
    scenario(&format!("arrivals even {{ hold {rate} for={length} }}"))
}

/// Runs and checks a file that is refused; gives what `run` said.
fn refused(scratch: &Scratch, what: &str) -> Ended {
    let run = scratch.throng(&["run", "w.kdl", "--summary", "summary.json", "--out", "file=samples.jsonl"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(104), ""), "{what}: {}", run.stderr);
    assert!(!scratch.path("summary.json").exists() && !scratch.path("samples.jsonl").exists(), "{what}");
    assert!(!run.stderr.contains("panicked"), "{what}: {}", run.stderr);
    for command in ["check", "simulate"] {
        let ended = scratch.throng(&[command, "w.kdl"]);
        assert_eq!(ended.code, Some(104), "{what}: {}{}", ended.stdout, ended.stderr);
    }
    run
}

/// Every text that is refused, what is wrong, and what the message has to name.
fn mistakes() -> Vec<(&'static str, String, &'static str)> {
    vec![
        ("unknown node", "lisener console".to_owned(), "listener"),
        ("unknown child", scenario("arivals even { hold \"1/s\" for=\"1s\" }"), "arrivals"),
        ("unknown property", "listener console evry=\"1s\"".to_owned(), "every"),
        ("misspelt kind", "listener flie \"x\"".to_owned(), "file"),
        ("misspelt law", scenario("arrivals poison { hold \"1/s\" for=\"1s\" }"), "poisson"),
        ("unquoted unit", hold("20/s", "\"1s\""), "\"20/s\""),
        ("unquoted length", hold("\"20/s\"", "30s"), "\"30s\""),
        ("duplicate name", "target shop noop".to_owned(), "shop"),
        ("duplicate property", "listener console every=\"1s\" every=\"2s\"".to_owned(), "every"),
        ("negative rate", hold("\"-5/s\"", "\"1s\""), "-5/s"),
        ("negative count", scenario("population { hold -3 for=\"1s\" }"), "-3"),
        ("zero length", hold("\"5/s\"", "\"0s\""), "0s"),
        ("zero threads", "threads 0".to_owned(), "threads"),
        ("zero tick", "tick \"0ms\"".to_owned(), "0ms"),
        ("not a number", hold("\"NaN/s\"", "\"1s\""), "NaN"),
        ("keyword not a number", scenario("population { hold #nan for=\"1s\" }"), "#nan"),
        ("infinite", hold("\"inf/s\"", "\"1s\""), "inf"),
        ("huge rate", hold("\"99999999999999999999999/s\"", "\"1s\""), "99999999999999999999999"),
        ("huge length", hold("\"5/s\"", "\"99999999999999h\""), "99999999999999h"),
        ("huge count", scenario("population { hold 99999999999999999999999999999 for=\"1s\" }"), "9999"),
        ("huge exponent", scenario("population { hold 1e400 for=\"1s\" }"), "1e400"),
        ("unclosed", "scenario x {".to_owned(), "{"),
        ("unset name", "behavior b { http GET \"/${nobody}\" name=b }".to_owned(), "nobody"),
        (
            "no behaviour of that name",
            "scenario x { behavior visti; population { hold 1 for=\"1s\" } }".to_owned(),
            "visit",
        ),
    ]
}

#[test]
fn a_mistake_starts_nothing_and_is_named() {
    let server = Recorder::start().expect("a server");
    for (what, text, named) in mistakes() {
        let run = refused(&Scratch::new(around(&server, &text)), what);
        assert!(run.stderr.contains(named), "{what}: `{named}` is not in\n{}", run.stderr);
        // A long help line is broken where it has to be.
        let words: Vec<&str> = run.stderr.split_whitespace().collect();
        assert!(words.join(" ").contains("throng explain T"), "{what}: no code in\n{}", run.stderr);
    }
    assert_eq!(server.seen().connections, 0, "something was started");
}

#[test]
fn all_mistakes_of_a_file_are_shown_at_once() {
    let server = Recorder::start().expect("a server");
    let text = around(
        &server,
        "lisener console\nlistener flie \"x\"\nlistener console evry=\"1s\"\ntarget shop noop\nthreads 0\n\
         scenario more { behavior visti; arrivals even { hold \"-5/s\" for=\"1s\" } }",
    );
    let run = refused(&Scratch::new(text), "many");
    for named in ["lisener", "flie", "evry", "visti", "-5/s", "threads"] {
        assert!(run.stderr.contains(named), "`{named}` is not in\n{}", run.stderr);
    }
    assert!(run.stderr.matches('×').count() >= 7, "{}", run.stderr);
    assert_eq!(server.seen().connections, 0);
}

#[test]
fn what_is_no_text_is_refused() {
    refused(&Scratch::new(b"throng 1\ntarget caf\xe9 noop\n"), "invalid UTF-8");
    refused(&Scratch::new(b"\xff\xfe\x00t\x00h"), "UTF-16");
    refused(&Scratch::new([0; 1_000]), "zeros");
    refused(&Scratch::new(""), "empty");
    refused(&Scratch::new("\n  \n// nothing\n"), "a comment alone");
    refused(&Scratch::new("{\"a\": 1}"), "JSON");
}

#[test]
fn what_cannot_be_read_is_refused_and_named() {
    let scratch = Scratch::new("");
    std::fs::create_dir(scratch.path("folder.kdl")).expect("it can be made");
    for command in ["run", "check", "simulate"] {
        for file in ["nowhere.kdl", "folder.kdl", "nowhere/w.kdl"] {
            let ended = scratch.throng(&[command, file]);
            let said = format!("{}{}", ended.stdout, ended.stderr);
            assert_eq!(ended.code, Some(104), "{command} {file}: {said}");
            assert!(said.contains(file) && !said.contains("panicked"), "{command} {file}: {said}");
        }
    }
}
