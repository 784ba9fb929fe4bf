//! Users come and go.

use throng_components::exchange::UserChange;
use throng_components::scenario::ScenarioId;
use throng_components::virtual_user::UserId;

use super::advance::Shard;
use super::slab::User;
use crate::behavior::{Driver, Value};

impl Shard {
    /// Makes a user of a scenario, without anything to do yet.
    pub(super) fn create_user(&mut self, scenario: ScenarioId, serial: u64) -> u32 {
        let roster = &mut self.rosters[scenario.index()];
        let id = UserId::new(scenario, serial);
        roster.counts.users_created += 1;
        roster.counts.users_peak = roster.counts.users_peak.max(roster.counts.users());
        let variables = vec![Value::Unset; roster.program.variables.len()].into_boxed_slice();
        self.emitter.users.push(UserChange::Created(id));
        self.users.insert(User { id, variables, ..User::default() })
    }

    /// Lets a user go.
    pub(super) fn remove_user(&mut self, slot: u32, driver: &mut dyn Driver) {
        let id = self.users.get(slot).id;
        self.rosters[id.scenario().index()].counts.users_retired += 1;
        self.emitter.users.push(UserChange::Retired(id));
        self.users.remove(slot);
        driver.leave(slot);
    }

    /// Lets users go, at the run's end: at most `most` of those from slot `from` on. Gives the slot to go on from, when
    /// some are left.
    pub fn retire_some(&mut self, from: u32, most: usize, driver: &mut dyn Driver) -> Option<u32> {
        let part = self.part_from(from, most, |_| true);
        for slot in part.slots {
            self.remove_user(slot, driver);
        }
        part.next
    }

    /// At most `most` of the users that match, from slot `from` on.
    pub(super) fn part_from(&self, from: u32, most: usize, matches: impl Fn(&User) -> bool) -> Part {
        let mut matching =
            self.users.occupied_from(from).filter(|(_, user)| matches(user)).map(|(slot, _)| slot);
        Part { slots: matching.by_ref().take(most).collect(), next: matching.next() }
    }
}

/// Some of a shard's users: a crowd is gone through in parts, so that what it gives rise to is carried out in between and
/// does not pile up.
pub(super) struct Part {
    /// Where they are.
    pub(super) slots: Vec<u32>,
    /// The first of those that are left.
    pub(super) next: Option<u32>,
}
