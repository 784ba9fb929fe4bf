//! Exact load, in whole runs under the virtual clock: every token at its instant, every user at its level.

use throng::components::clock::Nanos;
use throng_tests::simulation::{Observed, Run, run};

fn simulate(arrivals: &str, duration: Option<Nanos>) -> Observed {
    let text = format!(
        "throng 1\nseed 1\ntick \"100ms\"\ntarget nothing noop\nbehavior visit {{ noop name=x }}\n\
         scenario crowd {{ behavior visit; arrivals {arrivals} }}\n"
    );
    run(Run { text, duration, ..Run::default() }).expect("it runs")
}

/// Tokens planned, and the area under the curve.
fn check(stages: &str, planned: u64, area: f64) {
    let observed = simulate(&format!("even {{ {stages} }}"), None);
    let tokens = observed.scenario("crowd").tokens.expect("open");
    assert_eq!(tokens.planned, planned, "{stages}");
    assert_eq!(tokens.started, planned, "{stages}");
    assert!((tokens.expected - area).abs() < 1e-6, "{stages}: {} of {area}", tokens.expected);
}

#[test]
fn awkward_rates_are_kept_to_the_token_and_the_nanosecond() {
    let rates = [
        ("3/s", 30),
        ("4/s", 40),
        ("15.2/s", 152),
        ("60/s", 600),
        ("70/s", 700),
        ("300/s", 3_000),
        ("600/s", 6_000),
        ("700/s", 7_000),
        ("900/s", 9_000),
        ("30/m", 5),
    ];
    for (rate, tokens) in rates {
        let observed = simulate(&format!("even {{ hold \"{rate}\" for=\"10s\" }}"), None);
        let mut dues: Vec<u64> = observed.iterations("crowd").map(|iteration| iteration.due).collect();
        dues.sort_unstable();
        assert_eq!(dues.len(), tokens, "{rate} for 10 s");
        for (index, due) in dues.into_iter().enumerate() {
            let exact = (index as f64 + 0.5) / tokens as f64 * 1e10;
            assert!((due as f64 - exact).abs() <= 1.0, "{rate}: token {} at {due}, not {exact}", index + 1);
        }
    }
}

#[test]
fn areas_are_delivered_to_the_token() {
    check("ramp from=\"0/s\" to=\"10/s\" over=\"20s\"", 100, 100.0);
    check("ramp from=\"5/s\" to=\"10/s\" over=\"1s\"", 7, 7.5);
    check("hold \"5/s\" for=\"500ms\"", 2, 2.5);
    check("hold \"1/s\" for=\"10s\"", 10, 10.0);
    check("ramp from=\"0/s\" to=\"1/s\" over=\"10s\"; hold \"1/s\" for=\"10s\"", 15, 15.0);
    check(
        "ramp from=\"0/s\" to=\"1/s\" over=\"10s\"; hold \"1/s\" for=\"20s\"; ramp from=\"1/s\" to=\"0/s\" over=\"10s\"",
        30,
        30.0,
    );
    check("hold \"0/s\" for=\"10s\"", 0, 0.0);
    check("hold \"20/s\" for=\"2s\"; ramp from=\"20/s\" to=\"0/s\" over=\"60s\"", 640, 640.0);
    check("steps \"3/s\" \"15.2/s\" \"0/s\" \"60/s\" each=\"10s\"", 782, 782.0);
    check("sine mean=\"70/s\" amplitude=\"70/s\" period=\"4s\" for=\"20s\"", 1_400, 1_400.0);
}

#[test]
fn a_part_of_a_shape_has_its_part_of_the_area() {
    let expected = |stages: &str, seconds: u64| {
        let observed = simulate(&format!("even {{ {stages} }}"), Some(Nanos::from_secs(seconds)));
        observed.scenario("crowd").tokens.expect("open").expected
    };
    assert!((expected("ramp from=\"0/s\" to=\"10/s\" over=\"20s\"", 1) - 0.25).abs() < 1e-6);
    let down = "hold \"20/s\" for=\"2s\"; ramp from=\"20/s\" to=\"0/s\" over=\"60s\"";
    assert!((expected(down, 17) - expected(down, 2) - 262.5).abs() < 1e-6);
}

#[test]
fn poisson_arrivals_have_the_same_areas_on_average() {
    let stages = "ramp from=\"0/s\" to=\"60/s\" over=\"10s\"; hold \"60/s\" for=\"5s\"";
    let mut planned = 0;
    for seed in 0..20 {
        let text = format!(
            "throng 1\nseed {seed}\ntick \"100ms\"\ntarget nothing noop\nbehavior visit {{ noop name=x }}\n\
             scenario crowd {{ behavior visit; arrivals poisson {{ {stages} }} }}\n"
        );
        let tokens = run(text.as_str()).expect("it runs").scenario("crowd").tokens.expect("open");
        assert!((tokens.expected - 600.0).abs() < 1e-6);
        planned += tokens.planned;
    }
    // 12,000 on average, with a standard deviation of 110; four of them.
    assert!((11_560..12_440).contains(&planned), "{planned}");
}

