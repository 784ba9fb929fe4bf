//! The shard itself: takes orders, answers and the time; gives back what its driver has to do.

use std::collections::VecDeque;
use std::sync::Arc;

use throng_components::clock::Nanos;
use throng_components::exchange::{Order, OrderBlock};
use throng_components::sample::{ErrorType, Sample, SampleKind, SampleOutcome, StepId};
use throng_components::scenario::{Overflow, Scenario, ScenarioCounts, ScenarioId};
use throng_components::seed::RunSeed;
use throng_components::token::DueToken;

use super::agenda::Agenda;
use super::emitter::Emitter;
use super::roster::Roster;
use super::slab::{Activity, Slab, User};
use super::wheel::{TimerKey, Wheel};
use crate::behavior::{Action, Event, Machine, Program, Surroundings, Value};
use crate::plugins::protocols::{Completion, Operation, OperationId};

/// What a shard needs to know before it begins.
#[derive(Clone, Debug)]
pub struct ShardSettings {
    /// The run's seed.
    pub seed: RunSeed,
    /// This shard's number.
    pub index: u16,
    /// How many shards there are.
    pub shards: u16,
    /// Scenarios by number, each with its users' program and whether this shard has a part in it.
    pub scenarios: Vec<(Scenario, Arc<Program>, ShardShare)>,
}

/// Which part of a scenario a shard has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardShare {
    /// This shard's place among those that share it.
    pub place: u16,
    /// How many share it; 0 for a shard without a part.
    pub of: u16,
}

impl ShardShare {
    /// This shard's part of a whole number: all parts add up to it.
    pub fn part(&self, whole: u64) -> u64 {
        let (place, of) = (u64::from(self.place), u64::from(self.of));
        if of == 0 {
            return 0;
        }
        whole / of + u64::from(place < whole % of)
    }
}

/// What a driver has to do for a shard.
#[derive(Debug)]
pub enum DriverAction {
    /// Begin an operation.
    Perform(Operation),
    /// Give an operation up, and answer with how far it was.
    Cancel(OperationId),
    /// Close what the user at this place has open.
    Leave(u32),
}

/// Users, timers, tokens and the matcher. See the module's documentation.
#[derive(Debug)]
pub struct Shard {
    pub(super) seed: RunSeed,
    pub(super) rosters: Vec<Roster>,
    pub(super) users: Slab,
    wheel: Wheel,
    pub(super) agenda: Agenda,
    /// Tokens to come, in the order in which they are matched.
    due: VecDeque<DueToken>,
    emitter: Emitter,
    /// The machine's wishes for one event; empty between events.
    wishes: Vec<Action>,
    /// Users whose iteration has just ended, and when; empty between events. A list, so that a long queue of tokens
    /// whose iterations take no time is worked off without nesting calls.
    freed: Vec<(u32, Nanos)>,
    /// Operations under way.
    in_flight: u64,
    /// Blocks that arrived after something in them was due.
    underruns: u64,
}

impl Shard {
    /// A shard without users.
    pub fn new(settings: ShardSettings) -> Self {
        let rosters = settings.scenarios.into_iter().map(|(scenario, program, share)| {
            let queue_limit = match scenario.overflow {
                Overflow::Queue { limit, .. } => limit.map(|limit| share.part(limit)),
                Overflow::Drop => Some(0),
            };
            Roster {
                users_max: share.part(scenario.bounds.max),
                queue_limit,
                shards: u64::from(share.of.max(1)),
                place_among_shards: u64::from(share.place),
                next_serial: u64::from(share.place) + 1,
                scenario,
                program,
                counts: ScenarioCounts::default(),
                idle: Vec::new(),
                waiting: VecDeque::new(),
                granted: 0,
                last_grant: false,
                ungranted: VecDeque::new(),
                slots: Vec::new(),
                begun: Vec::new(),
                stopped: None,
            }
        });
        Self {
            seed: settings.seed,
            rosters: rosters.collect(),
            users: Slab::default(),
            wheel: Wheel::default(),
            agenda: Agenda::default(),
            due: VecDeque::new(),
            emitter: Emitter::default(),
            wishes: Vec::new(),
            freed: Vec::new(),
            in_flight: 0,
            underruns: 0,
        }
    }

    /// Takes tokens and orders. `now` tells whether they came too late.
    pub fn accept(&mut self, block: &mut OrderBlock, now: Nanos) {
        let late = block.tokens.first().is_some_and(|token| token.release < now);
        self.underruns += u64::from(late);
        for token in block.tokens.drain(..) {
            self.rosters[token.scenario.index()].counts.received += 1;
            self.insert_due(token);
        }
        for order in block.orders.drain(..) {
            let at = match order {
                Order::CreateUsers { .. } | Order::Grant { .. } | Order::Revoke { .. } => Nanos::ZERO,
                Order::StartUsers { at, .. }
                | Order::RetireUsers { at, .. }
                | Order::Finish { at, .. }
                | Order::Stop { at, .. }
                | Order::Cut { at, .. } => at,
            };
            self.agenda.insert(at, order);
        }
    }

