//! The run's state machine: stops, ends of scenarios, drains and cuts.

use bevy_ecs::prelude::*;
use throng_components::clock::{Nanos, RunClock};
use throng_components::exchange::Order;
use throng_components::run::{Outcome, RunDuration, RunState, RunStop, RunUntil, Stop};
use throng_components::scenario::{Scenario, ScenarioCounts, ScenarioPhase, ScenarioProgress, ShardCounts};
use throng_components::token::{Token, TokenState};

use crate::exit_condition::{NextJudgement, StopCandidates};
use crate::links::{Links, Placement, Wake};
use crate::scheduler::TokenRows;

/// What somebody outside asks of the run, taken in at the next update.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interrupts {
    /// How often an interrupt came: the first drains, the second cuts.
    pub count: u32,
    /// How often a stop came from the controls: each is as good as an interrupt.
    pub commands: u32,
}

impl Interrupts {
    /// Interrupts of either kind.
    pub fn total(self) -> u32 {
        self.count.saturating_add(self.commands)
    }
}

/// Takes the earliest stop that a rule, the run's length or an interrupt asks for. A run is stopped once.
///
/// Reads: `RunClock`, `StopCandidates`, `RunDuration`, `RunUntil`, `Interrupts`. Writes: `RunStop`. Runs in: `Phase::Judge`, after the rules.
pub fn decide_stop(
    clock: Res<'_, RunClock>,
    state: Res<'_, RunState>,
    (duration, until): (Res<'_, RunDuration>, Res<'_, RunUntil>),
    interrupts: Res<'_, Interrupts>,
    mut candidates: ResMut<'_, StopCandidates>,
    mut next: ResMut<'_, NextJudgement>,
    mut stop: ResMut<'_, RunStop>,
) {
    let mut stops = std::mem::take(&mut candidates.stops);
    if let Some(length) = duration.0 {
        if clock.now >= length {
            let by = "duration".to_owned();
            stops.push((u16::MAX, Stop { at: length, by, outcome: Outcome::Passed }));
        } else {
            next.0 = next.0.min(length);
        }
    }
    if let Some(until) = until.0 {
        if clock.now >= until {
            let by = "until".to_owned();
            stops.push((u16::MAX, Stop { at: until, by, outcome: Outcome::Passed }));
            stop.cut = true;
        } else {
            next.0 = next.0.min(until);
        }
    }
    if interrupts.total() > 0 {
        let by = "interrupt".to_owned();
        stops.push((u16::MAX, Stop { at: clock.now, by, outcome: Outcome::Interrupted }));
        stop.cut |= interrupts.total() > 1;
    }
    // An interrupt during the drain is an interrupt all the same: it changes what the run came to.
    if let Some(stopped) = &mut stop.stop
        && interrupts.total() > 0
        && *state <= RunState::Draining
        && stopped.outcome != Outcome::Interrupted
    {
        *stopped = Stop { at: stopped.at, by: "interrupt".to_owned(), outcome: Outcome::Interrupted };
    }
    if stop.stop.is_none() && *state <= RunState::Draining {
        let first = stops.into_iter().min_by_key(|(order, stop)| (stop.at, *order));
        stop.stop = first.map(|(_, stop)| stop);
    }
}

/// Tells a scenario's shards to stop, when the run is stopped or one of its own users has stopped it; cancels what was
/// planned and not handed out.
///
/// Reads: `RunStop`, `ShardCounts`. Writes: `ScenarioProgress`, `Token`, `TokenRows`, `Links`. Runs in: `Phase::Judge`, after the stop is decided.
pub fn stop_scenarios(
    stop: Res<'_, RunStop>,
    mut links: ResMut<'_, Links>,
    mut rows: ResMut<'_, TokenRows>,
    mut tokens: Query<'_, '_, &mut Token>,
    mut scenarios: Query<'_, '_, (&Scenario, &mut ScenarioProgress, &Placement, &ShardCounts)>,
) {
    let of_run = stop.stop.as_ref().map(|stop| stop.at);
    if of_run.is_none() && scenarios.iter().all(|(.., counts)| counts.own_stop().is_none()) {
        return;
    }
    let mut stopping = Vec::new();
    for (scenario, mut progress, placement, counts) in
        scenarios.iter_mut().sort_by_key::<&Scenario, _>(|scenario| scenario.id)
    {
        if progress.was_stopped || progress.phase == ScenarioPhase::Ended {
            continue;
        }
        let Some(at) = [of_run, counts.own_stop()].into_iter().flatten().min() else { continue };
        progress.was_stopped = true;
        // A cut ordered for the shape's end is too late now; the earlier one is ordered beside it.
        progress.cut_ordered &= progress.phase > ScenarioPhase::Playing;
        progress.plan_exhausted = true;
        progress.stopped_at = Some(progress.stopped_at.map_or(at, |end| end.min(at)));
        progress.phase = progress.phase.max(ScenarioPhase::Draining);
        stopping.push(scenario.id);
        for shard in &placement.shards {
            links.order(*shard, Order::Stop { scenario: scenario.id, at });
        }
    }
    if stopping.is_empty() {
        return;
    }
    let mut cancelled = vec![0_u64; scenarios.iter().count()];
    let TokenRows { free, planned } = &mut *rows;
    planned.retain(|entity| {
        let Ok(mut token) = tokens.get_mut(*entity) else { return false };
        if !stopping.contains(&token.scenario) {
            return true;
        }
        cancelled[token.scenario.index()] += 1;
        token.state = TokenState::Spent;
        free.push(*entity);
        false
    });
    for (scenario, mut progress, ..) in &mut scenarios {
        progress.cancelled += cancelled[scenario.id.index()];
    }
}

