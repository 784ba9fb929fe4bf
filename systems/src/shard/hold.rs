//! A shard that is held so that it can be saved: nothing begins, what runs comes to its end, and all else waits as it is.
//!
//! ```text
//!  begin, end ──┤ held: end ├── at rest ──► saved … restored ──┤ begin, end
//!               ↑ Order::Hold                                  ↑ at the same instant of the run
//! ```
//!
//! Virtual time is saved between two events and needs none of this.

use throng_components::clock::Nanos;
use throng_components::scenario::ScenarioId;

use super::advance::Shard;
use super::agenda::{Agenda, Appointment};
use super::matcher::waits;
use super::orders::USERS_AT_ONCE;
use super::slab::{Activity, User};
use super::wheel::TimerKey;
use crate::behavior::Driver;

/// What waits while a run is held.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Orders that hold from that instant on, or came since.
    pub(super) agenda: Agenda,
}

impl Shard {
    /// Lets nothing begin from now on.
    pub(super) fn hold(&mut self) {
        self.held = Some(Box::new(Held { agenda: std::mem::take(&mut self.agenda) }));
        for roster in &mut self.rosters {
            roster.put_off = Some(Vec::new());
        }
    }

    /// Whether it is held, and nothing is under way any more.
    pub fn is_at_rest(&self) -> bool {
        self.held.is_some() && self.running == 0
    }

    /// Makes it as it was when it was held, but for what has ended since. Users whose next iteration has come due meanwhile
    /// wait for that instant again.
    pub fn release(&mut self) {
        let Some(held) = self.held.take() else { return };
        self.agenda = held.agenda;
        for roster in &mut self.rosters {
            for entry in roster.put_off.take().unwrap_or_default() {
                if waits(&self.users, entry) {
                    let key = TimerKey { slot: entry.slot, generation: entry.generation };
                    self.wheel.insert(self.users.get(entry.slot).due, key);
                }
            }
        }
    }

    /// Ends what a scenario's users have under way.
    pub(super) fn cut_held(
        &mut self,
        scenario: ScenarioId,
        appointment: Appointment,
        now: Nanos,
        driver: &mut dyn Driver,
    ) -> Option<Appointment> {
        let under_way = |user: &User| {
            let under_way =
                matches!(user.activity, Activity::Performing | Activity::Thinking | Activity::Parallel);
            user.scenario() == scenario && under_way
        };
        let part = self.part_from(appointment.from, USERS_AT_ONCE, under_way);
        for slot in part.slots {
            self.cut(slot, now, driver);
        }
        part.next.map(|from| Appointment { from, ..appointment })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use throng_components::exchange::{Order, OrderBlock};
    use throng_components::scenario::{Overflow, Scenario, UserBounds};
    use throng_components::seed::RunSeed;
    use throng_components::state::{State, StateReader, StateWriter};

    use super::*;
    use crate::behavior::{Instruction, Program};
    use crate::plugins::laws::{Draws, Law};
    use crate::shard::{ShardSettings, ShardShare};

    /// What every user does: it waits 10 ms.
    #[derive(Debug)]
    struct TenMillis;

    impl Law for TenMillis {
        fn draw(&self, _: &mut Draws) -> Nanos {
            at(10)
        }

        fn mean(&self) -> f64 {
            1e7
        }
    }

    fn at(millis: u64) -> Nanos {
        Nanos::from_millis(millis)
    }

    /// A closed scenario, with 15 ms from start to start.
    fn shard() -> Shard {
        let instructions = vec![Instruction::Think(Arc::new(TenMillis))];
        let program = Arc::new(Program { instructions, ..Program::default() });
        let scenario = Scenario {
            id: ScenarioId(0),
            name: String::new(),
            behavior: 0,
            delay: Nanos::ZERO,
            warm_up: Nanos::ZERO,
            drain: Nanos::ZERO,
            pace: Some(at(15)),
            iterations: None,
            length: Nanos::MAX,
            open: false,
            bounds: UserBounds { min: 0, max: u64::MAX, on_demand: true },
            overflow: Overflow::Drop,
            stop_on_failure: false,
            replayed: false,
        };
        let scenarios = vec![(scenario, program, ShardShare { place: 0, of: 1 })];
        Shard::new(ShardSettings { seed: RunSeed(1), index: 0, shards: 1, scenarios, rhythms: Vec::new() })
    }

    /// Lets time pass; gives the milliseconds at which iterations began that have ended.
    fn play(shard: &mut Shard, orders: &[Order], from: u64, until: u64) -> Vec<u64> {
        let (mut now, mut actions) = (at(from), Vec::new());
        shard.accept(&mut OrderBlock { orders: orders.to_vec(), ..OrderBlock::default() }, now);
        while let Some(next) = shard.advance(now, 1_000, &mut actions).filter(|next| *next <= at(until)) {
            now = now.max(next);
        }
        let samples = std::mem::take(&mut shard.emitter().samples);
        samples.iter().map(|sample| sample.started.0 / 1_000_000).collect()
    }

    /// Holds a run at a millisecond, for so long that all has ended, and goes on with what was saved.
    fn check(hold: u64, ended: &[u64], rest: &[u64]) {
        let scenario = ScenarioId(0);
        let orders = [
            Order::Grant { scenario, iterations: u64::MAX, last: false },
            Order::StartUsers { scenario, first: 1, last: 1, at: at(0) },
            Order::Hold { at: at(hold) },
            Order::Stop { scenario, at: at(50) },
        ];
        let mut first = shard();
        assert_eq!(play(&mut first, &orders, 0, 200), ended, "held at {hold} ms");
        assert!(first.is_at_rest());
        first.release();
        let mut writer = StateWriter::default();
        first.save(&mut writer);
        let bytes = writer.finish().expect("it can be written");
        let mut second = shard();
        second.restore(&mut StateReader::new(&bytes)).expect("it can be read");
        assert_eq!(play(&mut second, &[], hold, 200), rest, "held at {hold} ms");
        assert_eq!(second.users(), 0);
    }

    #[test]
    fn what_runs_ends_and_the_plan_goes_on_at_its_instant() {
        // Begun at 0, 15, 30, 45; the stop is at 50.
        check(1, &[0], &[15, 30, 45]);
        check(15, &[0], &[15, 30, 45]);
        check(16, &[0, 15], &[30, 45]);
        check(44, &[0, 15, 30], &[45]);
        check(47, &[0, 15, 30, 45], &[]);
    }
}
