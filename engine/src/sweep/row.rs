//! A run's summary in long format: one row a measure.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use throng_components::run::Outcome;

use crate::summary::{RuleSummary, Summary};

/// One measure of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    /// What it is of: `run`, `scenario`, `step`, `scenario.step` and so on, as the summary nests them.
    pub(crate) scope: String,
    /// Which of these: `login`, `crowd.login`; empty for the run.
    pub(crate) name: String,
    /// The measure, as the summary calls it: `response_ns.p99`.
    pub(crate) measure: String,
    /// Its value.
    #[serde(with = "exact")]
    pub(crate) value: f64,
    /// Its unit; empty for a plain number.
    pub(crate) unit: String,
}

impl Row {
    /// Whether it says that the run as a whole failed.
    pub(super) fn is_failure(&self) -> bool {
        self.scope == RUN && self.measure == PASSED && self.value == 0.0
    }
}

/// The scope of what is said of the run as a whole.
const RUN: &str = "run";
/// The measure of whether something came out as it should: 1 or 0.
const PASSED: &str = "passed";

/// Numbers as texts: JSON readers may round the last digit of a number.
mod exact {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// What the summary says of the run itself, its inputs and its generator: none of it is a measure of what was simulated.
const LEFT_OUT: &[&str] =
    &["version", "seed", "params", "generator", "listeners", "controls", "lateness_ns", "too_few"];

/// Every measure of a run. New ones of the summary come along by themselves.
pub(crate) fn rows_of(summary: &Summary) -> Vec<Row> {
    let mut rows = Vec::new();
    let passed = if summary.outcome == Outcome::Passed { 1.0 } else { 0.0 };
    rows.push(row(&Place::run(), PASSED, passed, ""));
    if let Ok(Value::Object(fields)) = serde_json::to_value(summary) {
        walk(&fields, &Place::run(), "", &mut rows);
    }
    rule_rows(&summary.rules, &mut rows);
    rows
}

/// What measures are of.
struct Place {
    scope: String,
    name: String,
}

impl Place {
    fn run() -> Self {
        Self { scope: RUN.to_owned(), name: String::new() }
    }

    /// One of the things of a kind in it.
    fn inner(&self, scope: &str, name: &str) -> Self {
        if self.name.is_empty() {
            Self { scope: scope.to_owned(), name: name.to_owned() }
        } else {
            Self { scope: format!("{}.{scope}", self.scope), name: format!("{}.{name}", self.name) }
        }
    }
}

fn row(place: &Place, measure: &str, value: f64, unit: &str) -> Row {
    let (scope, name) = (place.scope.clone(), place.name.clone());
    Row { scope, name, measure: measure.to_owned(), value, unit: unit.to_owned() }
}

fn walk(fields: &Map<String, Value>, place: &Place, path: &str, rows: &mut Vec<Row>) {
    // A measure of one's own says its unit beside its values.
    let own_unit = fields.get("unit").and_then(Value::as_str);
    for (key, value) in fields.iter().filter(|(key, _)| !LEFT_OUT.contains(&key.as_str())) {
        let measure = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match value {
            Value::Number(number) => {
                let unit = own_unit.filter(|_| !is_count(key)).unwrap_or_else(|| unit_of(&measure));
                rows.extend(number.as_f64().map(|value| row(place, &measure, value, unit)));
            }
            Value::Object(inner) => match kind_of(key, inner).filter(|_| path.is_empty()) {
                Some(scope) => {
                    for (name, thing) in inner {
                        let inner = thing.as_object().into_iter();
                        inner.for_each(|fields| walk(fields, &place.inner(scope, name), "", rows));
                    }
                }
                None => walk(inner, place, &measure, rows),
            },
            _ => {}
        }
    }
}

/// What the things in an object are, when it holds things by their names: `scenario` in `scenarios`.
fn kind_of<'a>(key: &'a str, inner: &Map<String, Value>) -> Option<&'a str> {
    let singular = key.strip_suffix('s').filter(|_| !key.ends_with("_ns"))?;
    inner.values().all(Value::is_object).then_some(singular)
}

