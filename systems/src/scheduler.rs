//! Plans tokens: which iterations of open scenarios are due in the ticks ahead.

use std::collections::VecDeque;

use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};
use throng_components::clock::{Nanos, RunClock};
use throng_components::phase::Phase;
use throng_components::run::RunState;
use throng_components::scenario::{Scenario, ScenarioPhase, ScenarioProgress};
use throng_components::seed::RunSeed;
use throng_components::steering::{SteeredAreas, Steering};
use throng_components::token::{Token, TokenState};

use crate::links::Wake;
use crate::plugins::arrivals::{Arrival, ArrivalLaw};
use crate::token_tables::{TokenTables, Tokens};

/// Free token rows. A spent row holds the next token, because spawning one costs three times as much.
#[derive(Resource, Debug, Default)]
pub struct TokenRows {
    /// Rows whose token has been handed out or cancelled.
    pub free: Vec<Entity>,
    /// Rows that hold a planned token, in the order of the plan of each scenario.
    pub planned: Vec<Entity>,
}

/// Arrivals of a plan that were taken from its law ahead of time. Holds as many as the look-ahead has tokens.
#[derive(Component, Clone, Debug, Default, Serialize, Deserialize)]
pub struct ArrivalsAhead {
    /// Planned with their due times for an instant that is not handed out by the end of the update: what is asked anew takes
    /// these back.
    planned: VecDeque<(Nanos, Arrival)>,
    /// Not planned yet, because they lie beyond the horizon or were taken back.
    next: VecDeque<Arrival>,
    /// How far the curve has been walked.
    cursor: SteeredAreas,
}

impl ArrivalsAhead {
    fn forget_handed_out(&mut self, until: Nanos) {
        while self.planned.pop_front_if(|(due, _)| *due < until).is_some() {}
    }

    /// Takes back what is planned for an instant or later; gives how many tokens that were.
    pub fn take_back(&mut self, from: Nanos) -> u64 {
        let mut taken = 0;
        while let Some((_, arrival)) = self.planned.pop_back_if(|(due, _)| *due >= from) {
            self.next.push_front(arrival);
            taken += 1;
        }
        taken
    }
}

/// Tokens of one scenario planned in one update beyond the tick's own, at most: an update of virtual time may stand for many
/// ticks, and a rate that rises within them would fill the memory.
pub(crate) const TOKENS_PER_STRIDE: usize = 4_096;

/// Adds the system that plans scenarios of one arrival law.
pub fn add_planning_of<A: ArrivalLaw>(schedule: &mut Schedule) {
    schedule.add_systems(plan_arrivals::<A>.in_set(Phase::Schedule).in_set(Planning));
}

/// All systems that plan arrivals. They have no order among each other: each writes its own scenarios.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Planning;

/// Plans the tokens due up to the horizon, `look_ahead` whole ticks after the current one.
///
/// After a gap (a paused machine) one call plans all of it: nothing is skipped, and the lateness shows.
///
/// Reads: `RunClock`, `RunSeed`, `Scenario`, `Steering`. Writes: `Token`, `ScenarioProgress`, the law's own state. Runs in: `Phase::Schedule`.
pub fn plan_arrivals<A: ArrivalLaw>(
    clock: Res<'_, RunClock>,
    seed: Res<'_, RunSeed>,
    state: Res<'_, RunState>,
    mut rows: ResMut<'_, TokenRows>,
    mut wake: ResMut<'_, Wake>,
    mut tokens: Tokens<'_, '_>,
    mut scenarios: Query<'_, '_, (&Scenario, &Steering, &mut A, &mut ArrivalsAhead, &mut ScenarioProgress)>,
    mut commands: Commands<'_, '_>,
) {
    if *state > RunState::Running {
        return;
    }
    for (scenario, steering, mut law, mut ahead, mut progress) in &mut scenarios {
        if matches!(progress.phase, ScenarioPhase::Delayed | ScenarioPhase::Playing)
            && !progress.plan_exhausted
            && scenario.delay != Nanos::MAX
        {
            let key = seed.key(u64::from(scenario.id.0), 0);
            ahead.forget_handed_out(clock.steer_from());
            let mut tables = tokens.tables();
            let mut plan =
                Plan { scenario, steering, law: &mut *law, ahead: &mut ahead, progress: &mut progress, key };
            let beyond = plan.fill(&clock, &mut |token| {
                place(token, &mut rows, &mut tables, &mut commands);
            });
            if let Some(due) = beyond {
                wake.at_tick((due.0 / clock.tick.0).saturating_sub(clock.look_ahead));
            }
        }
    }
}

/// Puts a token into a free row, or a new one.
#[inline(always)]
pub(crate) fn place(
    token: Token,
    rows: &mut TokenRows,
    tables: &mut TokenTables<'_>,
    commands: &mut Commands<'_, '_>,
) {
    let free = rows.free.pop();
    let entity = match free.and_then(|entity| Some((entity, tables.get_mut(entity)?))) {
        Some((entity, row)) => {
            *row = token;
            entity
        }
        None => commands.spawn(token).id(),
    };
    rows.planned.push(entity);
}

/// One scenario's plan being made.
struct Plan<'a, A> {
    scenario: &'a Scenario,
    steering: &'a Steering,
    law: &'a mut A,
    ahead: &'a mut ArrivalsAhead,
    progress: &'a mut ScenarioProgress,
    key: u64,
}

impl<A: ArrivalLaw> Plan<'_, A> {
    /// Emits all tokens due before the horizon; gives the instant of the first one beyond it.
    fn fill(&mut self, clock: &RunClock, emit: &mut impl FnMut(Token)) -> Option<Nanos> {
        let mut horizon = clock.plan_end();
        let handed_out = clock.hand_out_end();
        let mut left = TOKENS_PER_STRIDE;
        loop {
            if left == 0 {
                horizon = clock.plan_end_least();
            }
            if self.scenario.iterations.is_some_and(|cap| self.progress.planned >= cap) {
                self.progress.plan_exhausted = true;
                return None;
            }
            let arrival = self.ahead.next.pop_front().unwrap_or_else(|| self.law.next(self.key));
            let at = self.ahead.cursor.instant_at(self.law.curve(), self.steering, arrival.area);
            let due = at.map(|at| self.scenario.delay + at);
            let Some(due) = due.filter(|due| *due < horizon) else {
                self.ahead.next.push_front(arrival);
                self.progress.plan_exhausted = due.is_none();
                return due;
            };
            left = left.saturating_sub(1);
            if due >= handed_out {
                self.ahead.planned.push_back((due, arrival));
            }
            self.progress.planned += 1;
            self.progress.last_due = due;
            emit(Token {
                due,
                release: due,
                sequence: self.progress.planned,
                key: arrival.key,
                scenario: self.scenario.id,
                state: TokenState::Planned,
            });
        }
    }
}
