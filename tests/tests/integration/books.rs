//! What has to add up, checked apart from throng's own check of it.

use std::collections::BTreeMap;

use serde_json::Value;

/// A whole number in a summary, by its path: `scenarios.crowd.tokens.planned`.
pub(crate) fn count(summary: &Value, path: &str) -> u64 {
    let found = path.split('.').fold(summary, |value, name| &value[name]);
    found.as_u64().unwrap_or_else(|| panic!("{path} is {found} in\n{summary:#}"))
}

fn sum(summary: &Value, path: &str, names: &[&str]) -> u64 {
    names.iter().map(|name| count(summary, &format!("{path}.{name}"))).sum()
}

fn names(value: &Value) -> Vec<String> {
    value.as_object().map(|object| object.keys().cloned().collect()).unwrap_or_default()
}

/// A figure over all steps.
pub(crate) fn over_steps(summary: &Value, figure: &str) -> u64 {
    names(&summary["steps"]).iter().map(|name| count(summary, &format!("steps.{name}.{figure}"))).sum()
}

/// Checks that tokens, iterations and attempts add up. For runs in which no step fails unsent and none is tried twice.
pub(crate) fn assert_adds_up(summary: &Value) {
    for name in names(&summary["scenarios"]) {
        let path = format!("scenarios.{name}");
        let ends = ["succeeded", "failed", "crashed", "cut"];
        let iterations = format!("{path}.iterations");
        assert_eq!(
            count(summary, &format!("{iterations}.started")),
            sum(summary, &iterations, &ends),
            "{summary:#}"
        );
        let tokens = format!("{path}.tokens");
        if summary["scenarios"][&name].get("tokens").is_some() {
            let fates = ["started", "dropped", "expired", "cancelled", "waiting"];
            assert_eq!(
                count(summary, &format!("{tokens}.planned")),
                sum(summary, &tokens, &fates),
                "{summary:#}"
            );
        }
        let users = format!("{path}.users");
        assert_eq!(sum(summary, &users, &["created"]), sum(summary, &users, &["retired"]), "{summary:#}");
    }
    for name in names(&summary["steps"]) {
        let path = format!("steps.{name}");
        let tried = sum(summary, &path, &["count", "cut"]);
        assert_eq!(count(summary, &format!("{path}.attempts")), tried, "{summary:#}");
        assert_eq!(
            count(summary, &format!("{path}.count")),
            count(summary, &format!("{path}.response_ns.count"))
        );
        let errors = names(&summary["steps"][&name]["errors"]);
        let errors: Vec<&str> = errors.iter().map(String::as_str).collect();
        let reasons = sum(summary, &format!("{path}.errors"), &errors);
        assert_eq!(count(summary, &format!("{path}.failures")), reasons, "{summary:#}");
    }
}

/// Checks that a file of attempts holds what the summary counts, step by step, and that each line is sound in itself.
pub(crate) fn assert_lines_agree(summary: &Value, lines: &[Value]) {
    let mut by_step: BTreeMap<&str, [u64; 3]> = BTreeMap::new();
    for line in lines {
        let [all, failed, cut] = by_step.entry(line["step"].as_str().unwrap_or_default()).or_default();
        *all += 1;
        *failed += u64::from(line["outcome"] == "failed" && line["retried"] == false);
        *cut += u64::from(line["outcome"] == "cut");
        let instants = ["due_ns", "ready_ns", "unblocked_ns", "started_ns", "ended_ns"];
        let instants: Vec<u64> = instants.iter().map(|name| count(line, name)).collect();
        assert!(instants.is_sorted(), "{line}");
        assert_eq!(count(line, "response_ns"), instants[4] - instants[0], "{line}");
        assert_eq!(count(line, "service_ns"), instants[4] - instants[3], "{line}");
        assert_eq!(line["error"].is_null(), line["outcome"] != "failed", "{line}");
    }
    for name in names(&summary["steps"]) {
        let figures =
            ["attempts", "failures", "cut"].map(|figure| count(summary, &format!("steps.{name}.{figure}")));
        let counted = by_step.get(name.as_str()).copied().unwrap_or_default();
        assert_eq!(counted, figures, "lines, failed and cut ones of `{name}`");
    }
    assert_eq!(over_steps(summary, "attempts"), lines.len() as u64);
}

/// Checks that a calm workload's verdict is valid, whatever its target or its receivers did.
///
/// A machine that stands still for a quarter of a second makes it degraded: by that alone, and it is said.
pub(crate) fn assert_nobody_else_is_blamed(summary: &Value) {
    let reasons = summary["verdict_reasons"].as_array().map_or(&[][..], Vec::as_slice);
    if count(summary, "generator.underruns") == 0 {
        assert_eq!((&summary["verdict"], reasons), (&Value::from("valid"), &[][..]), "{summary:#}");
    } else {
        let only = reasons
            .iter()
            .filter_map(Value::as_str)
            .all(|why| why.contains("of orders") || why.contains("cause"));
        assert!(summary["verdict"] == "degraded" && only, "{reasons:?}");
    }
}
