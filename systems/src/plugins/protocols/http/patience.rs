//! How long a lane waits for an answer.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::Context;
use std::time::Duration;

use throng_components::clock::{Nanos, TimeSource};
use throng_components::speed::Speed;
use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep, sleep};

/// Where a timer stands before its first deadline: far enough that it does not fire for nothing.
const FAR: Duration = Duration::from_hours(1);

/// One timer for all operations of a lane. Deadlines mostly move on, so it is set anew only when it fires or when one
/// comes earlier than it is set for: an operation that is answered in time touches no timer and reads no clock.
pub(super) struct Patience {
    timer: Pin<Box<Sleep>>,
    /// The reactor's instant of the run's start.
    origin: Instant,
    /// How fast the run's time passes; the reactor's is wall time.
    speed: Speed,
    /// Whether the timer has been told which task to wake.
    armed: bool,
}

impl Patience {
    pub(super) fn new(clock: &dyn TimeSource) -> Self {
        let timer = Box::pin(sleep(FAR));
        // The reactor's timer is set by its own clock: so far ahead of now by one is as far ahead by the other.
        let speed = clock.speed();
        let origin = timer.deadline() - FAR - speed.to_wall(clock.now()).to_duration();
        Self { timer, origin, speed, armed: false }
    }

    /// Whether the deadline has passed; otherwise sees to it that the task wakes then.
    pub(super) fn is_over(mut self: Pin<&mut Self>, deadline: Nanos, cx: &mut Context<'_>) -> bool {
        // A deadline beyond what the reactor can count is never reached.
        let wall = self.speed.to_wall(deadline).to_duration();
        let Some(until) = self.origin.checked_add(wall) else { return false };
        if self.timer.deadline() > until {
            self.timer.as_mut().reset(until);
            self.armed = false;
        }
        while !self.armed || self.timer.is_elapsed() {
            // Outside of the task's budget: a target that sends without end uses it up, and the time is over all the same.
            if pin!(unconstrained(self.timer.as_mut())).poll(cx).is_pending() {
                self.armed = true;
                break;
            }
            if self.timer.deadline() >= until {
                return true;
            }
            self.timer.as_mut().reset(until);
            self.armed = false;
        }
        false
    }
}
