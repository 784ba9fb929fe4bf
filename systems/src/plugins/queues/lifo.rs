//! Last come, first served: `queue lifo limit=100`.

use std::collections::VecDeque;

use throng_components::workload::{Fields, NodeSpec};

use super::{Discipline, DisciplineKind, LIMIT, Line, row};

/// The request that came last is served next; what a server works on is not interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lifo;

impl DisciplineKind for Lifo {
    const SPEC: NodeSpec = NodeSpec {
        name: "lifo",
        summary: "Serves the request first that came last; what is being served is not interrupted.",
        sample: "queue lifo limit=100",
        properties: &[LIMIT],
        ..NodeSpec::EMPTY
    };

    fn read(_: &mut Fields<'_>) -> Option<Self> {
        Some(Self)
    }
}

impl Discipline for Lifo {
    fn line(&self) -> Line {
        row::line(VecDeque::pop_back)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    #[test]
    fn the_last_is_served_first() {
        check(&Lifo, &[(3, 9), (1, 8), (2, 7)], &[2, 1, 0]);
    }
}
