//! What is wrong in the node is said before the run.

use throng_components::workload::Node;
use throng_systems::plugins::Named;
use throng_systems::plugins::listeners::ALL;
use throng_tests::support::otlp_listener::node;

#[test]
fn what_is_wrong_in_the_node_is_said_before_the_run() {
    let kind = ALL.iter().find(|kind| kind.spec().name == "otlp").expect("the kind is in the table");
    let codes = |node: &Node| match (kind.read)(node) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.into_sorted().into_iter().map(|problem| problem.code).collect(),
    };
    let child = |name: &str, key: &str, value: &str| {
        let child = node(name, &[], &[(key, value)], vec![]);
        node("listener", &["otlp", "http://localhost"], &[], vec![child])
    };
    assert_eq!(codes(&node("listener", &["otlp"], &[], vec![])), ["T0020"]);
    assert_eq!(codes(&node("listener", &["otlp", "localhost"], &[], vec![])), ["T0130"]);
    assert_eq!(codes(&node("listener", &["otlp", "https://localhost"], &[], vec![])), ["T0131"]);
    assert_eq!(
        codes(&node("listener", &["otlp", "http://localhost"], &[("protocol", "udp")], vec![])),
        ["T0027"]
    );
    assert_eq!(codes(&child("traces", "ratio", "101%")), ["T0025"]);
    assert_eq!(codes(&child("metrics", "every", "1ms")), ["T0026"]);
    assert_eq!(codes(&child("traces", "slowest", "10")), ["T0028"]);
    assert_eq!(codes(&child("logs", "ratio", "1%")), ["T0028"]);
    assert!(codes(&node("listener", &["otlp", "http://localhost"], &[("name", "main")], vec![])).is_empty());
}
