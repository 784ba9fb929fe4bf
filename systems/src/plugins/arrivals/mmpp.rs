//! `arrivals mmpp`: bursts, as a Poisson process whose rate changes by itself.
//!
//! ```kdl
//! arrivals mmpp {
//!     state factor=1 mean="20s"
//!     state factor=8 mean="2s"
//!     hold "200/s" for="2m"
//! }
//! ```
//!
//! ```text
//! rate ┤      ╭─╮            ╭╮
//!      │──────╯ ╰────────────╯╰──────     each state lasts for an exponential time; the mean over all is the curve's
//!      └────────────────────────────► time
//! ```
//!
//! A Markov-modulated Poisson process (Fischer and Meier-Hellstern, "The Markov-modulated Poisson process cookbook",
//! Performance Evaluation 18, 1993). After a state comes one of the others, each as likely, so that the share of time of each
//! is that of its mean. It begins in a state drawn by these shares, as if it had gone on for ever. Arrivals are those of
//! `poisson`, lanes and all, in a time that passes as fast as the state says.
//!
//! States last in the time of the plan: while a run is scaled to twice its rate, they change twice as often.

use bevy_ecs::component::Component;
use serde::{Deserialize, Serialize};
use throng_components::clock::Nanos;
use throng_components::curve::{Curve, TimeCursor};
use throng_components::seed::{Draws, Purpose, below, unit, unit_above_zero};
use throng_components::state::State;
use throng_components::state_of;
use throng_components::workload::{
    FieldSpec, Fields, Label, Mistake, Node, NodeSpec, Problems, Span, ValueKind,
};

use super::poisson::Lanes;
use super::{Arrival, ArrivalLaw, LevelUnit, NEVER, read_curve};
use crate::arithmetic::ln;
use crate::behavior::Files;

/// A state that lasts for less is as good as none, and each has to be played.
const LEAST_MEAN: Nanos = Nanos::from_millis(1);
/// More between two rates than that is as good as a silence.
const FACTOR_MOST: f64 = 1_000_000.0;

/// `state`, in `mmpp`.
pub const STATE: NodeSpec = NodeSpec {
    name: "state",
    summary: "One of the rates that a `mmpp` changes between.",
    sample: "state factor=8 mean=\"2s\"",
    properties: &[
        FieldSpec::of(
            "factor",
            ValueKind::Number,
            "Its rate beside that of the other states, from 0 to 1000000; the curve is the mean over all of them.",
        ),
        FieldSpec::of("mean", ValueKind::Duration, "How long it lasts on average, from 1 ms."),
    ],
    ..NodeSpec::EMPTY
};

/// Arrivals over a curve whose rate changes by itself.
#[derive(Component, Clone, Debug)]
pub struct Mmpp {
    curve: Curve,
    states: Vec<Pace>,
    /// Arrivals in the time that passes as the states say; `None` before the first one.
    lanes: Option<Lanes>,
    visit: Visit,
}

/// A state.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pace {
    /// Its rate, as a multiple of the curve's.
    factor: f64,
    /// How long it lasts on average.
    mean: Nanos,
}

/// The stretch that is spent in one state. Areas are doubled; those of the lanes are the curve's times the factor.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Visit {
    /// Visits begun so far.
    number: u64,
    /// The state, as its place among all.
    state: u64,
    /// When it ends on the curve.
    end: Nanos,
    /// The area under the curve before its start, and before its end.
    area: (u128, u128),
    /// The area of the lanes before its start, and before its end.
    of_lanes: (u128, u128),
    cursor: TimeCursor,
}

impl Visit {
    /// Goes on to the next state; `false` where nothing lies under the curve any more.
    fn go_on(&mut self, curve: &Curve, states: &[Pace], draws: Draws) -> bool {
        if self.end >= curve.area_ends() {
            return false;
        }
        let (which, length) = (draws.number(2 * self.number), draws.number(2 * self.number + 1));
        let others = states.len() as u64 - 1;
        self.state = match self.number {
            0 => first_state(states, unit(which)),
            _ => (self.state + 1 + below(which, others)) % (others + 1),
        };
        let Some(pace) = usize::try_from(self.state).ok().and_then(|place| states.get(place)) else {
            return false;
        };
        let length = Nanos::from_f64(-ln(unit_above_zero(length)) * pace.mean.0 as f64).max(Nanos(1));
        self.number += 1;
        self.end += length;
        self.area = (self.area.1, self.cursor.area_doubled_until(curve, self.end));
        let area = (self.area.1 - self.area.0) as f64 * pace.factor;
        self.of_lanes = (self.of_lanes.1, self.of_lanes.1.saturating_add(whole(area)));
        true
    }

