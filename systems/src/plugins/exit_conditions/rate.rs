//! `rate`: how many iterations begin, against the plan or a second.
//!
//! ```kdl
//! require { rate scenario=crowd at-least="99%" }
//! stop-when { rate below="50/s" window="10s" }
//! ```
//!
//! In percent: iterations begun ÷ (tokens planned − cancelled). In events a time: iterations begun ÷ time from the scenario's
//! start to its end, without its delay and drain. Both leave the warm-up out.

use bevy_ecs::component::Component;
use throng_components::clock::Nanos;
use throng_components::state::State;
use throng_components::state_of;
use throng_components::workload::{
    FieldSpec, Fields, NodeSpec, Problems, Rate as RateValue, Scalar, Share, ValueKind,
};

use super::window::{ABORT, OUTCOME, SCENARIO, TIMES, WINDOW, Window, consequence, require_bound, scenario};
use super::{Cadence, Facts, Judgement, Rule, RuleNames, ScenarioFacts, Scope};

/// What the rate is compared with.
#[derive(Clone, Copy, Debug)]
enum Bound {
    OfPlan(Share),
    PerTime(RateValue),
}

/// The rule.
#[derive(Component, Clone, Copy, Debug)]
pub struct Rate {
    bound: Bound,
    /// Whether it holds from the bound on, or below it.
    at_least: bool,
    /// Whether it holds of a plan with nothing in it: it was kept. A rule that somebody wrote expects some load.
    holds_of_nothing: bool,
    scope: Scope,
    window: Window,
    /// Iterations begun, and tokens due, before the current window.
    before: (u64, u64),
    /// When the current window began.
    since: Nanos,
}

state_of!(Rate { saved: before, since; within: window; declared: bound, at_least, holds_of_nothing, scope });

impl Rule for Rate {
    const SPEC: NodeSpec = NodeSpec {
        name: "rate",
        summary: "Compares iterations begun with the plan (in %) or with a rate.",
        sample: "rate at-least=\"99%\"",
        properties: &[
            FieldSpec {
                name: "at-least",
                kind: ValueKind::ShareOrRate,
                default: "",
                summary: "Holds from this on.",
            },
            FieldSpec {
                name: "below",
                kind: ValueKind::ShareOrRate,
                default: "",
                summary: "Holds below this.",
            },
            SCENARIO,
            WINDOW,
            TIMES,
            OUTCOME,
            ABORT,
        ],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>, names: RuleNames<'_>) -> Result<Self, Problems> {
        consequence(&mut fields, &names);
        let (at_least, below) = (bound(&mut fields, "at-least"), bound(&mut fields, "below"));
        require_bound(&mut fields, ["at-least", "below"], "at-least=, below=");
        let scope = Scope { scenario: scenario(&mut fields, &names), ..Scope::default() };
        let window = Window::read(&mut fields, &names);
        let rule = at_least.or(below).map(|bound| Self {
            bound,
            at_least: at_least.is_some(),
            holds_of_nothing: names.implicit,
            scope,
            window,
            before: (0, 0),
            since: Nanos::ZERO,
        });
        fields.finish(rule)
    }

