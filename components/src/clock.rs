//! Time: nanoseconds since the run's start, and the clock that the world ticks on.

use std::ops::{Add, AddAssign, Sub};

use bevy_ecs::resource::Resource;
use serde::{Deserialize, Serialize};

use crate::speed::Speed;

/// A duration, or an instant counted from the run's start.
///
/// # Units
/// Nanoseconds; the range is 584 years. Sums and differences saturate: a plan that reaches past the end of time stays there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nanos(pub u64);

impl Nanos {
    /// No time; the run's start.
    pub const ZERO: Self = Self(0);
    /// The end of time: later than every event.
    pub const MAX: Self = Self(u64::MAX);
    /// One millisecond.
    pub const MILLISECOND: Self = Self(1_000_000);
    /// One second.
    pub const SECOND: Self = Self(1_000_000_000);

    /// Whole seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000))
    }

    /// Whole milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// The nearest whole nanosecond to a number of them; negative and NaN become 0.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
    pub fn from_f64(nanos: f64) -> Self {
        Self((nanos + 0.5) as u64)
    }

    /// Seconds, as near as an `f64` comes.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// As std's duration.
    pub const fn to_duration(self) -> std::time::Duration {
        std::time::Duration::from_nanos(self.0)
    }
}

impl Add for Nanos {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Nanos {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Nanos {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl std::fmt::Display for Nanos {
    /// Short, with three digits and the unit that fits: `1.25 ms`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let nanos = self.0 as f64;
        let (value, unit) = match self.0 {
            0..1_000 => return write!(f, "{} ns", self.0),
            1_000..1_000_000 => (nanos / 1e3, "us"),
            1_000_000..1_000_000_000 => (nanos / 1e6, "ms"),
            1_000_000_000..120_000_000_000 => (nanos / 1e9, "s"),
            120_000_000_000..7_200_000_000_000 => (nanos / 6e10, "min"),
            _ => (nanos / 3.6e12, "h"),
        };
        let digits = if value >= 100.0 {
            0
        } else if value >= 10.0 {
            1
        } else {
            2
        };
        write!(f, "{value:.digits$} {unit}")
    }
}

/// Where "now" comes from.
pub trait TimeSource: Send + Sync {
    /// Nanoseconds since the run's start; 0 before it.
    fn now(&self) -> Nanos;

    /// How long until the run starts, or until it is worth asking again; `None` when it has started.
    ///
    /// # Units
    /// Wall time.
    fn until_start(&self) -> Option<Nanos>;

    /// How fast its time passes: whoever waits by another clock has to wait that much shorter.
    fn speed(&self) -> Speed {
        Speed::ONE
    }
}

/// Which clock a run goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockKind {
    /// The machine's monotonic clock: a load test.
    Real,
    /// Instants of modelled events: a simulation.
    Virtual,
}

/// The world's time. Every system reads it here, none asks the machine.
#[derive(Resource, Clone, Copy, Debug, Serialize, Deserialize)]
pub struct RunClock {
    /// Which clock drives the run.
    pub kind: ClockKind,
    /// The instant of this update. In real time it may lie past the tick's own instant.
    pub now: Nanos,
    /// The length of a tick.
    pub tick: Nanos,
    /// How many whole ticks ahead the schedule phase plans. At least 1.
    pub look_ahead: u64,
    /// How many ticks one update stands for: 1, and more in virtual time where nobody wants to see each of them. At least 1.
    pub stride: u64,
    /// The number of the tick that holds `now`: `now / tick`.
    pub number: u64,
    /// Ticks that have run.
    pub ticks: u64,
    /// Ticks that began later than one tick after their instant.
    pub overruns: u64,
    /// The instants of this tick and of the one before it.
    tick_at: Nanos,
    tick_before: Nanos,
}

impl RunClock {
    /// A clock before the first tick.
    pub fn new(kind: ClockKind, tick: Nanos, look_ahead: u64) -> Self {
        let (now, tick_at, tick_before) = (Nanos::ZERO, Nanos::ZERO, Nanos::ZERO);
        Self {
            kind,
            now,
            tick,
            look_ahead,
            stride: 1,
            number: 0,
            ticks: 0,
            overruns: 0,
            tick_at,
            tick_before,
        }
    }

    /// Notes that a tick begins.
    pub fn begin_tick(&mut self) {
        (self.tick_before, self.tick_at) = (self.tick_at, self.now);
    }

    /// Whether a multiple of `every` lies between the tick before and this one: for a system that acts once a second.
    pub fn has_passed(&self, every: Nanos) -> bool {
        self.tick_at.0 / every.0.max(1) > self.tick_before.0 / every.0.max(1)
    }

    /// Moves to an instant; the tick's number follows.
    pub fn move_to(&mut self, now: Nanos) {
        self.now = now;
        self.number = now.0 / self.tick.0;
    }

    /// The instant up to which the schedule phase has to have planned, itself excluded.
    pub fn plan_end(&self) -> Nanos {
        self.instant_of(self.look_ahead + self.stride)
    }

    /// The end of the plan if this update stood for one tick: what lies beyond it may wait for the next one.
    pub fn plan_end_least(&self) -> Nanos {
        self.instant_of(self.look_ahead + 1)
    }

    /// The instant from which on what is asked anew can still hold: up to it, all has been handed out by the tick before.
    pub fn steer_from(&self) -> Nanos {
        self.instant_of(1)
    }

    /// The instant up to which the execute phase has to have handed tokens out, itself excluded: always a whole tick ahead.
    pub fn hand_out_end(&self) -> Nanos {
        self.instant_of(1 + self.stride)
    }

    /// The instant of the tick so many after this one.
    fn instant_of(&self, ahead: u64) -> Nanos {
        Nanos(self.number.saturating_add(ahead).saturating_mul(self.tick.0))
    }
}
