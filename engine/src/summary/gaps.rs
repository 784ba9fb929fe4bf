//! Whether arrivals came as their law has it, as the summary's JSON has it.

use serde::{Deserialize, Serialize};
use throng_components::arrival_gaps::ArrivalGaps;
use throng_systems::estimators::{Fit, fit};

/// Gaps between a scenario's iterations, compared with its arrivals' law.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GapsSummary {
    /// Gaps that were looked at.
    pub count: u64,
    /// How far those that were planned are from the law, 0 to 1.
    pub planned_distance: f64,
    /// How often chance takes as many gaps of that law so far from it.
    pub planned_p_value: f64,
    /// How far those that the generator kept are from the law.
    pub distance: f64,
    /// How often chance takes as many gaps so far.
    pub p_value: f64,
}

/// Chance does that once in a thousand runs.
const CHANCE: f64 = 0.001;

/// A distance that matters: a fifth of all gaps would have to be others.
const MATTERS: f64 = 0.2;

impl GapsSummary {
    /// What the gaps of a scenario tell; `None` with too few of them.
    pub(crate) fn of(gaps: &ArrivalGaps, law: fn(f64) -> f64) -> Option<Self> {
        let planned = fit(gaps.all().iter().map(|gap| gap.planned).collect(), law)?;
        let Fit { distance, p_value } = fit(gaps.all().iter().map(|gap| gap.begun).collect(), law)?;
        let digits = |value: f64| (value * 1e6).round() / 1e6;
        Some(Self {
            count: gaps.all().len() as u64,
            planned_distance: digits(planned.distance),
            planned_p_value: digits(planned.p_value),
            distance: digits(distance),
            p_value: digits(p_value),
        })
    }

    /// Whether the generator, and not chance, bent the law: what was planned follows it, what was begun does not, by far.
    pub fn is_bent(&self) -> bool {
        self.planned_p_value >= CHANCE
            && self.p_value < CHANCE
            && self.distance - self.planned_distance >= MATTERS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use throng_systems::estimators::exponential_law;

    /// Gaps that fill the law evenly, each begun as the second function has it.
    fn check(begun: impl Fn(f64) -> f64, bent: bool) {
        let mut gaps = ArrivalGaps::default();
        let share = |number: u64| (number as f64 + 0.5) / 1_000.0;
        for number in 0..1_000_u64 {
            let gap = -(1.0 - share(number)).ln();
            gaps.note(number * 2, 0.0, 0.0);
            gaps.note(number * 2 + 1, gap, begun(gap));
        }
        let found = GapsSummary::of(&gaps, exponential_law).expect("there are enough");
        assert_eq!((found.count, found.is_bent()), (1_000, bent), "{found:?}");
        assert!(found.planned_p_value > 0.99);
    }

    #[test]
    fn only_what_the_generator_did_is_its_fault() {
        check(|gap| gap, false);
        // A little late now and then.
        check(|gap| gap + 0.01, false);
        // Two out of three come with the one before.
        check(|gap| if gap < 1.1 { 0.0 } else { gap }, true);
    }

    #[test]
    fn a_few_gaps_tell_nothing() {
        assert_eq!(GapsSummary::of(&ArrivalGaps::default(), exponential_law), None);
    }
}
