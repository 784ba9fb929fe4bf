//! What a simulation holds in memory depends on what is under way in it, never on how long it goes on.

use crate::books::count;
use crate::scratch::Scratch;

/// The most memory that a simulation of so many seconds took, with queues, calls, tries and windows in it, and how many
/// requests it made.
fn peak(seconds: u32) -> (u64, u64) {
    let scratch = Scratch::new(format!(
        "throng 1\nseed 3\n\
         target shop \"http://shop.example:8080\" {{ timeout \"80ms\" }}\n\
         service shop {{ servers 60; queue fifo limit=100; time exponential mean=\"20ms\"
         calls stock timeout=\"20ms\" retries=1 backoff=\"2ms\" }}\n\
         service stock {{ servers 8; queue processor-sharing; time exponential mean=\"2ms\"; fails ratio=\"1%\" }}\n\
         behavior visit {{ group look {{ http GET \"/\" name=home {{ retry 1 backoff=\"10ms\" }} }} }}\n\
         scenario crowd {{ behavior visit; arrivals poisson {{ hold \"1500/s\" for=\"{seconds}s\" }}; users max=1000 }}\n\
         stop-when {{ response p=99 step=home above=\"1h\" window=\"1s\" outcome=failed }}\n\
         require {{ failures below=\"90%\" }}\n"
    ));
    let ended = scratch.throng(&["simulate", "w.kdl", "--quiet", "--summary", "summary.json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let summary = scratch.summary();
    (count(&summary, "generator.rss_peak_bytes"), count(&summary, "services.shop.requests.arrived"))
}

#[test]
fn a_long_simulation_takes_no_more_memory_than_a_short_one() {
    let ((short, few), (long, many)) = (peak(20), peak(140));
    assert!(many > 6 * few, "{few} and {many} requests");
    // A sample of 80 bytes a request would be 14 MB more.
    assert!(long < short + 2_000_000, "{short} bytes, then {long}");
}
