//! Queue disciplines of modelled services: in which order requests get a server.

mod fifo;
mod lifo;
mod priority;
mod processor_sharing;
mod random;
mod row;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use throng_components::state::State;
use throng_components::workload::{FieldSpec, Fields, Node, NodeSpec, Problems, ValueKind};

use super::registry::{Named, Registry, Table};

/// How many may wait: a property that every discipline has.
pub const LIMIT: FieldSpec = FieldSpec {
    name: "limit",
    kind: ValueKind::Count,
    default: "",
    summary: "How many may wait, 0 for none; one more fails. Without it there is no bound.",
};

/// A request that waits for a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Its place among the requests under way.
    pub job: u32,
    /// The rank of its step: lower ones are more urgent.
    pub rank: u32,
    /// A random number of its own. It depends on the request alone, never on when it comes or what else waits.
    pub lot: u64,
}

/// Requests that wait at one service.
pub trait Queue: Send + std::fmt::Debug {
    /// Adds one.
    fn push(&mut self, waiting: Waiting);

    /// Takes the one that is served next.
    fn pop(&mut self) -> Option<u32>;

    /// How many wait.
    fn len(&self) -> usize;

    /// Whether none waits.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets all.
    fn clear(&mut self);

    /// What is saved of it when a run is; `None` for a queue that does not tell, with which no run can be saved.
    fn state(&mut self) -> Option<&mut dyn State> {
        None
    }
}

/// How a service deals with more requests than it has servers.
#[derive(Debug)]
pub enum Line {
    /// They wait, each for a server of its own.
    Queue(Box<dyn Queue>),
    /// All are served at one time, each more slowly.
    Shared,
}

/// A queue discipline.
pub trait Discipline: Send + Sync + std::fmt::Debug + 'static {
    /// An empty line of one service.
    fn line(&self) -> Line;
}

/// A kind of discipline in the table.
pub trait DisciplineKind: Discipline + Sized {
    /// Name, summary, sample and what the node may hold; [`LIMIT`] among its properties.
    const SPEC: NodeSpec;

    /// Reads what the node holds besides the limit.
    fn read(fields: &mut Fields<'_>) -> Option<Self>;
}

/// A discipline and its bound, as a service's `queue` declares them.
#[derive(Clone, Debug)]
pub struct QueuePlan {
    /// In which order.
    pub discipline: Arc<dyn Discipline>,
    /// How many may wait; `None` for no bound.
    pub limit: Option<u64>,
}

impl Default for QueuePlan {
    /// First come, first served, without a bound: what the formulas of queueing theory mean where they say no more.
    fn default() -> Self {
        Self { discipline: Arc::new(fifo::Fifo), limit: None }
    }
}

/// One discipline in the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    spec: &'static NodeSpec,
    /// Reads the node.
    pub read: fn(&Node) -> Result<QueuePlan, Problems>,
}

impl Entry {
    /// The entry of a discipline.
    pub const fn of<D: DisciplineKind>() -> Self {
        Self {
            spec: &D::SPEC,
            read: |node| {
                let mut fields = Fields::of(node, &D::SPEC, 1);
                let limit = fields.count("limit", 0, u64::MAX);
                let discipline = D::read(&mut fields).map(|read| Arc::new(read) as Arc<dyn Discipline>);
                fields.finish(discipline.map(|discipline| QueuePlan { discipline, limit }))
            },
        }
    }
}

impl Named for Entry {
    const FAMILY: &'static str = "queues";

    fn spec(&self) -> &'static NodeSpec {
        self.spec
    }

    fn table(registry: &mut Registry) -> &mut Table<Self> {
        &mut registry.queues
    }
}

/// All disciplines of the tree.
pub const ALL: &[Entry] = &[
    Entry::of::<fifo::Fifo>(),
    Entry::of::<lifo::Lifo>(),
    Entry::of::<random::Random>(),
    Entry::of::<priority::Priority>(),
    Entry::of::<processor_sharing::ProcessorSharing>(),
];

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Puts requests with these ranks and lots into a queue and takes them out again.
    pub(crate) fn check(discipline: &dyn Discipline, waiting: &[(u32, u64)], expected: &[u32]) {
        let Line::Queue(mut queue) = discipline.line() else { panic!("{discipline:?} has no queue") };
        for (job, (rank, lot)) in (0..).zip(waiting) {
            queue.push(Waiting { job, rank: *rank, lot: *lot });
        }
        assert_eq!(queue.len(), waiting.len());
        let order: Vec<u32> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(order, expected, "{discipline:?}");
        queue.push(Waiting { job: 0, rank: 0, lot: 0 });
        queue.clear();
        assert!(queue.is_empty() && queue.pop().is_none());
    }
}
