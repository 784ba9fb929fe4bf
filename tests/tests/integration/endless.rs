//! A behaviour that never waits is ended all the same.

use crate::scratch::Scratch;

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
