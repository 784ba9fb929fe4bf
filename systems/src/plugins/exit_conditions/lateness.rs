//! `lateness`: how late the generator itself began steps.
//!
//! ```kdl
//! stop-when { lateness p=99 above="20ms" window="10s" times=3 }
//! require { lateness p=99 below="5ms" }
//! ```
//!
//! From all being ready until a step's start: the generator's own fault, never the target's. The verdict goes by the same
//! figure over the whole run; this rule ends a run as soon as it is worth nothing.

use bevy_ecs::component::Component;
use throng_components::sample::{Sample, SampleKind};
use throng_components::state::State;
use throng_components::state_of;
use throng_components::workload::{FieldSpec, Fields, NodeSpec, Problems, ValueKind};

use super::compared::{ABOVE, BELOW, Compared, Enough, MEAN, PERCENTILE};
use super::window::{ABORT, OUTCOME, SCENARIO, STEP, TIMES, WINDOW, consequence, scope};
use super::{Cadence, Facts, Judgement, Rule, RuleNames, Scope};

/// The rule.
#[derive(Component, Clone, Debug)]
pub struct Lateness {
    compared: Compared,
    scope: Scope,
}

state_of!(Lateness { within: compared; declared: scope });

impl Rule for Lateness {
    const SPEC: NodeSpec = NodeSpec {
        name: "lateness",
        summary: "Compares a percentile, or the mean, of how late the generator itself began steps.",
        sample: "lateness p=99 above=\"20ms\" window=\"10s\"",
        arguments: &[MEAN],
        properties: &[
            PERCENTILE,
            ABOVE,
            BELOW,
            FieldSpec {
                name: "min-count",
                kind: ValueKind::Count,
                default: "1",
                summary: "With fewer steps it does not hold. All that were begun are known, so that one is enough.",
            },
            SCENARIO,
            STEP,
            WINDOW,
            TIMES,
            OUTCOME,
            ABORT,
        ],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>, names: RuleNames<'_>) -> Result<Self, Problems> {
        consequence(&mut fields, &names);
        let compared = Compared::read(&mut fields, &names, Enough::Declared(1));
        let scope = scope(&mut fields, &names);
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
        // As the summary counts it: a step's first attempt.
        if matches!(sample.kind, SampleKind::Attempt | SampleKind::Retried) && sample.attempt == 1 {
            self.compared.record(sample.lateness());
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
    use throng_components::sample::SampleOutcome;
    use throng_components::scenario::ScenarioCounts;

    #[test]
    fn only_the_generators_own_delay_counts() {
        let late = |millis: u64, waited: u64, attempt: u8| {
            let unblocked = Nanos::from_millis(waited);
            let started = unblocked + Nanos::from_millis(millis);
            let all = sample(SampleKind::Attempt, 9_000, SampleOutcome::Succeeded);
            Sample { unblocked, started, attempt, ..all }
        };
        let check = |properties: &[(&str, &str)], samples: &[Sample], expected: (Option<f64>, bool)| {
            let judged = judge(&mut read::<Lateness>(properties), &[(ScenarioCounts::default(), samples)]);
            assert_eq!((judged[0].value, judged[0].holds), expected, "{properties:?}");
        };
        // A user or a connection that was waited for is the target's or the pool's.
        let samples = [late(5, 800, 1), late(30, 0, 1), late(700, 0, 2)];
        check(&[("p", "100"), ("above", "20ms")], &samples, (Some(30e6), true));
        check(&[("p", "50"), ("above", "20ms")], &[late(5, 800, 1)], (Some(5e6), false));
        check(&[("p", "50"), ("below", "20ms")], &[], (None, false));
    }
}
