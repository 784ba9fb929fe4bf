//! `successes`: too few steps or iterations have gone well.
//!
//! ```kdl
//! stop-when { successes below=1 window="5s" }
//! require { successes above=1000 step=login }
//! ```
//!
//! A target that answers nothing fails nothing either, until timeouts pass: nothing that went well is the first sign of it. So it
//! is asked in empty windows, too; not before the warm-up is over, and not once what it looks at is at its end.

use bevy_ecs::component::Component;
use throng_components::clock::Nanos;
use throng_components::sample::{Sample, SampleKind, SampleOutcome};
use throng_components::state::State;
use throng_components::state_of;
use throng_components::workload::{FieldSpec, Fields, NodeSpec, Problems, ValueKind};

use super::window::{
    ABORT, OUTCOME, SCENARIO, STEP, TIMES, WINDOW, Window, consequence, require_bound, scope,
};
use super::{Cadence, Facts, Judgement, Rule, RuleNames, Scope, TripCount, Tripwire};

/// The rule.
#[derive(Component, Clone, Copy, Debug)]
pub struct Successes {
    bound: u64,
    /// Whether it holds above the bound, or below it.
    above: bool,
    of_iterations: bool,
    scope: Scope,
    window: Window,
    succeeded: u64,
    /// What the last window held that was judged.
    told: Option<f64>,
}

state_of!(Successes { saved: succeeded, told; within: window; declared: bound, above, of_iterations, scope });

impl Rule for Successes {
    const SPEC: NodeSpec = NodeSpec {
        name: "successes",
        summary: "Compares how many steps, or iterations, have gone well.",
        sample: "successes below=1 window=\"5s\"",
        properties: &[
            FieldSpec {
                name: "below",
                kind: ValueKind::Count,
                default: "",
                summary: "Holds with fewer than this, and with none.",
            },
            FieldSpec {
                name: "above",
                kind: ValueKind::Count,
                default: "",
                summary: "Holds with more than this.",
            },
            FieldSpec {
                name: "of",
                kind: ValueKind::Word(&["steps", "iterations"]),
                default: "steps",
                summary: "What is counted.",
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
        let (above, below) = (fields.count("above", 0, u64::MAX), fields.count("below", 1, u64::MAX));
        require_bound(&mut fields, ["below", "above"], "below=, above=");
        let of_iterations = fields.word("of") == Some("iterations");
        let scope = scope(&mut fields, &names);
        let window = Window::read(&mut fields, &names);
        let rule = above.or(below).map(|bound| Self {
            bound,
            above: above.is_some(),
            of_iterations,
            scope,
            window,
            succeeded: 0,
            told: None,
        });
        fields.finish(rule)
    }

    fn unit(&self) -> &'static str {
        if self.of_iterations { "iterations" } else { "steps" }
    }

    fn scope(&self) -> Scope {
        self.scope
    }

    fn cadence(&self) -> Cadence {
        if self.is_count() { Cadence::Reached } else { self.window.cadence() }
    }

    fn observe(&mut self, sample: &Sample) {
        let wanted = if self.of_iterations { SampleKind::Iteration } else { SampleKind::Attempt };
        self.succeeded += u64::from(sample.kind == wanted && sample.outcome == SampleOutcome::Succeeded);
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Judgement {
        let succeeded = self.succeeded;
        if let Some(length) = self.window.length {
            self.succeeded = 0;
            if !self.is_expected(facts, facts.at - length) {
                self.window.holds(false, false);
                return Judgement::of(self.told, false);
            }
        }
        let now = if self.above { succeeded > self.bound } else { succeeded < self.bound };
        self.told = Some(succeeded as f64);
        Judgement::of(self.told, self.window.holds(now, facts.at_end))
    }

    fn tripwire(&self) -> Option<Tripwire> {
        let well = SampleOutcome::Succeeded;
        let counts = if self.of_iterations { TripCount::Iterations(well) } else { TripCount::Steps(well) };
        self.is_count().then_some(Tripwire { counts, scope: self.scope, above: self.bound })
    }

    fn state(&mut self) -> Option<&mut dyn State> {
        Some(self)
    }
}

impl Successes {
    /// Whether it is asked when its count is passed.
    fn is_count(&self) -> bool {
        self.above && self.window.length.is_none()
    }

    /// Whether any scenario that it looks at played for the whole window, its warm-up behind it.
    fn is_expected(&self, facts: &Facts<'_>, since: Nanos) -> bool {
        let concerned = facts.scenarios.iter().filter(|facts| self.scope.covers(facts.scenario.id));
        let mut playing =
            concerned.filter(|of| of.progress.stopped_at.is_none_or(|stopped| stopped >= facts.at));
        playing.any(|facts| facts.scenario.warm_until() <= since)
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
            samples.push(step(SampleOutcome::Cut));
            samples.push(sample(SampleKind::Iteration, 1, SampleOutcome::Succeeded));
            samples
        };
        let samples: Vec<Vec<Sample>> = windows.iter().map(of).collect();
        let windows: Vec<_> =
            samples.iter().map(|samples| (ScenarioCounts::default(), samples.as_slice())).collect();
        let judged = judge(&mut read::<Successes>(properties), &windows);
        let judged: Vec<_> = judged.iter().map(|judgement| (judgement.value, judgement.holds)).collect();
        assert_eq!(judged, expected, "{properties:?}");
    }

    #[test]
    fn a_window_without_any_is_judged_as_well() {
        let silent = [("below", "1"), ("window", "1s")];
        check(
            &silent,
            &[(3, 0), (1, 9), (0, 9), (0, 0)],
            &[(Some(3.0), false), (Some(1.0), false), (Some(0.0), true), (Some(0.0), true)],
        );
        let twice = [("below", "1"), ("window", "1s"), ("times", "2")];
        check(
            &twice,
            &[(0, 0), (1, 0), (0, 0), (0, 0)],
            &[(Some(0.0), false), (Some(1.0), false), (Some(0.0), false), (Some(0.0), true)],
        );
    }

    #[test]
    fn without_windows_all_of_them_count() {
        check(&[("above", "3")], &[(2, 0), (2, 5)], &[(Some(2.0), false), (Some(4.0), true)]);
        check(
            &[("above", "1"), ("of", "iterations")],
            &[(0, 1), (0, 1)],
            &[(Some(1.0), false), (Some(2.0), true)],
        );
    }
}
