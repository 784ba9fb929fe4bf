//! The shard itself: takes orders, answers and the time; gives back what its driver has to do.

use std::collections::VecDeque;

use throng_components::clock::Nanos;
use throng_components::exchange::{Order, OrderBlock};
use throng_components::scenario::{Overflow, ScenarioCounts, ScenarioId};
use throng_components::seed::RunSeed;
use throng_components::state_of;
use throng_components::token::DueToken;

use super::agenda::Agenda;
use super::hold::Held;
use super::orders::USERS_AT_ONCE;
use super::roster::Roster;
use super::settings::ShardSettings;
use super::slab::Slab;
use super::wheel::Wheel;
use crate::behavior::{Driver, Emitter, Wish};

/// What a program's stretch of ten thousand instructions counts for, in things done: no less than a thread does before it
/// looks at its orders, so that a loop without end cannot keep it from them.
const LAP_COST: usize = 1_000;

/// Users, timers, tokens and the matcher. See the module's documentation.
#[derive(Debug)]
pub struct Shard {
    pub(super) seed: RunSeed,
    pub(super) rosters: Vec<Roster>,
    pub(super) users: Slab,
    pub(super) wheel: Wheel,
    pub(super) agenda: Agenda,
    /// Tokens to come, in the order in which they are matched.
    due: VecDeque<DueToken>,
    pub(super) emitter: Emitter,
    /// The machine's wishes for one event; empty between events.
    pub(super) wishes: Vec<Wish>,
    /// Users whose iteration has just ended, and when; empty between events. A list, so that a long queue of tokens
    /// whose iterations take no time is worked off without nesting calls.
    pub(super) freed: Vec<(u32, Nanos)>,
    /// Stretches of programs that went on for as long as they may at once, since `advance` last looked.
    pub(super) laps: usize,
    /// Operations under way.
    pub(super) in_flight: u64,
    /// Iterations under way.
    pub(super) running: u64,
    /// Scenarios that a user of theirs has stopped here.
    pub(super) own_stops: usize,
    /// Blocks that arrived after something in them was due.
    underruns: u64,
    /// Whether tokens of any scenario wait for a bounded time.
    may_expire: bool,
    /// What waits while the run is held to be saved; `None` while it is not.
    pub(super) held: Option<Box<Held>>,
}

// Wishes and those that are free again are carried out before an instant is over.
state_of!(Shard {
    saved: users, wheel, agenda, due, emitter, in_flight, running, own_stops, underruns;
    within: rosters;
    declared: seed, wishes, freed, laps, may_expire, held
});

