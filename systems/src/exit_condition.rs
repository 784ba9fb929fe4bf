//! Asks the rules: at windows' ends, at instants, when counts are reached, and once at the end.

use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};
use throng_components::clock::{ClockKind, Nanos, RunClock};
use throng_components::exit_condition::{ExitCondition, RuleResult, RuleRole};
use throng_components::phase::Phase;
use throng_components::run::{Outcome, RunState, Stop};
use throng_components::sample::Sample;
use throng_components::scenario::{Scenario, ScenarioId, ScenarioProgress, ShardCounts};
use throng_components::statistics::ScenarioStatistics;

use crate::links::{Incoming, Wake};
use crate::plugins::exit_conditions::{Cadence, Facts, Judgement, Rule, ScenarioFacts, Tripwire};

/// Where a rule's windows stand.
#[derive(Component, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Watch {
    /// The end of the current window; not set before the first look.
    end: Option<Nanos>,
    /// Samples that ended after the current window did.
    held: Vec<Sample>,
    /// Whether the rule has been asked for the last time.
    closed: bool,
}

/// Stops that rules asked for in this update; the earliest, and of these the first in the file, is taken.
#[derive(Resource, Debug, Default)]
pub struct StopCandidates {
    /// With each the rule's place in the file.
    pub stops: Vec<(u16, Stop)>,
}

/// When the next rule wants to be asked; virtual time stops there.
#[derive(Resource, Clone, Copy, Debug)]
pub struct NextJudgement(pub Nanos);

impl Default for NextJudgement {
    fn default() -> Self {
        Self(Nanos::MAX)
    }
}

/// Counts whose reaching virtual time has to stop at.
#[derive(Resource, Clone, Debug, Default)]
pub struct Tripwires(pub Vec<Tripwire>);

/// The instant at which the run will have been stopped for sure: by its length, or by a rule that only looks at the time.
///
/// What is due from then on is never handed out, so that in real time the end does not depend on the tick that notices it.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertainEnd {
    /// The instant.
    pub at: Nanos,
    /// Whether the shards know.
    pub announced: bool,
}

impl Default for CertainEnd {
    fn default() -> Self {
        Self { at: Nanos::MAX, announced: false }
    }
}

/// All systems that judge rules. They have no order among each other: what they find is sorted afterwards.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Judging;

/// All systems that arm tripwires. They have no order among each other: each wire is watched for itself.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Arming;

/// Adds the system that judges rules of one kind.
pub fn add_judging_of<R: Rule>(schedule: &mut Schedule) {
    schedule.add_systems(judge_rules::<R>.in_set(Phase::Judge).in_set(Judging));
    schedule.add_systems(set_tripwires::<R>.in_set(Phase::Allocate).in_set(Arming));
}

/// Collects the tripwires of rules of one kind, and the instants at which they will stop the run for sure, once.
///
/// Writes: `Tripwires`, `CertainEnd`. Runs in: `Phase::Allocate`.
pub fn set_tripwires<R: Rule>(
    mut tripwires: ResMut<'_, Tripwires>,
    mut end: ResMut<'_, CertainEnd>,
    rules: Query<'_, '_, (&ExitCondition, &R), Added<R>>,
) {
    tripwires.0.extend(rules.iter().filter_map(|(_, rule)| rule.tripwire()));
    let stops = rules.iter().filter(|(condition, _)| matches!(condition.role, RuleRole::StopWhen(_)));
    let certain = stops.filter_map(|(_, rule)| rule.certain_at()).min();
    end.at = end.at.min(certain.unwrap_or(Nanos::MAX));
}

/// Lets rules of one kind see the new samples, and asks those whose time has come.
///
/// In real time a window is judged a tick after its end, when the samples that ended in it have come in.
///
/// Reads: `RunClock`, `Incoming`, all of a scenario's figures. Writes: the rule, `Watch`, `RuleResult`, `StopCandidates`,
/// `NextJudgement`. Runs in: `Phase::Judge`.
pub fn judge_rules<R: Rule>(
    clock: Res<'_, RunClock>,
    state: Res<'_, RunState>,
    incoming: Res<'_, Incoming>,
    mut candidates: ResMut<'_, StopCandidates>,
    mut next: ResMut<'_, NextJudgement>,
    mut rules: Query<'_, '_, (&ExitCondition, &mut R, &mut Watch, &mut RuleResult)>,
    scenarios: Query<'_, '_, (&Scenario, &ScenarioProgress, &ShardCounts, &ScenarioStatistics)>,
) {
    if rules.is_empty() {
        return;
    }
    let facts = gather(&scenarios);
    let at_end = *state >= RunState::Flushing;
    // A run that is over is judged up to its own end: how far the clock has gone on depends on the tick.
    let now = if at_end { end_of(&facts).unwrap_or(clock.now).min(clock.now) } else { clock.now };
    let grace = match clock.kind {
        ClockKind::Real if !at_end => clock.tick.max(Nanos::from_millis(10)),
        _ => Nanos::ZERO,
    };
    for (condition, mut rule, mut watch, mut result) in &mut rules {
        let mut asked = Asked { rule: &mut *rule, watch: &mut watch, result: &mut result, facts: &facts };
        asked.observe(&incoming);
        match condition.role {
            RuleRole::Require if at_end => asked.ask_at_end(now),
            RuleRole::Require => {
                let Some(after) = condition.abort_after else { continue };
                if let Some(at) = asked.find_breach(now, grace, after) {
                    let stop = Stop { at, by: condition.text.clone(), outcome: Outcome::Failed };
                    candidates.stops.push((condition.order, stop));
                }
                next.0 = next.0.min(asked.watch.end.unwrap_or(Nanos::MAX));
            }
            RuleRole::StopWhen(outcome) => {
                if let Some(at) = asked.ask(now, grace, at_end) {
                    let stop = Stop { at, by: condition.text.clone(), outcome };
                    candidates.stops.push((condition.order, stop));
                }
                let end = asked.watch.end.filter(|_| !asked.watch.closed && !at_end);
                next.0 = next.0.min(end.unwrap_or(Nanos::MAX));
            }
        }
    }
}

