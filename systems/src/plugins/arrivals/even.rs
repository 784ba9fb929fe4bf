//! `arrivals even`: as regular as the curve allows.
//!
//! ```kdl
//! arrivals even { hold "200/s" for="2m" }
//! ```
//!
//! Token n (from 1) is due where the area under the rate curve reaches n − ½, so that a stretch of area A has
//! ceil(A − ½) tokens, at any rate and for any tick.

use bevy_ecs::component::Component;
use throng_components::curve::{AreaCursor, Curve};
use throng_components::workload::{Fields, NodeSpec, Problems};

use super::{Arrival, ArrivalLaw, LevelUnit, read_curve};

/// Twice the area of one event: rate units (millionths of an event an hour) × nanoseconds × 2.
pub(super) const EVENT: u128 = 2 * 3_600_000_000_000_000_000;

/// Even arrivals over a curve.
#[derive(Component, Clone, Debug)]
pub struct Even {
    curve: Curve,
    cursor: AreaCursor,
    /// Tokens given so far.
    index: u64,
}

impl ArrivalLaw for Even {
    const SPEC: NodeSpec = NodeSpec {
        name: "even",
        summary: "Arrivals as regular as the rate curve allows.",
        sample: "arrivals even { hold \"200/s\" for=\"2m\" }",
        children: &["ramp", "hold"],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>) -> Result<Self, Problems> {
        let curve = read_curve(&mut fields, LevelUnit::Rate);
        fields.finish(curve.map(|curve| Self { curve, cursor: AreaCursor::default(), index: 0 }))
    }

    fn curve(&self) -> &Curve {
        &self.curve
    }

    fn next(&mut self, _: u64) -> Option<Arrival> {
        let target = EVENT * u128::from(self.index) + EVENT / 2;
        let at = self.cursor.instant_at(&self.curve, target)?;
        self.index += 1;
        // Lane and index in one number: token n is number (n − 1) / 64 of lane (n − 1) mod 64.
        Some(Arrival { at, key: self.index - 1 })
    }
}
