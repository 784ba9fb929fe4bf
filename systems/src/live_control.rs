//! Live control: takes in what somebody at the controls asks, at a tick, and steers the scenarios' shapes.
//!
//! ```text
//!  tick n ├── commands come in ──┤ tick n + 1 ├──────┤
//!         what is handed out stays            ↑ from here on the shape is another one
//! ```
//!
//! A command holds from the end of what the tick before has handed out, so at most two ticks after it was given. Tokens
//! planned beyond are taken back and planned anew; a policy sees them again.
//!
//! *Scale* multiplies a scenario's curve from that instant on: its rate, or its users, who come and leave accordingly. The
//! factor is one of the plan as written. *Pause* lets all shapes stand still and *resume* play on from there, so that all of
//! the plan is played, later: who pauses to look at something wants to see the rest of the test, not to skip it. Tokens
//! handed out or waiting for a user are still served; closed users end their iteration and begin none, and what they were
//! held back from is due at the resumption. The run's own clock goes on: warm-up, `elapsed`, `--duration` and windows do not
//! wait, and a pause lowers the rate that was kept. *Stop* is an interrupt.

use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryData;
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use throng_components::clock::{Nanos, RunClock};
use throng_components::control::{Command, ControlRecord, Factor};
use throng_components::exchange::Order;
use throng_components::run::RunState;
use throng_components::scenario::{Population, Scenario, ScenarioPhase, ScenarioProgress};
use throng_components::state_of;
use throng_components::steering::Steering;
use throng_components::token::{Token, TokenState};

use crate::exporter::AskedRate;
use crate::links::{Links, Placement};
use crate::run_state::Interrupts;
use crate::scheduler::{ArrivalsAhead, TokenRows};

/// Commands that may wait for the next tick.
const COMMANDS: usize = 64;

/// Commands that a run keeps the record of and carries out, stops apart: each is a stretch of its scenarios' curves.
const RECORDS: usize = 10_000;

/// Where commands are given from outside, from any thread.
#[derive(Clone, Debug)]
pub struct Controller {
    sender: Sender<Command>,
}

/// Why a command was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// More commands wait than a tick takes in; try again.
    Busy,
    /// The run is over.
    Over,
}

impl Controller {
    /// Gives a command to the run, which takes it in at its next tick. Never blocks.
    ///
    /// # Errors
    /// When it cannot be taken.
    pub fn give(&self, command: Command) -> Result<(), NotTaken> {
        self.sender.try_send(command).map_err(|error| match error {
            TrySendError::Full(_) => NotTaken::Busy,
            TrySendError::Disconnected(_) => NotTaken::Over,
        })
    }
}

/// What is asked of the run and what became of it.
#[derive(Resource, Debug, Default)]
pub struct LiveControl {
    commands: Option<Receiver<Command>>,
    /// Given by systems of the world itself.
    given: Vec<Command>,
    paused: bool,
    records: Vec<ControlRecord>,
    refused: u64,
}

state_of!(LiveControl { saved: given, paused, records, refused; declared: commands });

/// The run's end of a [`Controller`].
#[derive(Clone, Debug)]
pub struct Commands(Receiver<Command>);

impl Commands {
    /// The next command that was given and not taken yet.
    pub fn next_given(&self) -> Option<Command> {
        self.0.try_recv().ok()
    }
}

/// A controller, and the end of it that a run takes.
pub fn channel() -> (Controller, Commands) {
    let (sender, commands) = bounded(COMMANDS);
    (Controller { sender }, Commands(commands))
}

impl LiveControl {
    /// A control that listens to the outside.
    pub fn listening_to(Commands(commands): Commands) -> Self {
        Self { commands: Some(commands), ..Self::default() }
    }

    /// Gives a command from within the world; it is taken in at the next [`Phase::Allocate`](throng_components::phase::Phase).
    pub fn give(&mut self, command: Command) {
        if self.given.len() < COMMANDS {
            self.given.push(command);
        } else {
            self.refused += 1;
        }
    }

    /// Whether shapes stand still.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// What was carried out, in order.
    pub fn records(&self) -> &[ControlRecord] {
        &self.records
    }

    /// Commands that were not carried out: nothing was left to steer, they changed nothing, or there were too many.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    fn waiting(&mut self) -> Vec<Command> {
        let mut all = std::mem::take(&mut self.given);
        all.extend(self.commands.iter().flat_map(|commands| commands.try_iter().take(COMMANDS)));
        all
    }
}

