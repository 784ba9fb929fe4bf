//! `response`: a quantile of response times.
//!
//! ```kdl
//! stop-when { response p=99 step=login above="250ms" window="10s" times=3 }
//! require { response p=99 step=login below="200ms" }
//! ```
//!
//! Response time counts from the instant at which a step was due, so that a stalled target cannot hide behind users that wait.

use bevy_ecs::component::Component;
use throng_components::clock::Nanos;
use throng_components::measure::Measure;
use throng_components::sample::{Sample, SampleOutcome};
use throng_components::state::State;
use throng_components::state_of;
use throng_components::workload::{FieldSpec, Fields, NodeSpec, Problems, ValueKind};

use super::window::{
    GROUP, OUTCOME, SCENARIO, STEP, TIMES, WINDOW, Window, require_bound, scope_with_groups,
};
use super::{Cadence, Facts, Judgement, Rule, RuleNames, Scope};

/// The rule.
#[derive(Component, Clone, Debug)]
pub struct Response {
    /// The share of response times that the quantile covers, 0 to 1.
    quantile: f64,
    bound: Nanos,
    above: bool,
    min_count: u64,
    scope: Scope,
    window: Window,
    measure: Measure,
}

state_of!(Response { saved: measure; within: window; declared: quantile, bound, above, min_count, scope });

impl Rule for Response {
    const SPEC: NodeSpec = NodeSpec {
        name: "response",
        summary: "Compares a quantile of response times, counted from when steps were due.",
        sample: "response p=99 below=\"200ms\"",
        properties: &[
            FieldSpec {
                name: "p",
                kind: ValueKind::Number,
                default: "",
                summary: "The percentile, 1 to 100: `99`, `99.9`.",
            },
            FieldSpec {
                name: "above",
                kind: ValueKind::Duration,
                default: "",
                summary: "Holds when the percentile is above this.",
            },
            FieldSpec {
                name: "below",
                kind: ValueKind::Duration,
                default: "",
                summary: "Holds when the percentile is below this.",
            },
            FieldSpec {
                name: "min-count",
                kind: ValueKind::Count,
                default: "1",
                summary: "With fewer steps it does not hold.",
            },
            SCENARIO,
            STEP,
            GROUP,
            WINDOW,
            TIMES,
            OUTCOME,
        ],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>, names: RuleNames<'_>) -> Result<Self, Problems> {
        fields.word("outcome");
        fields.require("p");
        let p = fields.number("p", 1.0, 100.0);
        let (above, below) = (fields.duration("above"), fields.duration("below"));
        require_bound(&mut fields, ["above", "below"], "above=, below=");
        let min_count = fields.count("min-count", 1, u64::MAX).unwrap_or(1);
        let scope = scope_with_groups(&mut fields, &names);
        let window = Window::read(&mut fields, &names);
        let rule = p.zip(above.or(below)).map(|(p, bound)| Self {
            quantile: p / 100.0,
            bound,
            above: above.is_some(),
            min_count,
            scope,
            window,
            measure: Measure::default(),
        });
        fields.finish(rule)
    }

    fn unit(&self) -> &'static str {
        "ns"
    }

    fn scope(&self) -> Scope {
        self.scope
    }

    fn cadence(&self) -> Cadence {
        self.window.cadence()
    }

    fn observe(&mut self, sample: &Sample) {
        // A step that failed before it was sent waited for no answer: its time of nearly 0 would keep any bound.
        if sample.kind == self.scope.kind() && sample.outcome != SampleOutcome::Cut && sample.was_sent() {
            self.measure.record(sample.response());
        }
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Judgement {
        let value = self.measure.quantile(self.quantile);
        let enough = self.measure.count() >= self.min_count;
        let compare = |value: Nanos| if self.above { value > self.bound } else { value < self.bound };
        let now = enough && value.is_some_and(compare);
        if self.window.length.is_some() {
            self.measure.clear();
        }
        Judgement { value: value.map(|value| value.0 as f64), holds: self.window.holds(now, facts.at_end) }
    }

    fn state(&mut self) -> Option<&mut dyn State> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{judge, read, sample};
    use super::*;
    use throng_components::sample::SampleKind;
    use throng_components::scenario::ScenarioCounts;

    /// One window of steps of these lengths in milliseconds; `expected`: the value in whole milliseconds, and whether it holds.
    fn check(properties: &[(&str, &str)], millis: &[u64], expected: (Option<u64>, bool)) {
        let steps =
            millis.iter().map(|length| sample(SampleKind::Attempt, *length, SampleOutcome::Succeeded));
        let mut samples: Vec<Sample> = steps.collect();
        // Neither of these two is a finished step.
        samples.push(sample(SampleKind::Attempt, 9_000, SampleOutcome::Cut));
        samples.push(sample(SampleKind::Iteration, 9_000, SampleOutcome::Succeeded));
        // This one is, and was never sent: it has no response time.
        samples.push(Sample { attempt: 0, ..sample(SampleKind::Attempt, 9_000, SampleOutcome::Failed) });
        let judged = judge(&mut read::<Response>(properties), &[(ScenarioCounts::default(), &samples)]);
        let value = judged[0].value.map(|value| Nanos::from_f64(value / 1e6).0);
        assert_eq!((value, judged[0].holds), expected, "{properties:?} {millis:?}");
    }

    #[test]
    fn a_quantile_is_compared_and_needs_data() {
        let above = [("p", "50"), ("above", "15ms")];
        check(&above, &[10, 20, 30], (Some(20), true));
        check(&above, &[10, 10, 30], (Some(10), false));
        check(&above, &[], (None, false));
        check(&[("p", "100"), ("below", "31ms")], &[10, 30], (Some(30), true));
        check(&[("p", "50"), ("below", "31ms")], &[], (None, false));
        check(&[("p", "50"), ("above", "1ms"), ("min-count", "3")], &[10, 20], (Some(10), false));
    }
}
