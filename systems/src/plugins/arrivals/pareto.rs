//! `arrivals pareto`: mostly short gaps, and a few that are huge.
//!
//! ```kdl
//! arrivals pareto shape=1.5 { hold "200/s" for="2m" }
//! ```
//!
//! No gap is shorter than (shape − 1) / shape of the mean. Up to a shape of 2 the gaps' variance is infinite: arrivals crowd on
//! every scale of time, and the rate of a run may be far from that of the curve.

use throng_components::seed::unit_above_zero;
use throng_components::workload::{FieldSpec, Fields, NodeSpec, ValueKind};

use super::STAGE_NAMES;
use super::renewal::{Gaps, Renewal};
use crate::arithmetic::power;
use crate::plugins::laws::Draws;

/// At 1 there is no mean; nearer to it than that, most of a run lies within one gap.
const SHAPE_LEAST: f64 = 1.05;
/// Above it all gaps are nearly equal.
const SHAPE_MOST: f64 = 1_000.0;

/// Arrivals over a curve whose gaps follow the Pareto law.
pub(super) type Pareto = Renewal<ParetoGaps>;

/// Gaps of the Pareto law of this shape and mean 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct ParetoGaps {
    shape: f64,
}

impl ParetoGaps {
    fn least(self) -> f64 {
        (self.shape - 1.0) / self.shape
    }
}

impl Gaps for ParetoGaps {
    const SPEC: NodeSpec = NodeSpec {
        name: "pareto",
        summary: "Arrivals with mostly short gaps and a few huge ones; the smaller the shape, the huger.",
        sample: "arrivals pareto shape=1.5 { hold \"200/s\" for=\"2m\" }",
        properties: &[FieldSpec::of(
            "shape",
            ValueKind::Number,
            "From 1.05 to 1000; up to 2 the gaps' variance is infinite, and at 1 so were their mean.",
        )],
        children: STAGE_NAMES,
        ..NodeSpec::EMPTY
    };

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.number("shape", SHAPE_LEAST, SHAPE_MOST).map(|shape| Self { shape })
    }

    /// By inverse transform: one draw.
    fn gap(&self, draws: &mut Draws) -> f64 {
        self.least() * power(unit_above_zero(draws.next()), -1.0 / self.shape)
    }

    /// Times its length, the density is that of a shape lower by 1.
    fn gap_around(&self, draws: &mut Draws) -> f64 {
        self.least() * power(unit_above_zero(draws.next()), -1.0 / (self.shape - 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::super::renewal::tests::check;
    use super::*;

    #[test]
    fn gaps_have_the_shape() {
        // Variance: least² shape / ((shape − 1)² (shape − 2)) = 1 / (shape (shape − 2)).
        for (shape, variance) in
            [(1.5, None), (2.5, None), (6.0, Some(1.0 / 24.0)), (50.0, Some(1.0 / 2_400.0))]
        {
            let gaps = ParetoGaps { shape };
            check(&gaps, variance, |gap| 1.0 - (gaps.least() / gap).powf(shape).min(1.0));
        }
    }
}
