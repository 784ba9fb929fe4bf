//! What the simulation halts at, so that the world acts at that very instant: a count that is passed, a scenario that a user
//! of it stops.

use serde::{Deserialize, Serialize};
use throng_components::sample::{Sample, SampleKind};
use throng_components::scenario::ScenarioId;

use crate::plugins::exit_conditions::{Scope, TripCount, Tripwire};
use crate::shard::Shard;

/// A tripwire and its count.
#[derive(Debug, Serialize, Deserialize)]
struct Armed {
    wire: Tripwire,
    count: u64,
}

/// All that the simulation halts at. Each springs once.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Traps {
    tripwires: Vec<Armed>,
    /// Stops by users that the world was halted for.
    stops_told: usize,
}

impl Traps {
    /// Watches these counts, in place of those before.
    pub(super) fn arm(&mut self, tripwires: &[Tripwire]) {
        self.tripwires = tripwires.iter().map(|wire| Armed { wire: *wire, count: 0 }).collect();
    }

    /// Whether anything hangs on samples.
    pub(super) fn count_samples(&self) -> bool {
        !self.tripwires.is_empty()
    }

    /// Counts new samples.
    pub(super) fn see(&mut self, fresh: &[Sample]) {
        for armed in &mut self.tripwires {
            let matches = |sample: &&Sample| trips(&armed.wire, sample);
            armed.count += fresh.iter().filter(matches).count() as u64;
        }
    }

    /// Whether [`Self::spring`] may find anything; asked at each event.
    #[inline]
    pub(super) fn may_spring(&self, shard: &Shard) -> bool {
        !self.tripwires.is_empty() || shard.own_stops() != self.stops_told
    }

    /// Whether a count has been passed, or a user has stopped its scenario, since the last time.
    pub(super) fn spring(&mut self, shard: &Shard) -> bool {
        let stops = std::mem::replace(&mut self.stops_told, shard.own_stops());
        let before = self.tripwires.len();
        self.tripwires.retain(|armed| {
            let count = match armed.wire.counts {
                TripCount::Backlog => waiting(shard, armed.wire.scope),
                TripCount::Steps(_) | TripCount::Iterations(_) => armed.count,
            };
            count <= armed.wire.above
        });
        stops < self.stops_told || self.tripwires.len() < before
    }
}

fn trips(wire: &Tripwire, sample: &Sample) -> bool {
    let (kind, outcome) = match wire.counts {
        TripCount::Steps(outcome) => (SampleKind::Attempt, outcome),
        TripCount::Iterations(outcome) => (SampleKind::Iteration, outcome),
        TripCount::Backlog => return false,
    };
    sample.kind == kind && sample.outcome == outcome && wire.scope.concerns(sample)
}

/// Tokens that wait for a user.
fn waiting(shard: &Shard, scope: Scope) -> u64 {
    let counts = (0_u16..).zip(shard.counts());
    let in_scope = counts.filter(|(id, _)| scope.covers(ScenarioId(*id)));
    in_scope.map(|(_, counts)| counts.waiting).sum()
}
