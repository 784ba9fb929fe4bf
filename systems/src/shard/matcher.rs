//! Joins what is due with who is free: tokens with idle users, closed users with their next iteration.

use throng_components::clock::Nanos;
use throng_components::exchange::Order;
use throng_components::scenario::ScenarioId;
use throng_components::token::DueToken;

use super::advance::{DriverAction, Shard};
use super::agenda::Appointment;
use super::roster::NOBODY;
use super::slab::{Activity, User};

/// Users started in one go. The rest follows when these have been carried out, so that a crowd that comes at one instant
/// does not pile up its requests.
const STARTS_AT_ONCE: usize = 64;

impl Shard {
    /// A token is due: an idle user takes it, a new one is made for it, or the overflow policy has it.
    pub(super) fn match_token(&mut self, token: DueToken, now: Nanos, actions: &mut Vec<DriverAction>) {
        let roster = &mut self.rosters[token.scenario.index()];
        if roster.stopped.is_some() {
            roster.counts.waiting += 1;
            roster.waiting.push_back(token);
            return;
        }
        if let Some(slot) = roster.idle.pop() {
            return self.serve(slot, token, token.release, now, actions);
        }
        if roster.scenario.bounds.on_demand && roster.counts.users() < roster.users_max {
            let serial = roster.next_serial;
            roster.next_serial += roster.shards;
            let slot = self.create_user(token.scenario, serial);
            return self.serve(slot, token, token.release, now, actions);
        }
        if roster.may_wait() {
            roster.counts.waiting += 1;
            roster.waiting.push_back(token);
        } else {
            roster.counts.dropped += 1;
        }
    }

    /// A user takes a token; it was free for it at `ready`.
    fn serve(
        &mut self,
        slot: u32,
        token: DueToken,
        ready: Nanos,
        now: Nanos,
        actions: &mut Vec<DriverAction>,
    ) {
        let key = self.seed.key(u64::from(token.scenario.0) + 1, token.key);
        let user = self.users.get_mut(slot);
        user.key = key;
        user.iteration = token.sequence;
        self.begin(slot, token.due, ready.max(token.due), now, actions);
    }

    /// A user is free since `at`: it leaves, serves what waits, repeats, or rests.
    pub(super) fn freed(&mut self, slot: u32, at: Nanos, now: Nanos, actions: &mut Vec<DriverAction>) {
        let user = self.users.get(slot);
        let roster = &mut self.rosters[user.scenario().index()];
        if !roster.scenario.open {
            return self.freed_closed(slot, at, actions);
        }
        if user.retiring {
            return self.remove_user(slot, actions);
        }
        let next = if roster.stopped.is_none() { roster.waiting.pop_front() } else { None };
        if let Some(token) = next {
            roster.counts.waiting -= 1;
            self.serve(slot, token, at.max(token.release), now, actions);
        } else {
            roster.idle.push(slot);
            self.users.get_mut(slot).activity = Activity::Idle;
        }
    }

    /// A closed user's iteration has ended: when is the next one due?
    fn freed_closed(&mut self, slot: u32, at: Nanos, actions: &mut Vec<DriverAction>) {
        let user = self.users.get_mut(slot);
        let roster = &mut self.rosters[user.id.scenario().index()];
        if user.retiring || roster.stopped.is_some() {
            return self.leave_closed(slot, actions);
        }
        let paced = roster.scenario.pace.map_or(Nanos::ZERO, |pace| user.started + pace);
        roster.counts.pace_missed += u64::from(roster.scenario.pace.is_some() && at > paced);
        user.due = at.max(paced);
        // Always by way of the wheel: a user that repeats at once lets others go first, and calls do not nest.
        let due = user.due;
        self.wait(slot, Activity::Resting, due);
    }

    fn leave_closed(&mut self, slot: u32, actions: &mut Vec<DriverAction>) {
        let User { id, iteration, .. } = *self.users.get(slot);
        let roster = &mut self.rosters[id.scenario().index()];
        let place = roster.place(id.serial());
        roster.slots[place] = NOBODY;
        roster.begun[place] = iteration;
        self.remove_user(slot, actions);
    }

    /// A closed user's next iteration is due: it begins when it is granted.
    pub(super) fn begin_closed(&mut self, slot: u32, now: Nanos, actions: &mut Vec<DriverAction>) {
        let user = self.users.get(slot);
        let roster = &mut self.rosters[user.scenario().index()];
        if user.retiring || roster.stopped.is_some() {
            return self.leave_closed(slot, actions);
        }
        if roster.granted == 0 {
            if roster.last_grant {
                return self.leave_closed(slot, actions);
            }
            roster.ungranted.push_back(slot);
            return;
        }
        if roster.granted != u64::MAX {
            roster.granted -= 1;
        }
        let due = user.due;
        self.begin_granted(slot, due, due, now, actions);
    }

    fn begin_granted(
        &mut self,
        slot: u32,
        due: Nanos,
        ready: Nanos,
        now: Nanos,
        actions: &mut Vec<DriverAction>,
    ) {
        let seed = self.seed;
        let user = self.users.get_mut(slot);
        user.iteration += 1;
        user.key = seed.key(user.id.0 ^ (1 << 63), user.iteration);
        self.begin(slot, due, ready, now, actions);
    }

