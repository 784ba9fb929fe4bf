//! Arrival laws: when the iterations of an open scenario are due.

pub mod even;
pub mod poisson;
mod stages;

use bevy_ecs::component::{Component, Mutable};
use bevy_ecs::schedule::Schedule;
use throng_components::curve::Curve;
use throng_components::workload::{Fields, Node, NodeSpec, Problems};

pub use self::stages::{LevelUnit, STAGE_SPECS, read_curve};
use super::listeners::Installer;
use super::registry::{Named, Registry, Table};

/// One arrival, in the time of the area under the rate curve: where it lies on the clock follows from the curve as it is
/// asked for, which may change while it is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Twice the area under the rate curve at which it is due: rate units × nanoseconds × 2; [`EVENT`] is one event's.
    pub area: u128,
    /// What its iteration's draws are keyed by; unique in the scenario and independent of who plays the lane.
    pub key: u64,
}

/// Twice the area of one event: rate units (millionths of an event an hour) × nanoseconds × 2.
pub const EVENT: u128 = 2 * 3_600_000_000_000_000_000;

/// A law of arrivals. The type is the component that holds its settings and how far it has come.
pub trait ArrivalLaw: Component<Mutability = Mutable> + Sized {
    /// Name, summary, sample and what the node may hold.
    const SPEC: NodeSpec;

    /// Reads `arrivals KIND { … }`.
    ///
    /// # Errors
    /// All that is wrong in the node.
    fn read(fields: Fields<'_>) -> Result<Self, Problems>;

    /// The rate over time that it keeps, on average.
    fn curve(&self) -> &Curve;

    /// The next arrival, never before the last one. There is always one: the curve's end ends the plan.
    ///
    /// `key` names the scenario in draws.
    fn next(&mut self, key: u64) -> Arrival;
}

/// What the loader learns from an arrivals node.
pub struct ReadArrivals {
    /// Puts the law on its scenario.
    pub install: Installer,
    /// The rate over time.
    pub curve: Curve,
}

/// One law in the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    spec: &'static NodeSpec,
    /// Reads the node.
    pub read: fn(&Node) -> Result<ReadArrivals, Problems>,
    /// Adds the system that plans scenarios of this law.
    pub add_system: fn(&mut Schedule),
}

impl Entry {
    /// The entry of a law.
    pub const fn of<A: ArrivalLaw>() -> Self {
        Self {
            spec: &A::SPEC,
            read: |node| {
                let law = A::read(Fields::of(node, &A::SPEC, 1))?;
                let curve = law.curve().clone();
                let install: Installer = Box::new(move |entity| {
                    entity.insert(law);
                });
                Ok(ReadArrivals { install, curve })
            },
            add_system: crate::scheduler::add_planning_of::<A>,
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
pub const ALL: &[Entry] = &[Entry::of::<even::Even>(), Entry::of::<poisson::Poisson>()];
