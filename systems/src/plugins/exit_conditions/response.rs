//! `response`: a quantile of response times, or their mean.
//!
//! ```kdl
//! stop-when { response p=99 step=login above="250ms" window="10s" times=3 }
//! require { response p=99 step=login below="200ms"; response mean below="50ms" }
//! ```
//!
//! Response time counts from the instant at which a step was due, so that a stalled target cannot hide behind users that wait.
//!
//! A percentile of too few values is refused rather than guessed: what the largest of 100 values is says little of the 99th
//! percentile. `above` may hold all the same: when so many values are above the bound that the percentile is, wherever it lies.

use bevy_ecs::component::Component;
use throng_components::sample::{Sample, SampleOutcome};
use throng_components::state::State;
use throng_components::state_of;
use throng_components::workload::{FieldSpec, Fields, NodeSpec, Problems, ValueKind};

use super::compared::{ABOVE, BELOW, Compared, Enough, MEAN, PERCENTILE};
use super::window::{ABORT, GROUP, OUTCOME, SCENARIO, STEP, TIMES, WINDOW, consequence, scope_with_groups};
use super::{Cadence, Facts, Judgement, Rule, RuleNames, Scope};

/// The rule.
#[derive(Component, Clone, Debug)]
pub struct Response {
    compared: Compared,
    scope: Scope,
}

state_of!(Response { within: compared; declared: scope });

impl Rule for Response {
    const SPEC: NodeSpec = NodeSpec {
        name: "response",
        summary: "Compares a percentile of response times, or their mean, counted from when steps were due.",
        sample: "response p=99 below=\"200ms\"",
        arguments: &[MEAN],
        properties: &[
            PERCENTILE,
            ABOVE,
            BELOW,
            FieldSpec {
                name: "min-count",
                kind: ValueKind::Count,
                default: "",
                summary: "With fewer steps it does not hold; without it, as many as it takes to know the percentile with 95 % \
                          confidence: 6 for p=50, 36 for p=90, 72 for p=95, 368 for p=99, 3688 for p=99.9.",
            },
            SCENARIO,
            STEP,
            GROUP,
            WINDOW,
            TIMES,
            OUTCOME,
            ABORT,
        ],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>, names: RuleNames<'_>) -> Result<Self, Problems> {
        consequence(&mut fields, &names);
        let compared = Compared::read(&mut fields, &names, Enough::Known);
        let scope = scope_with_groups(&mut fields, &names);
        fields.finish(compared.map(|compared| Self { compared, scope }))
    }

    fn unit(&self) -> &'static str {
        "ns"
    }

    fn scope(&self) -> Scope {
        self.scope
    }

    fn cadence(&self) -> Cadence {
        self.compared.cadence()
    }

    fn observe(&mut self, sample: &Sample) {
        // A step that failed before it was sent waited for no answer: its time of nearly 0 would keep any bound.
        if sample.kind == self.scope.kind() && sample.outcome != SampleOutcome::Cut && sample.was_sent() {
            self.compared.record(sample.response());
        }
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Judgement {
        self.compared.judge(facts.at_end)
    }

    fn state(&mut self) -> Option<&mut dyn State> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{judge, read, sample};
    use super::*;
    use throng_components::clock::Nanos;
    use throng_components::exit_condition::TooFew;
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
        let above = [("p", "50"), ("above", "15ms"), ("min-count", "1")];
        check(&above, &[10, 20, 30], (Some(20), true));
        check(&above, &[10, 10, 30], (Some(10), false));
        check(&above, &[], (None, false));
        check(&[("p", "100"), ("below", "31ms")], &[10, 30], (Some(30), true));
        check(&[("p", "50"), ("below", "31ms")], &[], (None, false));
        check(&[("p", "50"), ("above", "1ms"), ("min-count", "3")], &[10, 20], (None, false));
    }

    #[test]
    fn a_quantile_of_too_few_values_is_refused() {
        let below = [("p", "99"), ("below", "1s")];
        check(&below, &[10; 367], (None, false));
        check(&below, &[10; 368], (Some(10), true));
        // A value for the sake of it, when somebody asks for it.
        check(&[("p", "99"), ("below", "1s"), ("min-count", "1")], &[10], (Some(10), true));
        let above = [("p", "99"), ("above", "100ms")];
        // One slow answer among 100 is no 99th percentile, and the largest of 100 may be below it or above.
        check(&above, &[&[10; 99][..], &[900]].concat(), (None, false));
        check(&above, &[10; 100], (None, false));
        // Wherever it lies among these, it is above the bound.
        check(&above, &[900; 20], (Some(900), true));
        check(&[("p", "99"), ("above", "100ms"), ("min-count", "50")], &[900; 20], (None, false));
    }

    #[test]
    fn a_refusal_says_how_many_it_takes() {
        let rule = &mut read::<Response>(&[("p", "99"), ("below", "1s")]);
        let samples = vec![sample(SampleKind::Attempt, 5, SampleOutcome::Succeeded); 12];
        let judged = judge(rule, &[(ScenarioCounts::default(), &samples)]);
        assert_eq!(judged[0].too_few, Some(TooFew { count: 12, needed: 368 }));
    }

    #[test]
    fn the_mean_is_of_any_number() {
        let Response { compared, scope } = read(&[("p", "50"), ("above", "15ms")]);
        let mean = Response { compared: compared.of_the_mean(), scope };
        let samples = [10, 30].map(|millis| sample(SampleKind::Attempt, millis, SampleOutcome::Succeeded));
        let judged = judge(&mut mean.clone(), &[(ScenarioCounts::default(), &samples)]);
        assert_eq!(judged, [Judgement::of(Some(20e6), true)]);
        assert_eq!(judge(&mut mean.clone(), &[(ScenarioCounts::default(), &[])]), [Judgement::default()]);
    }
}
