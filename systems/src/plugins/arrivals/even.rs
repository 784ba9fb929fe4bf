//! `arrivals even`: as regular as the curve allows.
//!
//! ```kdl
//! arrivals even { hold "200/s" for="2m" }
//! ```
//!
//! Token n (from 1) is due where the area under the rate curve reaches n − ½, so that a stretch of area A has
//! ceil(A − ½) tokens, at any rate and for any tick.

use bevy_ecs::component::Component;
use throng_components::curve::Curve;
use throng_components::state::State;
use throng_components::state_of;
use throng_components::workload::{Fields, NodeSpec, Problems};

use super::{Arrival, ArrivalLaw, EVENT, LevelUnit, STAGE_NAMES, read_curve};
use crate::behavior::Files;

/// Even arrivals over a curve.
#[derive(Component, Clone, Debug)]
pub struct Even {
    curve: Curve,
    /// Tokens given so far.
    index: u64,
}

impl Even {
    /// Even arrivals over a curve that somebody else has made: what a law of one's own may build on.
    ///
    /// # Units
    /// Levels are [`Rate`](throng_components::workload::Rate) units.
    pub fn over(curve: Curve) -> Self {
        Self { curve, index: 0 }
    }
}

state_of!(Even { saved: index; declared: curve });

impl ArrivalLaw for Even {
    const SPEC: NodeSpec = NodeSpec {
        name: "even",
        summary: "Arrivals as regular as the rate curve allows.",
        sample: "arrivals even { hold \"200/s\" for=\"2m\" }",
        children: STAGE_NAMES,
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>, _: &dyn Files) -> Result<Self, Problems> {
        let curve = read_curve(&mut fields, LevelUnit::Rate);
        fields.finish(curve.map(Self::over))
    }

    fn curve(&self) -> &Curve {
        &self.curve
    }

    fn next(&mut self, _: u64) -> Arrival {
        let area = EVENT * u128::from(self.index) + EVENT / 2;
        self.index += 1;
        // Lane and index in one number: token n is number (n − 1) / 64 of lane (n − 1) mod 64.
        Arrival { area, key: self.index - 1 }
    }

    fn state(&mut self) -> Option<&mut dyn State> {
        Some(self)
    }
}
