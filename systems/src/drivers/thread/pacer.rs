//! Waits for an exact instant in a reactor.
//!
//! The reactor's own timers are good to a millisecond. So a timer of the kernel wakes the reactor a lead before the instant,
//! and the rest is spun away, letting the other tasks run in each turn. The lead follows the measured wake-up time.
//!
//! Instants are the run's; leads, lag and time spun away are wall time, as the machine is.

use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use throng_components::clock::{Nanos, TimeSource};
use throng_components::measure::Measure;
use tokio::io::unix::AsyncFd;

/// The lead before anything was measured: the wake-up time of a virtual machine of today.
const LEAD_FIRST: Nanos = Nanos(50_000);
/// A lead that never gets smaller: the time of a system call.
const LEAD_LEAST: Nanos = Nanos(5_000);
/// A lead that never gets larger: beyond it the machine is busy, and spinning would make it worse.
const LEAD_MOST: Nanos = Nanos(150_000);

/// A file descriptor of the kernel's timer, as the reactor wants it.
struct Timer(TimerFd);

impl AsRawFd for Timer {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

/// Waits for instants, and measures how well.
pub(super) struct Pacer {
    clock: Arc<dyn TimeSource>,
    timer: AsyncFd<Timer>,
    lead: Nanos,
    /// Time spun away since the last look.
    spun: Nanos,
    /// How much later than asked the last wait ended, until it is looked at.
    lag: Option<Nanos>,
}

impl Pacer {
    pub(super) fn new(clock: Arc<dyn TimeSource>) -> std::io::Result<Self> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
        #[expect(
            deprecated,
            reason = "its successor is unsafe; sound here, because `Timer` owns its descriptor"
        )]
        let timer = AsyncFd::with_interest(Timer(timer), tokio::io::Interest::READABLE)?;
        Ok(Self { clock, timer, lead: LEAD_FIRST, spun: Nanos::ZERO, lag: None })
    }

    /// Waits until an instant, or for ever without one.
    pub(super) async fn wait_until(&mut self, instant: Option<Nanos>) {
        let Some(instant) = instant else { return std::future::pending().await };
        let before = self.clock.now();
        if before >= instant {
            return;
        }
        let speed = self.clock.speed();
        if speed.to_wall(instant - before) > self.lead {
            self.sleep_until(instant - speed.to_run(self.lead)).await;
        }
        let spin_from = self.clock.now();
        let mut now = spin_from;
        while now < instant {
            tokio::task::yield_now().await;
            now = self.clock.now();
        }
        self.spun += speed.to_wall(now - spin_from);
        self.lag = Some(speed.to_wall(now - instant));
    }

    /// Sleeps in the kernel; wakes late by what the machine takes, and learns from it.
    async fn sleep_until(&mut self, instant: Nanos) {
        let speed = self.clock.speed();
        loop {
            let now = self.clock.now();
            if now >= instant {
                break;
            }
            let left = Duration::from_nanos(speed.to_wall(instant - now).0);
            let time = Expiration::OneShot(TimeSpec::from_duration(left));
            if self.timer.get_ref().0.set(time, TimerSetTimeFlags::empty()).is_err() {
                return;
            }
            match self.timer.readable().await {
                // The descriptor is not read: setting it anew takes the expiration back.
                Ok(mut guard) => guard.clear_ready(),
                Err(_) => return,
            }
        }
        let late = speed.to_wall(self.clock.now() - instant);
        // A moving mean with a margin of a half: early enough nearly always, and quick to shrink again.
        let aim = Nanos(late.0 + late.0 / 2);
        let lead = Nanos((7 * self.lead.0 + aim.0) / 8);
        self.lead = lead.clamp(LEAD_LEAST, LEAD_MOST);
    }

    /// Time spun away since the last call, and the last wait's lag. To be called behind each wait: histograms are large, and
    /// to empty one here into another would cost more than the wait.
    pub(super) fn take_figures(&mut self, lag: &mut Measure) -> Nanos {
        if let Some(late) = self.lag.take() {
            lag.record(late);
        }
        std::mem::take(&mut self.spun)
    }
}
