//! The only place that reads the machine's clocks.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use throng_components::clock::{Nanos, TimeSource};
use throng_components::speed::Speed;

/// The machine's monotonic clock, counted from the run's start.
#[derive(Debug)]
pub(crate) struct RealClock {
    /// When the clock was made.
    made: Instant,
    /// How long after that the run starts; not set before.
    start: OnceLock<Duration>,
    /// How fast the run's time passes. Instants are counted from the start at one go, so that nothing drifts.
    speed: Speed,
    /// The instant at which it starts: 0, but for a run that goes on where it was saved.
    origin: Nanos,
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
impl RealClock {
    /// A clock that stands at 0, and will go by wall time.
    pub(crate) fn new() -> Self {
        Self::of_speed(Speed::ONE)
    }

    /// A clock that stands at 0, and will go so fast.
    pub(crate) fn of_speed(speed: Speed) -> Self {
        Self { made: Instant::now(), start: OnceLock::new(), speed, origin: Nanos::ZERO }
    }

    /// The same that stands at an instant before it starts.
    pub(crate) fn standing_at(self, origin: Nanos) -> Self {
        Self { origin, ..self }
    }

    /// Lets the run start `lead` of wall time from now. Later calls change nothing.
    pub(crate) fn start_in(&self, lead: Nanos) {
        self.start.get_or_init(|| self.made.elapsed() + lead.to_duration());
    }

    /// Sleeps until an instant of the run.
    pub(crate) fn sleep_until(&self, instant: Nanos) {
        let Some(start) = self.start.get() else { return };
        let until = *start + self.speed.to_wall(instant - self.origin).to_duration();
        std::thread::sleep(until.saturating_sub(self.made.elapsed()));
    }

    /// Nanoseconds of wall time since 1970, now.
    pub(crate) fn unix_now() -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }
}

impl Default for RealClock {
    fn default() -> Self {
        Self::new()
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
impl TimeSource for RealClock {
    fn now(&self) -> Nanos {
        let since = self.start.get().map(|start| self.made.elapsed().saturating_sub(*start));
        let wall = Nanos(u64::try_from(since.unwrap_or_default().as_nanos()).unwrap_or(u64::MAX));
        self.origin + self.speed.to_run(wall)
    }

    fn speed(&self) -> Speed {
        self.speed
    }

    fn until_start(&self) -> Option<Nanos> {
        // Far enough away for whoever asks to sleep rather than spin.
        let Some(start) = self.start.get() else { return Some(Nanos::SECOND) };
        let left = start.saturating_sub(self.made.elapsed()).as_nanos();
        (left > 0).then(|| Nanos(u64::try_from(left).unwrap_or(u64::MAX)))
    }
}
