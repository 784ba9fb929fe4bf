//! What has no end of its own is ended all the same: a behaviour that never waits, and scenarios that a step stops.

use crate::books::{assert_adds_up, count};
use crate::scratch::{CALM, Scratch};

const ENDLESS: &str = "throng 1
target t noop
behavior endless { set i 0; while \"${i >= 0}\" at-most=100000000 { set i \"${i + 1}\" } }
scenario s { behavior endless; population { hold 1 for=\"200ms\" }; drain \"100ms\" }
service t { time constant \"1ms\" }
";

#[test]
fn a_loop_without_a_wait_is_cut_in_real_time() {
    let scratch = Scratch::new(ENDLESS);
    let run = scratch.throng(&["run", "w.kdl", "--quiet", "--summary", "-"]);
    let summary: serde_json::Value = serde_json::from_str(&run.stdout).expect("a summary");
    assert_eq!(summary["scenarios"]["s"]["iterations"]["cut"], 1, "{}", run.stderr);
    assert_eq!(summary["scenarios"]["s"]["iterations"]["started"], 1);
}

#[test]
fn a_loop_without_a_wait_is_refused_where_time_waits_for_it() {
    let run = Scratch::new(ENDLESS).throng(&["simulate", "w.kdl", "--quiet"]);
    assert_eq!(run.code, Some(104), "{}", run.stderr);
    assert!(run.stderr.contains("stands still"), "{}", run.stderr);
}

#[test]
fn a_step_stops_its_scenario_on_all_threads_and_no_other() {
    let scratch = Scratch::new(format!(
        "{CALM}target t noop\n\
         behavior b {{ noop name=x; when \"${{iteration == 20}}\" {{ stop scenario }} }}\n\
         behavior c {{ noop name=y }}\n\
         scenario crew {{ behavior b; population {{ hold 4 }}; pace \"5ms\" }}\n\
         scenario crowd {{ behavior b; arrivals even {{ hold \"100/s\" }}; users max=200 }}\n\
         scenario other {{ behavior c; arrivals even {{ hold \"100/s\" for=\"1500ms\" }} }}\n"
    ));
    let run = scratch.throng(&["run", "w.kdl", "--quiet", "--summary", "-"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let summary: serde_json::Value = serde_json::from_str(&run.stdout).expect("a summary");
    assert_adds_up(&summary);
    for name in ["crew", "crowd"] {
        let of = &summary["scenarios"][name];
        assert!(of["stopped_at_ns"].as_u64().is_some_and(|at| at > 0), "{of:#}");
        assert_eq!(of["iterations"]["cut"], 0, "{of:#}");
        assert!(count(&summary, &format!("scenarios.{name}.iterations.started")) >= 20, "{of:#}");
    }
    assert_eq!(summary["scenarios"]["other"]["tokens"]["started"], 150);
    assert_eq!(summary["scenarios"]["other"].get("stopped_at_ns"), None);
}
