//! Tokens: permits for one iteration each, planned ahead of time.

use bevy_ecs::component::Component;
use serde::{Deserialize, Serialize};

use crate::clock::Nanos;
use crate::scenario::ScenarioId;

/// Where a token row is in its short life. Rows are recycled: a spent row holds the next token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenState {
    /// The row is free.
    #[default]
    Spent,
    /// Planned; a system may still delay or drop it.
    Planned,
    /// Dropped by a policy before it was handed out.
    Dropped,
}

/// A permit for one iteration of an open scenario.
#[derive(Component, Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Token {
    /// When the plan says it is due. Never changes: response times count from here.
    pub due: Nanos,
    /// When it may be matched with a user: `due`, unless a policy moved it.
    pub release: Nanos,
    /// Its number in the scenario, from 1, in the order of the plan.
    pub sequence: u64,
    /// What its iteration's draws are keyed by: the arrival process's lane and index, so that it does not depend on who serves.
    pub key: u64,
    /// The scenario.
    pub scenario: ScenarioId,
    /// Where it is in its life.
    pub state: TokenState,
}

impl Token {
    /// A free row.
    pub const SPENT: Self = Self {
        due: Nanos::ZERO,
        release: Nanos::ZERO,
        sequence: 0,
        key: 0,
        scenario: ScenarioId(0),
        state: TokenState::Spent,
    };
}

/// A token as it is handed to a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueToken {
    /// When it may be matched.
    pub release: Nanos,
    /// When the plan says it is due.
    pub due: Nanos,
    /// Its number in the scenario, from 1.
    pub sequence: u64,
    /// What its iteration's draws are keyed by.
    pub key: u64,
    /// The scenario.
    pub scenario: ScenarioId,
}

impl DueToken {
    /// The order in which tokens are matched: by instant, then scenario, then number.
    pub fn order(&self) -> (Nanos, ScenarioId, u64) {
        (self.release, self.scenario, self.sequence)
    }
}
