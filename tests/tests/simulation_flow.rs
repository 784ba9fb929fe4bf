//! Steps that say where to go on, in virtual time: what came of them, to the nanosecond where nothing is drawn.

use throng_tests::simulation::{Observed, run};

const HEAD: &str = "throng 1\nseed 4\ntarget shop \"http://127.0.0.1:1\"\ntarget t noop\n\
    service shop { servers 100; time constant \"10ms\" }\n";

/// Runs behaviours of which `b` is what one closed user does once, or for so long.
fn play(behaviors: &str, load: &str) -> Observed {
    let text = format!("{HEAD}{behaviors}\nscenario s {{ behavior b; {load} }}\n");
    run(text.as_str()).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

const ONCE: &str = "population { hold 1 for=\"60s\" }; iterations 1";

/// The steps of one iteration, in the order in which they ended: their names, dues and ends in milliseconds.
fn check(behaviors: &str, expected: &[(&str, u64, u64)]) -> Observed {
    let observed = play(behaviors, ONCE);
    let millis = |at: u64| at / 1_000_000;
    let found: Vec<_> = observed
        .events
        .iter()
        .filter_map(|event| match event {
            throng_tests::simulation::Event::Step(step) | throng_tests::simulation::Event::Retried(step) => {
                Some((step.step.as_str(), millis(step.due), millis(step.ended)))
            }
            _ => None,
        })
        .collect();
    assert_eq!(found, expected, "{behaviors}");
    assert_eq!(throng::summary::conservation(&observed.summary), Vec::<String>::new());
    observed
}

fn errors(observed: &Observed) -> Vec<(&str, u64)> {
    let errors = &observed.scenario("s").iterations.errors;
    errors.iter().map(|(error, count)| (error.as_str(), *count)).collect()
}

#[test]
fn a_condition_takes_one_way() {
    let chain = |n: u64| {
        format!(
            "behavior b {{ set n {n}; when \"${{n > 2}}\" {{ noop name=many }}\n else when=\"${{n == 2}}\" {{ noop name=two }}\n\
             else {{ noop name=few }}\n noop name=after }}"
        )
    };
    for (n, way) in [(3, "many"), (2, "two"), (1, "few")] {
        check(&chain(n), &[(way, 0, 0), ("after", 0, 0)]);
    }
    // Neither true nor false: neither way, and the iteration says why it failed.
    let neither = check(
        "behavior b { set n 1; when \"${n}\" { noop name=x }\n else { noop name=y }\n noop name=after }",
        &[("after", 0, 0)],
    );
    assert_eq!(errors(&neither), [("condition_not_boolean", 1)]);
    assert_eq!(neither.scenario("s").iterations.failed, 1);
}

#[test]
fn a_loop_ends_with_its_condition_or_with_its_bound() {
    let steps =
        "behavior b { set n 0; while \"${n < 3}\" { noop name=x; set n \"${n + 1}\" }; noop name=after }";
    let held = check(steps, &[("x", 0, 0), ("x", 0, 0), ("x", 0, 0), ("after", 0, 0)]);
    assert_eq!(errors(&held), []);
    let bounded = check(
        "behavior b { repeat 2 { while #true at-most=2 { noop name=x } }; noop name=after }",
        &[("x", 0, 0), ("x", 0, 0), ("x", 0, 0), ("x", 0, 0), ("after", 0, 0)],
    );
    assert_eq!(errors(&bounded), [("loop_limit", 1)]);
    let wrong = check("behavior b { set n 1.5; repeat \"${n}\" { noop name=x } }", &[]);
    assert_eq!(errors(&wrong), [("repeat_not_a_count", 1)]);
}

#[test]
fn a_call_shares_variables_both_ways() {
    check(
        "behavior b { set n 2; call c; repeat \"${n}\" { noop name=x } }\n\
         behavior c { repeat \"${n}\" { noop name=inner }; set n 1 }",
        &[("inner", 0, 0), ("inner", 0, 0), ("x", 0, 0)],
    );
}

#[test]
fn a_failure_in_a_call_that_stops_ends_the_whole_iteration() {
    let stopped = check(
        "behavior b { noop name=x; call c; noop name=never }\n\
         behavior c on-failure=stop { set n \"${1 / 0}\"; http GET \"/${n}\" name=fails; noop name=never }",
        &[("x", 0, 0), ("fails", 0, 0)],
    );
    assert_eq!(stopped.scenario("s").iterations.failed, 1);
    assert_eq!(errors(&stopped), [("expression_error", 1)]);
}

#[test]
fn what_fails_unsent_is_counted_and_has_no_times() {
    let head = HEAD.replace("10ms", "30ms");
    let text = format!(
        "{head}behavior b {{ set n \"${{1 / 0}}\"; http GET \"/${{n}}\" name=unsent; http GET \"/\" name=sent }}\n\
         scenario s {{ behavior b; arrivals even {{ hold \"100/s\" for=\"30ms\" }}; users max=1; overflow queue }}\n"
    );
    let observed = run(text.as_str()).unwrap_or_else(|error| panic!("{text}\n{error}"));
    assert_eq!(throng::summary::conservation(&observed.summary), Vec::<String>::new());
    let unsent = observed.summary.steps.get("unsent").expect("it was run");
    assert_eq!((unsent.count, unsent.failures, unsent.unsent, unsent.attempts), (3, 3, 3, 0));
    assert_eq!((unsent.response_ns.count, unsent.response_ns.max), (0, None));
    assert_eq!((unsent.service_ns.count, unsent.service_ns.p50), (0, None));
    let sent = observed.summary.steps.get("sent").expect("it was run");
    assert_eq!((sent.count, sent.unsent, sent.attempts, sent.service_ns.count), (3, 0, 3, 3));
    assert_eq!(sent.response_ns.count, 3);
    assert!(observed.steps().filter(|step| step.step == "unsent").all(|step| step.attempt == 0));
    let judged = |rule: &str| {
        let judged = run(format!("{text}require {{ {rule} }}\n").as_str());
        let judged = judged.unwrap_or_else(|error| panic!("{rule}\n{error}"));
        (judged.summary.rules[0].passed, judged.summary.rules[0].value.is_some())
    };
    // No time of 0 that would keep any bound.
    assert_eq!(judged("response p=99 step=unsent below=\"1s\""), (false, false));
    assert_eq!(judged("response p=1 below=\"5ms\" min-count=1"), (false, true));
    assert_eq!(judged("failures step=unsent below=\"1%\""), (false, true));
}

#[test]
fn a_group_is_timed_from_its_first_step_to_its_last() {
    let observed = check(
        "behavior b { http GET \"/\" name=before; group all { think constant \"5ms\"; http GET \"/\" name=x\n\
         group inner { http GET \"/\" name=y }; think constant \"3ms\" }; noop name=after }",
        &[("before", 0, 10), ("x", 15, 25), ("y", 25, 35), ("after", 38, 38)],
    );
    let groups: Vec<_> = observed
        .groups()
        .map(|group| (group.step.as_str(), group.due / 1_000_000, group.ended / 1_000_000))
        .collect();
    assert_eq!(groups, [("inner", 25, 35), ("all", 15, 35)]);
    let all = observed.summary.groups.get("all").expect("it was run");
    assert_eq!((all.count, all.failures, all.cut, all.duration_ns.max), (1, 0, 0, Some(20_000_000)));
}

#[test]
fn a_retry_is_an_attempt_of_the_same_step() {
    let failing = HEAD.replace("time constant \"10ms\"", "time constant \"10ms\"; fails ratio=\"100%\"");
    let text = format!(
        "{failing}behavior b {{ http GET \"/\" name=x {{ retry 2 backoff=\"20ms\" factor=3 on=\"5xx\" }}; noop name=after }}\n\
         scenario s {{ behavior b; {ONCE} }}\n"
    );
    let observed = run(text.as_str()).expect("it runs");
    let step = observed.summary.steps.get("x").expect("it was run");
    assert_eq!((step.count, step.attempts, step.failures), (1, 3, 1));
    assert_eq!((step.errors.get("500"), step.retried.get("500")), (Some(&1), Some(&2)));
    // 10 ms, 20 of waiting, 10, 60 of waiting, 10: one response from the first due to the last end; service is the last try's.
    assert_eq!((step.response_ns.max, step.service_ns.max), (Some(110_000_000), Some(10_000_000)));
    // What is not named is not tried again.
    let text = text.replace("5xx", "timeout 429");
    let step = run(text.as_str()).expect("it runs").summary.steps.get("x").cloned().expect("it was run");
    assert_eq!((step.count, step.attempts, step.retried.len()), (1, 1, 0));
}

#[test]
fn a_try_that_nothing_follows_is_its_steps_last() {
    let failing = HEAD.replace("time constant \"10ms\"", "time constant \"10ms\"; fails ratio=\"100%\"");
    // `ways`: how the iteration and its group end.
    let check = |steps: &str, load: &str, ways: (&str, &str), group_ns: Option<u64>| {
        let text = format!("{failing}behavior b {{ {steps} }}\nscenario s {{ behavior b; {load} }}\n");
        let observed = run(text.as_str()).unwrap_or_else(|error| panic!("{text}\n{error}"));
        assert_eq!(throng::summary::conservation(&observed.summary), Vec::<String>::new());
        let step = observed.summary.steps.get("x").expect("it was run");
        assert_eq!((step.count, step.attempts, step.failures, step.cut), (1, 1, 1, 0));
        assert_eq!((step.errors.get("500"), step.retried.len()), (Some(&1), 0));
        assert_eq!(step.response_ns.max, Some(10_000_000), "until its own end, without the wait");
        let iterations: Vec<_> =
            observed.iterations("s").map(|iteration| (iteration.outcome.as_str(), iteration.ended)).collect();
        assert_eq!(iterations, [(ways.0, 40_000_000)]);
        assert_eq!(observed.groups().map(|group| group.outcome.as_str()).collect::<Vec<_>>(), [ways.1]);
        assert_eq!(observed.summary.groups.get("g").and_then(|group| group.duration_ns.max), group_ns);
    };
    let retried = "group g { http GET \"/\" name=x { retry 2 backoff=\"50ms\" } }";
    let drained = "population { hold 1 for=\"20ms\" }; drain \"20ms\"";
    check(retried, drained, ("cut", "cut"), None);
    let beside = format!("parallel {{ {retried}\n branch {{ think constant \"40ms\"; stop }} }}");
    check(&beside, ONCE, ("failed", "failed"), Some(10_000_000));
}

#[test]
fn strands_run_at_one_time() {
    let observed = check(
        "behavior b { parallel { http GET \"/1\" name=a\n http GET \"/2\" name=b\n\
         branch { http GET \"/3\" name=c; http GET \"/4\" name=d } }; http GET \"/5\" name=after }",
        &[("a", 0, 10), ("b", 0, 10), ("c", 0, 10), ("d", 10, 20), ("after", 20, 30)],
    );
    let mut ordinals: Vec<u64> = observed.steps().map(|step| step.ordinal).collect();
    ordinals.sort_unstable();
    ordinals.dedup();
    assert_eq!(ordinals.len(), 5, "spans have names of their own");
}

#[test]
fn a_stop_in_one_strand_gives_up_the_others() {
    let observed = play(
        "behavior b { parallel { http GET \"/1\" name=given-up\n branch { think constant \"4ms\"; stop } }; noop name=never }",
        ONCE,
    );
    let step = observed.summary.steps.get("given-up").expect("it was begun");
    assert_eq!((step.count, step.cut, step.attempts), (0, 1, 1));
    let of = observed.scenario("s");
    assert_eq!((of.iterations.succeeded, of.iterations.cut), (1, 0));
    assert_eq!(of.iteration_ns.max, Some(4_000_000));
    assert_eq!(observed.summary.steps.get("never").map(|step| step.count), Some(0));
}

#[test]
fn a_user_that_stops_leaves_and_is_not_replaced() {
    let leaving = "behavior b { http GET \"/\" name=x; when \"${user.id == 1}\" { stop user }; noop name=y }";
    let closed = play(leaving, "population { hold 2 for=\"100ms\" }");
    let of = closed.scenario("s");
    // One iteration of the first user, ten of the second; the step behind the stop is never reached by the first.
    assert_eq!((of.users.created, of.users.retired, of.iterations.started), (2, 2, 11));
    assert_eq!(closed.summary.steps.get("y").map(|step| step.count), Some(10));
    let open = play(leaving, "arrivals even { hold \"20/s\" for=\"1s\" }; users min=2 grow=none");
    let of = open.scenario("s");
    assert_eq!((of.users.created, of.iterations.started), (2, 20));
    let by_first = open.iterations("s").filter(|iteration| iteration.user == 1).count();
    assert!(by_first <= 1, "{by_first} iterations of a user that left after its first");
}

/// Three scenarios, of which the first is stopped by its fifth iteration.
fn check_stopped(load: &str, iterations: (u64, u64), tokens: Option<[u64; 4]>) {
    let text = format!(
        "{HEAD}behavior b {{ http GET \"/\" name=x; when \"${{iteration == 5}}\" {{ stop scenario }}; noop name=y }}\n\
         behavior c {{ http GET \"/\" name=z }}\n\
         scenario s {{ behavior b; {load} }}\n\
         scenario other {{ behavior c; population {{ hold 1 for=\"1s\" }}; pace \"100ms\" }}\n"
    );
    let observed = run(text.as_str()).unwrap_or_else(|error| panic!("{text}\n{error}"));
    assert_eq!(throng::summary::conservation(&observed.summary), Vec::<String>::new());
    let of = observed.scenario("s");
    let fifth = observed.iterations("s").find(|iteration| iteration.iteration == 5).expect("it was begun");
    assert_eq!(of.stopped_at_ns, Some(fifth.ended), "at the very instant");
    assert_eq!((of.iterations.started, of.iterations.succeeded), iterations, "{text}");
    let late = observed.iterations("s").filter(|iteration| iteration.started > fifth.ended).count();
    assert_eq!(late, 0, "begun after the stop");
    let told = of.tokens.map(|tokens| [tokens.started, tokens.waiting, tokens.dropped, tokens.expired]);
    assert_eq!(told, tokens);
    let other = observed.scenario("other");
    assert_eq!((other.iterations.started, other.stopped_at_ns), (10, None), "the others go on");
    assert_eq!(observed.summary.stopped_by, None);
    // The tick decides nothing.
    let again = run(text.replace("seed 4", "seed 4\ntick \"7ms\"").as_str()).expect("it runs");
    assert_eq!(again.events, observed.events);
}

#[test]
fn a_step_stops_its_scenario_at_that_very_instant() {
    // Token 5 is due at 45 ms and stops at 55: token 6 would be due at that instant.
    check_stopped("arrivals even { hold \"100/s\" for=\"1s\" }", (5, 5), Some([5, 0, 0, 0]));
    // One user takes 10 ms for each of twice as many tokens: five have been served when the tenth is due.
    let queue = "arrivals even { hold \"200/s\" for=\"1s\" }; users max=1; overflow queue";
    check_stopped(queue, (5, 5), Some([5, 5, 0, 0]));
    // Closed: the first one's fifth iteration ends with those of the others.
    check_stopped("population { hold 3 for=\"1s\" }", (15, 15), None);
    // What runs is drained, and cut where that takes too long.
    let many = "arrivals even { hold \"1000/s\" for=\"1s\" }; users max=100";
    check_stopped(many, (14, 14), Some([14, 0, 0, 0]));
    check_stopped(&format!("{many}; drain \"3ms\""), (14, 8), Some([14, 0, 0, 0]));
}
