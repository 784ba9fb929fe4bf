//! Who uses which connection.

use std::collections::{HashMap, HashSet};

use throng_tests::support::Recorder;

use crate::books::{assert_adds_up, assert_lines_agree, count};
use crate::scratch::{CALM, Scratch};

/// Twenty users of a target; each request says whose it is.
fn workload(server: &Recorder, policy: &str) -> Scratch {
    Scratch::new(format!(
        "{CALM}target shop \"{}\" {{ connections {policy} }}\n\
         behavior visit {{\n  http GET \"/\" name=home {{ header x-user \"${{user.id}}\" }}\n\
           http GET \"/item\" name=item {{ header x-user \"${{user.id}}\" }}\n}}\n\
         scenario crew {{ behavior visit; population {{ hold 20 for=\"10m\" }}; iterations 400 }}\n\
         listener file \"samples.jsonl\"\n",
        server.url()
    ))
}

#[test]
fn two_shared_connections_serve_twenty_users() {
    let server = Recorder::start().expect("a server");
    let scratch = workload(&server, "shared limit=2");
    let summary = scratch.run(0);
    let lines = scratch.lines("samples.jsonl");
    assert_adds_up(&summary);
    assert_lines_agree(&summary, &lines);
    let seen = server.seen();
    assert_eq!((seen.connections, seen.requests.len()), (2, 800));
    let users: HashSet<_> = seen.requests.iter().map(|request| request.header("x-user")).collect();
    assert_eq!(users.len(), 20, "nobody is left out");
    assert_eq!(count(&summary, "scenarios.crew.connections.opened"), 2);
    assert_eq!(count(&summary, "scenarios.crew.connections.reused"), 798);
    assert_eq!(count(&summary, "scenarios.crew.iterations.succeeded"), 400);
    assert_eq!(count(&summary, "scenarios.crew.blocked_ns.count"), 800);
    let blocked = lines.iter().filter(|line| count(line, "unblocked_ns") > count(line, "ready_ns"));
    // All twenty come at once; nine of ten wait on each thread, and so do those who come back behind them.
    assert!(blocked.count() >= 18, "{:#}", summary["scenarios"]["crew"]["blocked_ns"]);
    assert!(count(&summary, "scenarios.crew.blocked_ns.max") > 0);
}

#[test]
fn one_shared_connection_is_one_however_many_threads_there_are() {
    let server = Recorder::start().expect("a server");
    let summary = workload(&server, "shared limit=1").run(0);
    assert_adds_up(&summary);
    let seen = server.seen();
    assert_eq!((seen.connections, seen.requests.len()), (1, 800));
}

#[test]
fn each_user_has_a_connection_of_its_own() {
    let server = Recorder::start().expect("a server");
    let summary = workload(&server, "per-user").run(0);
    assert_adds_up(&summary);
    let seen = server.seen();
    assert_eq!((seen.connections, seen.requests.len()), (20, 800));
    let mut owners = HashMap::new();
    for request in &seen.requests {
        let owner = owners.entry(request.connection).or_insert(request.header("x-user"));
        assert_eq!(*owner, request.header("x-user"), "connection {}", request.connection);
    }
    assert_eq!(owners.values().collect::<HashSet<_>>().len(), 20);
    assert_eq!(count(&summary, "scenarios.crew.connections.opened"), 20);
    assert_eq!(count(&summary, "scenarios.crew.blocked_ns.max"), 0);
}

/// Runs 800 requests of twenty users and checks on how many connections they went.
fn check_opened(policy: &str, expected: u64) -> Recorder {
    let server = Recorder::start().expect("a server");
    let summary = workload(&server, policy).run(0);
    assert_adds_up(&summary);
    let seen = server.seen();
    assert_eq!((seen.connections, seen.requests.len()), (expected, 800), "{policy}");
    assert_eq!(count(&summary, "scenarios.crew.connections.opened"), expected, "{policy}");
    assert_eq!(count(&summary, "scenarios.crew.connections.reused"), 800 - expected, "{policy}");
    server
}