/// Whether nothing of a scenario is left to happen.
fn is_quiet(scenario: &Scenario, progress: &ScenarioProgress, counts: &ScenarioCounts) -> bool {
    if !scenario.open {
        let all_begun = scenario.iterations.is_some_and(|cap| counts.started >= cap);
        return counts.users() == 0
            && counts.running() == 0
            && (progress.phase >= ScenarioPhase::Draining || all_begun);
    }
    let nothing_waits =
        counts.waiting == 0 || progress.was_stopped || progress.phase == ScenarioPhase::Cutting;
    progress.phase >= ScenarioPhase::Draining
        && counts.received == progress.handed_out
        && counts.undue(true) == 0
        && counts.running() == 0
        && nothing_waits
}

/// Moves each scenario through its life, and the run with them.
///
/// Reads: `RunClock`, `RunStop`, `RunUntil`, `ShardCounts`. Writes: `ScenarioProgress`, `RunState`, `Links`. Runs in: `Phase::Judge`, last.
pub fn advance_scenarios(
    clock: Res<'_, RunClock>,
    (stop, until): (Res<'_, RunStop>, Res<'_, RunUntil>),
    mut state: ResMut<'_, RunState>,
    mut links: ResMut<'_, Links>,
    mut wake: ResMut<'_, Wake>,
    mut scenarios: Query<'_, '_, (&Scenario, &mut ScenarioProgress, &ShardCounts, &Placement)>,
) {
    let mut all = ScenarioPhase::Ended;
    for (scenario, mut progress, counts, placement) in
        scenarios.iter_mut().sort_by_key::<&Scenario, _>(|scenario| scenario.id)
    {
        let counts = counts.total();
        if progress.phase == ScenarioPhase::Delayed && clock.now >= scenario.delay {
            progress.phase = ScenarioPhase::Playing;
        }
        // Before its shape is looked at: a tick that sees both ends has to tell the earlier one.
        let all_done = progress.phase <= ScenarioPhase::Playing && is_quiet(scenario, &progress, &counts);
        if progress.phase <= ScenarioPhase::Playing && !all_done {
            end_shape(scenario, &mut progress, clock.now);
            let end = known_end(scenario, &progress);
            if progress.phase <= ScenarioPhase::Playing && end != Nanos::MAX {
                wake.at_tick(end.0.div_ceil(clock.tick.0));
            }
        }
        if progress.phase != ScenarioPhase::Ended && is_quiet(scenario, &progress, &counts) {
            let stopped = progress.stopped_at.unwrap_or(counts.last_end);
            progress.stopped_at = Some(stopped);
            progress.ended_at = Some(stopped.max(counts.last_end));
            progress.phase = ScenarioPhase::Ended;
        }
        let cut = Cutting { at_once: stop.cut, latest: until.instant() };
        order_cut(scenario, &mut progress, placement, &clock, cut, &mut links, &mut wake);
        if progress.cut_ordered && progress.phase == ScenarioPhase::Draining {
            progress.phase = ScenarioPhase::Cutting;
        }
        all = all.min(progress.phase);
    }
    if *state == RunState::Running && all >= ScenarioPhase::Draining {
        *state = RunState::Draining;
    }
    if *state == RunState::Draining && all == ScenarioPhase::Ended {
        *state = RunState::Flushing;
    }
}

/// When what runs is cut, whatever the drains of scenarios say.
#[derive(Clone, Copy)]
struct Cutting {
    /// As soon as its scenario has been stopped.
    at_once: bool,
    /// At this instant at the latest.
    latest: Nanos,
}

/// Orders the cut at the drain's end, at its exact instant: ahead of it, and so before the shape is played where the
/// drain is shorter than a tick.
fn order_cut(
    scenario: &Scenario,
    progress: &mut ScenarioProgress,
    placement: &Placement,
    clock: &RunClock,
    cut: Cutting,
    links: &mut Links,
    wake: &mut Wake,
) {
    let end = known_end(scenario, progress);
    if progress.cut_ordered || progress.phase > ScenarioPhase::Draining || end.min(cut.latest) == Nanos::MAX {
        return;
    }
    // A scenario that its iterations end ends with its last token, which still has to begin.
    let last = if progress.was_stopped { Nanos::ZERO } else { progress.last_due + Nanos(1) };
    let at = if cut.at_once && progress.was_stopped { clock.now } else { (end + scenario.drain).max(last) };
    let at = at.min(cut.latest);
    if at < clock.hand_out_end() {
        progress.cut_ordered = true;
        for shard in &placement.shards {
            links.order(*shard, Order::Cut { scenario: scenario.id, at });
        }
    }
    wake.at_tick((at.0 / clock.tick.0).saturating_sub(1));
}

