//! The instants of this listener's own patience: its pauses, its timeouts, the age of a batch.

use tokio::time::Instant;

/// Now, by the clock of the runtime's timers, which alone can be slept until. Nothing that is measured or sent is made of it.
#[expect(
    clippy::disallowed_methods,
    reason = "a runtime sleeps until its own instants; no measurement is made of them"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}
