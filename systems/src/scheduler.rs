//! Plans tokens: which iterations of open scenarios are due in the ticks ahead.

use bevy_ecs::prelude::*;
use throng_components::clock::{Nanos, RunClock};
use throng_components::phase::Phase;
use throng_components::run::RunState;
use throng_components::scenario::{Scenario, ScenarioPhase, ScenarioProgress};
use throng_components::seed::RunSeed;
use throng_components::token::{Token, TokenState};

use crate::links::Wake;
use crate::plugins::arrivals::{Arrival, ArrivalLaw};

/// Free token rows. A spent row holds the next token, because spawning one costs three times as much.
#[derive(Resource, Debug, Default)]
pub struct TokenRows {
    /// Rows whose token has been handed out or cancelled.
    pub free: Vec<Entity>,
    /// Rows that hold a planned token, in the order of the plan of each scenario.
    pub planned: Vec<Entity>,
}

/// The next arrival of a plan, taken from its law and not yet planned, because it lies beyond the horizon.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct NextArrival {
    /// The arrival, if one was taken ahead.
    pub arrival: Option<Arrival>,
}

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
/// Reads: `RunClock`, `RunSeed`, `Scenario`. Writes: `Token`, `ScenarioProgress`, the law's own state. Runs in: `Phase::Schedule`.
pub fn plan_arrivals<A: ArrivalLaw>(
    clock: Res<'_, RunClock>,
    seed: Res<'_, RunSeed>,
    state: Res<'_, RunState>,
    mut rows: ResMut<'_, TokenRows>,
    mut wake: ResMut<'_, Wake>,
    mut tokens: Query<'_, '_, &mut Token>,
    mut scenarios: Query<'_, '_, (&Scenario, &mut A, &mut NextArrival, &mut ScenarioProgress)>,
    mut commands: Commands<'_, '_>,
) {
    if *state > RunState::Running {
        return;
    }
    for (scenario, mut law, mut next, mut progress) in &mut scenarios {
        if matches!(progress.phase, ScenarioPhase::Delayed | ScenarioPhase::Playing)
            && !progress.plan_exhausted
        {
            let key = seed.key(u64::from(scenario.id.0), 0);
            let mut plan = Plan { scenario, law: &mut *law, next: &mut next, progress: &mut progress, key };
            let beyond = plan.fill(clock.plan_end(), &mut |token| {
                place(token, &mut rows, &mut tokens, &mut commands);
            });
            if let Some(due) = beyond {
                wake.at_tick((due.0 / clock.tick.0).saturating_sub(clock.look_ahead));
            }
        }
    }
}

/// Puts a token into a free row, or a new one.
fn place(
    token: Token,
    rows: &mut TokenRows,
    tokens: &mut Query<'_, '_, &mut Token>,
    commands: &mut Commands<'_, '_>,
) {
    let entity = match rows.free.pop() {
        Some(entity) => match tokens.get_mut(entity) {
            Ok(mut row) => {
                *row.bypass_change_detection() = token;
                entity
            }
            Err(_) => commands.spawn(token).id(),
        },
        None => commands.spawn(token).id(),
    };
    rows.planned.push(entity);
}

/// One scenario's plan being made.
struct Plan<'a, A> {
    scenario: &'a Scenario,
    law: &'a mut A,
    next: &'a mut NextArrival,
    progress: &'a mut ScenarioProgress,
    key: u64,
}

impl<A: ArrivalLaw> Plan<'_, A> {
    /// Emits all tokens due before the horizon; gives the instant of the first one beyond it.
    fn fill(&mut self, horizon: Nanos, emit: &mut impl FnMut(Token)) -> Option<Nanos> {
        loop {
            let capped = self.scenario.iterations.is_some_and(|cap| self.progress.planned >= cap);
            if !capped && self.next.arrival.is_none() {
                self.next.arrival = self.law.next(self.key);
            }
            let Some(arrival) = self.next.arrival.filter(|_| !capped) else {
                self.progress.plan_exhausted = true;
                return None;
            };
            let due = self.scenario.delay + arrival.at;
            if due >= horizon {
                return Some(due);
            }
            self.next.arrival = None;
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
