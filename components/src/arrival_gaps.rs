//! Gaps between iterations of an open scenario, in the time of its rate curve: whether they follow the law asked for.

use std::collections::BTreeMap;

use bevy_ecs::component::Component;
use serde::{Deserialize, Serialize};

use crate::clock::Nanos;

/// Gaps kept, at most.
const MOST: usize = 4_096;

/// Iterations that may wait for their neighbour's end, at most: what is beyond that is left out.
const MOST_OPEN: usize = 8_192;

/// One gap, in arrivals that the rate curve asks for meanwhile: 1 on average.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// The token that it follows.
    pub after: u64,
    /// Between the instants at which both were due.
    pub planned: f64,
    /// Between those at which the generator began them; what a user or a connection was waited for is left out.
    pub begun: f64,
}

/// When an iteration was due and begun, in the time of the rate curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Begin {
    planned: f64,
    begun: f64,
}

/// Gaps of a scenario: of pairs of neighbours, no two of which share one, so that they are independent. When there are too many,
/// every second pair is left out from then on, and of those that there were.
#[derive(Component, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArrivalGaps {
    /// Pairs begin at multiples of this: a power of two.
    every: u64,
    gaps: Vec<Gap>,
    /// How late the first step of iterations that have not ended was begun.
    late: BTreeMap<u64, Nanos>,
    /// Ended iterations whose neighbour has not.
    open: BTreeMap<u64, Begin>,
}

impl Default for ArrivalGaps {
    fn default() -> Self {
        Self { every: 2, gaps: Vec::new(), late: BTreeMap::new(), open: BTreeMap::new() }
    }
}

impl ArrivalGaps {
    /// Whether a token's iteration is part of a pair.
    #[inline]
    pub fn wants(&self, token: u64) -> bool {
        token & (self.every - 1) <= 1
    }

    /// Notes how late an iteration's first step was begun.
    pub fn note_late(&mut self, token: u64, lateness: Nanos) {
        if lateness > Nanos::ZERO && self.late.len() < MOST_OPEN {
            self.late.insert(token, lateness);
        }
    }

    /// How late it was begun; it has ended.
    pub fn take_late(&mut self, token: u64) -> Nanos {
        self.late.remove(&token).unwrap_or_default()
    }

    /// Notes an iteration: when it was due and when it was begun, as areas under the rate curve.
    pub fn note(&mut self, token: u64, planned: f64, begun: f64) {
        let Some(other) = self.open.remove(&(token ^ 1)) else {
            if self.open.len() < MOST_OPEN {
                self.open.insert(token, Begin { planned, begun });
            }
            return;
        };
        let sign = if token & 1 == 1 { 1.0 } else { -1.0 };
        let (planned, begun) = (sign * (planned - other.planned), sign * (begun - other.begun));
        self.gaps.push(Gap { after: token & !1, planned, begun });
        if self.gaps.len() == MOST {
            self.every *= 2;
            let every = self.every;
            self.gaps.retain(|gap| gap.after & (every - 1) == 0);
            self.open.retain(|token, _| token & (every - 1) <= 1);
            self.late.retain(|token, _| token & (every - 1) <= 1);
        }
    }

    /// The gaps that were kept.
    pub fn all(&self) -> &[Gap] {
        &self.gaps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_found_in_whatever_order_they_end() {
        let mut gaps = ArrivalGaps::default();
        for (token, at) in [(3, 3.5), (2, 2.0), (5, 5.0), (4, 4.75), (8, 9.0)] {
            gaps.note(token, at, at + 0.5 * (token % 2) as f64);
        }
        let found: Vec<_> = gaps.all().iter().map(|gap| (gap.after, gap.planned, gap.begun)).collect();
        assert_eq!(found, [(2, 1.5, 2.0), (4, 0.25, 0.75)]);
    }

    #[test]
    fn many_are_thinned() {
        let mut gaps = ArrivalGaps::default();
        let wanted = (0..200_000_u64).filter(|token| {
            let wants = gaps.wants(*token);
            if wants {
                gaps.note_late(*token, Nanos(1));
                assert_eq!(gaps.take_late(*token), Nanos(1));
                gaps.note(*token, *token as f64, *token as f64);
            }
            wants
        });
        assert!(wanted.count() < 40_000);
        assert!(gaps.all().len() < MOST && gaps.all().len() >= MOST / 2 - 1);
        assert!(
            gaps.all().iter().all(|gap| (gap.planned - 1.0).abs() < 1e-9)
                && gaps.open.is_empty()
                && gaps.late.is_empty()
        );
    }
}