    /// The area under the curve at which an area of the lanes within this visit is reached.
    fn area_at(&self, of_lanes: u128, states: &[Pace]) -> u128 {
        let factor = usize::try_from(self.state)
            .ok()
            .and_then(|place| states.get(place))
            .map_or(1.0, |pace| pace.factor);
        let within = whole((of_lanes - self.of_lanes.0) as f64 / factor);
        (self.area.0 + within).min(self.area.1)
    }
}

/// The state in which it begins: each by its share of the time.
fn first_state(states: &[Pace], part: f64) -> u64 {
    let all: f64 = states.iter().map(|pace| pace.mean.0 as f64).sum();
    let mut until = 0.0;
    let found = states.iter().position(|pace| {
        until += pace.mean.0 as f64 / all;
        part < until
    });
    found.unwrap_or(states.len() - 1) as u64
}

/// The whole part of a number from 0 on.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
fn whole(value: f64) -> u128 {
    value as u128
}

/// Scales factors so that their mean over time is 1.
fn to_mean_one(states: &mut [Pace]) {
    let all: f64 = states.iter().map(|pace| pace.mean.0 as f64).sum();
    let mean: f64 = states.iter().map(|pace| pace.factor * (pace.mean.0 as f64 / all)).sum();
    for pace in states {
        pace.factor /= mean;
    }
}

/// A mistake in the states as a whole.
#[derive(Debug)]
enum StateMistake {
    TooFew { owner: Span, only: Option<Span> },
    Silent { owner: Span, states: Vec<Span> },
}

impl Mistake for StateMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::TooFew { .. } => "T0272",
            Self::Silent { .. } => "T0273",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::TooFew { .. } => "`mmpp` needs two states at least".to_owned(),
            Self::Silent { .. } => "nobody arrives in any state of `mmpp`".to_owned(),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::TooFew { owner, only } => {
                let only = only.iter().map(|span| Label::new(*span, "the only state"));
                std::iter::once(Label::new(*owner, "nothing to change between")).chain(only).collect()
            }
            Self::Silent { owner, states } => {
                let states = states.iter().map(|span| Label::new(*span, "no arrivals"));
                states.chain([Label::new(*owner, "its rate cannot be reached")]).collect()
            }
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::TooFew { .. } => {
                "for example: `state factor=1 mean=\"20s\"; state factor=8 mean=\"2s\"`; or use `poisson`"
                    .to_owned()
            }
            Self::Silent { .. } => "give one of them a `factor` above 0".to_owned(),
        })
    }
}

fn read_state(node: &Node) -> Result<Pace, Problems> {
    let mut fields = Fields::of(node, &STATE, 0);
    fields.require_all();
    let factor = fields.number("factor", 0.0, FACTOR_MOST);
    let mean = fields.duration("mean");
    if let Some(entry) = node.property("mean").filter(|_| mean.is_some_and(|mean| mean < LEAST_MEAN)) {
        fields.quantity_out_of_bounds("mean", entry, "1ms", "292 years");
    }
    fields.finish(factor.zip(mean).map(|(factor, mean)| Pace { factor, mean }))
}

/// The states, their factors as they are written.
fn read_states(fields: &mut Fields<'_>) -> Option<Vec<Pace>> {
    let node = fields.node();
    let nodes: Vec<&Node> = node.children_named(STATE.name).collect();
    let states: Vec<Option<Pace>> = nodes.iter().map(|state| fields.take(read_state(state))).collect();
    if nodes.len() < 2 && !fields.has_unknown_child() {
        let only = nodes.first().map(|state| state.head());
        fields.problem(StateMistake::TooFew { owner: node.head(), only });
    }
    let states = states.into_iter().collect::<Option<Vec<_>>>()?;
    if states.len() > 1 && states.iter().all(|pace| pace.factor == 0.0) {
        let states = nodes.iter().map(|state| state.head()).collect();
        fields.problem(StateMistake::Silent { owner: node.head(), states });
    }
    Some(states)
}

state_of!(Mmpp { saved: lanes, visit; declared: curve, states });

impl ArrivalLaw for Mmpp {
    const SPEC: NodeSpec = NodeSpec {
        name: "mmpp",
        summary: "Arrivals in bursts: a Poisson process whose rate changes by itself between states that last for exponential times.",
        sample: "arrivals mmpp { state factor=1 mean=\"20s\"; state factor=8 mean=\"2s\"; hold \"200/s\" for=\"2m\" }",
        children: &["state", "ramp", "hold", "steps", "sine"],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>, _: &dyn Files) -> Result<Self, Problems> {
        let states = read_states(&mut fields);
        let curve = read_curve(&mut fields, LevelUnit::Rate);
        let law = curve.zip(states).map(|(curve, mut states)| {
            to_mean_one(&mut states);
            Self { curve, states, lanes: None, visit: Visit::default() }
        });
        fields.finish(law)
    }

