//! `pace`: how often a closed user begins anew.

use std::sync::Arc;

use throng_components::clock::Nanos;
use throng_components::workload::{ArgumentSpec, Node, NodeSpec, Problems, ValueKind};
use throng_systems::behavior::Files;
use throng_systems::plugins::Registry;
use throng_systems::plugins::laws::Law;

use super::names::unknown_kind;
use super::settings::read_positive;

/// `pace "1s"`
pub(crate) const PACE: NodeSpec = NodeSpec {
    name: "pace",
    summary: "Sets a closed user's time from start to start; a longer iteration is followed at once.",
    sample: "pace \"1s\"",
    arguments: &[ArgumentSpec {
        name: "length",
        kind: ValueKind::Duration,
        required: true,
        summary: "Above zero; or a law of time, as in `pace uniform \"800ms\" \"1200ms\"`, by which each is drawn.",
    }],
    ..NodeSpec::EMPTY
};

/// A pace as it is written.
pub(super) struct Pace {
    /// Its length; where it is drawn, on average.
    pub(super) length: Nanos,
    /// What it is drawn by.
    pub(super) law: Option<Arc<dyn Law>>,
}

/// Reads `pace`.
pub(super) fn read(node: &Node, registry: &Registry, files: &dyn Files) -> Result<Pace, Problems> {
    // No duration begins with a letter.
    let Some(kind) = node.text(0).filter(|word| word.value.starts_with(|first: char| first.is_alphabetic()))
    else {
        return read_positive(node, &PACE).map(|length| Pace { length, law: None });
    };
    let Some(entry) = registry.laws.find(kind.value) else {
        return Err(Problems::from(unknown_kind(node, kind, PACE.name, registry.laws.names())));
    };
    let law = (entry.read)(node, files)?;
    Ok(Pace { length: Nanos::from_f64(law.mean()), law: Some(law) })
}