#[test]
fn a_connection_is_closed_behind_its_last_request() {
    check_opened("shared limit=1 max-requests=100", 8);
    check_opened("shared limit=1 max-requests=800", 1);
    check_opened("per-user max-requests=1", 800);
    let server = Recorder::start().expect("a server");
    let summary = workload(&server, "per-user max-requests=7").run(0);
    let mut on_each: HashMap<u64, u64> = HashMap::new();
    server.seen().requests.iter().for_each(|request| *on_each.entry(request.connection).or_default() += 1);
    assert!(on_each.values().all(|requests| (1..=7).contains(requests)), "{on_each:?}");
    assert_eq!(count(&summary, "scenarios.crew.connections.opened"), on_each.len() as u64);
}

#[test]
fn a_connection_that_is_too_old_gets_no_further_request() {
    check_opened("shared limit=1 max-age=\"1ns\"", 800);
    check_opened("shared limit=1 max-age=\"1h\"", 1);
    check_opened("per-user max-age=\"1ns\" max-requests=100", 800);
}

#[test]
fn a_connection_for_each_request_says_that_it_will_be_closed() {
    let server = check_opened("per-request", 800);
    assert!(server.seen().requests.iter().all(|request| request.header("connection") == "close"));
}

#[test]
fn a_single_user_is_had_by_every_thread() {
    let server = Recorder::start().expect("a server");
    let scratch = Scratch::new(format!(
        "{CALM}target shop \"{}\"\nbehavior visit {{ http GET \"/\" name=home }}\n\
         scenario crowd {{ behavior visit; arrivals even {{ hold \"100/s\" for=\"1s\" }}; users max=1; overflow queue }}\n",
        server.url()
    ));
    let summary = scratch.run(0);
    assert_adds_up(&summary);
    assert_eq!(count(&summary, "scenarios.crowd.tokens.started"), 100);
    assert_eq!(count(&summary, "scenarios.crowd.users.peak"), 1);
    assert_eq!(server.seen().connections, 1);
}

#[test]
fn strands_of_a_user_have_connections_of_their_own() {
    let server = Recorder::start().expect("a server");
    let scratch = Scratch::new(format!(
        "{CALM}target shop \"{}\"\n\
         behavior visit {{\n  http GET \"/\" name=page\n\
           parallel {{\n    http GET \"/1\" name=one\n    http GET \"/2\" name=two\n\
             branch {{ http GET \"/3\" name=three; http GET \"/4\" name=four }}\n  }}\n}}\n\
         scenario crew {{ behavior visit; population {{ hold 5 for=\"10m\" }}; iterations 50 }}\n\
         listener file \"samples.jsonl\"\n",
        server.url()
    ));
    let summary = scratch.run(0);
    assert_adds_up(&summary);
    assert_lines_agree(&summary, &scratch.lines("samples.jsonl"));
    let seen = server.seen();
    assert_eq!((seen.connections, seen.requests.len()), (15, 250), "three a user, for all its iterations");
    assert_eq!(count(&summary, "scenarios.crew.connections.opened"), 15);
}

#[test]
fn a_strand_that_ends_the_iteration_gives_up_what_the_others_wait_for() {
    let scratch = Scratch::new(format!(
        "{CALM}target shop demo\n\
         behavior visit {{\n  parallel {{\n    http GET \"/never\" name=never\n\
             branch {{ http GET \"/\" name=page; stop }}\n  }}\n}}\n\
         scenario crew {{ behavior visit; population {{ hold 3 for=\"10m\" }}; iterations 30 }}\n\
         listener file \"samples.jsonl\"\n"
    ));
    let summary = scratch.run(0);
    assert_adds_up(&summary);
    assert_lines_agree(&summary, &scratch.lines("samples.jsonl"));
    assert_eq!(count(&summary, "scenarios.crew.iterations.succeeded"), 30);
    assert_eq!((count(&summary, "steps.never.count"), count(&summary, "steps.never.cut")), (0, 30));
    assert_eq!(count(&summary, "steps.page.count"), 30);
}