    fn curve(&self) -> &Curve {
        &self.curve
    }

    fn next(&mut self, key: u64) -> Arrival {
        let Arrival { area, key: of_lane } = self.lanes.get_or_insert_with(|| Lanes::new(key)).take(key);
        while area >= self.visit.of_lanes.1 {
            if !self.visit.go_on(&self.curve, &self.states, Draws::of(key, Purpose::ARRIVAL_STATE)) {
                return Arrival { area: NEVER, key: of_lane };
            }
        }
        Arrival { area: self.visit.area_at(area, &self.states), key: of_lane }
    }

    fn state(&mut self) -> Option<&mut dyn State> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use throng_components::curve::{AreaCursor, Stage};
    use throng_components::workload::Rate;

    use super::*;

    fn law(states: &[(f64, u64)], pieces: Vec<Stage>) -> Mmpp {
        let mut all: Vec<Pace> = states
            .iter()
            .map(|(factor, millis)| Pace { factor: *factor, mean: Nanos::from_millis(*millis) })
            .collect();
        to_mean_one(&mut all);
        Mmpp { curve: Curve { stages: pieces }, states: all, lanes: None, visit: Visit::default() }
    }

    fn hold(per_second: u32, length: Nanos) -> Stage {
        let rate = Rate::per_second(per_second).0;
        Stage { from: rate, to: rate, length }
    }

    fn instants(mut law: Mmpp, key: u64) -> impl Iterator<Item = Nanos> {
        let mut cursor = AreaCursor::default();
        std::iter::from_fn(move || {
            let area = law.next(key).area;
            cursor.instant_at(&law.curve, area)
        })
    }

    /// One that is silent at times is a renewal process with gaps of two exponential kinds (Kuczura, "The interrupted
    /// Poisson process as an overflow process", Bell System Technical Journal 52, 1973).
    #[test]
    fn gaps_of_an_interrupted_one_are_hyperexponential() {
        const N: usize = 50_000;
        let law = law(&[(1.0, 100), (0.0, 300)], vec![hold(50, Nanos::MAX)]);
        let all: Vec<Nanos> = instants(law, 3).take(N + 1).collect();
        assert!(all.is_sorted());
        let mut gaps: Vec<f64> = all.windows(2).map(|pair| (pair[1] - pair[0]).0 as f64 / 1e9).collect();
        gaps.sort_by(f64::total_cmp);
        // Arrivals a second while it is on, and how often a second it goes off and on again.
        let (rate, off, on): (f64, f64, f64) = (200.0, 10.0, 1.0 / 0.3);
        let sum = rate + off + on;
        let root = (sum * sum - 4.0 * rate * on).sqrt();
        let (fast, slow) = (f64::midpoint(sum, root), f64::midpoint(sum, -root));
        let often = (rate - slow) / (fast - slow);
        let cdf = |gap: f64| 1.0 - often * (-fast * gap).exp() - (1.0 - often) * (-slow * gap).exp();
        let n = N as f64;
        let distances = gaps.iter().enumerate().map(|(place, gap)| {
            let at = cdf(*gap);
            (at - place as f64 / n).max((place + 1) as f64 / n - at)
        });
        let distance = distances.fold(0.0, f64::max) * n.sqrt();
        assert!(distance < 1.95, "{distance}");
    }

    #[test]
    fn the_mean_over_all_states_is_the_curve() {
        let rate = Rate::per_second(100).0;
        let counts: Vec<f64> = (0..400)
            .map(|key| {
                let stages = vec![
                    Stage { from: 0, to: rate, length: Nanos::from_secs(2) },
                    hold(100, Nanos::from_secs(1)),
                ];
                instants(law(&[(1.0, 500), (4.0, 100), (0.0, 50)], stages), key).count() as f64
            })
            .collect();
        let n = counts.len() as f64;
        let mean = counts.iter().sum::<f64>() / n;
        let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / n;
        assert!((mean - 200.0).abs() < 4.0 * (variance / n).sqrt(), "{mean}");
        // Many times that of a Poisson process, which is its mean.
        assert!(variance > 4.0 * mean, "{variance}");
    }

    #[test]
    fn it_ends_with_the_curve() {
        let silent = || hold(0, Nanos::from_secs(5));
        assert_eq!(instants(law(&[(1.0, 1), (2.0, 1)], vec![silent()]), 1).count(), 0);
        let endless = hold(0, Nanos::MAX);
        let all =
            instants(law(&[(1.0, 1), (2.0, 1)], vec![silent(), hold(9, Nanos::from_secs(5)), endless]), 1);
        let all: Vec<Nanos> = all.collect();
        assert!((20..80).contains(&all.len()), "{}", all.len());
        assert!(all.iter().all(|at| (5..10).contains(&(at.0 / 1_000_000_000))));
    }
}
