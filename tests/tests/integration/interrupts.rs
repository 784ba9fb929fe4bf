//! Ctrl-C: once drains, twice cuts.

use nix::sys::signal::Signal;
use throng_tests::support::{BadServer, Manner, wait_until};

use crate::books::{assert_adds_up, assert_lines_agree, count, over_steps};
use crate::scratch::{CALM, Scratch};

/// Waits for all requests to be under way, then interrupts until the run has ended.
///
/// Two interrupts at once may be seen as one, so they go on coming; the second one that is seen cuts.
fn cut(scratch: &Scratch, server: &BadServer, requests: u64) -> serde_json::Value {
    let mut run = scratch.start_run();
    assert!(wait_until(|| server.requests() == requests || run.has_ended()), "{} came", server.requests());
    let ended = wait_until(|| {
        run.signal(Signal::SIGINT);
        run.has_ended()
    });
    assert!(ended, "interrupts do not end it");
    scratch.ended(run, 105)
}

#[test]
fn a_second_interrupt_cuts_what_a_dead_target_holds_up() {
    let server = BadServer::start(Manner::NeverAnswer).expect("a server");
    let scratch = Scratch::new(format!(
        "throng 1\nthreads 2\ntarget shop \"{}\" {{ timeout \"10m\" }}\n\
         behavior visit {{ http GET \"/\" name=home; http GET \"/after\" name=after }}\n\
         scenario crew {{ behavior visit; population {{ hold 5 for=\"10m\" }}; drain \"10m\" }}\n\
         listener file \"samples.jsonl\"\n",
        server.url()
    ));
    let summary = cut(&scratch, &server, 5);
    assert_adds_up(&summary);
    assert_lines_agree(&summary, &scratch.lines("samples.jsonl"));
    assert_eq!(summary["stopped_by"], "interrupt");
    assert_eq!((over_steps(&summary, "attempts"), over_steps(&summary, "cut")), (5, 5));
    assert_eq!((count(&summary, "steps.home.count"), count(&summary, "steps.home.failures")), (0, 0));
    assert_eq!(count(&summary, "scenarios.crew.iterations.cut"), 5);
    assert_eq!(server.requests(), 5);
}

#[test]
fn an_open_scenario_is_cut_with_its_queue() {
    let server = BadServer::start(Manner::NeverAnswer).expect("a server");
    let scratch = Scratch::new(format!(
        "throng 1\nthreads 2\ntarget shop \"{}\" {{ timeout \"10m\" }}\n\
         behavior visit {{ http GET \"/\" name=home }}\n\
         scenario crowd {{\n  behavior visit; arrivals even {{ hold \"100/s\" for=\"10m\" }}\n\
           users max=6; overflow queue; drain \"10m\"\n}}\n\
         listener file \"samples.jsonl\"\n",
        server.url()
    ));
    let summary = cut(&scratch, &server, 6);
    assert_adds_up(&summary);
    assert_lines_agree(&summary, &scratch.lines("samples.jsonl"));
    assert_eq!((over_steps(&summary, "attempts"), over_steps(&summary, "cut")), (6, 6));
    assert_eq!(count(&summary, "scenarios.crowd.iterations.cut"), 6);
    assert_eq!(count(&summary, "scenarios.crowd.tokens.started"), 6);
    assert_eq!(count(&summary, "scenarios.crowd.tokens.dropped"), 0);
}

#[test]
fn a_request_to_terminate_is_an_interrupt() {
    let scratch = Scratch::new(
        "throng 1\nthreads 1\ntarget t noop\nbehavior b { noop name=x; think constant \"1ms\" }\n\
         scenario s { behavior b; population { hold 2 } }\nlistener file \"samples.jsonl\"\n",
    );
    let mut run = scratch.start_run();
    let samples = scratch.path("samples.jsonl");
    let has_lines = || std::fs::metadata(&samples).is_ok_and(|file| file.len() > 0);
    assert!(wait_until(|| has_lines() || run.has_ended()), "nothing was written");
    run.signal(Signal::SIGTERM);
    let summary = scratch.ended(run, 105);
    assert_adds_up(&summary);
    assert_lines_agree(&summary, &scratch.lines("samples.jsonl"));
    assert_eq!(over_steps(&summary, "cut"), 0);
}

#[test]
fn a_terminal_that_goes_away_ends_a_run_but_for_one_that_is_to_outlive_it() {
    let check = |how: &str, code: i32, stopped_by: &str| {
        let scratch = Scratch::new(format!(
            "{CALM}target t noop\nbehavior b {{ noop name=x }}\n\
             scenario s {{ behavior b; arrivals even {{ hold \"50/s\" }} }}\nlistener file \"samples.jsonl\"\n\
             stop-when {{ elapsed \"2s\" outcome=passed }}\n"
        ));
        let mut run = scratch.start_under("sh", &["-c", how], &["run", "w.kdl", "--summary", "summary.json"]);
        let begun = || std::fs::metadata(scratch.path("samples.jsonl")).is_ok_and(|file| file.len() > 0);
        assert!(wait_until(|| begun() || run.has_ended()), "nothing came");
        run.signal(Signal::SIGHUP);
        let summary = scratch.ended(run, code);
        assert_adds_up(&summary);
        assert_eq!(summary["stopped_by"], stopped_by, "{how}");
    };
    // Who runs the tests may be one that is to outlive its terminal, too.
    check("exec env --default-signal=HUP \"$0\" \"$@\"", 105, "interrupt");
    check("trap '' HUP; exec \"$0\" \"$@\"", 0, "stop-when elapsed \"2s\" outcome=passed");
}
