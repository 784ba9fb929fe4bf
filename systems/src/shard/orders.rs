//! Carries out what the world orders: users come and go, grants are taken in, scenarios end. A crowd is gone through in
//! parts.

use throng_components::clock::Nanos;
use throng_components::exchange::Order;
use throng_components::scenario::ScenarioId;

use super::advance::Shard;
use super::agenda::Appointment;
use super::matcher::{closed_key, waits};
use super::roster::NOBODY;
use super::slab::{Activity, User};
use crate::behavior::Driver;

/// Users that an order reaches in one go. The rest follows when what these want has been carried out, so that a crowd
/// that comes or goes at one instant does not pile up its wishes.
pub(super) const USERS_AT_ONCE: usize = 64;

impl Shard {
    /// Carries out an order that holds from `at` on, for so many users at once; what is left of it is put back.
    pub(super) fn obey(&mut self, appointment: Appointment, now: Nanos, driver: &mut dyn Driver) {
        let left = match appointment.order {
            Order::Begin { scenario, at } => {
                let roster = &mut self.rosters[scenario.index()];
                roster.warm_until = at + roster.scenario.warm_up;
                None
            }
            Order::CreateUsers { scenario, count } => {
                let part = count.min(USERS_AT_ONCE as u64);
                self.create_idle(scenario, part);
                let count = count - part;
                (count > 0)
                    .then_some(Appointment { order: Order::CreateUsers { scenario, count }, ..appointment })
            }
            Order::StartUsers { scenario, first, last, at } => {
                let mut part = self.rosters[scenario.index()].part_of(first, last);
                for serial in part.by_ref().take(USERS_AT_ONCE) {
                    self.start_user(scenario, serial, at, now, driver);
                }
                let left = part.next().map(|first| Order::StartUsers { scenario, first, last, at });
                left.map(|order| Appointment { order, ..appointment })
            }
            Order::RetireUsers { scenario, first, last, at } => {
                let mut part = self.rosters[scenario.index()].part_of(first, last).rev();
                for serial in part.by_ref().take(USERS_AT_ONCE) {
                    self.retire_user(scenario, serial, driver);
                }
                let left = part.next().map(|last| Order::RetireUsers { scenario, first, last, at });
                left.map(|order| Appointment { order, ..appointment })
            }
            Order::Grant { scenario, iterations, last } => {
                let more = self.grant(scenario, iterations, last, now, driver);
                let order = Order::Grant { scenario, iterations: 0, last };
                more.then_some(Appointment { order, ..appointment })
            }
            Order::Pause { scenario, .. } => {
                self.rosters[scenario.index()].paused = true;
                None
            }
            Order::Resume { scenario, at } => {
                let roster = &mut self.rosters[scenario.index()];
                (roster.paused, roster.resumed) = (false, at);
                let more = self.grant(scenario, 0, false, now, driver);
                // What is left of it is as an empty grant, which holds at once.
                let order = Order::Grant { scenario, iterations: 0, last: false };
                more.then_some(Appointment { order, ..appointment })
            }
            Order::Revoke { scenario } => {
                let roster = &mut self.rosters[scenario.index()];
                roster.counts.returned += std::mem::take(&mut roster.granted);
                None
            }
            Order::Hold { .. } => {
                self.hold();
                None
            }
            Order::CutHeld { scenario, .. } => self.cut_held(scenario, appointment, now, driver),
            Order::Finish { .. } | Order::Stop { .. } | Order::Cut { .. } => {
                self.end(appointment, now, driver)
            }
        };
        if let Some(left) = left {
            self.agenda.put_back(left);
        }
    }

    /// Carries out an order that ends something: at first for the scenario as a whole, then for its users.
    fn end(&mut self, appointment: Appointment, now: Nanos, driver: &mut dyn Driver) -> Option<Appointment> {
        let (Order::Finish { scenario, at } | Order::Stop { scenario, at } | Order::Cut { scenario, at }) =
            appointment.order
        else {
            return None;
        };
        let cuts = matches!(appointment.order, Order::Cut { .. });
        if appointment.from == 0 {
            let cancelled = match appointment.order {
                Order::Stop { .. } => self.cancel_undue(scenario, at),
                Order::Cut { .. } => self.cancel_undue(scenario, Nanos::ZERO),
                _ => 0,
            };
            let roster = &mut self.rosters[scenario.index()];
            roster.counts.cancelled += cancelled;
            roster.ungranted.clear();
            // The shape of an open scenario may be played while tokens of it still wait: these are served.
            if !roster.scenario.open || !matches!(appointment.order, Order::Finish { .. }) {
                roster.stopped.get_or_insert(at);
            }
        }
        // Closed users at rest leave; the others do after their iteration, unless it is cut.
        let concerned = |user: &User| {
            let under_way =
                matches!(user.activity, Activity::Performing | Activity::Thinking | Activity::Parallel);
            user.scenario() == scenario && (user.activity == Activity::Resting || cuts && under_way)
        };
        let part = self.part_from(appointment.from, USERS_AT_ONCE, concerned);
        for slot in part.slots {
            if self.users.get(slot).activity == Activity::Resting {
                self.leave_closed(slot, driver);
            } else {
                self.cut(slot, now, driver);
            }
        }
        part.next.map(|from| Appointment { from, ..appointment })
    }

