//! Arrivals whose gaps are drawn one after the other: what the laws of gaps share.
//!
//! A renewal process of rate 1 in "operational time", the area under the rate curve, mapped back to time: so its rate follows
//! any curve. It begins as if it had gone on for ever: the first arrival lies anywhere within a gap that is found as whoever
//! comes by finds it, the longer the likelier. So the expected number of arrivals is the area from the start on, and not only
//! in the long run (Cox, "Renewal theory", 1962, ch. 2 and 5).
//!
//! There are no lanes to be drawn each by itself, because a union of many renewal processes is nearly a Poisson process: a
//! fleet draws all gaps and takes its own.

use std::fmt::Debug;

use bevy_ecs::component::Component;
use throng_components::curve::Curve;
use throng_components::seed::{Purpose, unit_above_zero};
use throng_components::state::State;
use throng_components::state_of;
use throng_components::workload::{Fields, NodeSpec, Problems};

use super::{Arrival, ArrivalLaw, EVENT, LevelUnit, NEVER, read_curve};
use crate::behavior::Files;
use crate::plugins::laws::Draws;

/// Numbers kept for the draws of one gap: by rejection it takes three on average, and as many as that never.
const DRAWS_OF_A_GAP: u64 = 1 << 16;

/// A law of gaps.
///
/// # Units
/// Mean gaps: 1 is one event's area.
pub(super) trait Gaps: Debug + Send + Sync + Sized + 'static {
    /// Name, summary, sample and what the node may hold; its properties have to be there.
    const SPEC: NodeSpec;

    /// Reads the node's properties; `None` when one is wrong, which `fields` knows.
    fn read(fields: &mut Fields<'_>) -> Option<Self>;

    /// One gap; 1 on average.
    fn gap(&self, draws: &mut Draws) -> f64;

    /// The gap around any instant: its density is that of a gap times its length.
    fn gap_around(&self, draws: &mut Draws) -> f64;
}

/// Arrivals over a curve whose gaps follow a law.
#[derive(Component, Debug)]
pub(super) struct Renewal<G: Gaps> {
    curve: Curve,
    gaps: G,
    renewals: Renewals,
}

impl<G: Gaps> ArrivalLaw for Renewal<G> {
    const SPEC: NodeSpec = G::SPEC;

    fn read(mut fields: Fields<'_>, _: &dyn Files) -> Result<Self, Problems> {
        fields.require_all();
        let gaps = G::read(&mut fields);
        let curve = read_curve(&mut fields, LevelUnit::Rate);
        let law = curve.zip(gaps).map(|(curve, gaps)| Self { curve, gaps, renewals: Renewals::default() });
        fields.finish(law)
    }

    fn curve(&self) -> &Curve {
        &self.curve
    }

    fn next(&mut self, key: u64) -> Arrival {
        self.renewals.next(&self.gaps, key)
    }

    fn state(&mut self) -> Option<&mut dyn State> {
        Some(&mut self.renewals)
    }
}

/// How far a renewal process has come.
#[derive(Clone, Copy, Debug, Default)]
struct Renewals {
    /// Twice the area at its last arrival.
    area: u128,
    /// Arrivals given so far.
    index: u64,
}

state_of!(Renewals { saved: area, index; });

impl Renewals {
    /// The next arrival; `key` names the scenario in draws.
    fn next(&mut self, gaps: &impl Gaps, key: u64) -> Arrival {
        let mut draws = Draws::new(key, Purpose::ARRIVAL, self.index.wrapping_mul(DRAWS_OF_A_GAP));
        let gap = if self.index == 0 {
            unit_above_zero(draws.next()) * gaps.gap_around(&mut draws)
        } else {
            gaps.gap(&mut draws)
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
        let gap = (gap * EVENT as f64) as u128;
        self.area = self.area.saturating_add(gap).min(NEVER);
        self.index += 1;
        Arrival { area: self.area, key: self.index - 1 }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Gaps against their distribution function, by Kolmogorov and Smirnov, and the number of arrivals in a short stretch at
    /// the start, at four standard errors.
    ///
    /// # Units
    /// Mean gaps. `variance`: of a gap, where it is finite.
    pub(in super::super) fn check(gaps: &impl Gaps, variance: Option<f64>, cdf: impl Fn(f64) -> f64) {
        const N: usize = 50_000;
        const STARTS: u64 = 20_000;
        const STRETCH: f64 = 1.5;
        let mut renewals = Renewals::default();
        let events = |arrival: Arrival| arrival.area as f64 / EVENT as f64;
        let mut last = events(renewals.next(gaps, 5));
        let mut lengths: Vec<f64> = (0..N)
            .map(|_| {
                let at = events(renewals.next(gaps, 5));
                at - std::mem::replace(&mut last, at)
            })
            .collect();
        let n = N as f64;
        let mean = lengths.iter().sum::<f64>() / n;
        if let Some(variance) = variance {
            assert!((mean - 1.0).abs() < 4.0 * (variance / n).sqrt(), "mean {mean}");
            let square = lengths.iter().map(|gap| (gap - mean).powi(2)).collect::<Vec<_>>();
            let found = square.iter().sum::<f64>() / n;
            let error = (square.iter().map(|square| (square - found).powi(2)).sum::<f64>() / n / n).sqrt();
            assert!((found - variance).abs() < 4.0 * error, "variance {found}, not {variance}");
        }
        lengths.sort_by(f64::total_cmp);
        let distances = lengths.iter().enumerate().map(|(place, gap)| {
            let at = cdf(*gap);
            (at - place as f64 / n).max((place + 1) as f64 / n - at)
        });
        let distance = distances.fold(0.0, f64::max) * n.sqrt();
        // Above 1.95 in one of a thousand samples of the law itself.
        assert!(distance < 1.95, "distance {distance}");

        let counts: Vec<f64> = (0..STARTS)
            .map(|key| {
                let mut renewals = Renewals::default();
                std::iter::repeat_with(|| events(renewals.next(gaps, key)))
                    .take_while(|at| *at < STRETCH)
                    .count() as f64
            })
            .collect();
        let starts = STARTS as f64;
        let mean = counts.iter().sum::<f64>() / starts;
        let deviation = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / starts;
        let error = (deviation / starts).sqrt();
        assert!((mean - STRETCH).abs() < 4.0 * error, "{mean} of {STRETCH} at the start");
    }

    #[test]
    fn what_never_comes_lies_behind_all_that_does() {
        #[derive(Debug)]
        struct Endless;
        impl Gaps for Endless {
            const SPEC: NodeSpec = NodeSpec::EMPTY;

            fn read(_: &mut Fields<'_>) -> Option<Self> {
                Some(Self)
            }

            fn gap(&self, _: &mut Draws) -> f64 {
                f64::INFINITY
            }
            fn gap_around(&self, _: &mut Draws) -> f64 {
                f64::INFINITY
            }
        }
        let mut renewals = Renewals::default();
        for index in 0..3 {
            assert_eq!(renewals.next(&Endless, 1), Arrival { area: NEVER, key: index });
        }
    }
}
