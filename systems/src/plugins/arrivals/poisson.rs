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
use throng_components::seed::{Draws, Purpose, unit_above_zero};
use throng_components::state::State;
use throng_components::state_of;
use throng_components::workload::{Fields, NodeSpec, Problems};

use super::{Arrival, ArrivalLaw, EVENT, LevelUnit, STAGE_NAMES, read_curve};
use crate::arithmetic::ln;
use crate::behavior::Files;
use crate::estimators::exponential_law;

/// Lanes whose union is the process: a power of two.
const LANES: usize = 64;

/// Twice the area of a window, in which the arrivals of all lanes are drawn at once: about 328 events, which lie in the
/// nearest cache. A power of two.
const WINDOW: u128 = 1 << 71;

/// Parts of a window, in which arrivals are put in order: 1.3 events each. A power of two.
const PARTS: usize = 256;

/// One lane's next arrival beyond the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Next {
    /// Twice the area under the curve at which it is due.
    area: u128,
    index: u64,
}

/// The lanes, played window by window: within one each lane draws by itself, and then all are put in order. Saved is the
/// next arrival of each lane: where windows begin changes nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(into = "Vec<Next>", try_from = "Vec<Next>")]
pub(super) struct Lanes {
    next: Vec<Next>,
    /// Twice the area before the window's end.
    until: u128,
    /// The window's arrivals in order, at one area the lower lane first. There may be room behind the last one.
    window: Vec<Arrival>,
    /// How many of these have been taken.
    taken: usize,
    /// The window's arrivals lane by lane: no more room than in `window`.
    drawn: Vec<Arrival>,
}

impl Lanes {
    #[cold]
    #[inline(never)]
    pub(super) fn new(key: u64) -> Self {
        let draws = Draws::of(key, Purpose::ARRIVAL);
        Self::of((0..LANES as u64).map(|lane| Next { area: gap(draws, lane), index: 0 }).collect())
    }

    /// Those with these next arrivals.
    fn of(next: Vec<Next>) -> Self {
        let until = next.iter().map(|next| next.area).min().unwrap_or(0);
        Self { next, until, window: Vec::new(), taken: 0, drawn: Vec::new() }
    }

    /// Takes the first arrival.
    pub(super) fn take(&mut self, key: u64) -> Arrival {
        while self.taken == self.drawn.len() {
            self.play_window(key);
        }
        self.taken += 1;
        self.window[self.taken - 1]
    }

    /// Draws the arrivals of the next window and puts them in order: counts those of each part, puts each into the place
    /// that the counts give, and mends the order of the few that share a part.
    #[inline(never)]
    fn play_window(&mut self, key: u64) {
        let mut ends = self.draw_window(Draws::of(key, Purpose::ARRIVAL));
        let start = self.until - WINDOW;
        let room = self.window.len().max(self.drawn.len());
        self.window.resize(room, Arrival { area: 0, key: 0 });
        let mut before = 0;
        for end in &mut ends {
            before += std::mem::replace(end, before);
        }
        for arrival in &self.drawn {
            let end = &mut ends[part(arrival.area - start)];
            self.window[*end] = *arrival;
            *end += 1;
        }
        let window = &mut self.window[..self.drawn.len()];
        for number in 1..window.len() {
            let mut place = number;
            while place > 0 && window[place].area < window[place - 1].area {
                window.swap(place, place - 1);
                place -= 1;
            }
        }
        self.taken = 0;
    }

    /// Draws the arrivals of the next window, lane by lane; gives how many there are in each part of it.
    fn draw_window(&mut self, draws: Draws) -> [usize; PARTS] {
        let start = self.until;
        self.until += WINDOW;
        self.drawn.clear();
        let mut counts = [0; PARTS];
        for (next, lane) in self.next.iter_mut().zip(0..) {
            let (mut area, mut key) = (next.area, next.index * LANES as u64 + lane);
            while area < self.until {
                counts[part(area - start)] += 1;
                self.drawn.push(Arrival { area, key });
                key += LANES as u64;
                area += gap(draws, key);
            }
            *next = Next { area, index: key / LANES as u64 };
        }
        counts
    }
}

