//! Users come and go.

use throng_components::exchange::UserChange;
use throng_components::scenario::ScenarioId;
use throng_components::virtual_user::UserId;

use super::advance::{DriverAction, Shard};
use super::slab::User;
use crate::behavior::Value;

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
    pub(super) fn remove_user(&mut self, slot: u32, actions: &mut Vec<DriverAction>) {
        let id = self.users.get(slot).id;
        self.rosters[id.scenario().index()].counts.users_retired += 1;
        self.emitter.users.push(UserChange::Retired(id));
        self.users.remove(slot);
        actions.push(DriverAction::Leave(slot));
    }

    /// Lets all users go, at the run's end.
    pub fn retire_all(&mut self, actions: &mut Vec<DriverAction>) {
        let slots: Vec<u32> = self.users.occupied().map(|(slot, _)| slot).collect();
        for slot in slots {
            self.remove_user(slot, actions);
        }
    }
}
