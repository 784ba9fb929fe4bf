//! Scenarios that begin when another one has drained.
//!
//! ```text
//! first   ──────────────╮ drained
//! second                │ two ticks  ├────────────     or later, where it is delayed besides
//! ```

use bevy_ecs::prelude::*;
use throng_components::clock::{Nanos, RunClock};
use throng_components::exchange::Order;
use throng_components::run::RunState;
use throng_components::scenario::{Scenario, ScenarioId, ScenarioPhase, ScenarioProgress};

use crate::links::{Links, Placement, Wake};

/// Ticks from the one in which a scenario drains to the first in which another may begin, two whole ones between them: the world
/// hears of it at its end, plans in the next one, and has handed all out when the one behind begins.
const TICKS_ON: u64 = 3;

/// What a scenario waits for, on its entity. Its start is not known until then.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartsAfter {
    /// The one that has to drain.
    pub scenario: ScenarioId,
    /// How long after that, at least.
    pub delay: Nanos,
}

/// Sets the start of scenarios whose turn has come, and asks for every tick in which it may come.
///
/// The start follows from the instant at which the other one ended, and from the tick; never from when the world noticed,
/// unless it was late.
///
/// Reads: `RunClock`, `RunState`, `StartsAfter`. Writes: `Scenario`, `Links`, `Wake`. Runs in: `Phase::Judge`, last.
pub fn begin_dependents(
    clock: Res<'_, RunClock>,
    state: Res<'_, RunState>,
    mut links: ResMut<'_, Links>,
    mut wake: ResMut<'_, Wake>,
    mut scenarios: Query<'_, '_, (&mut Scenario, &ScenarioProgress, &Placement, Option<&StartsAfter>)>,
) {
    if *state > RunState::Running || scenarios.iter().all(|(.., after)| after.is_none()) {
        return;
    }
    let mut all: Vec<_> = scenarios.iter_mut().collect();
    all.sort_unstable_by_key(|(scenario, ..)| scenario.id);
    for place in 0..all.len() {
        let (waiting, progress, _, after) = &all[place];
        let Some(after) = after.filter(|_| waiting.delay == Nanos::MAX && progress.stopped_at.is_none())
        else {
            continue;
        };
        let Some((first, its, ..)) = all.get(after.scenario.index()) else { continue };
        let Some(ended) = its.ended_at.filter(|_| its.phase == ScenarioPhase::Ended) else {
            // Closed users may do all their iterations before their shape is played.
            if its.phase > ScenarioPhase::Playing || !first.open && first.iterations.is_some() {
                wake.at_tick(clock.number + 1);
            }
            continue;
        };
        let number = (ended.0 / clock.tick.0).saturating_add(TICKS_ON).max(clock.number + 2);
        let at = (ended + after.delay).max(Nanos(number.saturating_mul(clock.tick.0)));
        let (waiting, _, placement, _) = &mut all[place];
        waiting.delay = at;
        let scenario = waiting.id;
        placement.shards.iter().for_each(|shard| links.order(*shard, Order::Begin { scenario, at }));
        wake.at_tick(clock.number + 1);
    }
}
