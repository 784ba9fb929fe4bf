//! How busy a thread is.

use nix::time::{ClockId, clock_gettime};
use throng_components::clock::Nanos;
use throng_components::speed::Speed;

/// The share of a core that this thread uses.
pub(super) struct Busy {
    /// How fast the run's time passes: a core's time is wall time.
    speed: Speed,
    /// When the current second began, and the thread's CPU time then.
    since: Nanos,
    cpu: Nanos,
    /// Time of the current second that was spun away in waiting: no work.
    spun: Nanos,
}

/// CPU time of the calling thread.
pub fn thread_cpu() -> Nanos {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Nanos::ZERO, |time| {
        let nanos = std::time::Duration::from(time).as_nanos();
        Nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    })
}

impl Busy {
    /// A measure that begins now.
    pub(super) fn since(now: Nanos, speed: Speed) -> Self {
        Self { speed, since: now, cpu: thread_cpu(), spun: Nanos::ZERO }
    }

    /// Notes time that was spun away.
    pub(super) fn note_spun(&mut self, spun: Nanos) {
        self.spun += spun;
    }

    /// The share over the last second of wall time, when one is over.
    pub(super) fn look(&mut self, now: Nanos) -> Option<f64> {
        let wall = self.speed.to_wall(now - self.since);
        if wall < Nanos::SECOND {
            return None;
        }
        let cpu = thread_cpu();
        let worked = (cpu - self.cpu) - self.spun;
        let share = worked.0 as f64 / wall.0 as f64;
        *self = Self { speed: self.speed, since: now, cpu, spun: Nanos::ZERO };
        Some(share.min(1.0))
    }
}
