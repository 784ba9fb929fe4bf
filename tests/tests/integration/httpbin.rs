//! The workload of HTTP's features against a server of others: every expectation in it holds.

use throng_tests::support::Httpbin;

use crate::books::{assert_adds_up, assert_lines_agree, count, over_steps};
use crate::scratch::Scratch;

const WORKLOAD: &str = include_str!("../../../workloads/http.kdl");

#[test]
fn every_expectation_of_the_workload_holds() {
    let Some(httpbin) = Httpbin::start().expect("httpbin starts") else { return };
    let port = httpbin.address().port().to_string();
    let text = WORKLOAD.replace("8080", &port);
    let scratch = Scratch::new(format!("{text}\nlistener file \"samples.jsonl\"\n"));
    // The file that it sends is itself.
    std::fs::write(scratch.path("http.kdl"), WORKLOAD).expect("it can be written");
    let summary = scratch.run(0);
    assert_adds_up(&summary);
    assert_lines_agree(&summary, &scratch.lines("samples.jsonl"));
    assert_eq!(count(&summary, "scenarios.visitors.iterations.succeeded"), 10, "{:#}", summary["steps"]);
    assert_eq!(over_steps(&summary, "failures"), 0);
    for (step, redirects) in
        [("login", 10), ("followed", 30), ("posted-again", 10), ("elsewhere", 10), ("moved", 0)]
    {
        assert_eq!(count(&summary, &format!("steps.{step}.redirects")), redirects, "{step}");
    }
}
