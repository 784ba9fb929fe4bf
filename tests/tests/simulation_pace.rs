//! When closed users begin, and what those do who come by themselves: pace, its laws, staggered starts, sessions.

use std::collections::BTreeMap;

use throng::components::clock::Nanos;
use throng_tests::simulation::{Observed, Run, run};

fn simulate(tick: &str, behavior: &str, scenario: &str) -> Observed {
    let text = format!(
        "throng 1\nseed 4\ntick \"{tick}\"\ntarget shop \"http://127.0.0.1:1\"\n\
         service shop {{ servers 50; time uniform \"1ms\" \"20ms\" }}\n\
         behavior b {{ {behavior} }}\nscenario s {{ behavior b; {scenario} }}\n"
    );
    run(Run { text, ..Run::default() }).unwrap_or_else(|error| panic!("{error}: {scenario}"))
}

/// When each user began, in order.
fn begun(observed: &Observed) -> BTreeMap<u64, Vec<u64>> {
    let mut users: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for iteration in observed.iterations("s") {
        users.entry(iteration.user).or_default().push(iteration.started);
    }
    for starts in users.values_mut() {
        starts.sort_unstable();
    }
    users
}

/// The greatest distance of values from [least, most) from evenly spread ones, times the root of their number.
fn distance(mut values: Vec<f64>, least: f64, most: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    let distances = values.iter().enumerate().map(|(place, value)| {
        let share = (value - least) / (most - least);
        (share - place as f64 / n).max((place + 1) as f64 / n - share)
    });
    distances.fold(0.0, f64::max) * n.sqrt()
}

const ASK: &str = "http GET \"/\" name=x";

#[test]
fn a_pace_may_be_drawn() {
    let crew = "population { hold 20 for=\"30s\" }; pace uniform \"100ms\" \"300ms\"";
    let observed = simulate("10ms", ASK, crew);
    let gaps: Vec<f64> = begun(&observed)
        .values()
        .flat_map(|starts| starts.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect::<Vec<_>>())
        .collect();
    assert!(gaps.len() > 2_000, "{}", gaps.len());
    assert!(gaps.iter().all(|gap| (1e8..=3e8).contains(gap)));
    let distance = distance(gaps, 1e8, 3e8);
    assert!(distance < 1.95, "{distance}");
    assert_eq!(observed.scenario("s").iterations.pace_missed, Some(0));
    for tick in ["100us", "370us", "1s"] {
        assert!(simulate(tick, ASK, crew).log == observed.log, "another log at {tick}");
    }
    // A longer iteration is followed at once, and counted.
    let slow = simulate("10ms", "think constant \"250ms\"", crew);
    let missed = slow.scenario("s").iterations.pace_missed.expect("it has a pace");
    assert!(missed > 1_000, "{missed}");
}

#[test]
fn transactions_an_hour_are_a_rate() {
    let open = |rate: &str| {
        let observed = simulate("100ms", ASK, &format!("arrivals even {{ hold \"{rate}\" for=\"1h\" }}"));
        observed.scenario("s").tokens.expect("open").started
    };
    assert_eq!(open("1000/h"), 1_000);
    assert_eq!(open("1234.5/h"), 1_234);
    assert_eq!(open("7/h"), 7);
    // Ten users every 36 seconds are a thousand an hour as well.
    let observed = simulate("100ms", ASK, "population { hold 10 for=\"1h\" }; pace \"36s\"");
    assert_eq!(observed.scenario("s").iterations.started, 1_000);
}

#[test]
fn a_crowd_begins_staggered() {
    let crowd = "population { hold 2000 for=\"3s\" }; pace \"10s\"; start delay=\"500ms\" jitter=\"2s\"";
    let observed = simulate("10ms", "think constant \"1ms\"", crowd);
    let first: Vec<f64> = begun(&observed).values().map(|starts| starts[0] as f64).collect();
    assert_eq!(first.len(), 2_000);
    assert!(first.iter().all(|at| (0.5e9..2.5e9).contains(at)));
    let distance = distance(first, 0.5e9, 2.5e9);
    assert!(distance < 1.95, "{distance}");
    // They are users from the start on, and what is due is when each was to begin.
    assert_eq!(observed.scenario("s").users.peak, 2_000);
    assert!(observed.iterations("s").all(|iteration| iteration.due == iteration.started));
    assert!(simulate("370us", "think constant \"1ms\"", crowd).log == observed.log);
}

#[test]
fn sessions_come_by_themselves_and_their_steps_wait_for_answers() {
    const SESSION: &str = "http GET \"/\" name=home; while \"${random(1, 100) <= 75}\" { think uniform \"5ms\" \"90ms\"; \
                           http GET \"/x\" name=item }";
    let observed = simulate("10ms", SESSION, "arrivals poisson { hold \"100/s\" for=\"30s\" }");
    let mut pages: BTreeMap<u64, Vec<(u64, u64)>> = BTreeMap::new();
    for step in observed.steps() {
        pages.entry(step.iteration).or_default().push((step.due, step.ended));
    }
    let sessions: BTreeMap<u64, u64> =
        observed.iterations("s").map(|session| (session.iteration, session.due)).collect();
    assert_eq!(pages.len(), sessions.len());
    for (session, pages) in &mut pages {
        pages.sort_unstable();
        // The first page is due when the session is, each other one a think after the answer before it.
        assert_eq!(pages[0].0, sessions[session]);
        for pair in pages.windows(2) {
            let think = pair[1].0 - pair[0].1;
            assert!((5_000_000..=90_000_000).contains(&think), "session {session}: {think}");
        }
    }
    // Geometric: n pages have probability ¾ⁿ⁻¹ ¼; the mean is 4, the variance 12.
    let n = pages.len() as f64;
    let mean = pages.values().map(Vec::len).sum::<usize>() as f64 / n;
    assert!((mean - 4.0).abs() < 4.0 * (12.0 / n).sqrt(), "{mean}");
    for length in 1..=4 {
        let share = pages.values().filter(|pages| pages.len() == length).count() as f64 / n;
        let exact = 0.75_f64.powi(i32::try_from(length).expect("a few") - 1) * 0.25;
        let error = (exact * (1.0 - exact) / n).sqrt();
        assert!((share - exact).abs() < 4.0 * error, "{length} pages: {share} of {exact}");
    }
    // Nobody's answer holds up another one's arrival.
    let late = simulate(
        "10ms",
        "http GET \"/\" name=home; think constant \"900ms\"",
        "arrivals poisson { hold \"100/s\" for=\"30s\" }",
    );
    let dues = |observed: &Observed| {
        let mut dues: Vec<u64> = observed.iterations("s").map(|session| session.due).collect();
        dues.sort_unstable();
        dues
    };
    assert_eq!(dues(&late), dues(&observed));
    assert!(dues(&late).last().is_some_and(|last| *last < Nanos::from_secs(30).0));
}