impl From<Lanes> for Vec<Next> {
    fn from(lanes: Lanes) -> Self {
        let mut next = lanes.next;
        // The first one of each lane stays.
        for arrival in lanes.window[lanes.taken..lanes.drawn.len()].iter().rev() {
            let (lane, index) = (arrival.key % LANES as u64, arrival.key / LANES as u64);
            if let Some(next) = usize::try_from(lane).ok().and_then(|lane| next.get_mut(lane)) {
                *next = Next { area: arrival.area, index };
            }
        }
        next
    }
}

impl TryFrom<Vec<Next>> for Lanes {
    type Error = &'static str;

    fn try_from(next: Vec<Next>) -> Result<Self, Self::Error> {
        if next.len() == LANES { Ok(Self::of(next)) } else { Err("as many arrivals as there are lanes") }
    }
}

/// The part of a window in which such an area lies, counted from the window's start.
fn part(area: u128) -> usize {
    (area / (WINDOW / PARTS as u128)) as usize % PARTS
}

/// Poisson arrivals over a curve.
#[derive(Component, Clone, Debug)]
pub struct Poisson {
    curve: Curve,
    /// `None` before the first arrival.
    lanes: Option<Lanes>,
}

/// The gap to the arrival of that key, as twice an area: exponential with a mean of 64 events.
fn gap(draws: Draws, key: u64) -> u128 {
    whole(-ln(unit_above_zero(draws.number(key))) * (EVENT * LANES as u128) as f64)
}

/// The whole part of a number from 0 to below 2⁷⁴, which no gap reaches: as `as` gives it in many more steps.
fn whole(value: f64) -> u128 {
    /// From 2⁶³ on, whatever an `f64` holds is a multiple of this.
    const MULTIPLE: u32 = 1 << 11;
    let part = |value: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "below 2⁶³")]
        let part = value as i64;
        u128::from(part.cast_unsigned())
    };
    if value < (1_u64 << 63) as f64 {
        part(value)
    } else {
        part(value * (1.0 / f64::from(MULTIPLE))) * u128::from(MULTIPLE)
    }
}

state_of!(Poisson { saved: lanes; declared: curve });

impl ArrivalLaw for Poisson {
    const SPEC: NodeSpec = NodeSpec {
        name: "poisson",
        summary: "Arrivals that know nothing of each other: a Poisson process along the rate curve.",
        sample: "arrivals poisson { hold \"200/s\" for=\"2m\" }",
        children: STAGE_NAMES,
        ..NodeSpec::EMPTY
    };

    const GAPS: Option<fn(f64) -> f64> = Some(exponential_law);

    fn read(mut fields: Fields<'_>, _: &dyn Files) -> Result<Self, Problems> {
        let curve = read_curve(&mut fields, LevelUnit::Rate);
        fields.finish(curve.map(|curve| Self { curve, lanes: None }))
    }

    fn curve(&self) -> &Curve {
        &self.curve
    }

    fn next(&mut self, key: u64) -> Arrival {
        self.lanes.get_or_insert_with(|| Lanes::new(key)).take(key)
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
    fn windows_give_what_lanes_give_one_by_one() {
        let key = 3;
        let draws = Draws::of(key, Purpose::ARRIVAL);
        let mut next = Lanes::new(key).next;
        let mut lanes = Lanes::new(key);
        for number in 0..10_000 {
            let first = (0..LANES).min_by_key(|lane| next[*lane].area).expect("there are lanes");
            let Next { area, index } = next[first];
            let expected = Arrival { area, key: index * LANES as u64 + first as u64 };
            let after = area + gap(draws, expected.key + LANES as u64);
            next[first] = Next { area: after, index: index + 1 };
            assert_eq!(lanes.take(key), expected, "arrival {number}");
            if number % 700 == 0 {
                lanes = Lanes::try_from(Vec::from(lanes)).expect("there are 64 of them");
            }
        }
    }

    #[test]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is compared with")]
    fn whole_parts_are_those_of_the_language() {
        let mut value = 1e-3;
        while value < 1.7e22 {
            for value in [value, value * 1.000_000_1, (value as u128) as f64] {
                assert_eq!(whole(value), value as u128, "{value}");
            }
            value *= 1.07;
        }
        for bits in [0.0, -0.0, (1_u64 << 63) as f64, ((1_u64 << 63) - 1024) as f64] {
            assert_eq!(whole(bits), bits as u128, "{bits}");
        }
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