fn is_count(field: &str) -> bool {
    ["count", "refused"].contains(&field)
}

/// The unit that a measure's name ends with, or that of what it is a part of.
fn unit_of(measure: &str) -> &'static str {
    let mut parts = measure.rsplit('.');
    if parts.clone().next().is_some_and(is_count) {
        return "";
    }
    let unit = |part: &str| match part {
        _ if part.ends_with("_ns") => Some("ns"),
        _ if part.ends_with("_per_s") => Some("1/s"),
        _ if part.ends_with("_s") => Some("s"),
        _ if part.starts_with("bytes_") || part.ends_with("_bytes") => Some("bytes"),
        _ if part.ends_with("share") || part == "utilisation" => Some("share"),
        _ => None,
    };
    parts.find_map(unit).unwrap_or("")
}

/// Rules stand in a list and are known by their text. Of two of one text both say the same.
fn rule_rows(rules: &[RuleSummary], rows: &mut Vec<Row>) {
    for (number, rule) in rules.iter().enumerate() {
        if rules[..number].iter().any(|known| known.rule == rule.rule) {
            continue;
        }
        let place = Place { scope: "rule".to_owned(), name: rule.rule.clone() };
        rows.push(row(&place, PASSED, if rule.passed { 1.0 } else { 0.0 }, ""));
        let value = rule.value.as_ref().and_then(serde_json::Number::as_f64);
        rows.extend(value.map(|value| row(&place, "value", value, &rule.unit)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(json: Value) -> Vec<String> {
        let mut rows = Vec::new();
        walk(json.as_object().expect("an object"), &Place::run(), "", &mut rows);
        let line =
            |row: &Row| format!("{}|{}|{}|{}|{}", row.scope, row.name, row.measure, row.value, row.unit);
        rows.iter().map(line).collect()
    }

    fn check(json: Value, expected: &[&str]) {
        assert_eq!(walked(json), expected);
    }

    #[test]
    fn measures_are_found_wherever_they_stand() {
        check(
            serde_json::json!({ "duration_ns": 5, "version": 1, "seed": 2, "throng": "x" }),
            &["run||duration_ns|5|ns"],
        );
        check(
            serde_json::json!({ "scenarios": { "crowd": {
                "rate": { "achieved_per_s": 4.5, "expected_per_s": null },
                "lateness_ns": { "count": 1 },
                "steps": { "login": { "errors": { "500": 2 }, "response_ns": { "count": 3, "p99": 7 } } } } } }),
            &[
                "scenario|crowd|rate.achieved_per_s|4.5|1/s",
                "scenario.step|crowd.login|errors.500|2|",
                "scenario.step|crowd.login|response_ns.count|3|",
                "scenario.step|crowd.login|response_ns.p99|7|ns",
            ],
        );
        check(
            serde_json::json!({ "phases_ns": { "dns": { "mean": 1 } }, "generator": { "ticks": 5 } }),
            &["run||phases_ns.dns.mean|1|ns"],
        );
        check(
            serde_json::json!({ "measures": { "price": { "unit": "EUR", "count": 2, "mean": 1.5 } } }),
            &["measure|price|count|2|", "measure|price|mean|1.5|EUR"],
        );
        // A kind of thing that the summary has not yet.
        check(
            serde_json::json!({ "gadgets": { "db": { "busy_share": 0.5, "bytes_sent": 1 } } }),
            &["gadget|db|busy_share|0.5|share", "gadget|db|bytes_sent|1|bytes"],
        );
    }

    #[test]
    fn values_come_back_as_they_went() {
        for value in [0.1 + 0.2, 1.0 / 3.0, 9_007_199_254_740_991.0, 5e-324, -0.25] {
            let row = row(&Place::run(), "m", value, "");
            let text = serde_json::to_string(&row).expect("it can be written");
            let back: Row = serde_json::from_str(&text).expect("it can be read");
            assert_eq!(back.value.to_bits(), value.to_bits(), "{text}");
        }
    }
}