    /// Blocks come in order, so that nearly every token goes to the end; one that a policy released late may not.
    fn insert_due(&mut self, token: DueToken) {
        let mut place = self.due.len();
        while place > 0 && self.due[place - 1].order() > token.order() {
            place -= 1;
        }
        self.due.insert(place, token);
    }

    /// Does all that is due at `now` or before, in order of instants, and gives the next instant at which it wants to run.
    ///
    /// `budget` bounds how many things it does; with some left undone, the next instant is not after `now`.
    pub fn advance(&mut self, now: Nanos, budget: usize, actions: &mut Vec<DriverAction>) -> Option<Nanos> {
        for _ in 0..budget {
            let timer = self.wheel.peek();
            let order = self.agenda.peek();
            let expiry = self.next_expiry();
            let token = self.due.front().map(|token| token.release);
            let next = [timer, order, expiry, token].into_iter().flatten().min();
            let Some(at) = next.filter(|at| *at <= now) else { return next };
            if order == Some(at) {
                if let Some(appointment) = self.agenda.pop_due(now) {
                    self.obey(appointment, now, actions);
                }
            } else if timer == Some(at) {
                if let Some((_, key)) = self.wheel.pop_due(now) {
                    self.timer_fired(key, now, actions);
                }
            } else if expiry == Some(at) {
                self.expire(at);
            } else if let Some(token) = self.due.pop_front() {
                self.match_token(token, now, actions);
            }
            self.settle(now, actions);
        }
        Some(now)
    }

    /// Takes an answer. One to an operation that is over is discarded.
    pub fn complete(&mut self, completion: &Completion, now: Nanos, actions: &mut Vec<DriverAction>) {
        let user = self.users.get(completion.id.slot);
        if user.activity != Activity::Performing || user.operation(completion.id.slot) != completion.id {
            return;
        }
        self.in_flight -= 1;
        self.drive(completion.id.slot, Event::Completed(completion), now, actions);
        self.settle(now, actions);
    }

    /// Finds users whose iteration has ended something new to do.
    fn settle(&mut self, now: Nanos, actions: &mut Vec<DriverAction>) {
        while let Some((slot, at)) = self.freed.pop() {
            self.freed(slot, at, now, actions);
        }
    }

    /// What there is to tell.
    pub fn emitter(&mut self) -> &mut Emitter {
        &mut self.emitter
    }

