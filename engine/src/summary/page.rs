//! The fields of the summary, as `engine/docs/summary.md` has them: the page is the table that `list` and `explain` show.

/// The page of the summary.
const PAGE: &str = include_str!("../../docs/summary.md");

/// One field of the JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryField {
    /// Where it stands: `scenarios.*.lateness_ns`. `*` is a name of the workload's own, `[]` each entry of a list.
    pub path: &'static str,
    /// Its unit; empty for none.
    pub unit: &'static str,
    /// What it says, with a full stop.
    pub meaning: &'static str,
}

impl SummaryField {
    /// Whether it is the field of that name: the whole path or its end, `*` or a name of the workload's own in its place.
    pub fn is(&self, name: &str) -> bool {
        let (own, asked): (Vec<&str>, Vec<&str>) =
            (self.path.split('.').collect(), name.split('.').collect());
        let same = |(own, asked): (&&str, &&str)| {
            own == asked || *own == "*" || (*own == "*_ns" && asked.ends_with("_ns"))
        };
        // What steps and durations hold stands on the page once, wherever in the JSON they are.
        let anywhere = ["steps", "*_ns"].contains(&own[0]);
        // A name of the workload's own alone could be anything.
        let told = own.last() != Some(&"*") || asked.len() > 1;
        told && (own.len() >= asked.len() || anywhere) && own.iter().rev().zip(asked.iter().rev()).all(same)
    }
}

/// All fields, in the order of the page.
pub fn fields() -> impl Iterator<Item = SummaryField> {
    PAGE.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.trim_end_matches(" |").splitn(3, '|');
        let (path, unit, meaning) = (cells.next()?, cells.next()?, cells.next()?);
        Some(SummaryField {
            path: path.trim().trim_end_matches('`'),
            unit: unit.trim(),
            meaning: meaning.trim(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: &[&str]) {
        let found: Vec<&str> = fields().filter(|field| field.is(name)).map(|field| field.path).collect();
        assert_eq!(found, expected, "{name}");
    }

    #[test]
    fn fields_are_found_by_any_end_of_their_path() {
        check("lateness_ns", &["scenarios.*.lateness_ns"]);
        check("scenarios.crowd.lateness_ns", &["scenarios.*.lateness_ns"]);
        check("scenarios.*.tokens.planned", &["scenarios.*.tokens.planned"]);
        check("p99", &["*_ns.p99", "measures.*.p99"]);
        check("scenarios.crowd.lateness_ns.p99", &["*_ns.p99"]);
        check("scenarios.crowd.steps.login.attempts", &["steps.*.attempts"]);
        check("steps.login.errors.timeout", &["steps.*.errors.*"]);
        check("params.peak", &["params.*"]);
        check("peak", &["scenarios.*.users.peak"]);
        check("nonsense", &[]);
    }
}

#[cfg(test)]
pub(super) use against_the_json::differences;

/// Holds the page against the JSON: no field without a row, no row without a field.
#[cfg(test)]
mod against_the_json {
    use std::collections::BTreeSet;

    use serde_json::Value;

    /// Objects whose keys are names of the workload's own.
    const BY_NAME: &[&str] = &[
        "params",
        "scenarios",
        "steps",
        "groups",
        "errors",
        "retried",
        "measures",
        "services",
        "listeners",
        "too_few",
    ];

    /// Whether a path leads to figures of a duration: by its name, and all that is in `phases_ns`.
    fn holds_durations(path: &str) -> bool {
        let mut names = path.rsplit('.');
        let (last, owner) = (names.next().unwrap_or_default(), names.next());
        owner == Some("phases_ns") || (last.ends_with("_ns") && last != "phases_ns")
    }

    /// The fields of a value as the page writes them.
    fn fields(path: &str, value: &Value, found: &mut BTreeSet<String>) {
        match value {
            // The page says once what steps hold, and once what durations hold.
            Value::Object(_) if path == "scenarios.*.steps.*" => {
                found.insert(path.to_owned());
                fields("steps.*", value, found);
            }
            Value::Object(_) if path == "scenarios.*.groups.*" => {
                found.insert(path.to_owned());
                fields("groups.*", value, found);
            }
            Value::Object(durations) if holds_durations(path) => {
                found.insert(path.to_owned());
                found.extend(durations.keys().map(|key| format!("*_ns.{key}")));
            }
            Value::Object(entries) => {
                let last = path.rsplit('.').next().unwrap_or_default();
                for (key, value) in entries {
                    let key = if BY_NAME.contains(&last) { "*" } else { key };
                    fields(
                        &if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") },
                        value,
                        found,
                    );
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
    pub(in crate::summary) fn differences(summary: &Value) -> (Vec<String>, Vec<String>) {
        let mut written = BTreeSet::new();
        fields("", summary, &mut written);
        let documented: BTreeSet<String> = super::fields().map(|field| field.path.to_owned()).collect();
        let without =
            |of: &BTreeSet<String>, others: &BTreeSet<String>| of.difference(others).cloned().collect();
        (without(&written, &documented), without(&documented, &written))
    }
}
