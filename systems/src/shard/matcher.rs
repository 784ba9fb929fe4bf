//! Joins what is due with who is free: tokens with idle users, closed users with their next iteration.

use throng_components::clock::Nanos;
use throng_components::scenario::ScenarioId;
use throng_components::seed::RunSeed;
use throng_components::token::DueToken;
use throng_components::virtual_user::UserId;

use super::advance::Shard;
use super::roster::{NOBODY, Ungranted};
use super::slab::{Activity, Slab, User};
use crate::behavior::Driver;

/// How far a closed user may lie behind its own schedule before it gives up catching up.
const BEHIND_MOST: Nanos = Nanos::SECOND;

impl Shard {
    /// A token is due: an idle user takes it, a new one is made for it, or the overflow policy has it.
    pub(super) fn match_token(&mut self, token: DueToken, now: Nanos, driver: &mut dyn Driver) {
        let roster = &mut self.rosters[token.scenario.index()];
        match roster.stopped {
            // It was handed out before the world had heard of the stop.
            Some(stopped) if token.release >= stopped => {
                roster.counts.cancelled += 1;
                return;
            }
            Some(_) => {
                roster.counts.waiting += 1;
                roster.waiting.push_back(token);
                return;
            }
            None => {}
        }
        if let Some(slot) = roster.idle.pop_back() {
            return self.serve(slot, token, token.release, now, driver);
        }
        if roster.scenario.bounds.on_demand && roster.counts.users() < roster.users_max {
            let serial = roster.next_serial;
            roster.next_serial += roster.shards;
            let slot = self.create_user(token.scenario, serial);
            return self.serve(slot, token, token.release, now, driver);
        }
        if roster.may_wait() {
            roster.counts.waiting += 1;
            roster.waiting.push_back(token);
        } else {
            roster.counts.dropped += 1;
        }
    }

    /// A user takes a token; it was free for it at `ready`.
    fn serve(&mut self, slot: u32, token: DueToken, ready: Nanos, now: Nanos, driver: &mut dyn Driver) {
        let key = if self.rosters[token.scenario.index()].scenario.replayed {
            token.key
        } else {
            open_key(self.seed, token.scenario, token.key)
        };
        let user = self.users.get_mut(slot);
        user.key = key;
        user.iteration = token.sequence;
        self.begin(slot, token.due, ready.max(token.due), now, driver);
    }

    /// A user is free since `at`: it leaves, serves what waits, repeats, or rests.
    pub(super) fn freed(&mut self, slot: u32, at: Nanos, now: Nanos, driver: &mut dyn Driver) {
        let user = self.users.get(slot);
        let roster = &mut self.rosters[user.scenario().index()];
        if !roster.scenario.open {
            return self.freed_closed(slot, at, now, driver);
        }
        if user.retiring || roster.surplus > 0 {
            roster.surplus = roster.surplus.saturating_sub(1);
            return self.remove_user(slot, driver);
        }
        let next = if roster.serves() { roster.waiting.pop_front() } else { None };
        if let Some(token) = next {
            roster.counts.waiting -= 1;
            self.serve(slot, token, at.max(token.release), now, driver);
        } else {
            roster.idle.push_back(slot);
            self.users.get_mut(slot).activity = Activity::Idle;
        }
    }

    /// A closed user's iteration has ended: when is the next one due?
    ///
    /// An iteration that took no time of its own is followed now, not at its own instant again: otherwise its user would
    /// stay there for ever. And no user falls further behind than [`BEHIND_MOST`]: what it is late by has been measured.
    /// Virtual time knows neither case, for nothing is late in it.
    fn freed_closed(&mut self, slot: u32, at: Nanos, now: Nanos, driver: &mut dyn Driver) {
        let user = self.users.get_mut(slot);
        let roster = &mut self.rosters[user.id.scenario().index()];
        if user.retiring || roster.stopped.is_some() {
            return self.leave_closed(slot, driver);
        }
        let drawn = roster.rhythm.as_ref().and_then(|rhythm| rhythm.pace(user.key));
        let pace = drawn.or(roster.scenario.pace);
        let paced = pace.map_or(Nanos::ZERO, |pace| user.started + pace);
        roster.counts.pace_missed += u64::from(pace.is_some() && at > paced);
        let due = at.max(paced);
        let least = if due == user.started { now } else { now - BEHIND_MOST };
        user.due = due.max(least);
        // Always by way of the wheel: a user that repeats at once lets others go first, and calls do not nest.
        let due = user.due;
        self.wait(slot, Activity::Resting, due);
    }

