//! All served at one time: `queue processor-sharing limit=100`.

use throng_components::workload::{FieldSpec, Fields, NodeSpec};

use super::{Discipline, DisciplineKind, LIMIT, Line};

/// The servers are shared by all requests in equal parts: with n requests and c servers each is worked on at min(1, c ÷ n)
/// of a server's speed (egalitarian processor sharing, Kleinrock 1967), as a core is by threads in short turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ProcessorSharing;

impl DisciplineKind for ProcessorSharing {
    const SPEC: NodeSpec = NodeSpec {
        name: "processor-sharing",
        summary: "Serves all requests at one time, each the more slowly the more there are.",
        sample: "queue processor-sharing limit=100",
        properties: &[FieldSpec {
            summary: "How many may be served beyond the number of servers; one more fails. Without it there is no bound.",
            ..LIMIT
        }],
        ..NodeSpec::EMPTY
    };

    fn read(_: &mut Fields<'_>) -> Option<Self> {
        Some(Self)
    }
}

impl Discipline for ProcessorSharing {
    fn line(&self) -> Line {
        Line::Shared
    }
}
