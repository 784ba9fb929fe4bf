//! `arrivals weibull`: gaps that age.
//!
//! ```kdl
//! arrivals weibull shape=0.6 { hold "200/s" for="2m" }
//! ```
//!
//! With a shape below 1 an arrival is likeliest soon after another one, as in sessions and requests that were measured; with
//! one above 1 it is the likelier the longer none came.

use throng_components::seed::unit_above_zero;
use throng_components::workload::{FieldSpec, Fields, NodeSpec, ValueKind};

use super::STAGE_NAMES;
use super::renewal::{Gaps, Renewal};
use crate::arithmetic::{gamma, ln, power};
use crate::plugins::laws::{Draws, draw_gamma};

/// Below it the mean gap is more than 3,628,800 times the scale; above the greatest all are nearly equal.
const SHAPE_LEAST: f64 = 0.1;
const SHAPE_MOST: f64 = 1_000.0;

/// Arrivals over a curve whose gaps follow the Weibull law.
pub(super) type Weibull = Renewal<WeibullGaps>;

/// Gaps of the Weibull law of this shape and mean 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct WeibullGaps {
    shape: f64,
    /// What makes the mean 1: 1 / Γ(1 + 1 / shape).
    scale: f64,
}

impl WeibullGaps {
    fn of(shape: f64) -> Self {
        Self { shape, scale: 1.0 / gamma(1.0 + 1.0 / shape) }
    }
}

impl Gaps for WeibullGaps {
    const SPEC: NodeSpec = NodeSpec {
        name: "weibull",
        summary: "Arrivals whose gaps age: with a shape below 1 one calls forth the next, above 1 they keep apart.",
        sample: "arrivals weibull shape=0.6 { hold \"200/s\" for=\"2m\" }",
        properties: &[FieldSpec::of("shape", ValueKind::Number, "From 0.1 to 1000; 1 is Poisson.")],
        children: STAGE_NAMES,
        ..NodeSpec::EMPTY
    };

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.number("shape", SHAPE_LEAST, SHAPE_MOST).map(Self::of)
    }

    /// By inverse transform: one draw.
    fn gap(&self, draws: &mut Draws) -> f64 {
        self.scale * power(-ln(unit_above_zero(draws.next())), 1.0 / self.shape)
    }

    /// Times its length, the density of (gap / scale)^shape is that of a gamma law of shape 1 + 1 / shape.
    fn gap_around(&self, draws: &mut Draws) -> f64 {
        self.scale * power(draw_gamma(1.0 + 1.0 / self.shape, draws), 1.0 / self.shape)
    }
}

#[cfg(test)]
mod tests {
    use super::super::renewal::tests::check;
    use super::*;

    #[test]
    fn gaps_have_the_shape() {
        for shape in [0.5, 1.0, 2.0, 10.0] {
            let gaps = WeibullGaps::of(shape);
            let variance = gamma(1.0 + 2.0 / shape) * gaps.scale * gaps.scale - 1.0;
            check(&gaps, Some(variance), |gap| 1.0 - (-(gap / gaps.scale).powf(shape)).exp());
        }
    }
}
