//! A real server's own log against the summary and the file of attempts.

use nix::sys::signal::Signal;
use throng_tests::support::{Nginx, wait_until};

use crate::books::{assert_adds_up, assert_lines_agree, count, over_steps};
use crate::scratch::Scratch;

/// 32 users who each look at two pages, over and over.
fn workload(url: &str, rest: &str) -> Scratch {
    Scratch::new(format!(
        "throng 1\nthreads 2\ntarget shop \"{url}\"\n\
         behavior visit {{ http GET \"/home\" name=home; http GET \"/item\" name=item }}\n\
         scenario crew {{ behavior visit; {rest} }}\n\
         listener file \"samples.jsonl\"\n"
    ))
}

/// Lines of the access log for each of the two pages; nothing else was asked for and all went well.
fn pages(log: &[String]) -> [u64; 2] {
    let count = |line: &str| log.iter().filter(|logged| *logged == line).count() as u64;
    let pages = [count("GET /home 200"), count("GET /item 200")];
    assert_eq!(pages.iter().sum::<u64>(), log.len() as u64, "{:?}", log.last());
    pages
}

#[test]
fn every_request_stands_in_the_servers_log() {
    let Some(nginx) = Nginx::start().expect("nginx starts") else { return };
    let scratch = workload(&nginx.url(), "population { hold 32 for=\"10m\" }; iterations 7001");
    let summary = scratch.run(0);
    let log = nginx.finish().expect("nginx ends");
    assert_eq!(pages(&log), [7_001; 2]);
    assert_adds_up(&summary);
    assert_lines_agree(&summary, &scratch.lines("samples.jsonl"));
    assert_eq!(over_steps(&summary, "attempts"), 14_002);
    assert_eq!(over_steps(&summary, "failures"), 0);
    assert_eq!(count(&summary, "scenarios.crew.iterations.succeeded"), 7_001);
    assert_eq!(count(&summary, "scenarios.crew.connections.opened"), 32, "each user keeps its connection");
    assert_eq!(count(&summary, "listeners.file.delivered"), 14_002);
    assert_eq!(count(&summary, "listeners.file.lost"), 0);
}

#[test]
fn an_interrupted_run_is_drained_and_every_request_stands_in_the_servers_log() {
    let Some(nginx) = Nginx::start().expect("nginx starts") else { return };
    let scratch = workload(&nginx.url(), "population { hold 32 for=\"10m\" }");
    let mut run = scratch.start_run();
    let samples = scratch.path("samples.jsonl");
    let has_lines = || std::fs::metadata(&samples).is_ok_and(|file| file.len() > 0);
    assert!(wait_until(|| has_lines() || run.has_ended()), "nothing was written");
    run.signal(Signal::SIGINT);
    let summary = scratch.ended(run, 105);
    let log = nginx.finish().expect("nginx ends");
    let [home, item] = pages(&log);
    assert_adds_up(&summary);
    assert_lines_agree(&summary, &scratch.lines("samples.jsonl"));
    assert_eq!(
        (summary["outcome"].as_str(), summary["stopped_by"].as_str()),
        (Some("interrupted"), Some("interrupt"))
    );
    assert_eq!(
        [count(&summary, "steps.home.attempts"), count(&summary, "steps.item.attempts")],
        [home, item]
    );
    assert_eq!(home, item, "iterations under way were ended");
    assert!(home > 0);
    assert_eq!((over_steps(&summary, "cut"), over_steps(&summary, "failures")), (0, 0));
}
