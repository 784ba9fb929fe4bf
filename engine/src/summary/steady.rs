//! Whether response times were steady, as the summary's JSON has it.

use serde::{Deserialize, Serialize};
use throng_components::statistics::StepStatistics;
use throng_systems::estimators::steady_state;

/// How a step's response times fared over the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SteadySummary {
    /// From which instant of the run on they were steady; `null` when they still changed at the end.
    pub since_ns: Option<u64>,
    /// How far neighbouring stretches of time are alike, from −1 to 1.
    pub autocorrelation: f64,
    /// How long these stretches are.
    pub stretch_ns: u64,
    /// So many independent ones would tell their mean as well.
    pub effective_count: u64,
}

impl SteadySummary {
    /// What a step's response times tell; `None` for a run too short to tell.
    pub(super) fn of(figures: &StepStatistics) -> Option<Self> {
        let found = steady_state(&figures.series)?;
        Some(Self {
            since_ns: found.since.map(|since| since.0),
            autocorrelation: (found.autocorrelation * 1e6).round() / 1e6,
            stretch_ns: figures.series.cell_length().0,
            effective_count: found.effective_count,
        })
    }
}
