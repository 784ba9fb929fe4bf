//! `arrivals jittered`: even arrivals, each a little early or late.
//!
//! ```kdl
//! arrivals jittered jitter="50%" { hold "200/s" for="2m" }
//! ```
//!
//! ```text
//! even      |  ●  |  ●  |  ●  |  ●  |     each interval has one token, in its middle
//! jittered  | ●   |  ●  |   ● | ●   |     anywhere in the middle half of it, with jitter="50%"
//! ```

use bevy_ecs::component::Component;
use throng_components::curve::Curve;
use throng_components::seed::{Purpose, draw, unit_within};
use throng_components::state::State;
use throng_components::state_of;
use throng_components::workload::{FieldSpec, Fields, NodeSpec, Problems, ValueKind};

use super::{Arrival, ArrivalLaw, EVENT, LevelUnit, STAGE_NAMES, read_curve};
use crate::behavior::Files;

/// Even arrivals over a curve, each moved within its own interval.
#[derive(Component, Clone, Debug)]
pub struct Jittered {
    curve: Curve,
    /// The part of its interval that an arrival may lie in: 0 to 1.
    jitter: f64,
    /// Tokens given so far.
    index: u64,
}

state_of!(Jittered { saved: index; declared: curve, jitter });

impl ArrivalLaw for Jittered {
    const SPEC: NodeSpec = NodeSpec {
        name: "jittered",
        summary: "Arrivals as regular as the rate curve allows, each moved by chance within its own interval.",
        sample: "arrivals jittered jitter=\"50%\" { hold \"200/s\" for=\"2m\" }",
        properties: &[FieldSpec {
            name: "jitter",
            kind: ValueKind::Share,
            default: "100%",
            summary: "The part of its interval that an arrival may lie in, each instant as likely; all of it, so that no two \
                      change their order.",
        }],
        children: STAGE_NAMES,
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>, _: &dyn Files) -> Result<Self, Problems> {
        let jitter = fields.share("jitter").map(|share| share.0);
        let curve = read_curve(&mut fields, LevelUnit::Rate);
        fields.finish(curve.map(|curve| Self { curve, jitter: jitter.unwrap_or(1.0), index: 0 }))
    }

    fn curve(&self) -> &Curve {
        &self.curve
    }

    fn next(&mut self, key: u64) -> Arrival {
        let number = self.index;
        self.index += 1;
        let place = 0.5 + self.jitter * (unit_within(draw(key, Purpose::ARRIVAL, number)) - 0.5);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to below one event"
        )]
        let within = (place * EVENT as f64) as u128;
        Arrival { area: EVENT * u128::from(number) + within, key: number }
    }

    fn state(&mut self) -> Option<&mut dyn State> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(jitter: f64, count: usize) -> Vec<f64> {
        let mut law = Jittered { curve: Curve::default(), jitter, index: 0 };
        std::iter::repeat_with(|| law.next(9).area as f64 / EVENT as f64).take(count).collect()
    }

    #[test]
    fn each_arrival_keeps_to_its_part_of_its_interval() {
        for jitter in [0.0, 0.3, 1.0] {
            let mut places: Vec<f64> =
                events(jitter, 20_000).iter().enumerate().map(|(index, at)| at - index as f64).collect();
            places.sort_by(f64::total_cmp);
            let (least, most) = (0.5 - jitter / 2.0, 0.5 + jitter / 2.0);
            assert!(places[0] >= least - 1e-9 && places[places.len() - 1] <= most + 1e-9, "{jitter}");
            if jitter > 0.0 {
                let n = places.len() as f64;
                let distances = places.iter().enumerate().map(|(place, at)| {
                    let share = (at - least) / jitter;
                    (share - place as f64 / n).max((place + 1) as f64 / n - share)
                });
                let distance = distances.fold(0.0, f64::max) * n.sqrt();
                assert!(distance < 1.95, "{jitter}: {distance}");
            }
        }
    }

    #[test]
    fn gaps_vary_less_than_by_chance() {
        let all = events(1.0, 50_000);
        let gaps: Vec<f64> = all.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(all.is_sorted());
        let variance = gaps.iter().map(|gap| (gap - 1.0).powi(2)).sum::<f64>() / gaps.len() as f64;
        // Two uniform places of variance 1/12: the coefficient of variation is 0.408.
        assert!((variance.sqrt() - (1.0_f64 / 6.0).sqrt()).abs() < 0.005, "{variance}");
    }
}
