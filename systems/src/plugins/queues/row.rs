//! Requests that stand in a row, and a way to pick the next one of them: what most disciplines are.

use std::collections::VecDeque;

use throng_components::state::State;
use throng_components::state_of;

use super::{Line, Queue, Waiting};

/// Takes the next request out of a row.
pub(super) type Pick = fn(&mut VecDeque<Waiting>) -> Option<Waiting>;

/// Requests in the order in which they came, as far as `pick` leaves it.
#[derive(Debug)]
struct Row {
    waiting: VecDeque<Waiting>,
    pick: Pick,
}

/// An empty row.
pub(super) fn line(pick: Pick) -> Line {
    Line::Queue(Box::new(Row { waiting: VecDeque::new(), pick }))
}

state_of!(Row { saved: waiting; declared: pick });

impl Queue for Row {
    fn push(&mut self, waiting: Waiting) {
        self.waiting.push_back(waiting);
    }

    fn pop(&mut self) -> Option<u32> {
        (self.pick)(&mut self.waiting).map(|waiting| waiting.job)
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
