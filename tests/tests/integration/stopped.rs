//! A program that is stopped and goes on says so: what it measured meanwhile is no time of the target's.

use std::time::Duration;

use nix::sys::signal::Signal;
use throng_tests::support::wait_until;

use crate::books::count;
use crate::scratch::Scratch;

/// Longer than the quarter of a second from which on a stall is one.
const LOOKS: u32 = 600;

#[test]
fn a_stop_is_noticed_although_nothing_was_due() {
    // Closed users are never late: each waits for its own answer, and these came at once when it went on.
    let scratch = Scratch::new(
        "throng 1\nseed 1\nthreads 1\ntarget t noop\nbehavior b { noop name=x }\n\
         scenario s { behavior b; population { hold 4 for=\"10m\" }; pace \"5ms\" }\n\
         listener file \"samples.jsonl\"\n",
    );
    let mut run = scratch.start_run();
    let samples = scratch.path("samples.jsonl");
    assert!(
        wait_until(|| std::fs::metadata(&samples).is_ok_and(|file| file.len() > 0) || run.has_ended()),
        "nothing happens"
    );
    run.signal(Signal::SIGSTOP);
    // The fault itself takes time; nothing is waited for.
    (0..LOOKS).for_each(|_| std::thread::park_timeout(Duration::from_millis(1)));
    run.signal(Signal::SIGCONT);
    run.signal(Signal::SIGINT);
    let summary = scratch.ended(run, 105);
    let reasons = summary["verdict_reasons"].to_string();
    assert!(reasons.contains("the generator stood still"), "{reasons}");
    assert_ne!(summary["verdict"], "valid");
    assert!(summary["verdict_since_ns"].is_u64() && count(&summary, "generator.stalled_ns") > 250_000_000);
}