    /// Stops a scenario because one of its users wants it: here at this very instant, elsewhere when the world has heard of it.
    pub(super) fn stop_scenario(&mut self, slot: u32, now: Nanos) {
        let scenario = self.users.get(slot).scenario();
        let roster = &mut self.rosters[scenario.index()];
        if roster.stopped.is_some() {
            return;
        }
        // From here on nothing begins; what follows from it is an order like the world's, and the next thing to be done.
        roster.stopped = Some(now);
        roster.counts.own_stop = Some(now);
        self.own_stops += 1;
        self.agenda.insert(now, Order::Stop { scenario, at: now });
    }

    fn create_idle(&mut self, scenario: ScenarioId, count: u64) {
        for _ in 0..count {
            let roster = &mut self.rosters[scenario.index()];
            let serial = roster.next_serial;
            roster.next_serial += roster.shards;
            let slot = self.create_user(scenario, serial);
            self.users.get_mut(slot).activity = Activity::Idle;
            self.rosters[scenario.index()].idle.push_back(slot);
        }
    }

    /// One more user of an open scenario is wanted: one that was still to leave stays, or a new one takes what waits.
    fn admit_open(&mut self, scenario: ScenarioId, at: Nanos) {
        let roster = &mut self.rosters[scenario.index()];
        if roster.surplus > 0 {
            roster.surplus -= 1;
            return;
        }
        let serial = roster.next_serial;
        roster.next_serial += roster.shards;
        let slot = self.create_user(scenario, serial);
        self.freed.push((slot, at));
    }

    /// One user of an open scenario less is wanted: one at rest leaves, or whichever is the first to end its iteration.
    fn retire_open(&mut self, scenario: ScenarioId, driver: &mut dyn Driver) {
        let roster = &mut self.rosters[scenario.index()];
        match roster.idle.pop_front() {
            Some(slot) => self.remove_user(slot, driver),
            None => roster.surplus += 1,
        }
    }

    fn start_user(
        &mut self,
        scenario: ScenarioId,
        serial: u64,
        at: Nanos,
        now: Nanos,
        driver: &mut dyn Driver,
    ) {
        let roster = &mut self.rosters[scenario.index()];
        if roster.stopped.is_some() {
            return;
        }
        if roster.scenario.open {
            return self.admit_open(scenario, at);
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
        let roster = &mut self.rosters[scenario.index()];
        roster.slots[place] = slot;
        let user = self.users.get_mut(slot);
        user.activity = Activity::Resting;
        user.iteration = begun;
        user.due = at;
        if let Some(rhythm) = &roster.rhythm
            && rhythm.stagger > Nanos::ZERO
        {
            user.due = at + rhythm.delay(closed_key(self.seed, user.id, begun));
            let due = user.due;
            return self.wait(slot, Activity::Resting, due);
        }
        self.begin_closed(slot, now, driver);
    }

    fn retire_user(&mut self, scenario: ScenarioId, serial: u64, driver: &mut dyn Driver) {
        if self.rosters[scenario.index()].scenario.open {
            return self.retire_open(scenario, driver);
        }
        let Some(slot) = self.rosters[scenario.index()].slot_of(serial) else { return };
        self.users.get_mut(slot).retiring = true;
        if self.users.get(slot).activity == Activity::Resting {
            self.leave_closed(slot, driver);
        }
    }

    /// Lets users begin what is granted; true when some of those that wait have still to be asked.
    fn grant(
        &mut self,
        scenario: ScenarioId,
        iterations: u64,
        last: bool,
        now: Nanos,
        driver: &mut dyn Driver,
    ) -> bool {
        let roster = &mut self.rosters[scenario.index()];
        roster.granted = roster.granted.saturating_add(iterations);
        roster.last_grant |= last;
        for _ in 0..USERS_AT_ONCE {
            let roster = &mut self.rosters[scenario.index()];
            if roster.granted == 0 && !roster.last_grant || roster.paused {
                return false;
            }
            let Some(entry) = roster.ungranted.pop_front() else { return false };
            if waits(&self.users, entry) {
                self.begin_closed(entry.slot, now, driver);
            }
        }
        !self.rosters[scenario.index()].ungranted.is_empty()
    }
}