    pub(super) fn leave_closed(&mut self, slot: u32, driver: &mut dyn Driver) {
        let User { id, iteration, .. } = *self.users.get(slot);
        let roster = &mut self.rosters[id.scenario().index()];
        let place = roster.place(id.serial());
        roster.slots[place] = NOBODY;
        roster.begun[place] = iteration;
        self.remove_user(slot, driver);
    }

    /// A closed user's next iteration is due: it begins when it is granted.
    pub(super) fn begin_closed(&mut self, slot: u32, now: Nanos, driver: &mut dyn Driver) {
        let user = self.users.get(slot);
        let roster = &mut self.rosters[user.scenario().index()];
        if user.retiring || roster.stopped.is_some() {
            return self.leave_closed(slot, driver);
        }
        if roster.granted == 0 && roster.last_grant {
            return self.leave_closed(slot, driver);
        }
        if let Some(put_off) = &mut roster.put_off {
            put_off.push(Ungranted { slot, generation: user.generation });
            return;
        }
        if roster.granted == 0 || roster.paused {
            let generation = user.generation;
            // Twice as many as there are users: at least half have left, and looking at all is paid for.
            if roster.ungranted.len() as u64 > 2 * roster.counts.users() {
                roster.ungranted.retain(|entry| waits(&self.users, *entry));
            }
            roster.ungranted.push_back(Ungranted { slot, generation });
            return;
        }
        if roster.granted != u64::MAX {
            roster.granted -= 1;
        }
        let due = user.due.max(roster.resumed);
        self.begin_granted(slot, due, due, now, driver);
    }

    fn begin_granted(&mut self, slot: u32, due: Nanos, ready: Nanos, now: Nanos, driver: &mut dyn Driver) {
        let seed = self.seed;
        let user = self.users.get_mut(slot);
        user.iteration += 1;
        user.key = closed_key(seed, user.id, user.iteration);
        self.begin(slot, due, ready, now, driver);
    }
}

/// What the draws of an open scenario's iteration are keyed by, from the key of its arrival.
pub fn open_key(seed: RunSeed, scenario: ScenarioId, arrival: u64) -> u64 {
    seed.key(u64::from(scenario.0) + 1, arrival)
}

/// What the draws of a closed user's iteration are keyed by.
pub fn closed_key(seed: RunSeed, user: UserId, iteration: u64) -> u64 {
    seed.key(user.0 ^ (1 << 63), iteration)
}

