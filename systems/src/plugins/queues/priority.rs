//! Served by rank: `queue priority limit=100`.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use throng_components::state::State;
use throng_components::state_of;
use throng_components::workload::{Fields, NodeSpec};

use super::{Discipline, DisciplineKind, LIMIT, Line, Queue, Waiting};

/// The most urgent request is served next, of equals the first; what a server works on is not interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Priority;

impl DisciplineKind for Priority {
    const SPEC: NodeSpec = NodeSpec {
        name: "priority",
        summary: "Serves steps of a lower `rank` first, of equal ones the first; nothing is interrupted.",
        sample: "queue priority limit=100",
        properties: &[LIMIT],
        ..NodeSpec::EMPTY
    };

    fn read(_: &mut Fields<'_>) -> Option<Self> {
        Some(Self)
    }
}

impl Discipline for Priority {
    fn line(&self) -> Line {
        Line::Queue(Box::new(PriorityQueue { waiting: BinaryHeap::new(), pushed: 0 }))
    }
}

#[derive(Debug)]
struct PriorityQueue {
    /// By rank, then in the order in which they came.
    waiting: BinaryHeap<Reverse<(u32, u64, u32)>>,
    pushed: u64,
}

state_of!(PriorityQueue { saved: waiting, pushed; });

impl Queue for PriorityQueue {
    fn push(&mut self, waiting: Waiting) {
        self.pushed += 1;
        self.waiting.push(Reverse((waiting.rank, self.pushed, waiting.job)));
    }

    fn pop(&mut self) -> Option<u32> {
        self.waiting.pop().map(|Reverse((.., job))| job)
    }

    fn len(&self) -> usize {
        self.waiting.len()
    }

    fn clear(&mut self) {
        self.waiting.clear();
    }

    fn state(&mut self) -> Option<&mut dyn State> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    #[test]
    fn lower_ranks_are_served_first_and_equals_in_order() {
        check(&Priority, &[(2, 9), (1, 8), (2, 7), (1, 0)], &[1, 3, 0, 2]);
    }
}
