//! How many users there should be: populations follow their curve, open ones without a curve begin with their minimum.

use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};
use throng_components::clock::{ClockKind, Nanos, RunClock};
use throng_components::exchange::Order;
use throng_components::run::{RunDuration, RunState};
use throng_components::scenario::{Population, Scenario, ScenarioPhase, ScenarioProgress, ShardCounts};
use throng_components::steering::{SteeredLevels, Steering};

use crate::exit_condition::CertainEnd;
use crate::links::{Links, Placement, Wake};
use crate::shard::ShardShare;

/// How far a population's curve has been turned into orders.
#[derive(Component, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Allocation {
    cursor: SteeredLevels,
    /// Whether an open scenario's first users have been ordered.
    prepared: bool,
}

/// Orders users: the first ones of open scenarios, and starts and retirements of planned ones at their exact instants.
///
/// Reads: `RunClock`, `Scenario`, `Population`, `Steering`. Writes: `Allocation`, `Links`. Runs in: `Phase::Allocate`.
pub fn allocate_users(
    clock: Res<'_, RunClock>,
    state: Res<'_, RunState>,
    mut links: ResMut<'_, Links>,
    mut wake: ResMut<'_, Wake>,
    mut scenarios: Query<
        '_,
        '_,
        (&Scenario, &ScenarioProgress, &Placement, &mut Allocation, Option<(&Population, &Steering)>),
    >,
) {
    if *state > RunState::Running {
        return;
    }
    // In the order of the file: orders for one instant are carried out in the order in which they were given.
    for (scenario, progress, placement, mut allocation, population) in
        scenarios.iter_mut().sort_by_key::<&Scenario, _>(|scenario| scenario.id)
    {
        if progress.stopped_at.is_some() {
            continue;
        }
        if scenario.open && !allocation.prepared {
            allocation.prepared = true;
            for (place, shard) in (0..).zip(&placement.shards) {
                let of = u16::try_from(placement.shards.len()).unwrap_or(u16::MAX);
                let count = ShardShare { place, of }.part(scenario.bounds.min);
                links.order(*shard, Order::CreateUsers { scenario: scenario.id, count });
            }
        }
        if let Some(population) = population
            && scenario.delay != Nanos::MAX
        {
            order_changes(scenario, population, &mut allocation, placement, &clock, &mut links, &mut wake);
        }
    }
}

fn order_changes(
    scenario: &Scenario,
    (population, steering): (&Population, &Steering),
    allocation: &mut Allocation,
    placement: &Placement,
    clock: &RunClock,
    links: &mut Links,
    wake: &mut Wake,
) {
    let mut group: Option<Order> = None;
    while let Some(change) = allocation.cursor.peek(&population.curve, steering) {
        let at = scenario.delay + change.at;
        if at >= clock.hand_out_end() {
            wake.at_tick((at.0 / clock.tick.0).saturating_sub(1));
            break;
        }
        allocation.cursor.take(change);
        group = match group.take() {
            Some(Order::StartUsers { scenario, first, last, at: since })
                if change.wanted && since == at && last + 1 == change.user =>
            {
                Some(Order::StartUsers { scenario, first, last: change.user, at })
            }
            Some(Order::RetireUsers { scenario, first, last, at: since })
                if !change.wanted && since == at && first == change.user + 1 =>
            {
                Some(Order::RetireUsers { scenario, first: change.user, last, at })
            }
            other => {
                give_all(other, placement, links);
                let (scenario, user) = (scenario.id, change.user);
                Some(if change.wanted {
                    Order::StartUsers { scenario, first: user, last: user, at }
                } else {
                    Order::RetireUsers { scenario, first: user, last: user, at }
                })
            }
        };
    }
    give_all(group, placement, links);
}

/// Gives an order to every shard of a scenario: each takes its part of the users.
fn give_all(order: Option<Order>, placement: &Placement, links: &mut Links) {
    if let Some(order) = order {
        placement.shards.iter().for_each(|shard| links.order(*shard, order));
    }
}

/// Grants made ahead of use, so that a shard does not run dry within a tick.
const GRANT_LEAST: u64 = 64;

/// What one shard of a closed scenario was granted.
#[derive(Component, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Grants {
    by_shard: Vec<u64>,
    /// Iterations that each shard had begun when it was last looked at.
    begun: Vec<u64>,
    closed: bool,
}

/// Grants iterations to closed scenarios: all at once where one shard has them all or nothing bounds them, else in parts
/// that are renewed before they run out, so that the sum over all shards is exact.
///
/// Reads: `Scenario`, `ShardCounts`. Writes: `Grants`, `ScenarioProgress`, `Links`. Runs in: `Phase::Allocate`.
pub fn grant_iterations(
    mut links: ResMut<'_, Links>,
    mut scenarios: Query<'_, '_, (&Scenario, &mut ScenarioProgress, &Placement, &ShardCounts, &mut Grants)>,
) {
    for (scenario, mut progress, placement, counts, mut grants) in
        scenarios.iter_mut().sort_by_key::<&Scenario, _>(|scenario| scenario.id)
    {
        if scenario.open || grants.closed {
            continue;
        }
        let mut give = |shard: u16, order: Order| links.order(shard, order);
        let all = |iterations, last| Order::Grant { scenario: scenario.id, iterations, last };
        let cap = match (scenario.iterations, placement.shards.as_slice()) {
            (None, shards) => {
                for shard in shards {
                    give(*shard, all(u64::MAX, false));
                }
                grants.closed = true;
                continue;
            }
            (Some(cap), [only]) => {
                give(*only, all(cap, true));
                progress.granted = cap;
                grants.closed = true;
                continue;
            }
            (Some(cap), _) => cap,
        };
        grants.deal(cap, scenario, &mut progress, placement, counts, &mut give);
    }
}

