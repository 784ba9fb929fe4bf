//! Plans a replay: the iterations of a recording, each at its own instant, whatever its scenario was.
//!
//! ```text
//! recorded   ●   ●●     ●    ●      closed or open: when each iteration was due
//! replayed   ●   ●●     ●    ●      open: nobody waits for answers
//! at speed 2 ● ●● ●  ●
//! ```

use bevy_ecs::prelude::*;
use throng_components::clock::{Nanos, RunClock};
use throng_components::run::RunState;
use throng_components::scenario::{Scenario, ScenarioPhase, ScenarioProgress};
use throng_components::token::{Token, TokenState};

use crate::links::Wake;
use crate::plugins::arrivals::AnyArrivals;
use crate::scheduler::{TOKENS_PER_STRIDE, TokenRows, place};
use crate::token_tables::Tokens;

/// One iteration of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordedIteration {
    /// When it is due in this run.
    pub due: Nanos,
    /// What `iteration` was in it.
    pub number: u64,
    /// What its draws were keyed by, in full.
    pub key: u64,
}

/// The iterations of one scenario, in the order in which they are due. Its scenario is marked as replayed.
#[derive(Component, Clone, Debug)]
pub struct RecordedArrivals {
    iterations: Vec<RecordedIteration>,
    next: usize,
}

impl RecordedArrivals {
    /// A plan of these iterations, in whatever order.
    pub fn new(mut iterations: Vec<RecordedIteration>) -> Self {
        iterations.sort_unstable();
        Self { iterations, next: 0 }
    }
}

impl AnyArrivals for RecordedArrivals {
    fn install(self: Box<Self>, scenario: &mut EntityWorldMut<'_>) {
        scenario.insert(*self);
    }

    fn next_key(&mut self, _: u64) -> u64 {
        self.next += 1;
        self.iterations.get(self.next - 1).map_or(0, |iteration| iteration.key)
    }
}

/// Plans the recorded iterations that are due up to the horizon.
///
/// Reads: `RunClock`, `RunState`, `Scenario`. Writes: `Token`, `TokenRows`, `ScenarioProgress`, `Wake`. Runs in: `Phase::Schedule`.
pub fn plan_recorded(
    clock: Res<'_, RunClock>,
    state: Res<'_, RunState>,
    mut rows: ResMut<'_, TokenRows>,
    mut wake: ResMut<'_, Wake>,
    mut tokens: Tokens<'_, '_>,
    mut scenarios: Query<'_, '_, (&Scenario, &mut RecordedArrivals, &mut ScenarioProgress)>,
    mut commands: Commands<'_, '_>,
) {
    if *state > RunState::Running {
        return;
    }
    for (scenario, mut recorded, mut progress) in &mut scenarios {
        if !matches!(progress.phase, ScenarioPhase::Delayed | ScenarioPhase::Playing) {
            continue;
        }
        let mut tables = tokens.tables();
        let mut horizon = clock.plan_end();
        let first = recorded.next;
        while let Some(iteration) = recorded.iterations.get(recorded.next).copied() {
            if recorded.next - first == TOKENS_PER_STRIDE {
                horizon = clock.plan_end_least();
            }
            if progress.plan_exhausted {
                break;
            }
            if iteration.due >= horizon {
                wake.at_tick((iteration.due.0 / clock.tick.0).saturating_sub(clock.look_ahead));
                break;
            }
            recorded.next += 1;
            progress.planned += 1;
            progress.last_due = iteration.due;
            let token = Token {
                due: iteration.due,
                release: iteration.due,
                sequence: iteration.number,
                key: iteration.key,
                scenario: scenario.id,
                state: TokenState::Planned,
            };
            place(token, &mut rows, &mut tables, &mut commands);
        }
        progress.plan_exhausted |= recorded.next == recorded.iterations.len();
    }
}
