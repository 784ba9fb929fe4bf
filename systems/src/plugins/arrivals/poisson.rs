//! `arrivals poisson`: as people come who know nothing of each other.
//!
//! ```kdl
//! arrivals poisson { ramp from="0/s" to="200/s" over="30s"; hold "200/s" for="2m" }
//! ```
//!
//! A Poisson process of rate 1 in "operational time", the area under the rate curve, mapped back to time: exact for any
//! curve (Çinlar, "Introduction to Stochastic Processes", 1975, ch. 4). It is the union of 64 independent lanes, so that
//! a fleet can divide them and the union stays the same.

use bevy_ecs::component::Component;
use serde::{Deserialize, Serialize};
use throng_components::curve::Curve;
use throng_components::seed::{Purpose, draw, unit_above_zero};
use throng_components::state::State;
use throng_components::state_of;
use throng_components::workload::{Fields, NodeSpec, Problems};

use super::{Arrival, ArrivalLaw, EVENT, LevelUnit, read_curve};
use crate::arithmetic::ln;

/// Lanes whose union is the process: a power of two.
const LANES: usize = 64;

/// One lane's next arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Next {
    /// Twice the area under the curve at which it is due.
    area: u128,
    index: u64,
}

/// Each lane's next arrival, and which of them is the first: a tournament tree, because after each arrival one lane alone
/// has changed, and one comparison a level finds the next one. Saved are the arrivals; who is first follows from them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(into = "Vec<Next>", try_from = "Vec<Next>")]
struct Lanes {
    next: [Next; LANES],
    /// The lane that is first below each node. The root is 1, the children of node n are 2n and 2n + 1; lanes are the leaves.
    first: [u8; 2 * LANES],
}

impl Lanes {
    fn new(key: u64) -> Self {
        Self::of(&std::array::from_fn(|lane| Next { area: gap(key, lane as u64, 0), index: 0 }))
    }

    fn of(next: &[Next; LANES]) -> Self {
        let mut lanes = Self { next: *next, first: [0; 2 * LANES] };
        for (leaf, lane) in lanes.first[LANES..].iter_mut().zip(0..) {
            *leaf = lane;
        }
        for node in (1..LANES).rev() {
            lanes.play(node);
        }
        lanes
    }

    /// Finds the first lane below a node from those below its children. Of equals the lower one is first.
    fn play(&mut self, node: usize) {
        // Cut to their bounds, which they never pass, so that nobody has to look.
        let (left, right) = (self.first[2 * node % (2 * LANES)], self.first[(2 * node + 1) % (2 * LANES)]);
        let area = |lane: u8| self.next[usize::from(lane) % LANES].area;
        self.first[node % LANES] = if area(right) < area(left) { right } else { left };
    }

    /// Takes the first arrival; gives it and its lane.
    fn take(&mut self, key: u64) -> (Next, u64) {
        let lane = self.first[1];
        let place = usize::from(lane);
        let taken = self.next[place];
        let index = taken.index + 1;
        self.next[place] = Next { area: taken.area + gap(key, lane.into(), index), index };
        for level in 1..=LANES.ilog2() {
            self.play((LANES + place) >> level);
        }
        (taken, lane.into())
    }
}

impl From<Lanes> for Vec<Next> {
    fn from(lanes: Lanes) -> Self {
        lanes.next.to_vec()
    }
}

impl TryFrom<Vec<Next>> for Lanes {
    type Error = &'static str;

    fn try_from(next: Vec<Next>) -> Result<Self, Self::Error> {
        let next = <&[Next; LANES]>::try_from(next.as_slice());
        next.map(Self::of).map_err(|_| "as many arrivals as there are lanes")
    }
}

/// Poisson arrivals over a curve.
#[derive(Component, Clone, Debug)]
pub struct Poisson {
    curve: Curve,
    /// `None` before the first arrival.
    lanes: Option<Box<Lanes>>,
}

/// The gap to arrival `index` of a lane, as twice an area: exponential with a mean of 64 events.
fn gap(key: u64, lane: u64, index: u64) -> u128 {
    let bits = draw(key, Purpose::ARRIVAL, index * LANES as u64 + lane);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, below 2^80")]
    let gap = (-ln(unit_above_zero(bits)) * (EVENT * LANES as u128) as f64) as u128;
    gap
}

state_of!(Poisson { saved: lanes; declared: curve });

impl ArrivalLaw for Poisson {
    const SPEC: NodeSpec = NodeSpec {
        name: "poisson",
        summary: "Arrivals that know nothing of each other: a Poisson process along the rate curve.",
        sample: "arrivals poisson { hold \"200/s\" for=\"2m\" }",
        children: &["ramp", "hold"],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>) -> Result<Self, Problems> {
        let curve = read_curve(&mut fields, LevelUnit::Rate);
        fields.finish(curve.map(|curve| Self { curve, lanes: None }))
    }

    fn curve(&self) -> &Curve {
        &self.curve
    }

    fn next(&mut self, key: u64) -> Arrival {
        let (next, lane) = self.lanes.get_or_insert_with(|| Box::new(Lanes::new(key))).take(key);
        Arrival { area: next.area, key: next.index * LANES as u64 + lane }
    }

    fn state(&mut self) -> Option<&mut dyn State> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use throng_components::clock::Nanos;
    use throng_components::curve::{AreaCursor, Stage};
    use throng_components::workload::Rate;

    use super::*;

    fn instants(stages: Vec<Stage>, key: u64) -> Vec<Nanos> {
        let curve = Curve { stages };
        let mut law = Poisson { curve: curve.clone(), lanes: None };
        let mut cursor = AreaCursor::default();
        std::iter::from_fn(|| cursor.instant_at(&curve, law.next(key).area)).collect()
    }

    #[test]
    fn gaps_are_exponential() {
        let rate = Rate::per_second(1_000).0;
        let all = instants(vec![Stage { from: rate, to: rate, length: Nanos::from_secs(200) }], 7);
        // 200,000 expected, standard deviation 447; four of them.
        assert!((198_200..201_800).contains(&all.len()), "{}", all.len());
        let gaps: Vec<f64> = all.windows(2).map(|pair| (pair[1] - pair[0]).0 as f64).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        let variation = variance.sqrt() / mean;
        // The coefficient of variation of n exponential gaps has a standard error of about 1 / sqrt(n) = 0.0022.
        assert!((variation - 1.0).abs() < 0.01, "{variation}");
    }

    #[test]
    fn a_ramp_has_its_area() {
        let rate = Rate::per_second(1_000).0;
        let all = instants(vec![Stage { from: 0, to: rate, length: Nanos::from_secs(100) }], 11);
        assert!((49_100..50_900).contains(&all.len()), "{}", all.len());
        let early = all.iter().filter(|at| at.0 < 50_000_000_000).count();
        // A quarter of the area lies in the first half: 12,500, standard deviation 112.
        assert!((12_050..12_950).contains(&early), "{early}");
        assert!(all.is_sorted());
    }
}
