//! Scenarios: a population and its load, as declared and as it stands.

use std::collections::BTreeMap;

use bevy_ecs::component::Component;
use bevy_ecs::resource::Resource;
use serde::{Deserialize, Serialize};

use crate::clock::Nanos;
use crate::curve::Curve;
use crate::sample::StepId;

/// A scenario's number: its place in the file, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScenarioId(pub u16);

impl ScenarioId {
    /// As an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One scenario, as declared.
#[derive(Component, Clone, Debug)]
pub struct Scenario {
    /// Its number.
    pub id: ScenarioId,
    /// Its name.
    pub name: String,
    /// The behaviour of its users, an index into the programs.
    pub behavior: u16,
    /// When it begins; [`Nanos::MAX`] while that is not known, because another scenario has to drain first.
    pub delay: Nanos,
    /// How long results leave out what was due since its start.
    pub warm_up: Nanos,
    /// How long what runs at its end may go on.
    pub drain: Nanos,
    /// Start to start, for a user that repeats by itself; where it is drawn, on average.
    pub pace: Option<Nanos>,
    /// Iterations in all, at most.
    pub iterations: Option<u64>,
    /// How long its shape plays, pauses included; [`Nanos::MAX`] while it is paused and when only something else ends it.
    pub length: Nanos,
    /// Whether arrivals are planned as tokens (open) or users repeat by themselves (closed).
    pub open: bool,
    /// How many users an open scenario may have.
    pub bounds: UserBounds,
    /// What becomes of a token when no user can be had.
    pub overflow: Overflow,
    /// Whether a failed step ends its iteration.
    pub stop_on_failure: bool,
    /// Whether its iterations are those of a recording: what their draws are keyed by stands in their tokens in full.
    pub replayed: bool,
}

impl Scenario {
    /// The instant at which its shape has been played.
    pub fn end(&self) -> Nanos {
        self.delay + self.length
    }

    /// The instant from which results count.
    pub fn warm_until(&self) -> Nanos {
        self.delay + self.warm_up
    }
}

/// How many users an open scenario may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserBounds {
    /// Made before the scenario begins.
    pub min: u64,
    /// Never more than that.
    pub max: u64,
    /// Whether a token that finds no idle user makes one.
    pub on_demand: bool,
}

/// What becomes of a token when no user can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// It is counted and forgotten.
    Drop,
    /// It waits for the next free user.
    Queue {
        /// How many may wait; one more is dropped. `None` for no bound, which the workload has to say.
        limit: Option<u64>,
        /// How long one may wait; then it expires.
        timeout: Option<Nanos>,
    },
}

/// The level of a scenario's users over time: of a closed one, or of an open one whose users are planned as well.
#[derive(Component, Clone, Debug)]
pub struct Population {
    /// Users over time, from the scenario's start.
    pub curve: Curve,
}

/// Where a scenario is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ScenarioPhase {
    /// Its start lies ahead.
    #[default]
    Delayed,
    /// Its shape plays.
    Playing,
    /// Nothing new is planned; what runs may end.
    Draining,
    /// What still runs is being cut.
    Cutting,
    /// All is over.
    Ended,
}

/// How far a scenario has come, in the world's own books.
#[derive(Component, Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct ScenarioProgress {
    /// Where it is in its life.
    pub phase: ScenarioPhase,
    /// Tokens planned.
    pub planned: u64,
    /// Of these, those that a policy of the world dropped before they were handed out.
    pub dropped: u64,
    /// Of these, those cancelled before they were handed out.
    pub cancelled: u64,
    /// Tokens handed out to shards.
    pub handed_out: u64,
    /// Iterations that shards were granted.
    pub granted: u64,
    /// When it stopped: its shape's end, or the stop's instant.
    pub stopped_at: Option<Nanos>,
    /// Whether a stop, not its own shape, ended it.
    pub was_stopped: bool,
    /// When all of it was over.
    pub ended_at: Option<Nanos>,
    /// Whether the arrival plan has no more tokens.
    pub plan_exhausted: bool,
    /// When the last planned token is due.
    pub last_due: Nanos,
    /// Whether the cut at the drain's end has been ordered.
    pub cut_ordered: bool,
}

