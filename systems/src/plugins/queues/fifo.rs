//! First come, first served: `queue fifo limit=100`.

use std::collections::VecDeque;

use throng_components::workload::{Fields, NodeSpec};

use super::{Discipline, DisciplineKind, LIMIT, Line, row};

/// The request that has waited longest is served next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fifo;

impl DisciplineKind for Fifo {
    const SPEC: NodeSpec = NodeSpec {
        name: "fifo",
        summary: "Serves requests in the order in which they came.",
        sample: "queue fifo limit=100",
        properties: &[LIMIT],
        ..NodeSpec::EMPTY
    };

    fn read(_: &mut Fields<'_>) -> Option<Self> {
        Some(Self)
    }
}

impl Discipline for Fifo {
    fn line(&self) -> Line {
        row::line(VecDeque::pop_front)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    #[test]
    fn the_first_is_served_first() {
        check(&Fifo, &[(3, 9), (1, 8), (2, 7)], &[0, 1, 2]);
    }
}
