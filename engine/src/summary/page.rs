//! Holds `engine/docs/summary.md` against the JSON: no field without a row, no row without a field.

use std::collections::BTreeSet;

use serde_json::Value;

/// The page of the summary.
const PAGE: &str = include_str!("../../docs/summary.md");

/// Objects whose keys are names of the workload's own.
const BY_NAME: &[&str] = &["params", "scenarios", "steps", "errors", "listeners"];

/// The fields of a value as the page writes them.
fn fields(path: &str, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        // The page says once what steps hold, and once what durations hold.
        Value::Object(_) if path == "scenarios.*.steps.*" => {
            found.insert(path.to_owned());
            fields("steps.*", value, found);
        }
        Value::Object(durations) if path.ends_with("_ns") => {
            found.insert(path.to_owned());
            found.extend(durations.keys().map(|key| format!("*_ns.{key}")));
        }
        Value::Object(entries) => {
            let last = path.rsplit('.').next().unwrap_or_default();
            for (key, value) in entries {
                let key = if BY_NAME.contains(&last) { "*" } else { key };
                fields(&if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }, value, found);
            }
        }
        Value::Array(entries) if entries.iter().any(Value::is_object) => {
            for entry in entries {
                fields(&format!("{path}[]"), entry, found);
            }
        }
        _ => {
            found.insert(path.to_owned());
        }
    }
}

/// The fields of a summary's JSON that the page lacks, and rows of the page that the JSON lacks.
pub(super) fn differences(summary: &Value) -> (Vec<String>, Vec<String>) {
    let mut written = BTreeSet::new();
    fields("", summary, &mut written);
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let documented: BTreeSet<String> = rows.map(str::to_owned).collect();
    let without = |of: &BTreeSet<String>, others: &BTreeSet<String>| of.difference(others).cloned().collect();
    (without(&written, &documented), without(&documented, &written))
}
