//! Measures of one's own, as the summary's JSON has them.

use serde::{Deserialize, Serialize};
use throng_components::measures::NamedMeasure;

use super::TooFewSummary;

/// A measure of one's own. Without data there is only `count`, 0.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MeasureSummary {
    /// The unit of all that follows but for the counts; empty for a plain number.
    pub unit: String,
    /// Values.
    pub count: u64,
    /// Values that were not taken: of another unit, infinite, or no numbers.
    pub refused: u64,
    /// The smallest, exact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// The population standard deviation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stddev: Option<f64>,
    /// The median, within 0.1 %, as all quantiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50: Option<f64>,
    /// 90 % are not above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p90: Option<f64>,
    /// 95 % are not above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95: Option<f64>,
    /// 99 % are not above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99: Option<f64>,
    /// 99.9 % are not above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p999: Option<f64>,
    /// The largest, exact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Which quantiles are refused; absent where none is.
    #[serde(default, skip_serializing_if = "TooFewSummary::is_none")]
    pub too_few: TooFewSummary,
}

impl From<&NamedMeasure> for MeasureSummary {
    fn from(measure: &NamedMeasure) -> Self {
        let values = &measure.values;
        let too_few = TooFewSummary::of(values.count());
        let quantile = |q, refused: Option<u64>| values.quantile(q).filter(|_| refused.is_none());
        Self {
            unit: measure.unit.clone().into_owned(),
            count: values.count(),
            refused: measure.refused,
            min: values.min(),
            mean: values.mean(),
            stddev: values.stddev(),
            p50: quantile(0.5, too_few.p50),
            p90: quantile(0.9, too_few.p90),
            p95: quantile(0.95, too_few.p95),
            p99: quantile(0.99, too_few.p99),
            p999: quantile(0.999, too_few.p999),
            max: values.max(),
            too_few,
        }
    }
}

/// Values under names beyond the 256 that are kept apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasuresOverflowSummary {
    /// The first of these names.
    pub first: String,
    /// Values.
    pub count: u64,
}
