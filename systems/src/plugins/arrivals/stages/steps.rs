//! `steps`: a list of levels, each for the same time.

use throng_components::curve::Stage;
use throng_components::workload::{ArgumentSpec, FieldSpec, Fields, Node, NodeSpec, Problems, ValueKind};

use super::{LevelUnit, USERS_MOST, positive};

pub(super) const OF_RATES: NodeSpec = NodeSpec {
    name: "steps",
    summary: "Stays at one level after the other, as long at each.",
    sample: "steps \"50/s\" \"100/s\" \"20/s\" each=\"30s\"",
    arguments: &[ArgumentSpec::of("levels", ValueKind::Rate, "The levels, in their order.")],
    more_arguments: true,
    properties: &[FieldSpec::of("each", ValueKind::Duration, "How long each lasts, above 0.")],
    ..NodeSpec::EMPTY
};

pub(super) const OF_USERS: NodeSpec = NodeSpec {
    sample: "steps 5 20 10 each=\"30s\"",
    arguments: &[ArgumentSpec::of("levels", ValueKind::Count, "The levels, in their order.")],
    ..OF_RATES
};

/// Reads `steps`.
pub(super) fn read(node: &Node, unit: LevelUnit) -> Result<Vec<Stage>, Problems> {
    let spec = if unit == LevelUnit::Rate { &OF_RATES } else { &OF_USERS };
    let mut fields = Fields::of(node, spec, 0);
    let levels: Option<Vec<u64>> = match unit {
        LevelUnit::Rate => fields.rate_arguments(0).map(|rates| rates.iter().map(|rate| rate.0).collect()),
        LevelUnit::Users => fields.count_arguments(0, 0, USERS_MOST),
    };
    fields.require_all();
    let length = positive(&mut fields, "each");
    let stages = levels.zip(length).map(|(levels, length)| {
        levels.into_iter().map(|level| Stage { from: level, to: level, length }).collect()
    });
    fields.finish(stages)
}
