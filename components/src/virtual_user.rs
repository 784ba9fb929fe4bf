//! Virtual users: the public face of each, one row in the world.

use bevy_ecs::component::Component;
use serde::{Deserialize, Serialize};

use crate::scenario::ScenarioId;
use crate::thread::ThreadId;

/// A user's stable id: scenario in the upper 16 bits, serial number in the lower 48.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub u64);

impl UserId {
    /// The id of a scenario's user number `serial` (from 1).
    pub const fn new(scenario: ScenarioId, serial: u64) -> Self {
        Self(((scenario.0 as u64) << 48) | (serial & 0xffff_ffff_ffff))
    }

    /// The number within the scenario, from 1.
    pub const fn serial(self) -> u64 {
        self.0 & 0xffff_ffff_ffff
    }

    /// The scenario.
    pub const fn scenario(self) -> ScenarioId {
        ScenarioId((self.0 >> 48) as u16)
    }
}

/// What a user is doing, as far as the world is told.
///
/// A value, never a marker component: moving a row between archetypes costs 150 ns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserState {
    /// Waits for a token or a grant.
    #[default]
    Idle,
    /// In a step.
    Running,
    /// Between steps, by declaration.
    Thinking,
    /// Leaves after its current iteration.
    Retiring,
}

/// One virtual user. The entity is the public face; the private state lies in its home shard under the same id.
#[derive(Component, Clone, Copy, Debug)]
#[component(immutable)]
pub struct VirtualUser {
    /// Its stable id.
    pub id: UserId,
    /// The thread whose shard holds its private state.
    pub home: ThreadId,
}
