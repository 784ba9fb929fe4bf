//! Modelled services at exact instants: who is served when, who calls whom, what an outage and a stall do.

use throng_tests::simulation::{Observed, run};

/// Runs so many users who each ask once, one every millisecond from 0 on, against services.
fn observe(services: &str, users: u64) -> Observed {
    let text = format!(
        "throng 1\nseed 1\ntarget shop \"http://127.0.0.1:1\" {{ timeout \"1s\" }}\n{services}\n\
         behavior visit {{ choose {{ branch {{ http GET \"/\" name=ask }} }} }}\n\
         scenario crowd {{\nbehavior visit\narrivals even {{ hold \"1000/s\" for=\"{users}ms\" }}\nusers max=100\n}}\n\
         require {{ rate scenario=crowd at-least=\"0%\" }}\n"
    );
    run(text.as_str()).expect("it runs")
}

/// `expected`: for each request in the order of arrival, when it ended in tenths of a millisecond, and its status or error.
fn check(services: &str, expected: &[(u64, &str)]) {
    let observed = observe(services, expected.len() as u64);
    let mut steps: Vec<_> = observed.steps().collect();
    steps.sort_unstable_by_key(|step| step.started);
    // The first comes at half a millisecond.
    let told: Vec<(u64, String)> = steps
        .iter()
        .map(|step| {
            let what = if step.status == 0 { step.error.clone() } else { step.status.to_string() };
            (step.ended / 100_000, what)
        })
        .collect();
    let told: Vec<(u64, &str)> = told.iter().map(|(at, what)| (*at, what.as_str())).collect();
    assert_eq!(told, expected, "{services}");
}

#[test]
fn a_discipline_says_who_is_next() {
    let shop = |queue: &str| format!("service shop {{ queue {queue}; time constant \"4ms\" }}");
    check(&shop("fifo"), &[(45, "200"), (85, "200"), (125, "200"), (165, "200")]);
    check(&shop("lifo"), &[(45, "200"), (165, "200"), (125, "200"), (85, "200")]);
    check(&shop("fifo limit=1"), &[(45, "200"), (85, "200"), (25, "service_full"), (35, "service_full")]);
    // The first alone for 1 ms, at half speed for 1 ms, then at a third: 1 + 0.5 + 7.5 / 3 ms of work by 10 ms.
    check(&shop("processor-sharing"), &[(100, "200"), (120, "200"), (125, "200")]);
    check(&shop("processor-sharing limit=1"), &[(75, "200"), (85, "200"), (25, "service_full")]);
    check("service shop { servers 2; time constant \"4ms\" }", &[(45, "200"), (55, "200"), (85, "200")]);
}

#[test]
fn a_service_waits_for_those_that_it_calls() {
    let shop = |calls: &str, db: &str| {
        format!("service shop {{ time constant \"1ms\"; {calls} }}\nservice db {{ {db} }}")
    };
    check(&shop("calls db", "time constant \"2ms\""), &[(35, "200"), (65, "200")]);
    check(&shop("calls db factor=3", "time constant \"2ms\""), &[(75, "200")]);
    check(&shop("calls db factor=0", "time constant \"2ms\""), &[(15, "200")]);
    check(&shop("calls db", "time constant \"2ms\"; fails ratio=\"100%\""), &[(35, "500")]);
    // Two tries more, each a millisecond after the one before.
    check(
        &shop("calls db retries=2 backoff=\"1ms\"", "time constant \"2ms\"; fails ratio=\"100%\""),
        &[(95, "500")],
    );
    check(&shop("calls db timeout=\"1ms\"", "time constant \"2ms\""), &[(25, "500")]);
    // An answer that comes when the caller's patience ends is an answer.
    check(&shop("calls db timeout=\"2ms\"", "time constant \"2ms\""), &[(35, "200")]);
    let both = "service shop { time constant \"1ms\"; calls db; calls mail }\nservice db { time constant \"2ms\" }\n\
                service mail { time constant \"5ms\" }";
    check(both, &[(85, "200")]);
}

#[test]
fn what_a_caller_gives_up_is_served_all_the_same() {
    let services = "service shop { servers 2; time constant \"1ms\"; calls db timeout=\"1ms\" }\n\
                    service db { time constant \"3ms\" }";
    let observed = observe(services, 1);
    let db = observed.summary.services.get("db").expect("it was called");
    assert_eq!((db.requests.arrived, db.requests.given_up), (1, 1));
    // Nobody waited for the end of it, and so it is not in the run.
    assert_eq!((db.requests.served, db.requests.unfinished), (0, 1));
}

#[test]
fn an_outage_loses_what_is_there_and_a_stall_keeps_it() {
    let shop = |more: &str| format!("service shop {{ time constant \"2ms\"; {more} }}");
    check(
        &shop("outage from=\"2ms\" for=\"1ms\""),
        &[(20, "connection_reset"), (20, "connection_reset"), (25, "connection_refused"), (55, "200")],
    );
    check(&shop("stall from=\"1ms\" for=\"10ms\""), &[(125, "200"), (145, "200")]);
    let shared =
        "service shop { queue processor-sharing; time constant \"2ms\"; stall from=\"1ms\" for=\"10ms\" }";
    check(shared, &[(140, "200"), (145, "200")]);
}

#[test]
fn a_step_may_have_a_time_and_a_rank_of_its_own() {
    let text = "throng 1\nseed 1\ntarget shop \"http://127.0.0.1:1\"\n\
        service shop {\n\
            queue priority\n\
            time constant \"10ms\"\n\
            step quick { time constant \"1ms\"; rank 1 }\n\
            step broken { fails ratio=\"100%\"; rank 2 }\n\
        }\n\
        behavior first { http GET \"/\" name=usual }\n\
        behavior second { http GET \"/\" name=usual }\n\
        behavior third { http GET \"/\" name=broken }\n\
        behavior fourth { http GET \"/\" name=quick }\n\
        scenario first { behavior first; population { hold 1 for=\"50ms\" }; iterations 1 }\n\
        scenario second { start delay=\"1ms\"; behavior second; population { hold 1 for=\"50ms\" }; iterations 1 }\n\
        scenario third { start delay=\"2ms\"; behavior third; population { hold 1 for=\"50ms\" }; iterations 1 }\n\
        scenario fourth { start delay=\"3ms\"; behavior fourth; population { hold 1 for=\"50ms\" }; iterations 1 }\n\
        require { failures below=\"50%\" }\n";
    let observed = run(text).expect("it runs");
    let told: Vec<_> =
        observed.steps().map(|step| (step.scenario.as_str(), step.ended / 1_000_000, step.status)).collect();
    assert_eq!(told, [("first", 10, 200), ("fourth", 11, 200), ("third", 21, 500), ("second", 31, 200)]);
}