impl Shard {
    /// A shard without users.
    pub fn new(settings: ShardSettings) -> Self {
        let mut rhythms = settings.rhythms;
        let rosters = settings.scenarios.into_iter().map(|(scenario, program, share)| {
            let own = rhythms.iter_mut().find(|(of, _)| *of == scenario.id);
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
                rhythm: own.map(|(_, rhythm)| Box::new(std::mem::take(rhythm))),
                warm_until: scenario.warm_until(),
                scenario,
                program,
                counts: ScenarioCounts::default(),
                idle: VecDeque::new(),
                surplus: 0,
                waiting: VecDeque::new(),
                granted: 0,
                last_grant: false,
                ungranted: VecDeque::new(),
                slots: Vec::new(),
                begun: Vec::new(),
                stopped: None,
                paused: false,
                put_off: None,
                resumed: Nanos::ZERO,
            }
        });
        let rosters: Vec<Roster> = rosters.collect();
        let waits_bounded =
            |roster: &Roster| matches!(roster.scenario.overflow, Overflow::Queue { timeout: Some(_), .. });
        Self {
            seed: settings.seed,
            held: None,
            may_expire: rosters.iter().any(waits_bounded),
            rosters,
            users: Slab::default(),
            wheel: Wheel::default(),
            agenda: Agenda::default(),
            due: VecDeque::new(),
            emitter: Emitter::default(),
            wishes: Vec::new(),
            freed: Vec::new(),
            laps: 0,
            in_flight: 0,
            running: 0,
            own_stops: 0,
            underruns: 0,
        }
    }

    /// Takes tokens and orders. `now` tells whether they came too late.
    pub fn accept(&mut self, block: &mut OrderBlock, now: Nanos) {
        let late = block.tokens.first().is_some_and(|token| token.release < now);
        self.underruns += u64::from(late);
        for tokens in block.tokens.chunk_by(|one, next| one.scenario == next.scenario) {
            self.rosters[tokens[0].scenario.index()].counts.received += tokens.len() as u64;
        }
        let in_order = match (self.due.back(), block.tokens.first()) {
            (Some(last), Some(first)) => last.order() <= first.order(),
            _ => true,
        };
        let tokens = std::mem::take(&mut block.tokens);
        if in_order {
            // By value, so that they are copied in one go.
            self.due.extend(tokens);
        } else {
            for token in tokens {
                self.insert_due(token);
            }
        }
        for order in block.orders.drain(..) {
            let at = match order {
                Order::Begin { .. }
                | Order::CreateUsers { .. }
                | Order::Grant { .. }
                | Order::Revoke { .. } => Nanos::ZERO,
                Order::StartUsers { at, .. }
                | Order::RetireUsers { at, .. }
                | Order::Pause { at, .. }
                | Order::Resume { at, .. }
                | Order::Finish { at, .. }
                | Order::Stop { at, .. }
                | Order::Hold { at }
                | Order::CutHeld { at, .. }
                | Order::Cut { at, .. } => at,
            };
            let agenda = match &mut self.held {
                Some(held) if !matches!(order, Order::CutHeld { .. }) => &mut held.agenda,
                _ => &mut self.agenda,
            };
            agenda.insert(at, order);
        }
    }

    /// Nearly every token goes to the end; one that a policy released late may not.
    fn insert_due(&mut self, token: DueToken) {
        let mut place = self.due.len();
        while place > 0 && self.due[place - 1].order() > token.order() {
            place -= 1;
        }
        self.due.insert(place, token);
    }

    /// Does all that is due at `now` or before, in order of instants, and gives the next instant at which it wants to run.
    ///
    /// `budget` bounds how many things it does; with some left undone, the next instant is not after `now`. An order
    /// counts for as many users as it may reach.
    pub fn advance(&mut self, now: Nanos, budget: usize, driver: &mut dyn Driver) -> Option<Nanos> {
        let mut left = budget;
        while left > 0 {
            left -= 1;
            let at = self.next_at();
            if at > now {
                return (at < Nanos::MAX).then_some(at);
            }
            if self.agenda.peek() == Some(at) {
                if let Some(appointment) = self.agenda.pop_due(now) {
                    self.obey(appointment, now, driver);
                }
                left = left.saturating_sub(USERS_AT_ONCE - 1);
            } else if self.wheel.peek() == Some(at) {
                if self.wheel.has_come_near() && self.is_crowded() {
                    self.touch_near();
                }
                if let Some((_, key)) = self.wheel.pop_due(now) {
                    self.timer_fired(key, now, driver);
                }
            } else if self.may_expire && self.next_expiry() == Some(at) {
                self.expire(at);
            } else if let Some(token) = self.due.pop_front() {
                self.match_token(token, now, driver);
            }
            self.settle(now, driver);
            left = left.saturating_sub(LAP_COST * std::mem::take(&mut self.laps));
        }
        Some(now)
    }

    /// The instant of the next thing that is due.
    #[inline]
    pub fn next_due(&mut self) -> Option<Nanos> {
        let at = self.next_at();
        (at < Nanos::MAX).then_some(at)
    }

    /// The instant of the next thing that is due; the end of time, when nothing is.
    #[inline]
    fn next_at(&self) -> Nanos {
        let token = self.due.front().map_or(Nanos::MAX, |token| token.release);
        let mut at = token.min(or_never(self.wheel.peek())).min(or_never(self.agenda.peek()));
        if self.may_expire {
            at = at.min(or_never(self.next_expiry()));
        }
        at
    }

    /// Touches the users whose timers come next.
    fn touch_near(&mut self) {
        self.wheel.come_near().for_each(|timer| self.users.touch(timer.slot));
    }

    /// Whether there are too many users to have all of them near.
    pub fn is_crowded(&self) -> bool {
        self.users.is_crowded()
    }

    /// Touches a user that is needed soon.
    pub fn touch(&self, slot: u32) {
        self.users.touch(slot);
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

    /// Notes a request that went out once more, on a new connection.
    pub fn count_resent(&mut self, scenario: ScenarioId) {
        self.rosters[scenario.index()].counts.requests_resent += 1;
    }

    /// Notes cookies for which a user had no room.
    pub(super) fn count_dropped_cookies(&mut self, slot: u32, count: u32) {
        let scenario = self.users.get(slot).scenario();
        self.rosters[scenario.index()].counts.cookies_dropped += u64::from(count);
    }

    /// Operations under way.
    pub fn in_flight(&self) -> u64 {
        self.in_flight
    }

    /// Scenarios that a user of theirs has stopped here, of which the world has to hear.
    pub fn own_stops(&self) -> usize {
        self.own_stops
    }

    /// Iterations under way.
    pub fn running(&self) -> u64 {
        self.running
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

    /// Takes the tokens of a scenario that are due at `at` or later out of the queue; gives their number.
    pub(super) fn cancel_undue(&mut self, scenario: ScenarioId, at: Nanos) -> u64 {
        let before = self.due.len();
        self.due.retain(|token| token.scenario != scenario || token.release < at);
        (before - self.due.len()) as u64
    }
}

/// An instant that may be, or the end of time, at which nothing happens.
#[inline]
fn or_never(at: Option<Nanos>) -> Nanos {
    at.unwrap_or(Nanos::MAX)
}