    fn unit(&self) -> &'static str {
        match self.bound {
            Bound::OfPlan(_) => "share",
            Bound::PerTime(_) => "per_s",
        }
    }

    fn scope(&self) -> Scope {
        self.scope
    }

    fn cadence(&self) -> Cadence {
        self.window.cadence()
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Judgement {
        let concerned = facts.scenarios.iter().filter(|facts| {
            self.scope.scenario.map_or_else(|| self.suits(facts), |id| id == facts.scenario.id)
        });
        let (mut begun, mut planned, mut start, mut end) = (0, 0, Nanos::MAX, Nanos::ZERO);
        for scenario in concerned {
            begun += scenario.counts.started - scenario.counts.started_warm_up;
            planned += due_tokens(scenario, facts.at_end);
            start = start.min(scenario.scenario.warm_until());
            end = end.max(scenario.progress.stopped_at.unwrap_or(facts.at).min(facts.at));
        }
        let windowed = self.window.length.is_some() && !facts.at_end;
        let (before, since) = if windowed { (self.before, self.since.max(start)) } else { ((0, 0), start) };
        let value = match self.bound {
            Bound::OfPlan(_) => {
                let tokens = planned.saturating_sub(before.1);
                (tokens > 0).then(|| (begun - before.0) as f64 / tokens as f64)
            }
            Bound::PerTime(_) => {
                let time = (end - since).as_secs_f64();
                (time > 0.0).then(|| (begun - before.0) as f64 / time)
            }
        };
        if windowed {
            (self.before, self.since) = ((begun, planned), facts.at);
        }
        let bound = match self.bound {
            Bound::OfPlan(share) => share.0,
            Bound::PerTime(rate) => rate.as_per_second(),
        };
        let compare = |value: f64| if self.at_least { value >= bound } else { value < bound };
        let now = value.map_or(self.holds_of_nothing, compare);
        Judgement::of(value, self.window.holds(now, facts.at_end))
    }

    fn state(&mut self) -> Option<&mut dyn State> {
        Some(self)
    }
}

impl Rate {
    /// Without a scenario, a share of the plan speaks of all that have one.
    fn suits(&self, facts: &ScenarioFacts<'_>) -> bool {
        facts.scenario.open || matches!(self.bound, Bound::PerTime(_))
    }
}

/// Tokens that had to begin by now, without the warm-up's.
fn due_tokens(facts: &ScenarioFacts<'_>, at_end: bool) -> u64 {
    let counts = &facts.counts;
    if at_end {
        let all = facts.progress.planned - facts.progress.cancelled - counts.cancelled;
        all.saturating_sub(counts.started_warm_up)
    } else {
        let met = counts.started + counts.dropped + counts.expired + counts.waiting;
        (met + facts.progress.dropped).saturating_sub(counts.started_warm_up)
    }
}

fn bound(fields: &mut Fields<'_>, name: &'static str) -> Option<Bound> {
    let is_share = matches!(
        &fields.node().property(name)?.value,
        Scalar::Text(text) if text.trim_end().ends_with('%')
    );
    if is_share { fields.share(name).map(Bound::OfPlan) } else { fields.rate(name).map(Bound::PerTime) }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{judge, read};
    use super::*;
    use throng_components::scenario::ScenarioCounts;

    /// Iterations begun and tokens dropped since the start, at each second; `expected`: the value, and whether it holds.
    fn check(properties: &[(&str, &str)], seconds: &[(u64, u64)], expected: &[(Option<f64>, bool)]) {
        let windows: Vec<_> = seconds
            .iter()
            .map(|(started, dropped)| {
                (
                    ScenarioCounts { started: *started, dropped: *dropped, ..ScenarioCounts::default() },
                    &[][..],
                )
            })
            .collect();
        let judged = judge(&mut read::<Rate>(properties), &windows);
        let judged: Vec<_> = judged.iter().map(|judgement| (judgement.value, judgement.holds)).collect();
        assert_eq!(judged, expected, "{properties:?}");
    }

    #[test]
    fn a_rate_a_second_is_of_its_window_or_of_all_time() {
        let windowed = [("below", "8/s"), ("window", "1s")];
        check(
            &windowed,
            &[(10, 0), (20, 0), (25, 0)],
            &[(Some(10.0), false), (Some(10.0), false), (Some(5.0), true)],
        );
        check(&[("below", "8/s")], &[(10, 0), (12, 0)], &[(Some(10.0), false), (Some(6.0), true)]);
    }

    #[test]
    fn a_share_is_of_the_tokens_that_were_due() {
        let windowed = [("at-least", "90%"), ("window", "1s")];
        check(
            &windowed,
            &[(9, 1), (10, 4), (10, 4)],
            &[(Some(0.9), true), (Some(0.25), false), (None, false)],
        );
    }
}