/// When a scenario ended or will end by itself; [`Nanos::MAX`] when only something else ends it.
fn known_end(scenario: &Scenario, progress: &ScenarioProgress) -> Nanos {
    let planned = if is_capped(scenario, progress) { progress.last_due } else { scenario.end() };
    progress.stopped_at.unwrap_or(planned)
}

/// Whether all iterations that an open scenario may have are planned.
fn is_capped(scenario: &Scenario, progress: &ScenarioProgress) -> bool {
    scenario.open && scenario.iterations.is_some_and(|cap| progress.planned >= cap)
}

/// Notes that a scenario's own shape is played.
fn end_shape(scenario: &Scenario, progress: &mut ScenarioProgress, now: Nanos) {
    let (end, capped) = (known_end(scenario, progress), is_capped(scenario, progress));
    let is_over = if capped { now > end } else { now >= end };
    if is_over && (!scenario.open || progress.plan_exhausted) {
        progress.stopped_at = Some(end);
        progress.phase = ScenarioPhase::Draining;
    }
}

#[cfg(test)]
mod tests {
    use bevy_ecs::system::RunSystemOnce;
    use throng_components::clock::ClockKind;

    use super::*;

    /// What is asked of a run at second 10.
    #[derive(Default)]
    struct Asked {
        /// By rules: the place in the file, the second, the outcome.
        rules: &'static [(u16, u64, Outcome)],
        interrupts: u32,
        duration: Option<u64>,
        until: Option<u64>,
        state: RunState,
    }

    /// `expected`: who stopped it, at which second, as what.
    fn check(asked: Asked, expected: Option<(&str, u64, Outcome)>) {
        let mut world = World::new();
        let mut clock = RunClock::new(ClockKind::Virtual, Nanos::from_millis(10), 2);
        clock.move_to(Nanos::from_secs(10));
        world.insert_resource(clock);
        world.insert_resource(asked.state);
        world.insert_resource(RunDuration(asked.duration.map(Nanos::from_secs)));
        world.insert_resource(RunUntil(asked.until.map(Nanos::from_secs)));
        world.insert_resource(Interrupts { count: asked.interrupts, ..Interrupts::default() });
        let stops = asked.rules.iter().map(|(order, second, outcome)| {
            (*order, Stop { at: Nanos::from_secs(*second), by: format!("rule {order}"), outcome: *outcome })
        });
        world.insert_resource(StopCandidates { stops: stops.collect() });
        world.init_resource::<NextJudgement>();
        world.init_resource::<RunStop>();
        world.run_system_once(decide_stop).expect("its resources are there");
        let stopped = world.resource::<RunStop>().stop.clone();
        let found = stopped.as_ref().map(|stop| (stop.by.as_str(), stop.at.0 / 1_000_000_000, stop.outcome));
        assert_eq!(found, expected);
    }

    #[test]
    fn the_earliest_stop_is_taken_and_of_these_the_first_in_the_file() {
        let running = || Asked { state: RunState::Running, ..Asked::default() };
        check(running(), None);
        let two = &[(1, 9, Outcome::Passed), (0, 9, Outcome::Failed), (2, 8, Outcome::Passed)];
        check(Asked { rules: two, ..running() }, Some(("rule 2", 8, Outcome::Passed)));
        check(Asked { rules: &two[..2], ..running() }, Some(("rule 0", 9, Outcome::Failed)));
        let later = Asked { duration: Some(11), ..running() };
        check(later, None);
        let now = Asked { rules: &[(3, 10, Outcome::Failed)], duration: Some(10), ..running() };
        check(now, Some(("rule 3", 10, Outcome::Failed)));
        check(Asked { duration: Some(10), ..running() }, Some(("duration", 10, Outcome::Passed)));
        check(Asked { until: Some(11), ..running() }, None);
        let both = Asked { until: Some(9), duration: Some(10), ..running() };
        check(both, Some(("until", 9, Outcome::Passed)));
    }

    #[test]
    fn an_interrupt_says_what_the_run_came_to() {
        let asked =
            |state| Asked { rules: &[(0, 9, Outcome::Failed)], interrupts: 1, state, ..Asked::default() };
        check(asked(RunState::Running), Some(("rule 0", 9, Outcome::Failed)));
        let alone = Asked { interrupts: 1, state: RunState::Draining, ..Asked::default() };
        check(alone, Some(("interrupt", 10, Outcome::Interrupted)));
        // What is over is not stopped any more.
        check(asked(RunState::Flushing), None);
    }
}
