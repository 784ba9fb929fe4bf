//! Durations, as the summary's JSON has them.

use serde::{Deserialize, Serialize};
use throng_components::measure::Measure;

use super::TooFewSummary;

/// Durations of one kind. Without data there is only `count`, 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DurationsSummary {
    /// How many.
    pub count: u64,
    /// The smallest, exact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u64>,
    /// The mean, exact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<u64>,
    /// The population standard deviation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stddev: Option<u64>,
    /// The median, within 0.1 %, as all quantiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50: Option<u64>,
    /// 90 % are not above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p90: Option<u64>,
    /// 95 % are not above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95: Option<u64>,
    /// 99 % are not above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99: Option<u64>,
    /// 99.9 % are not above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p999: Option<u64>,
    /// The largest, exact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u64>,
    /// Which quantiles are refused; absent where none is.
    #[serde(default, skip_serializing_if = "TooFewSummary::is_none")]
    pub too_few: TooFewSummary,
}

impl From<&Measure> for DurationsSummary {
    /// What was observed of something that goes on beyond the run: a quantile of too few values is refused.
    fn from(measure: &Measure) -> Self {
        let too_few = TooFewSummary::of(measure.count());
        let all = Self::of_all(measure);
        Self {
            p50: all.p50.filter(|_| too_few.p50.is_none()),
            p90: all.p90.filter(|_| too_few.p90.is_none()),
            p95: all.p95.filter(|_| too_few.p95.is_none()),
            p99: all.p99.filter(|_| too_few.p99.is_none()),
            p999: all.p999.filter(|_| too_few.p999.is_none()),
            too_few,
            ..all
        }
    }
}

impl DurationsSummary {
    /// What the run itself did, of which nothing is left to be guessed: its quantiles are what they are, however few values there
    /// were.
    pub(super) fn of_all(measure: &Measure) -> Self {
        let quantile = |q| measure.quantile(q).map(|nanos| nanos.0);
        Self {
            too_few: TooFewSummary::default(),
            count: measure.count(),
            min: measure.min().map(|nanos| nanos.0),
            mean: measure.mean().map(|nanos| nanos.0),
            stddev: measure.stddev().map(|nanos| nanos.0),
            p50: quantile(0.5),
            p90: quantile(0.9),
            p95: quantile(0.95),
            p99: quantile(0.99),
            p999: quantile(0.999),
            max: measure.max().map(|nanos| nanos.0),
        }
    }
}