impl Grants {
    /// Deals iterations to shards: at first half of what there is in equal parts, then by what each used in the last tick,
    /// never more than an equal part of what is left. At the end, what lies unused where nobody needs it is called back and
    /// dealt anew.
    ///
    /// A first part that were small would hold up all users for a tick, and one that were not equal would let the first
    /// shard's users take a small number of iterations alone.
    fn deal(
        &mut self,
        cap: u64,
        scenario: &Scenario,
        progress: &mut ScenarioProgress,
        placement: &Placement,
        counts: &ShardCounts,
        give: &mut impl FnMut(u16, Order),
    ) {
        self.by_shard.resize(placement.shards.len(), 0);
        self.begun.resize(placement.shards.len(), 0);
        let told = |shard: u16| counts.by_shard.get(usize::from(shard)).copied().unwrap_or_default();
        let returned: u64 = placement.shards.iter().map(|shard| told(*shard).returned).sum();
        let mut left = cap + returned - progress.granted;
        let shards = placement.shards.len() as u64;
        let half = left / (2 * shards.max(1));
        let (mut starving, mut spare) = (false, Vec::new());
        for (place, shard) in placement.shards.iter().enumerate() {
            let counts = told(*shard);
            // Enough for three ticks at the rate of the last one.
            let wanted = (3 * (counts.started - self.begun[place])).max(GRANT_LEAST).max(half);
            self.begun[place] = counts.started;
            let held = self.by_shard[place] - counts.started - counts.returned;
            let equal_part = left.div_ceil(shards - place as u64);
            let iterations = wanted.saturating_sub(held).min(equal_part);
            if iterations > 0 {
                left -= iterations;
                self.by_shard[place] += iterations;
                progress.granted += iterations;
                give(*shard, Order::Grant { scenario: scenario.id, iterations, last: false });
            } else if held == 0 {
                starving |= counts.users() > 0;
            } else {
                spare.push(*shard);
            }
        }
        if counts.total().started == cap {
            self.closed = true;
            for shard in &placement.shards {
                give(*shard, Order::Grant { scenario: scenario.id, iterations: 0, last: true });
            }
        } else if starving && left == 0 {
            for shard in spare {
                give(shard, Order::Revoke { scenario: scenario.id });
            }
        }
    }
}

/// Sends closed users home when their scenario's shape is played, at the exact instant.
///
/// Reads: `RunClock`, `Scenario`. Writes: `Links`, `FinishOrdered`. Runs in: `Phase::Allocate`.
pub fn finish_shapes(
    clock: Res<'_, RunClock>,
    mut links: ResMut<'_, Links>,
    mut wake: ResMut<'_, Wake>,
    mut scenarios: Query<'_, '_, (&Scenario, &ScenarioProgress, &Placement, &mut FinishOrdered)>,
) {
    for (scenario, progress, placement, mut finished) in
        scenarios.iter_mut().sort_by_key::<&Scenario, _>(|scenario| scenario.id)
    {
        let over = scenario.open || finished.0 || scenario.end() == Nanos::MAX;
        if over || progress.phase > ScenarioPhase::Playing {
            continue;
        }
        let at = scenario.end();
        if at < clock.hand_out_end() {
            finished.0 = true;
            for shard in &placement.shards {
                links.order(*shard, Order::Finish { scenario: scenario.id, at });
            }
        } else {
            wake.at_tick((at.0 / clock.tick.0).saturating_sub(1));
        }
    }
}

/// Tells the shards the instant at which the run will be stopped, a tick ahead, so that it is stopped then and not when a
/// tick notices. In virtual time the rules are asked at that very instant.
///
/// Reads: `RunClock`, `RunDuration`. Writes: `CertainEnd`, `Links`. Runs in: `Phase::Allocate`, after rules have named their instants.
pub fn announce_end(
    clock: Res<'_, RunClock>,
    duration: Res<'_, RunDuration>,
    mut end: ResMut<'_, CertainEnd>,
    mut links: ResMut<'_, Links>,
    scenarios: Query<'_, '_, (&Scenario, &Placement)>,
) {
    end.at = end.at.min(duration.0.unwrap_or(Nanos::MAX));
    if end.announced || clock.kind != ClockKind::Real || end.at >= clock.hand_out_end() {
        return;
    }
    end.announced = true;
    for (scenario, placement) in scenarios.iter().sort_by_key::<&Scenario, _>(|scenario| scenario.id) {
        for shard in &placement.shards {
            links.order(*shard, Order::Stop { scenario: scenario.id, at: end.at });
        }
    }
}

/// Whether a closed scenario's users have been told that its shape is played.
#[derive(Component, Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct FinishOrdered(pub bool);