/// What one shard has counted for one scenario since the run's start. Never falls, but for the levels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioCounts {
    /// Tokens that came in.
    pub received: u64,
    /// Tokens dropped because no user could be had and none may wait.
    pub dropped: u64,
    /// Tokens that waited too long.
    pub expired: u64,
    /// Tokens not yet due at a stop.
    pub cancelled: u64,
    /// Tokens that wait now. A level.
    pub waiting: u64,
    /// Iterations granted and called back unused.
    pub returned: u64,
    /// Iterations begun.
    pub started: u64,
    /// Of these, begun with a due time within the warm-up.
    pub started_warm_up: u64,
    /// Iterations ended well.
    pub succeeded: u64,
    /// Iterations ended with a failed step.
    pub failed: u64,
    /// Iterations whose behaviour broke.
    pub crashed: u64,
    /// Iterations ended by the engine.
    pub cut: u64,
    /// Users made.
    pub users_created: u64,
    /// Users gone.
    pub users_retired: u64,
    /// The most users at one time.
    pub users_peak: u64,
    /// Iterations that began later than their pace asked for.
    pub pace_missed: u64,
    /// Connections opened.
    pub connections_opened: u64,
    /// Operations on a connection that was open already.
    pub connections_reused: u64,
    /// Requests that went out once more, because the target had closed the open connection that they were sent on.
    pub requests_resent: u64,
    /// Cookies for which users had no room.
    pub cookies_dropped: u64,
    /// When the last iteration ended.
    pub last_end: Nanos,
    /// When a user of it stopped it.
    pub own_stop: Option<Nanos>,
}

impl ScenarioCounts {
    /// Iterations under way.
    pub fn running(&self) -> u64 {
        self.started - self.succeeded - self.failed - self.crashed - self.cut
    }

    /// Users that exist.
    pub fn users(&self) -> u64 {
        self.users_created - self.users_retired
    }

    /// Tokens received that are not due yet.
    pub fn undue(&self, open: bool) -> u64 {
        if open {
            self.received - self.dropped - self.expired - self.cancelled - self.waiting - self.started
        } else {
            0
        }
    }

    /// Adds another shard's.
    pub fn add(&mut self, other: &Self) {
        self.received += other.received;
        self.dropped += other.dropped;
        self.expired += other.expired;
        self.cancelled += other.cancelled;
        self.waiting += other.waiting;
        self.returned += other.returned;
        self.started += other.started;
        self.started_warm_up += other.started_warm_up;
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.crashed += other.crashed;
        self.cut += other.cut;
        self.users_created += other.users_created;
        self.users_retired += other.users_retired;
        self.users_peak += other.users_peak;
        self.pace_missed += other.pace_missed;
        self.connections_opened += other.connections_opened;
        self.connections_reused += other.connections_reused;
        self.requests_resent += other.requests_resent;
        self.cookies_dropped += other.cookies_dropped;
        self.last_end = self.last_end.max(other.last_end);
        self.own_stop = [self.own_stop, other.own_stop].into_iter().flatten().min();
    }
}

/// A scenario's counts as each shard last told them.
#[derive(Component, Clone, Debug, Default, Serialize, Deserialize)]
pub struct ShardCounts {
    /// One entry a shard.
    pub by_shard: Vec<ScenarioCounts>,
    /// The most users that existed at one time, over all shards.
    pub users_peak: u64,
}

impl ShardCounts {
    /// When a user of it first stopped it, on whatever shard.
    pub fn own_stop(&self) -> Option<Nanos> {
        self.by_shard.iter().filter_map(|counts| counts.own_stop).min()
    }

    /// The sum over all shards. `users_peak` is that of all shards together.
    pub fn total(&self) -> ScenarioCounts {
        let mut sum = ScenarioCounts::default();
        for counts in &self.by_shard {
            sum.add(counts);
        }
        if self.by_shard.len() > 1 {
            sum.users_peak = self.users_peak;
        }
        sum
    }
}

/// The names of all measured steps and groups. Steps of one name, in whatever behaviours, share a number; so do groups.
#[derive(Resource, Clone, Debug, Default)]
pub struct StepNames {
    names: Vec<String>,
    /// The same by name: a generated workload may have tens of thousands.
    by_name: BTreeMap<String, StepId>,
    /// Names of groups, numbered apart.
    groups: Vec<String>,
}

impl StepNames {
    /// The number of that name, new or not; `None` beyond 65,536 names.
    pub fn intern(&mut self, name: &str) -> Option<StepId> {
        if let Some(id) = self.find(name) {
            return Some(id);
        }
        let id = StepId(u16::try_from(self.names.len()).ok()?);
        self.names.push(name.to_owned());
        self.by_name.insert(name.to_owned(), id);
        Some(id)
    }

    /// The number of the group of that name, new or not; `None` beyond 65,536 names.
    pub fn intern_group(&mut self, name: &str) -> Option<StepId> {
        let known = self.groups.iter().position(|known| known == name);
        let index = known.unwrap_or(self.groups.len());
        let id = StepId(u16::try_from(index).ok()?);
        if known.is_none() {
            self.groups.push(name.to_owned());
        }
        Some(id)
    }

    /// Names of all groups, in the order of their numbers.
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    /// The number of that name.
    pub fn find(&self, name: &str) -> Option<StepId> {
        self.by_name.get(name).copied()
    }

    /// The name of that number.
    pub fn name(&self, id: StepId) -> &str {
        &self.names[usize::from(id.0)]
    }

    /// All names, in the order of their numbers.
    pub fn all(&self) -> &[String] {
        &self.names
    }
}
