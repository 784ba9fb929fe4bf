//! Notices that this thread stood still.
//!
//! ```text
//! from one tick to the next ├── asleep until it is due ──┼── at work ──┼─────── neither ───────┤
//!                            what was asked for            CPU time      stopped, or no core
//! ```
//! A tick that comes late because the one before it had much to do is no stall: threads go on meanwhile. One that comes late
//! although nothing was done is a program that was stopped, a machine that slept or a core that was taken, and then threads
//! were hardly better off: what ended in that time was noticed late, also where nothing was due.

use throng_components::clock::{Nanos, TimeSource};
use throng_components::run::VerdictBounds;
use throng_components::stalls::Stalls;
use throng_systems::drivers::thread::thread_cpu;

use crate::clock::RealClock;

/// Shorter stalls are what any busy machine has, in wall time.
const SHORTEST: Nanos = Nanos::from_millis(250);

/// What was seen at the last tick.
pub(crate) struct Pulse {
    at: Nanos,
    cpu: Nanos,
    shortest: Nanos,
}

impl Pulse {
    /// Begins now. What is not late by the workload's own word is no stall either.
    pub(crate) fn begin(clock: &RealClock, bounds: &VerdictBounds) -> Self {
        Self {
            at: clock.now(),
            cpu: thread_cpu(),
            shortest: SHORTEST.max(clock.speed().to_wall(bounds.over)),
        }
    }

    /// Notes how long this thread stood still since the last tick, up to `now`, while the tick was due at `due`.
    pub(crate) fn beat(&mut self, clock: &RealClock, (due, now): (Nanos, Nanos), stalls: &mut Stalls) {
        let (before, cpu) = (self.at, thread_cpu());
        let worked = cpu - self.cpu;
        (self.at, self.cpu) = (now, cpu);
        let late = clock.speed().to_wall(now - due.max(before)) - worked;
        if late >= self.shortest {
            stalls.note((due.max(before), now), clock.speed().to_run(late));
        }
    }
}
