//! Arrival laws: when the iterations of an open scenario are due.

pub mod even;
pub mod gamma;
pub mod jittered;
pub mod mmpp;
pub mod pareto;
pub mod poisson;
mod renewal;
mod stages;
pub mod trace;
pub mod weibull;

use bevy_ecs::component::{Component, Mutable};
use bevy_ecs::schedule::Schedule;
use bevy_ecs::world::EntityWorldMut;
use serde::{Deserialize, Serialize};
use throng_components::arrival_gaps::ArrivalGaps;
use throng_components::curve::Curve;
use throng_components::state::State;
use throng_components::workload::{Fields, Node, NodeSpec, Problems};

pub use self::stages::{LevelUnit, STAGE_NAMES, STAGE_SPECS, read_curve};
use super::registry::{LendState, Lent, Named, Registry, Table};
use crate::behavior::Files;
use crate::gap_observer::GapLaw;

/// One arrival, in the time of the area under the rate curve: where it lies on the clock follows from the curve as it is
/// asked for, which may change while it is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// Twice the area under the rate curve at which it is due: rate units × nanoseconds × 2; [`EVENT`] is one event's.
    pub area: u128,
    /// What its iteration's draws are keyed by; unique in the scenario and independent of who plays the lane.
    pub key: u64,
}

/// Twice the area of one event: rate units (millionths of an event an hour) × nanoseconds × 2.
pub const EVENT: u128 = 2 * 3_600_000_000_000_000_000;

/// Where an arrival lies that never comes: 10¹⁴ events away, and small enough to be multiplied.
const NEVER: u128 = 1 << 112;

/// A law of arrivals. The type is the component that holds its settings and how far it has come.
pub trait ArrivalLaw: Component<Mutability = Mutable> + Sized {
    /// Name, summary, sample and what the node may hold.
    const SPEC: NodeSpec;

    /// Reads `arrivals KIND { … }`. A file that it names comes from `files`.
    ///
    /// # Errors
    /// All that is wrong in the node.
    fn read(fields: Fields<'_>, files: &dyn Files) -> Result<Self, Problems>;

    /// The rate over time that it keeps, on average.
    fn curve(&self) -> &Curve;

    /// The next arrival, never before the last one. There is always one: the curve's end ends the plan.
    ///
    /// `key` names the scenario in draws.
    fn next(&mut self, key: u64) -> Arrival;

    /// How gaps between its arrivals are distributed in the time of the rate curve, where they are independent of each other:
    /// the share of them up to a length, with a mean of 1. Results then tell whether the gaps that came about are so.
    const GAPS: Option<fn(f64) -> f64> = None;

    /// What is saved of it when a run is: how far it has come. `None` for a law that does not tell, with which no run can be
    /// saved.
    fn state(&mut self) -> Option<&mut dyn State> {
        None
    }
}

/// A plan of arrivals, of whatever law.
pub trait AnyArrivals: Send {
    /// Puts it on its scenario.
    fn install(self: Box<Self>, scenario: &mut EntityWorldMut<'_>);

    /// Takes the next arrival and gives what its iteration's draws are keyed by; `key` is that of [`ArrivalLaw::next`].
    fn next_key(&mut self, key: u64) -> u64;
}

impl<A: ArrivalLaw> AnyArrivals for A {
    fn install(self: Box<Self>, scenario: &mut EntityWorldMut<'_>) {
        scenario.insert(*self);
        if let Some(law) = A::GAPS {
            scenario.insert((GapLaw(law), ArrivalGaps::default()));
        }
    }

    fn next_key(&mut self, key: u64) -> u64 {
        self.next(key).key
    }
}

/// What the loader learns from an arrivals node.
pub struct ReadArrivals {
    /// The law.
    pub law: Box<dyn AnyArrivals>,
    /// The rate over time.
    pub curve: Curve,
}

/// One law in the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    spec: &'static NodeSpec,
    /// Reads the node.
    pub read: fn(&Node, &dyn Files) -> Result<ReadArrivals, Problems>,
    /// Adds the system that plans scenarios of this law.
    pub add_system: fn(&mut Schedule),
    /// Lends how far a scenario's law has come.
    pub state: LendState,
}

impl Entry {
    /// The entry of a law.
    pub const fn of<A: ArrivalLaw>() -> Self {
        Self {
            spec: &A::SPEC,
            read: |node, files| {
                let law = A::read(Fields::of(node, &A::SPEC, 1), files)?;
                let curve = law.curve().clone();
                Ok(ReadArrivals { law: Box::new(law), curve })
            },
            add_system: crate::scheduler::add_planning_of::<A>,
            state: |entity| {
                let law = entity.get_mut::<A>()?.into_inner();
                Some(Lent::of(law.state(), A::SPEC.name))
            },
        }
    }
}

impl Named for Entry {
    const FAMILY: &'static str = "arrivals";

    fn spec(&self) -> &'static NodeSpec {
        self.spec
    }

    fn table(registry: &mut Registry) -> &mut Table<Self> {
        &mut registry.arrivals
    }
}

/// All laws of the tree.
pub const ALL: &[Entry] = &[
    Entry::of::<even::Even>(),
    Entry::of::<jittered::Jittered>(),
    Entry::of::<poisson::Poisson>(),
    Entry::of::<gamma::Gamma>(),
    Entry::of::<weibull::Weibull>(),
    Entry::of::<pareto::Pareto>(),
    Entry::of::<mmpp::Mmpp>(),
    Entry::of::<trace::Trace>(),
];