/// Whether the user of an entry still waits: it has not left, and its slot has no other user.
pub(super) fn waits(users: &Slab, entry: Ungranted) -> bool {
    let user = users.get(entry.slot);
    user.activity == Activity::Resting && user.generation == entry.generation
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use throng_components::exchange::{Order, OrderBlock};
    use throng_components::scenario::{Overflow, Scenario, ScenarioCounts, ScenarioId, UserBounds};
    use throng_components::seed::RunSeed;

    use super::*;
    use crate::behavior::{Instruction, Program};
    use crate::plugins::laws::{Draws, Law};
    use crate::shard::orders::USERS_AT_ONCE;
    use crate::shard::{ShardSettings, ShardShare};

    const ID: ScenarioId = ScenarioId(0);

    /// What every user does: it waits 10 ms.
    #[derive(Debug)]
    struct TenMillis;

    impl Law for TenMillis {
        fn draw(&self, _: &mut Draws) -> Nanos {
            Nanos::from_millis(10)
        }

        fn mean(&self) -> f64 {
            1e7
        }
    }

    fn scenario(open: bool, max: u64, overflow: Overflow) -> Scenario {
        Scenario {
            id: ID,
            name: String::new(),
            behavior: 0,
            delay: Nanos::ZERO,
            warm_up: Nanos::ZERO,
            drain: Nanos::ZERO,
            pace: None,
            iterations: None,
            length: Nanos::MAX,
            open,
            bounds: UserBounds { min: 0, max, on_demand: true },
            overflow,
            stop_on_failure: false,
            replayed: false,
        }
    }

    fn at(millis: u64) -> Nanos {
        Nanos::from_millis(millis)
    }

    /// Lets tokens (by the millisecond they are due) and orders come to pass; gives the counts, and who began which
    /// iteration at which millisecond.
    fn play(scenario: Scenario, dues: &[u64], orders: &[Order]) -> (ScenarioCounts, Vec<(u64, u64, u64)>) {
        let mut shard = shard(scenario);
        accept(&mut shard, dues, orders, 0);
        let counts = shard.counts().next().expect("one scenario");
        (counts, began(&mut shard))
    }

    fn shard(scenario: Scenario) -> Shard {
        let program =
            Program { instructions: vec![Instruction::Think(Arc::new(TenMillis))], ..Program::default() };
        let whole = ShardShare { place: 0, of: 1 };
        let scenarios = vec![(scenario, Arc::new(program), whole)];
        Shard::new(ShardSettings { seed: RunSeed(1), index: 0, shards: 1, scenarios, rhythms: Vec::new() })
    }

    /// Gives a shard tokens and orders at a millisecond, and lets a second pass.
    fn accept(shard: &mut Shard, dues: &[u64], orders: &[Order], millis: u64) {
        let token = |(number, due): (u64, &u64)| DueToken {
            release: at(*due),
            due: at(*due),
            sequence: number,
            key: number,
            scenario: ID,
        };
        let tokens = (1..).zip(dues).map(token).collect();
        let mut block = OrderBlock { tokens, orders: orders.to_vec(), shut_down: false };
        let (mut now, mut actions) = (at(millis), Vec::new());
        shard.accept(&mut block, now);
        let end = now + Nanos::SECOND;
        while let Some(next) = shard.advance(now, 1_000, &mut actions).filter(|next| *next <= end) {
            now = next;
        }
    }

    fn began(shard: &mut Shard) -> Vec<(u64, u64, u64)> {
        let samples = shard.emitter().samples.iter();
        samples.map(|sample| (sample.started.0 / 1_000_000, sample.user.serial(), sample.iteration)).collect()
    }

    /// An open scenario with at most one user; `expected`: begun, dropped, expired, still waiting.
    fn check(overflow: Overflow, dues: &[u64], expected: [u64; 4]) {
        let (counts, _) = play(scenario(true, 1, overflow), dues, &[]);
        assert_eq!(
            [counts.started, counts.dropped, counts.expired, counts.waiting],
            expected,
            "{overflow:?}"
        );
        assert_eq!(counts.users_created, u64::from(expected[0] > 0));
    }

    #[test]
    fn a_token_without_a_user_is_dropped_or_waits() {
        let queue = |limit, timeout: Option<u64>| Overflow::Queue { limit, timeout: timeout.map(at) };
        check(Overflow::Drop, &[0, 5, 9, 10], [2, 2, 0, 0]);
        check(queue(None, None), &[0, 1, 2, 3], [4, 0, 0, 0]);
        check(queue(Some(1), None), &[0, 1, 2, 3], [2, 2, 0, 0]);
        check(queue(Some(0), None), &[0, 1], [1, 1, 0, 0]);
        // Free at 10 ms: the token that would expire then is served, those before it are not.
        check(queue(None, Some(5)), &[0, 1, 4, 5], [2, 0, 2, 0]);
    }

    #[test]
    fn a_stop_cancels_what_is_due_at_its_instant_or_later() {
        let stop = Order::Stop { scenario: ID, at: at(7) };
        let queue = Overflow::Queue { limit: None, timeout: None };
        let (counts, _) = play(scenario(true, 1, queue), &[0, 6, 7, 8], &[stop]);
        assert_eq!((counts.started, counts.waiting, counts.cancelled), (1, 1, 2));
    }

    fn start(serial: u64, millis: u64) -> Order {
        Order::StartUsers { scenario: ID, first: serial, last: serial, at: at(millis) }
    }

    fn retire(serial: u64, millis: u64) -> Order {
        Order::RetireUsers { scenario: ID, first: serial, last: serial, at: at(millis) }
    }

    fn grant(iterations: u64) -> Order {
        Order::Grant { scenario: ID, iterations, last: true }
    }

    /// A closed scenario; `expected`: at which millisecond who began which iteration.
    fn check_closed(pace: Option<u64>, orders: &[Order], expected: &[(u64, u64, u64)]) {
        let scenario = Scenario { pace: pace.map(at), ..scenario(false, u64::MAX, Overflow::Drop) };
        let (counts, began) = play(scenario, &[], orders);
        assert_eq!(began, expected, "{orders:?}");
        assert_eq!(counts.started, counts.succeeded + counts.running());
    }

    #[test]
    fn a_closed_user_repeats_until_it_is_not_wanted() {
        check_closed(None, &[grant(u64::MAX), start(1, 5), retire(1, 16)], &[(5, 1, 1), (15, 1, 2)]);
        check_closed(Some(15), &[grant(u64::MAX), start(1, 0), retire(1, 29)], &[(0, 1, 1), (15, 1, 2)]);
    }

    #[test]
    fn nothing_begins_at_the_instant_of_an_end() {
        let stop = Order::Stop { scenario: ID, at: at(30) };
        let finish = Order::Finish { scenario: ID, at: at(30) };
        check_closed(Some(15), &[grant(u64::MAX), start(1, 0), retire(1, 30)], &[(0, 1, 1), (15, 1, 2)]);
        check_closed(Some(15), &[grant(u64::MAX), start(1, 0), finish], &[(0, 1, 1), (15, 1, 2)]);
        check_closed(Some(15), &[grant(u64::MAX), start(1, 0), start(2, 30), stop], &[(0, 1, 1), (15, 1, 2)]);
    }

    #[test]
    fn a_user_that_comes_back_goes_on_counting() {
        let orders = [grant(3), start(1, 0), retire(1, 5), start(1, 20), retire(1, 25), start(1, 26)];
        // The second time it is wanted again before it could leave.
        check_closed(None, &orders, &[(0, 1, 1), (20, 1, 2), (30, 1, 3)]);
    }

    #[test]
    fn no_more_begins_than_was_granted() {
        let orders = [grant(3), start(1, 0), start(2, 0)];
        check_closed(None, &orders, &[(0, 1, 1), (0, 2, 1), (10, 1, 2)]);
    }

    #[test]
    fn a_crowd_comes_and_goes_in_parts() {
        const CROWD: u64 = 1_000;
        let mut shard = shard(scenario(false, u64::MAX, Overflow::Drop));
        let start = Order::StartUsers { scenario: ID, first: 1, last: CROWD, at: at(0) };
        let cut = Order::Cut { scenario: ID, at: at(5) };
        let mut block = OrderBlock { orders: vec![grant(u64::MAX), start, cut], ..OrderBlock::default() };
        shard.accept(&mut block, Nanos::ZERO);
        let (mut actions, mut now, mut most) = (Vec::new(), Nanos::ZERO, 0);
        while let Some(next) = shard.advance(now, USERS_AT_ONCE, &mut actions) {
            let emitter = shard.emitter();
            let told = emitter.samples.len() + emitter.users.len() + actions.len();
            most = most.max(told);
            (emitter.samples, emitter.users) = Default::default();
            actions.clear();
            now = next;
        }
        let counts = shard.counts().next().expect("one scenario");
        assert_eq!((counts.started, counts.cut, counts.users_retired), (CROWD, CROWD, CROWD));
        // Each user that is cut ends an iteration, is gone, and leaves its connections.
        assert!(most <= 3 * USERS_AT_ONCE, "{most} at once");
    }

    fn check_grants(orders: &[Order], expected: &[u64]) {
        let mut shard = shard(scenario(false, u64::MAX, Overflow::Drop));
        accept(&mut shard, &[], orders, 0);
        let waiting = shard.rosters[0].ungranted.len() as u64;
        let users = shard.rosters[0].counts.users_peak;
        assert!(waiting <= 2 * users + 1, "{waiting} entries for {users} users");
        accept(&mut shard, &[], &[grant(expected.len() as u64)], 2_000);
        let serials: Vec<u64> = began(&mut shard).iter().map(|(_, serial, _)| *serial).collect();
        assert_eq!(serials, expected);
        assert_eq!(shard.users(), 0);
    }

    #[test]
    fn grants_go_to_those_that_wait_in_the_order_in_which_they_came() {
        check_grants(&[start(1, 0), start(2, 0), start(3, 0)], &[1, 2, 3]);
        // The second one leaves and comes back to the very same slot.
        let back = [start(1, 0), start(2, 0), start(3, 0), retire(2, 1), start(2, 2)];
        check_grants(&back, &[1, 3, 2]);
        // Another one takes its slot.
        check_grants(&[start(1, 0), start(2, 0), retire(1, 1), start(3, 2)], &[2, 3]);
        let to_and_fro: Vec<Order> =
            (0..400).flat_map(|millis| [start(1, 2 * millis), retire(1, 2 * millis + 1)]).collect();
        check_grants(&to_and_fro, &[]);
    }

    #[test]
    fn a_crowd_that_waits_leaves_in_no_time() {
        // Looking for each one among all would be ten thousand million steps.
        const CROWD: u64 = 200_000;
        let crowd = [
            Order::StartUsers { scenario: ID, first: 1, last: CROWD, at: at(0) },
            Order::RetireUsers { scenario: ID, first: 4, last: CROWD, at: at(1) },
            start(9, 2),
        ];
        check_grants(&crowd, &[1, 2, 3, 9]);
    }
}
