//! `failures`: too many steps or iterations have failed.
//!
//! ```kdl
//! stop-when {
//!     failures above="5%" window="10s" min-count=50
//!     failures above=100 of=iterations
//! }
//! require { failures below="1%" }
//! ```
//!
//! A share is of finished steps (or iterations); a count acts at the instant at which it is passed.

use bevy_ecs::component::Component;
use throng_components::sample::{Sample, SampleKind, SampleOutcome};
use throng_components::state::State;
use throng_components::state_of;
use throng_components::workload::{FieldSpec, Fields, Limit, NodeSpec, Problems, ValueKind};

use super::window::{
    ABORT, OUTCOME, SCENARIO, STEP, TIMES, WINDOW, Window, consequence, require_bound, scope,
};
use super::{Cadence, Facts, Judgement, Rule, RuleNames, Scope, TripCount, Tripwire};

/// The rule.
#[derive(Component, Clone, Copy, Debug)]
pub struct Failures {
    limit: Limit,
    /// Whether it holds above the limit, or below it.
    above: bool,
    of_iterations: bool,
    min_count: u64,
    scope: Scope,
    window: Window,
    finished: u64,
    failed: u64,
}

impl Failures {
    /// Whether it is asked when its count is passed.
    fn is_count(&self) -> bool {
        matches!(self.limit, Limit::Count(_)) && self.above && self.window.length.is_none()
    }
}

state_of!(Failures { saved: finished, failed; within: window; declared: limit, above, of_iterations, min_count, scope });

impl Rule for Failures {
    const SPEC: NodeSpec = NodeSpec {
        name: "failures",
        summary: "Compares failed steps, or iterations, as a count or as a share of the finished ones.",
        sample: "failures above=\"5%\" window=\"10s\" min-count=50",
        properties: &[
            FieldSpec {
                name: "above",
                kind: ValueKind::Limit,
                default: "",
                summary: "Holds with more than this.",
            },
            FieldSpec {
                name: "below",
                kind: ValueKind::Limit,
                default: "",
                summary: "Holds with less than this.",
            },
            FieldSpec {
                name: "of",
                kind: ValueKind::Word(&["steps", "iterations"]),
                default: "steps",
                summary: "What is counted.",
            },
            FieldSpec {
                name: "min-count",
                kind: ValueKind::Count,
                default: "1",
                summary: "A share of fewer than so many does not hold.",
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
        let (above, below) = (fields.limit("above"), fields.limit("below"));
        require_bound(&mut fields, ["above", "below"], "above=, below=");
        let of_iterations = fields.word("of") == Some("iterations");
        let min_count = fields.count("min-count", 1, u64::MAX).unwrap_or(1);
        let scope = scope(&mut fields, &names);
        let window = Window::read(&mut fields, &names);
        let rule = above.or(below).map(|limit| Self {
            limit,
            above: above.is_some(),
            of_iterations,
            min_count,
            scope,
            window,
            finished: 0,
            failed: 0,
        });
        fields.finish(rule)
    }

    fn unit(&self) -> &'static str {
        match (self.limit, self.of_iterations) {
            (Limit::Share(_), _) => "share",
            (Limit::Count(_), true) => "iterations",
            (Limit::Count(_), false) => "steps",
        }
    }

    fn scope(&self) -> Scope {
        self.scope
    }

    fn cadence(&self) -> Cadence {
        if self.is_count() { Cadence::Reached } else { self.window.cadence() }
    }

    fn observe(&mut self, sample: &Sample) {
        let wanted = if self.of_iterations { SampleKind::Iteration } else { SampleKind::Attempt };
        if sample.kind == wanted && sample.outcome != SampleOutcome::Cut {
            self.finished += 1;
            self.failed += u64::from(sample.outcome != SampleOutcome::Succeeded);
        }
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Judgement {
        let (value, bound, enough) = match self.limit {
            // Few failures of nothing at all are no merit; too many of them need nothing else.
            Limit::Count(bound) => {
                let told = !facts.at_end || self.above || self.finished > 0;
                (told.then_some(self.failed as f64), bound as f64, true)
            }
            Limit::Share(bound) => {
                let share = (self.finished > 0).then(|| self.failed as f64 / self.finished as f64);
                (share, bound.0, self.finished >= self.min_count)
            }
        };
        let now = enough && value.is_some_and(|value| if self.above { value > bound } else { value < bound });
        if self.window.length.is_some() {
            (self.finished, self.failed) = (0, 0);
        }
        Judgement::of(value, self.window.holds(now, facts.at_end))
    }

    fn tripwire(&self) -> Option<Tripwire> {
        let Limit::Count(above) = self.limit else { return None };
        let failed = SampleOutcome::Failed;
        let counts =
            if self.of_iterations { TripCount::Iterations(failed) } else { TripCount::Steps(failed) };
        self.is_count().then_some(Tripwire { counts, scope: self.scope, above })
    }

    fn state(&mut self) -> Option<&mut dyn State> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{judge, read, sample};
    use super::*;
    use throng_components::scenario::ScenarioCounts;

    /// Windows of so many good and bad steps; `expected`: the value and whether the rule holds.
    fn check(properties: &[(&str, &str)], windows: &[(usize, usize)], expected: &[(Option<f64>, bool)]) {
        let of = |(good, bad): &(usize, usize)| {
            let step = |outcome| sample(SampleKind::Attempt, 1, outcome);
            let mut samples = vec![step(SampleOutcome::Succeeded); *good];
            samples.extend(vec![step(SampleOutcome::Failed); *bad]);
            // What was cut, and what is no step, is neither good nor bad.
            samples.push(step(SampleOutcome::Cut));
            samples.push(sample(SampleKind::Iteration, 1, SampleOutcome::Failed));
            samples
        };
        let samples: Vec<Vec<Sample>> = windows.iter().map(of).collect();
        let windows: Vec<_> =
            samples.iter().map(|samples| (ScenarioCounts::default(), samples.as_slice())).collect();
        let judged = judge(&mut read::<Failures>(properties), &windows);
        let judged: Vec<_> = judged.iter().map(|judgement| (judgement.value, judgement.holds)).collect();
        assert_eq!(judged, expected, "{properties:?}");
    }

    #[test]
    fn a_count_goes_on_and_a_window_begins_anew() {
        check(&[("above", "2")], &[(9, 2), (9, 1)], &[(Some(2.0), false), (Some(3.0), true)]);
        let windowed = [("above", "2"), ("window", "1s")];
        check(
            &windowed,
            &[(9, 2), (9, 1), (0, 3)],
            &[(Some(2.0), false), (Some(1.0), false), (Some(3.0), true)],
        );
    }

    #[test]
    fn a_share_needs_data_and_enough_of_it() {
        let share = [("above", "25%"), ("window", "1s"), ("min-count", "4")];
        check(
            &share,
            &[(0, 0), (0, 3), (3, 1), (2, 2)],
            &[(None, false), (Some(1.0), false), (Some(0.25), false), (Some(0.5), true)],
        );
        check(&[("below", "25%")], &[(0, 0), (4, 1)], &[(None, false), (Some(0.2), true)]);
    }

    #[test]
    fn windows_in_a_row_are_counted() {
        let twice = [("above", "0"), ("window", "1s"), ("times", "2")];
        let held = [(Some(1.0), false), (Some(0.0), false), (Some(1.0), false), (Some(1.0), true)];
        check(&twice, &[(0, 1), (1, 0), (0, 1), (0, 1)], &held);
    }
}