    /// What has been counted, by scenario.
    pub fn counts(&self) -> impl Iterator<Item = ScenarioCounts> + '_ {
        self.rosters.iter().map(|roster| roster.counts)
    }

    /// Notes a connection that an operation of that scenario used.
    pub fn count_connection(&mut self, scenario: ScenarioId, reused: bool) {
        let counts = &mut self.rosters[scenario.index()].counts;
        counts.connections_opened += u64::from(!reused);
        counts.connections_reused += u64::from(reused);
    }

    /// Operations under way.
    pub fn in_flight(&self) -> u64 {
        self.in_flight
    }

    /// Blocks that arrived after something in them was due.
    pub fn underruns(&self) -> u64 {
        self.underruns
    }

    /// Users at home here.
    pub fn users(&self) -> usize {
        self.users.len()
    }

    fn next_expiry(&self) -> Option<Nanos> {
        self.rosters.iter().filter_map(Roster::next_expiry).min()
    }

    fn expire(&mut self, at: Nanos) {
        for roster in &mut self.rosters {
            if roster.next_expiry() == Some(at) {
                roster.waiting.pop_front();
                roster.counts.waiting -= 1;
                roster.counts.expired += 1;
                return;
            }
        }
    }

    fn timer_fired(&mut self, key: TimerKey, now: Nanos, actions: &mut Vec<DriverAction>) {
        let user = self.users.get(key.slot);
        if user.generation != key.generation {
            return;
        }
        match user.activity {
            Activity::Thinking => self.drive(key.slot, Event::TimerFired, now, actions),
            Activity::Resting => self.begin_closed(key.slot, now, actions),
            Activity::Gone | Activity::Idle | Activity::Performing => {}
        }
    }

    /// Begins an iteration: due by the plan, ready when its user was free.
    pub(super) fn begin(
        &mut self,
        slot: u32,
        due: Nanos,
        ready: Nanos,
        now: Nanos,
        actions: &mut Vec<DriverAction>,
    ) {
        let user = self.users.get_mut(slot);
        let roster = &mut self.rosters[user.id.scenario().index()];
        user.due = due;
        user.started = ready;
        user.warm_up = due < roster.scenario.warm_until();
        roster.counts.started += 1;
        roster.counts.started_warm_up += u64::from(user.warm_up);
        self.drive(slot, Event::Started { due, ready }, now, actions);
    }

    /// Lets a user's machine take an event, and carries out what it wishes.
    pub(super) fn drive(&mut self, slot: u32, event: Event<'_>, now: Nanos, actions: &mut Vec<DriverAction>) {
        let user = self.users.get_mut(slot);
        let roster = &self.rosters[user.id.scenario().index()];
        let mut machine = Machine {
            program: &roster.program,
            surroundings: Surroundings {
                now,
                slot,
                user: user.id,
                iteration: user.iteration,
                key: user.key,
                warm_up: user.warm_up,
                stop_on_failure: roster.scenario.stop_on_failure,
            },
            strand: &mut user.strand,
            variables: &mut user.variables,
            actions: &mut self.wishes,
        };
        machine.handle(event);
        let mut wishes = std::mem::take(&mut self.wishes);
        for wish in wishes.drain(..) {
            match wish {
                Action::Emit(sample) => self.emitter.samples.push(sample),
                Action::Perform(operation) => {
                    self.users.get_mut(slot).activity = Activity::Performing;
                    self.in_flight += 1;
                    actions.push(DriverAction::Perform(operation));
                }
                Action::Wait(until) => self.wait(slot, Activity::Thinking, until),
                Action::Finish(outcome) => self.finished(slot, outcome, now),
            }
        }
        self.wishes = wishes;
    }

    /// Sets a user's timer; the one before is stale from now on.
    pub(super) fn wait(&mut self, slot: u32, activity: Activity, until: Nanos) {
        let user = self.users.get_mut(slot);
        user.activity = activity;
        user.generation = user.generation.wrapping_add(1);
        self.wheel.insert(until, TimerKey { slot, generation: user.generation });
    }

    /// Makes a user of a scenario, without anything to do yet.
    pub(super) fn create_user(&mut self, scenario: ScenarioId, serial: u64) -> u32 {
        let roster = &mut self.rosters[scenario.index()];
        let id = throng_components::virtual_user::UserId::new(scenario, serial);
        roster.counts.users_created += 1;
        roster.counts.users_peak = roster.counts.users_peak.max(roster.counts.users());
        let variables = vec![Value::Unset; roster.program.variables.len()].into_boxed_slice();
        self.emitter.users.push(throng_components::exchange::UserChange::Created(id));
        self.users.insert(User { id, variables, ..User::default() })
    }

    /// Lets a user go.
    pub(super) fn remove_user(&mut self, slot: u32, actions: &mut Vec<DriverAction>) {
        let id = self.users.get(slot).id;
        self.rosters[id.scenario().index()].counts.users_retired += 1;
        self.emitter.users.push(throng_components::exchange::UserChange::Retired(id));
        self.users.remove(slot);
        actions.push(DriverAction::Leave(slot));
    }

    /// Counts an iteration's end and records it.
    fn finished(&mut self, slot: u32, outcome: SampleOutcome, now: Nanos) {
        let user = self.users.get(slot);
        // An answer's own instant is exact; an iteration that was cut ended now, and not when its wait would have.
        let ended = if outcome == SampleOutcome::Cut { now } else { user.strand.ready };
        let ended = ended.max(user.started);
        let sample = Sample {
            due: user.due,
            ready: user.started,
            unblocked: user.started,
            started: user.started,
            ended,
            user: user.id,
            iteration: user.iteration,
            scenario: user.scenario(),
            step: StepId(0),
            status: 0,
            error: ErrorType::NONE,
            bytes_sent: 0,
            bytes_received: 0,
            ordinal: user.strand.ordinal,
            kind: SampleKind::Iteration,
            outcome,
            attempt: 1,
            warm_up: user.warm_up,
        };
        self.emitter.samples.push(sample);
        let counts = &mut self.rosters[sample.scenario.index()].counts;
        counts.last_end = counts.last_end.max(ended);
        match outcome {
            SampleOutcome::Succeeded => counts.succeeded += 1,
            SampleOutcome::Failed => counts.failed += 1,
            SampleOutcome::Cut => counts.cut += 1,
            SampleOutcome::Crashed => counts.crashed += 1,
        }
        self.freed.push((slot, ended));
    }

    /// Cuts all that a scenario has under way.
    pub(super) fn cut(&mut self, scenario: ScenarioId, now: Nanos, actions: &mut Vec<DriverAction>) {
        let slots: Vec<(u32, Activity)> = self
            .users
            .occupied()
            .filter(|(_, user)| user.scenario() == scenario)
            .map(|(slot, user)| (slot, user.activity))
            .collect();
        for (slot, activity) in slots {
            match activity {
                Activity::Performing => {
                    actions.push(DriverAction::Cancel(self.users.get(slot).operation(slot)));
                }
                Activity::Thinking => self.drive(slot, Event::Cancelled, now, actions),
                Activity::Gone | Activity::Idle | Activity::Resting => {}
            }
        }
    }

    /// Lets all users go, at the run's end.
    pub fn retire_all(&mut self, actions: &mut Vec<DriverAction>) {
        let slots: Vec<u32> = self.users.occupied().map(|(slot, _)| slot).collect();
        for slot in slots {
            self.remove_user(slot, actions);
        }
    }

    /// Takes the tokens of a scenario that are due at `at` or later out of the queue; gives their number.
    pub(super) fn cancel_undue(&mut self, scenario: ScenarioId, at: Nanos) -> u64 {
        let before = self.due.len();
        self.due.retain(|token| token.scenario != scenario || token.release < at);
        (before - self.due.len()) as u64
    }
}