    /// Carries out an order that holds from `at` on.
    pub(super) fn obey(&mut self, appointment: Appointment, now: Nanos, actions: &mut Vec<DriverAction>) {
        let at = appointment.at;
        match appointment.order {
            Order::CreateUsers { scenario, count } => self.create_idle(scenario, count),
            Order::StartUsers { scenario, first, last, .. } => {
                let mut part = self.rosters[scenario.index()].part_of(first, last);
                for serial in part.by_ref().take(STARTS_AT_ONCE) {
                    self.start_closed(scenario, serial, at, now, actions);
                }
                if let Some(first) = part.next() {
                    let order = Order::StartUsers { scenario, first, last, at };
                    self.agenda.put_back(Appointment { order, ..appointment });
                }
            }
            Order::RetireUsers { scenario, first, last, .. } => {
                for serial in self.rosters[scenario.index()].part_of(first, last).rev() {
                    self.retire_closed(scenario, serial, actions);
                }
            }
            Order::Grant { scenario, iterations, last } => {
                self.grant(scenario, iterations, last, now, actions);
            }
            Order::Revoke { scenario } => {
                let roster = &mut self.rosters[scenario.index()];
                roster.counts.returned += std::mem::take(&mut roster.granted);
            }
            Order::Finish { scenario, .. } => self.finish(scenario, at, actions),
            Order::Stop { scenario, .. } => {
                let cancelled = self.cancel_undue(scenario, at);
                let roster = &mut self.rosters[scenario.index()];
                roster.counts.cancelled += cancelled;
                roster.stopped.get_or_insert(at);
                self.finish(scenario, at, actions);
            }
            Order::Cut { scenario, .. } => {
                let cancelled = self.cancel_undue(scenario, Nanos::ZERO);
                let roster = &mut self.rosters[scenario.index()];
                roster.counts.cancelled += cancelled;
                roster.stopped.get_or_insert(at);
                self.finish(scenario, at, actions);
                self.cut(scenario, now, actions);
            }
        }
    }

    fn create_idle(&mut self, scenario: ScenarioId, count: u64) {
        for _ in 0..count {
            let roster = &mut self.rosters[scenario.index()];
            let serial = roster.next_serial;
            roster.next_serial += roster.shards;
            let slot = self.create_user(scenario, serial);
            self.users.get_mut(slot).activity = Activity::Idle;
            self.rosters[scenario.index()].idle.push(slot);
        }
    }

    fn start_closed(
        &mut self,
        scenario: ScenarioId,
        serial: u64,
        at: Nanos,
        now: Nanos,
        actions: &mut Vec<DriverAction>,
    ) {
        let roster = &mut self.rosters[scenario.index()];
        if roster.stopped.is_some() {
            return;
        }
        if let Some(slot) = roster.slot_of(serial) {
            // It was to leave after its current iteration and is wanted again before it could.
            self.users.get_mut(slot).retiring = false;
            return;
        }
        let place = roster.place(serial);
        if roster.slots.len() <= place {
            roster.slots.resize(place + 1, NOBODY);
            roster.begun.resize(place + 1, 0);
        }
        let begun = roster.begun[place];
        let slot = self.create_user(scenario, serial);
        self.rosters[scenario.index()].slots[place] = slot;
        let user = self.users.get_mut(slot);
        user.activity = Activity::Resting;
        user.iteration = begun;
        user.due = at;
        self.begin_closed(slot, now, actions);
    }

    fn retire_closed(&mut self, scenario: ScenarioId, serial: u64, actions: &mut Vec<DriverAction>) {
        let Some(slot) = self.rosters[scenario.index()].slot_of(serial) else { return };
        self.users.get_mut(slot).retiring = true;
        if self.users.get(slot).activity == Activity::Resting {
            self.rosters[scenario.index()].ungranted.retain(|waiting| *waiting != slot);
            self.leave_closed(slot, actions);
        }
    }

    fn grant(
        &mut self,
        scenario: ScenarioId,
        iterations: u64,
        last: bool,
        now: Nanos,
        actions: &mut Vec<DriverAction>,
    ) {
        let roster = &mut self.rosters[scenario.index()];
        roster.granted = roster.granted.saturating_add(iterations);
        roster.last_grant |= last;
        loop {
            let roster = &mut self.rosters[scenario.index()];
            if roster.ungranted.is_empty() || (roster.granted == 0 && !roster.last_grant) {
                return;
            }
            if let Some(slot) = roster.ungranted.pop_front() {
                self.begin_closed(slot, now, actions);
            }
        }
    }

    /// Nothing begins by itself any more: closed users at rest leave, the others do after their iteration.
    fn finish(&mut self, scenario: ScenarioId, at: Nanos, actions: &mut Vec<DriverAction>) {
        let roster = &mut self.rosters[scenario.index()];
        if roster.scenario.open {
            return;
        }
        roster.stopped.get_or_insert(at);
        roster.ungranted.clear();
        let resting: Vec<u32> = self
            .users
            .occupied()
            .filter(|(_, user)| user.scenario() == scenario && user.activity == Activity::Resting)
            .map(|(slot, _)| slot)
            .collect();
        for slot in resting {
            self.leave_closed(slot, actions);
        }
    }
}