#[test]
fn a_population_follows_its_curve_up_and_down() {
    let text = "throng 1\nseed 1\ntick \"100ms\"\nbehavior wander { think constant \"200ms\" }\n\
        target nothing noop\n\
        scenario crew {\n    behavior wander\n    population {\n\
            ramp from=0 to=10 over=\"1m\"; hold 10 for=\"3m\"; ramp from=10 to=0 over=\"1m\"\n    }\n}\n";
    let observed = run(text).expect("it runs");
    let at = |seconds: u64| {
        let instant = seconds * 1_000_000_000;
        let inside = |from: u64, to: u64| from <= instant && instant < to;
        observed.iterations("crew").filter(|iteration| inside(iteration.started, iteration.ended)).count()
    };
    assert!((4..=6).contains(&at(30)), "{} users at 30 s", at(30));
    assert_eq!(at(120), 10);
    assert!((4..=6).contains(&at(270)), "{} users at 4 min 30 s", at(270));
    assert_eq!(at(300), 0);
    assert_eq!(observed.scenario("crew").users.peak, 10);
}

/// An open scenario whose users are planned and whose iterations last for a second; at each of these milliseconds so many of
/// them run.
fn check_users(users: &str, arrivals: &str, running: &[(u64, usize)]) -> Observed {
    let text = |tick: &str| {
        format!(
            "throng 1\nseed 1\ntick \"{tick}\"\nbehavior wander {{ think constant \"1s\" }}\ntarget nothing noop\n\
             scenario crowd {{ behavior wander; arrivals even {{ {arrivals} }}; users {{ {users} }}; \
             overflow queue limit=unbounded }}\n"
        )
    };
    let observed = run(text("100ms").as_str()).expect("it runs");
    for (millis, level) in running {
        let instant = millis * 1_000_000;
        let inside = |from: u64, to: u64| from <= instant && instant < to;
        let all = observed.iterations("crowd");
        let found = all.filter(|iteration| inside(iteration.started, iteration.ended)).count();
        assert_eq!(found, *level, "{millis} ms: {users}, {arrivals}");
    }
    for tick in ["370us", "10ms"] {
        assert!(run(text(tick).as_str()).expect("it runs").log == observed.log, "another log at {tick}");
    }
    observed
}

#[test]
fn users_are_planned_apart_from_arrivals() {
    // More comes than they can take: each is busy from the instant on at which it is wanted.
    let levels =
        [(400, 0), (600, 1), (5_600, 6), (9_600, 10), (15_000, 10), (20_900, 10), (26_600, 4), (31_500, 0)];
    let planned = "ramp from=0 to=10 over=\"10s\"; hold 10 for=\"10s\"; ramp from=10 to=0 over=\"10s\"";
    let observed = check_users(planned, "hold \"100/s\" for=\"40s\"", &levels);
    let crowd = observed.scenario("crowd");
    assert_eq!((crowd.users.peak, crowd.users.created), (10, 10));
    assert!(crowd.tokens.expect("open").waiting > 0);
    // They come before anybody does, and at rest they go at once.
    let warm = "steps 20 5 each=\"10s\"";
    let observed = check_users(
        warm,
        "hold \"0/s\" for=\"5s\"; hold \"3/s\" for=\"15s\"",
        &[(4_999, 0), (9_000, 3), (15_000, 3)],
    );
    let crowd = observed.scenario("crowd");
    assert_eq!((crowd.users.peak, crowd.users.created), (20, 20));
    assert_eq!(crowd.waiting_ns.max, Some(0), "nobody waits for a user");
    // Who was to leave and had not is wanted again: no other is made.
    let dip = "hold 4 for=\"3500ms\"; hold 1 for=\"300ms\"; hold 4";
    let observed = check_users(dip, "hold \"100/s\" for=\"10s\"", &[(3_000, 4), (3_700, 4), (5_000, 4)]);
    assert_eq!(observed.scenario("crowd").users.created, 4);
}

#[test]
fn a_population_follows_steps_and_swings() {
    let text = "throng 1\nseed 1\ntick \"100ms\"\nbehavior wander { think constant \"50ms\" }\ntarget nothing noop\n\
        scenario crew { behavior wander; population {\n\
            steps 7 2 5 each=\"10s\"; sine mean=10 amplitude=6 period=\"8s\" for=\"8s\"\n\
        } }\n";
    let observed = run(text).expect("it runs");
    let at = |millis: u64| {
        let instant = millis * 1_000_000;
        let inside = |from: u64, to: u64| from <= instant && instant < to;
        observed.iterations("crew").filter(|iteration| inside(iteration.started, iteration.ended)).count()
    };
    let levels =
        [(5_000, 7), (15_000, 2), (25_000, 5), (31_010, 14), (32_000, 16), (34_070, 10), (36_000, 4)];
    for (millis, level) in levels {
        assert_eq!(at(millis), level, "{millis} ms");
    }
}
