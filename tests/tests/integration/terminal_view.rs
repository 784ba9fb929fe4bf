//! A pseudo-terminal: what `--tui` shows on it, what its keys do, and how it leaves; and what a run without it writes there.

use nix::sys::signal::Signal;
use throng_tests::support::wait_until;

use crate::books::assert_adds_up;
use crate::scratch::{Scratch, THRONG};

const ARGUMENTS: &[&str] = &["run", "w.kdl", "--tui", "--summary", "summary.json"];

/// Two scenarios without an end. The console listener has to be quiet.
const ENDLESS: &str = "throng 1\nseed 7\nthreads 1\ngenerator { late over=\"10s\" }\ntarget t noop\n\
     behavior b { noop name=first }\n\
     scenario crowd { behavior b; arrivals even { hold \"40/s\" } }\n\
     scenario crew { behavior b; population { hold 2 }; pace \"100ms\" }\nlistener console\n";

/// Whether one line of a screen has all of these.
fn line_with<'a>(parts: &'a [&'a str]) -> impl Fn(&str) -> bool + 'a {
    |screen| screen.lines().any(|line| parts.iter().all(|part| line.contains(part)))
}

#[test]
fn keys_steer_the_run_and_all_of_it_is_in_the_results() {
    for size in [(80, 24), (200, 50)] {
        let scratch = Scratch::new(ENDLESS);
        let mut view = scratch.start_on(size, ARGUMENTS, None);
        view.wait_for("run", line_with(&["running", "w.kdl"]));
        view.wait_for("step", |screen| screen.contains("first"));
        view.press("+");
        view.wait_for("scale of the crowd", line_with(&["crowd", "110%", "44.0"]));
        view.press("\t-");
        view.wait_for("scale of the crew", line_with(&["▶ crew", "90%"]));
        view.press("?");
        view.wait_for("help", |screen| screen.contains("any key closes it"));
        view.press("x");
        view.wait_for("screen without help", |screen| !screen.contains("any key closes it"));
        view.press(" ");
        view.wait_for("pause", line_with(&["PAUSED"]));
        view.wait_for("end of the load", line_with(&["crowd", " 0.00 "]));
        view.press(" ");
        view.wait_for("resumption", line_with(&["running", "w.kdl"]));
        view.press("q");
        view.wait_for("question", |screen| screen.contains("stop the run?"));
        view.press("y");
        assert_eq!(view.wait(), Some(105));
        assert!(view.is_as_before(), "the terminal is not given back");
        assert!(view.look().contains("samples lost"), "the results follow:\n{}", view.look());
        let summary = scratch.summary();
        assert_adds_up(&summary);
        let controls = summary["controls"].as_array().expect("a list");
        let said: Vec<_> = controls.iter().filter_map(|one| one["what"].as_str()).collect();
        assert_eq!(said, ["scale crowd 110%", "scale crew 90%", "pause", "resume", "stop"]);
        assert_eq!(summary["listeners"], serde_json::json!({}), "the console is quiet");
    }
}

#[test]
fn the_terminal_is_given_back_when_the_run_is_to_terminate() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT] {
        let scratch = Scratch::new(ENDLESS);
        let mut view = scratch.start_on((80, 24), ARGUMENTS, None);
        view.wait_for("run", line_with(&["running"]));
        assert!(!view.is_as_before());
        view.signal(signal);
        assert_eq!(view.wait(), Some(105), "{signal}");
        assert!(view.is_as_before(), "the terminal is not given back after {signal}");
        assert!(view.look().contains("samples lost"), "the results follow:\n{}", view.look());
    }
}

#[test]
fn the_terminal_is_given_back_when_throng_panics() {
    let scratch = Scratch::new(ENDLESS);
    let program = env!("CARGO_BIN_EXE_throng-with-a-defect");
    let mut view = scratch.start_program_on(program, (80, 24), ARGUMENTS, None);
    view.wait_for("run", line_with(&["running"]));
    view.press(" ");
    assert_eq!(view.wait(), Some(101));
    assert!(view.is_as_before(), "the terminal is not given back");
    assert!(view.look().contains("a defect"), "what went wrong is lost:\n{}", view.look());
}

#[test]
fn a_terminal_that_takes_nothing_holds_up_nobody() {
    let scratch = Scratch::new(
        "throng 1\nseed 7\nthreads 1\ngenerator { late over=\"10s\" }\ntarget t noop\nbehavior b { noop name=first }\n\
         scenario crowd { behavior b; arrivals even { hold \"200/s\" for=\"3s\" }; users max=100 }\n",
    );
    let mut view = scratch.start_on((80, 24), ARGUMENTS, Some("results.txt"));
    view.wait_for("run", line_with(&["running"]));
    view.block(true);
    let before = view.look();
    let over = wait_until(|| scratch.read("results.txt").contains("samples lost") || view.has_ended());
    assert!(over, "the run waits for the terminal");
    assert_eq!(view.look(), before, "the terminal took something");
    view.block(false);
    assert_eq!(view.wait(), Some(0));
    assert!(view.is_as_before(), "the terminal is not given back");
    let summary = scratch.summary();
    assert_adds_up(&summary);
    assert_eq!(summary["scenarios"]["crowd"]["tokens"]["started"], 600);
}

#[test]
fn without_a_terminal_there_is_no_view() {
    let scratch = Scratch::new(ENDLESS);
    let ended = scratch.throng(ARGUMENTS);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("`--tui` needs a terminal"), "{}", ended.stderr);
    let both = scratch.throng(&["run", "w.kdl", "--tui", "--quiet"]);
    assert_eq!(both.code, Some(2), "{}", both.stderr);
}

#[test]
fn a_terminal_gets_only_what_it_understands() {
    let check = |settings: &[&str], has_colours: bool, is_rewritten: bool| {
        let scratch = Scratch::new(
            "throng 1\nseed 7\nthreads 1\ngenerator { late over=\"10s\" }\ntarget t noop\nbehavior b { noop name=first }\n\
             scenario crowd { behavior b; arrivals even { hold \"20/s\" for=\"1500ms\" } }\n",
        );
        let arguments = [settings, &[THRONG.as_str(), "run", "w.kdl"]].concat();
        let mut run = scratch.start_program_on("env", (80, 24), &arguments, None);
        assert_eq!(run.wait(), Some(0), "{}", run.look());
        let written = run.written();
        assert!(written.contains("0:01") && written.contains("PASSED"), "{written}");
        let colours = ["\u{1b}[1m", "\u{1b}[32m"];
        assert!(colours.iter().all(|code| written.contains(code) == has_colours), "{settings:?} {written:?}");
        assert_eq!(written.contains("\u{1b}[K"), is_rewritten, "{settings:?} {written:?}");
        assert!(has_colours || is_rewritten || !written.contains('\u{1b}'), "{written:?}");
        assert!(run.is_as_before());
    };
    check(&["TERM=xterm"], true, true);
    check(&["TERM=xterm", "NO_COLOR=1"], false, true);
    check(&["TERM=dumb"], false, false);
    check(&["-u", "TERM"], false, false);
}
