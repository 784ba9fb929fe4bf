//! Quantiles that are refused because there are too few values to tell them.

use serde::{Deserialize, Serialize};
use throng_systems::estimators::needed_count;

/// How many values each refused quantile takes; `None` for one that is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TooFewSummary {
    /// The median: 6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50: Option<u64>,
    /// 36.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p90: Option<u64>,
    /// 72.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95: Option<u64>,
    /// 368.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99: Option<u64>,
    /// 3,688.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p999: Option<u64>,
}

impl TooFewSummary {
    /// What so many values do not tell. None at all tell nothing, which is not refused but absent.
    pub(super) fn of(count: u64) -> Self {
        let needed = |quantile| Some(needed_count(quantile)).filter(|needed| (1..*needed).contains(&count));
        Self { p50: needed(0.5), p90: needed(0.9), p95: needed(0.95), p99: needed(0.99), p999: needed(0.999) }
    }

    /// Whether every quantile is told.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_higher_a_quantile_the_more_it_takes() {
        let check = |count: u64, refused: [Option<u64>; 5]| {
            let TooFewSummary { p50, p90, p95, p99, p999 } = TooFewSummary::of(count);
            assert_eq!([p50, p90, p95, p99, p999], refused, "{count}");
        };
        check(0, [None; 5]);
        check(1, [Some(6), Some(36), Some(72), Some(368), Some(3_688)]);
        check(71, [None, None, Some(72), Some(368), Some(3_688)]);
        check(367, [None, None, None, Some(368), Some(3_688)]);
        check(3_687, [None, None, None, None, Some(3_688)]);
        check(3_688, [None; 5]);
        assert!(TooFewSummary::of(3_688).is_none());
    }
}
