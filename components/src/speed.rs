//! How fast a run's time passes on the wall clock.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::clock::Nanos;

/// Seconds of a run's time in one second of wall time. Both ways go by whole numbers from the run's start, so that nothing
/// drifts however long the run is.
///
/// # Units
/// Millionths; at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(into = "f64")]
pub struct Speed(u64);

impl Speed {
    /// The run's time is wall time.
    pub const ONE: Self = Self(Self::UNIT);
    /// The least that a workload may ask for.
    pub const LEAST: f64 = 0.001;
    /// The most that a workload may ask for.
    pub const MOST: f64 = 10_000.0;

    const UNIT: u64 = 1_000_000;

    /// Wall time as the run's time, rounded down: what has passed has passed.
    pub fn to_run(self, wall: Nanos) -> Nanos {
        if self == Self::ONE {
            return wall;
        }
        let run = u128::from(wall.0) * u128::from(self.0) / u128::from(Self::UNIT);
        Nanos(u64::try_from(run).unwrap_or(u64::MAX))
    }

    /// The run's time as wall time, rounded up: whoever waits so long has waited long enough.
    pub fn to_wall(self, run: Nanos) -> Nanos {
        if self == Self::ONE {
            return run;
        }
        let wall = (u128::from(run.0) * u128::from(Self::UNIT)).div_ceil(u128::from(self.0));
        Nanos(u64::try_from(wall).unwrap_or(u64::MAX))
    }
}

impl Default for Speed {
    fn default() -> Self {
        Self::ONE
    }
}

impl From<f64> for Speed {
    /// The nearest millionth; at least one of them.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
    fn from(speed: f64) -> Self {
        Self(((speed * Self::UNIT as f64).round() as u64).max(1))
    }
}

impl From<Speed> for f64 {
    fn from(speed: Speed) -> Self {
        speed.0 as Self / Speed::UNIT as Self
    }
}

impl<'de> Deserialize<'de> for Speed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let speed = f64::deserialize(deserializer)?;
        if speed > 0.0 {
            Ok(Self::from(speed))
        } else {
            Err(D::Error::custom(format_args!("a speed is a number above 0, and this is {speed}")))
        }
    }
}

impl std::fmt::Display for Speed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f64::from(*self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(speed: f64, run: u64, wall: u64) {
        let speed = Speed::from(speed);
        assert_eq!(speed.to_wall(Nanos(run)), Nanos(wall), "{speed}");
        // Never woken too early, and never by a whole step too late.
        let woken = speed.to_run(Nanos(wall));
        assert!(
            woken >= Nanos(run)
                && wall.checked_sub(1).is_none_or(|less| speed.to_run(Nanos(less)) < Nanos(run))
        );
    }

    #[test]
    fn waits_are_exact_and_never_too_short() {
        check(1.0, 7, 7);
        check(200.0, 60_000_000_000, 300_000_000);
        check(200.0, 1, 1);
        check(3.0, 10, 4);
        check(0.5, 10, 20);
        check(0.001, 1, 1_000);
        // A century at a third of the speed, to the nanosecond.
        check(1.0 / 3.0, 3_155_760_000_000_000_000, 9_467_289_467_289_467_290);
    }

    #[test]
    fn a_speed_is_kept_to_the_millionth() {
        assert_eq!(Speed::from(1.25).to_string(), "1.25");
        assert_eq!(Speed::from(200.0).to_string(), "200");
        assert_eq!(Speed::from(0.000_000_1), Speed::from(0.000_001));
        assert_eq!(Speed::from(1.0), Speed::ONE);
    }
}