/// A judgement as results tell it.
fn told(judgement: Judgement, at: Nanos) -> RuleResult {
    let Judgement { value, too_few, holds } = judgement;
    RuleResult { value, too_few, holds, at }
}

/// When the last scenario ended.
fn end_of(facts: &[ScenarioFacts<'_>]) -> Option<Nanos> {
    facts.iter().filter_map(|facts| facts.progress.ended_at).max()
}

/// All scenarios as rules see them, by number.
fn gather<'a>(
    scenarios: &'a Query<'_, '_, (&Scenario, &ScenarioProgress, &ShardCounts, &ScenarioStatistics)>,
) -> Vec<ScenarioFacts<'a>> {
    let facts = scenarios.iter().map(|(scenario, progress, counts, statistics)| ScenarioFacts {
        scenario,
        progress,
        counts: counts.total(),
        statistics,
    });
    let mut facts: Vec<_> = facts.collect();
    facts.sort_unstable_by_key(|facts| facts.scenario.id);
    facts
}

/// One rule being asked.
struct Asked<'a, R> {
    rule: &'a mut R,
    watch: &'a mut Watch,
    result: &'a mut RuleResult,
    facts: &'a [ScenarioFacts<'a>],
}

impl<R: Rule> Asked<'_, R> {
    /// Shows the rule what ended in its current window, and keeps what ended later.
    fn observe(&mut self, incoming: &Incoming) {
        let scope = self.rule.scope();
        let end = self.watch.end.unwrap_or(Nanos::MAX);
        for sample in incoming.samples.iter().flat_map(|block| block.iter()) {
            if scope.concerns(sample) {
                if sample.ended >= end {
                    self.watch.held.push(*sample);
                } else {
                    self.rule.observe(sample);
                }
            }
        }
    }

    /// Where the rule's windows begin: its scenario's start, or the run's.
    fn origin(&self) -> Nanos {
        let of = |id: ScenarioId| self.facts.get(id.index()).map(|facts| facts.scenario.delay);
        self.rule.scope().scenario.and_then(of).unwrap_or(Nanos::ZERO)
    }

    /// Asks as often as is due; gives the instant at which it held.
    fn ask(&mut self, now: Nanos, grace: Nanos, at_end: bool) -> Option<Nanos> {
        if self.watch.closed {
            return None;
        }
        match self.rule.cadence() {
            Cadence::At(instant) => {
                self.watch.end = Some(instant);
                (now >= instant).then(|| self.judge(instant, at_end)).flatten()
            }
            Cadence::Reached => self.judge(now, at_end),
            Cadence::Every(length) => {
                let origin = self.origin();
                let certain = self.rule.certain_at().unwrap_or(Nanos::MAX);
                if origin == Nanos::MAX {
                    // Its scenario has not begun, and there are no windows yet: it ends for sure all the same.
                    return (now >= certain).then(|| self.judge(certain, at_end)).flatten();
                }
                let mut end = *self.watch.end.get_or_insert((origin + length).min(certain));
                while now >= end + grace {
                    let held = self.judge(end, at_end);
                    end = (end + length).min(certain.max(end + Nanos(1)));
                    self.watch.end = Some(end);
                    self.release_held(end);
                    if held.is_some() {
                        return held;
                    }
                }
                None
            }
        }
    }

    /// Asks a requirement each second from an instant on; gives that at which it had data and did not hold.
    fn find_breach(&mut self, now: Nanos, grace: Nanos, after: Nanos) -> Option<Nanos> {
        let origin = self.origin();
        if origin == Nanos::MAX {
            return None;
        }
        let mut end = *self.watch.end.get_or_insert(origin + after);
        while now >= end + grace {
            let judgement = self.rule.judge(&Facts { at: end, at_end: false, scenarios: self.facts });
            *self.result = told(judgement, end);
            let asked_at = end;
            end += Nanos::SECOND;
            self.watch.end = Some(end);
            self.release_held(end);
            if !judgement.holds && judgement.value.is_some() {
                return Some(asked_at);
            }
        }
        None
    }

    fn judge(&mut self, at: Nanos, at_end: bool) -> Option<Nanos> {
        let judgement = self.rule.judge(&Facts { at, at_end, scenarios: self.facts });
        *self.result = told(judgement, at);
        self.watch.closed = judgement.holds;
        judgement.holds.then_some(at)
    }

    /// Shows the rule the kept samples that belong to the window that has just begun.
    fn release_held(&mut self, end: Nanos) {
        let held = std::mem::take(&mut self.watch.held);
        for sample in held {
            if sample.ended >= end {
                self.watch.held.push(sample);
            } else {
                self.rule.observe(&sample);
            }
        }
    }

    fn ask_at_end(&mut self, now: Nanos) {
        if !self.watch.closed {
            let judgement = self.rule.judge(&Facts { at: now, at_end: true, scenarios: self.facts });
            *self.result = told(judgement, now);
            self.watch.closed = true;
        }
    }
}

/// Asks for the ticks at which rules are judged.
///
/// Reads: `NextJudgement`. Writes: `Wake`. Runs in: `Phase::Judge`, after the rules.
pub fn wake_for_rules(clock: Res<'_, RunClock>, next: Res<'_, NextJudgement>, mut wake: ResMut<'_, Wake>) {
    if next.0 != Nanos::MAX {
        wake.at_tick(next.0.0 / clock.tick.0);
    }
}
