//! Live control: what somebody at the controls asks of a run while it goes on, and the record of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clock::Nanos;
use crate::scenario::ScenarioId;

/// By what a scenario's curve is multiplied.
///
/// # Units
/// Thousandths, so that areas and levels stay whole numbers: 1,000 is the plan as written. At most a hundred times that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Factor(u32);

impl Factor {
    /// The plan as written.
    pub const ONE: Self = Self(1_000);

    /// A hundred times the plan: beyond that it is another plan.
    pub const MOST: Self = Self(100_000);

    /// So many thousandths of the plan; `None` above [`Factor::MOST`].
    pub const fn thousandths(number: u32) -> Option<Self> {
        if number <= Self::MOST.0 { Some(Self(number)) } else { None }
    }

    /// As thousandths.
    pub const fn as_thousandths(self) -> u32 {
        self.0
    }

    /// So many per cent of the plan more, or fewer; stays within 0 and [`Factor::MOST`].
    #[must_use]
    pub const fn changed_by_percent(self, percent: i32) -> Self {
        let sum = self.0.saturating_add_signed(percent.saturating_mul(10));
        if sum > Self::MOST.0 { Self::MOST } else { Self(sum) }
    }
}

impl Default for Factor {
    fn default() -> Self {
        Self::ONE
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 10 {
            0 => write!(f, "{}%", self.0 / 10),
            tenths => write!(f, "{}.{tenths}%", self.0 / 10),
        }
    }
}

/// What is asked of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Nothing new begins; what runs goes on.
    Pause,
    /// Shapes play on from where they stood.
    Resume,
    /// Multiplies a scenario's curve; the factor is one of the plan as written, not of the one before.
    Scale {
        /// Which scenario.
        scenario: ScenarioId,
        /// By what.
        factor: Factor,
    },
    /// As an interrupt: the first drains, the second cuts.
    Stop,
}

/// A command that was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlRecord {
    /// From when on it held.
    pub at: Nanos,
    /// What was asked.
    pub command: Command,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_is_shown_as_a_share_and_stays_in_bounds() {
        let shown = |factor: Factor| factor.to_string();
        assert_eq!(shown(Factor::ONE), "100%");
        assert_eq!(Factor::thousandths(1_205).map(shown).as_deref(), Some("120.5%"));
        assert_eq!(Factor::thousandths(100_001), None);
        assert_eq!(shown(Factor::ONE.changed_by_percent(10).changed_by_percent(-30)), "80%");
        assert_eq!(shown(Factor::ONE.changed_by_percent(-200)), "0%");
        assert_eq!(Factor::MOST.changed_by_percent(10), Factor::MOST);
    }
}