/// What a command may change of a scenario.
#[derive(QueryData)]
#[query_data(mutable)]
pub struct Steered {
    scenario: &'static mut Scenario,
    steering: &'static mut Steering,
    progress: &'static mut ScenarioProgress,
    ahead: &'static mut ArrivalsAhead,
    placement: &'static Placement,
    asked: Option<&'static AskedRate>,
    population: Option<&'static Population>,
}

/// Carries out what was asked since the last tick.
///
/// Reads: `RunClock`, `RunState`. Writes: `LiveControl`, `Interrupts`, `Scenario`, `Steering`, `ScenarioProgress`,
/// `ArrivalsAhead`, `Token`, `TokenRows`, `Links`. Runs in: `Phase::Allocate`, first.
pub fn take_commands(
    clock: Res<'_, RunClock>,
    state: Res<'_, RunState>,
    mut control: ResMut<'_, LiveControl>,
    mut interrupts: ResMut<'_, Interrupts>,
    mut links: ResMut<'_, Links>,
    mut rows: ResMut<'_, TokenRows>,
    mut tokens: Query<'_, '_, &mut Token>,
    mut scenarios: Query<'_, '_, Steered>,
) {
    let commands = control.waiting();
    if commands.is_empty() {
        return;
    }
    let mut all: Vec<_> = scenarios.iter_mut().collect();
    all.sort_unstable_by_key(|row| row.scenario.id);
    let from = clock.steer_from();
    for command in commands {
        let at = if command == Command::Stop { clock.now } else { from };
        let pauses = command == Command::Pause;
        let may_steer = *state <= RunState::Running && control.records.len() < RECORDS;
        let done = match command {
            Command::Stop if *state < RunState::Flushing && interrupts.total() < 2 => {
                interrupts.commands += 1;
                true
            }
            Command::Pause | Command::Resume if may_steer && control.paused != pauses => {
                for row in &mut all {
                    row.steer(at, row.steering.factor(), pauses, &mut links);
                }
                control.paused = pauses;
                true
            }
            Command::Scale { scenario, factor } if may_steer => {
                let row = all.get_mut(scenario.index());
                let row = row.filter(|row| row.plays_at(at) && row.steering.factor() != factor);
                row.map(|row| row.steer(at, factor, control.paused, &mut links)).is_some()
            }
            _ => false,
        };
        if done {
            control.records.push(ControlRecord { at, command });
        } else {
            control.refused += 1;
        }
    }
    // The plans of the others stay: an arrival taken back would be planned where it was.
    for row in all.iter_mut().filter(|row| row.steering.is_changed()) {
        row.take_back(from, &mut rows, &mut tokens);
    }
}

impl SteeredItem<'_, '_> {
    /// Whether its shape is still to be played at an instant.
    fn plays_at(&self, at: Nanos) -> bool {
        let plays = self.progress.phase <= ScenarioPhase::Playing && self.progress.stopped_at.is_none();
        plays && self.scenario.end() > at
    }

    /// Plays its shape in another manner from an instant on, unless it is over by then.
    fn steer(&mut self, at: Nanos, factor: Factor, paused: bool, links: &mut Links) {
        let rates = self.asked.map(|asked| &asked.curve);
        let curve = rates.or(self.population.map(|population| &population.curve));
        let Some(curve) = curve.filter(|_| self.plays_at(at)) else { return };
        if !self.scenario.open && paused != self.steering.is_paused() {
            let scenario = self.scenario.id;
            let order = if paused { Order::Pause { scenario, at } } else { Order::Resume { scenario, at } };
            self.placement.shards.iter().for_each(|shard| links.order(*shard, order));
        }
        self.steering.steer(curve, at - self.scenario.delay, factor, paused);
        self.scenario.length = self.steering.end(curve.length());
    }

    /// Takes back the tokens that are planned for an instant or later, so that they are planned anew.
    fn take_back(&mut self, from: Nanos, rows: &mut TokenRows, tokens: &mut Query<'_, '_, &mut Token>) {
        // A shape that is over by then has nothing planned beyond, and what a stop leaves is cancelled there.
        if !self.scenario.open || !self.plays_at(from) {
            return;
        }
        self.progress.planned -= self.ahead.take_back(from);
        self.progress.last_due = self.progress.last_due.min(from);
        self.progress.plan_exhausted = false;
        let TokenRows { free, planned } = rows;
        planned.retain(|entity| {
            let Ok(mut token) = tokens.get_mut(*entity) else { return false };
            let stays = token.scenario != self.scenario.id || token.due < from;
            if !stays {
                token.state = TokenState::Spent;
                free.push(*entity);
            }
            stays
        });
    }
}
