//! `arrivals gamma`: gaps as steady or as wild as one likes.
//!
//! ```kdl
//! arrivals gamma shape=0.25 { hold "200/s" for="2m" }
//! ```
//!
//! The coefficient of variation of the gaps is 1 / √shape: 2 for a shape of 0.25, ½ for one of 4.

use throng_components::seed::unit_above_zero;
use throng_components::workload::{FieldSpec, Fields, NodeSpec, ValueKind};

use super::STAGE_NAMES;
use super::renewal::{Gaps, Renewal};
use crate::arithmetic::power;
use crate::plugins::laws::{Draws, draw_gamma};

/// Below it nearly all arrivals come in a few crowds; above the greatest they are as good as even.
const SHAPE_LEAST: f64 = 0.01;
const SHAPE_MOST: f64 = 10_000.0;

/// Arrivals over a curve whose gaps follow the gamma law.
pub(super) type Gamma = Renewal<GammaGaps>;

/// Gaps of the gamma law of this shape and mean 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct GammaGaps {
    shape: f64,
}

impl Gaps for GammaGaps {
    const SPEC: NodeSpec = NodeSpec {
        name: "gamma",
        summary: "Arrivals whose gaps vary as the shape says: 1 is Poisson, more is steadier, less comes in crowds.",
        sample: "arrivals gamma shape=0.25 { hold \"200/s\" for=\"2m\" }",
        properties: &[FieldSpec::of(
            "shape",
            ValueKind::Number,
            "From 0.01 to 10000; the gaps' coefficient of variation is 1 / √shape.",
        )],
        children: STAGE_NAMES,
        ..NodeSpec::EMPTY
    };

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.number("shape", SHAPE_LEAST, SHAPE_MOST).map(|shape| Self { shape })
    }

    /// A shape below 1 is made of the shape above it: X(shape) = X(shape + 1) u^(1 / shape).
    fn gap(&self, draws: &mut Draws) -> f64 {
        if self.shape >= 1.0 {
            return draw_gamma(self.shape, draws) / self.shape;
        }
        let part = power(unit_above_zero(draws.next()), 1.0 / self.shape);
        part * draw_gamma(self.shape + 1.0, draws) / self.shape
    }

    /// Times its length, the density is that of the shape above it.
    fn gap_around(&self, draws: &mut Draws) -> f64 {
        draw_gamma(self.shape + 1.0, draws) / self.shape
    }
}

#[cfg(test)]
mod tests {
    use super::super::renewal::tests::check;
    use super::*;
    use crate::plugins::laws::tests::normal_cdf;

    #[test]
    fn gaps_have_the_shape() {
        check(&GammaGaps { shape: 1.0 }, Some(1.0), |gap| 1.0 - (-gap).exp());
        // The square of a normal value, halved, has shape 1/2.
        check(&GammaGaps { shape: 0.5 }, Some(2.0), |gap| 2.0 * normal_cdf(gap.sqrt()) - 1.0);
        check(&GammaGaps { shape: 3.0 }, Some(1.0 / 3.0), |gap| {
            let stages = 3.0 * gap;
            1.0 - (-stages).exp() * (1.0 + stages + stages * stages / 2.0)
        });
    }
}
