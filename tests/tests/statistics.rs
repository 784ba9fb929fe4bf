//! What results say of themselves: whether arrivals follow their law, and whether response times were steady.

use throng::components::clock::Nanos;
use throng_tests::simulation::{Observed, run};

fn queue(seed: u64, arrivals: &str, rest: &str) -> Observed {
    let users = if rest.contains("users") { "" } else { "users max=2000" };
    let text = format!(
        "throng 1\nseed {seed}\ntarget shop \"http://127.0.0.1:1\"\n\
         service shop {{ servers 1; queue fifo limit=1000; time exponential mean=\"10ms\" }}\n\
         behavior look {{ http GET \"/\" name=home }}\n\
         scenario crowd {{\nbehavior look\narrivals {arrivals}\n{users}\n{rest}\n}}\n"
    );
    run(text.as_str()).expect("it runs")
}

#[test]
fn gaps_of_poisson_arrivals_follow_their_law_whatever_the_target_does() {
    let ramped = "poisson { ramp from=\"5/s\" to=\"80/s\" over=\"40s\"; hold \"60/s\" for=\"20s\" }";
    // One user, so that most wait for it or are dropped: no fault of the generator's.
    for rest in ["", "start delay=\"3s\"", "users max=1; overflow queue limit=unbounded; drain \"5m\""] {
        for seed in 1..=4 {
            let observed = queue(seed, ramped, rest);
            let gaps = observed.scenario("crowd").gaps.expect("there are gaps");
            assert!(gaps.count > 700, "{gaps:?}");
            assert!(gaps.p_value > 0.001 && !gaps.is_bent(), "seed {seed}, {rest}: {gaps:?}");
            // Virtual time is never late.
            assert_eq!((gaps.p_value, gaps.distance), (gaps.planned_p_value, gaps.planned_distance));
        }
    }
}

#[test]
fn gaps_that_the_target_left_out_are_not_tested() {
    // Who comes soon after another one finds no user: what is left has no short gaps.
    let observed = queue(1, "poisson { hold \"150/s\" for=\"20s\" }", "users max=2");
    assert!(observed.scenario("crowd").tokens.is_some_and(|tokens| tokens.dropped > 100));
    assert_eq!(observed.scenario("crowd").gaps, None);
}

#[test]
fn a_law_that_says_nothing_of_gaps_is_not_tested() {
    assert_eq!(queue(1, "even { hold \"50/s\" for=\"10s\" }", "").scenario("crowd").gaps, None);
}

#[test]
fn a_queue_that_fills_is_not_steady_and_one_that_has_filled_is() {
    let steady = |arrivals: &str| {
        let observed = queue(7, arrivals, "");
        let home = observed.summary.steps.get("home").expect("it was used");
        (home.steady.expect("it is long enough"), home.response_ns.count)
    };
    let (calm, count) = steady("poisson { hold \"50/s\" for=\"10m\" }");
    assert!(calm.since_ns.is_some_and(|since| since < Nanos::from_secs(300).0), "{calm:?}");
    // An M/M/1 queue half full: response times of a busy period are alike.
    assert!((count / 30..count / 2).contains(&calm.effective_count), "{calm:?} of {count}");
    let (overloaded, _) = steady("poisson { hold \"110/s\" for=\"60s\" }");
    assert_eq!(overloaded.since_ns, None, "{overloaded:?}");
    assert!(overloaded.autocorrelation > 0.8, "{overloaded:?}");
}
