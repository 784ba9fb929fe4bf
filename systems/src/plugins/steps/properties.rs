//! Properties that steps have in common. A step for which one means something more particular says so in its summary.

use throng_components::workload::{FieldSpec, ValueKind};

/// What results call it.
pub(super) const NAME: FieldSpec = FieldSpec {
    name: "name",
    kind: ValueKind::Name,
    default: "",
    summary: "What results call the step; without it, the step's own word.",
};

/// Where it goes.
pub(super) const TARGET: FieldSpec = FieldSpec {
    name: "target",
    kind: ValueKind::Name,
    default: "",
    summary: "The target; may be left out where only one suits.",
};

/// How long it waits.
pub(super) const TIMEOUT: FieldSpec = FieldSpec {
    name: "timeout",
    kind: ValueKind::Duration,
    default: "",
    summary: "How long an attempt may take; without it, the target's, or 30 s.",
};

/// What follows from its failure.
pub(super) const ON_FAILURE: FieldSpec = FieldSpec {
    name: "on-failure",
    kind: ValueKind::Word(&["continue", "stop"]),
    default: "continue",
    summary: "Whether a failure of this step ends the iteration.",
};
