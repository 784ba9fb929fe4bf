//! Hands tokens and orders to shards.

use bevy_ecs::prelude::*;
use crossbeam_channel::TrySendError;
use throng_components::clock::{ClockKind, Nanos, RunClock};
use throng_components::exchange::OrderBlock;
use throng_components::scenario::{Scenario, ScenarioProgress};
use throng_components::token::{DueToken, TokenState};

use crate::exit_condition::CertainEnd;
use crate::links::{Links, Placement, Wake};
use crate::scheduler::TokenRows;
use crate::token_tables::Tokens;

/// The instant at which a run in real time is to be saved; the end of time for one that is not.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldAt(pub Nanos);

impl Default for HoldAt {
    fn default() -> Self {
        Self(Nanos::MAX)
    }
}

/// Hands out the planned tokens that are released up to a whole tick ahead; drops those that a policy marked.
///
/// What is due after the run's certain end is kept back, to be cancelled there; what is due after it is saved, to be handed
/// out when it goes on.
///
/// Reads: `RunClock`, `Placement`, `CertainEnd`, `HoldAt`. Writes: `Token`, `TokenRows`, `ScenarioProgress`, `Links`. Runs in: `Phase::Execute`.
pub fn hand_out_tokens(
    clock: Res<'_, RunClock>,
    mut rows: ResMut<'_, TokenRows>,
    mut links: ResMut<'_, Links>,
    mut wake: ResMut<'_, Wake>,
    (certain, hold): (Res<'_, CertainEnd>, Res<'_, HoldAt>),
    mut tokens: Tokens<'_, '_>,
    mut scenarios: Query<'_, '_, (&Scenario, &Placement, &mut ScenarioProgress)>,
) {
    // Virtual time stops at the instant itself, so that nothing has to be held back.
    let last = if clock.kind == ClockKind::Real { certain.at.min(hold.0) } else { Nanos::MAX };
    let end = clock.hand_out_end().min(last);
    let mut by_id: Vec<_> = scenarios.iter_mut().collect();
    by_id.sort_unstable_by_key(|(scenario, ..)| scenario.id);
    // Taken out of their cells once, which note each change.
    let by_id = by_id.into_iter();
    let mut by_id: Vec<_> =
        by_id.map(|(scenario, placement, progress)| (scenario, placement, progress.into_inner())).collect();
    let links = &mut links.links;
    let mut tables = tokens.tables();
    let TokenRows { free, planned } = &mut *rows;
    planned.retain(|entity| {
        let Some(row) = tables.get_mut(*entity) else { return false };
        let Some((scenario, placement, progress)) = by_id.get_mut(row.scenario.index()) else { return false };
        match row.state {
            TokenState::Planned if row.release.max(row.due) >= end => {
                wake.at_tick((row.release.max(row.due).0 / clock.tick.0).saturating_sub(1));
                return true;
            }
            TokenState::Planned => {
                // Iterations of closed users have numbers of their own, of which all begin at 1.
                let turn = if scenario.replayed { progress.handed_out + 1 } else { row.sequence };
                let shard = usize::from(placement.shard_of(turn));
                if let Some(link) = links.get_mut(shard) {
                    link.pending.tokens.push(DueToken {
                        release: row.release.max(row.due),
                        due: row.due,
                        sequence: row.sequence,
                        key: row.key,
                        scenario: row.scenario,
                    });
                }
                progress.handed_out += 1;
            }
            TokenState::Dropped => progress.dropped += 1,
            TokenState::Spent => {}
        }
        row.state = TokenState::Spent;
        free.push(*entity);
        false
    });
}

/// Sends each shard what was gathered for it. While a shard's channel is full, it goes on gathering.
///
/// Writes: `Links`. Runs in: `Phase::Execute`, after the tokens were handed out, and after a stop was decided.
pub fn send_orders(mut links: ResMut<'_, Links>) {
    for link in &mut links.links {
        if link.pending.is_empty() {
            continue;
        }
        // The next block will be about as long, and growing would copy it.
        let tokens = link.pending.tokens.len();
        let next = OrderBlock { tokens: Vec::with_capacity(tokens + tokens / 4), ..OrderBlock::default() };
        let mut block = std::mem::replace(&mut link.pending, next);
        if !block.tokens.is_sorted_by_key(DueToken::order) {
            block.tokens.sort_unstable_by_key(DueToken::order);
        }
        match link.orders.try_send(block) {
            Ok(()) => link.waker.wake(),
            Err(TrySendError::Full(block) | TrySendError::Disconnected(block)) => link.pending = block,
        }
    }
}
