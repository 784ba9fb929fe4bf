//! What rings when a thread has orders to take.

use tokio::sync::Notify;

use crate::links;

/// Wakes a thread's reactor from outside.
#[derive(Debug, Default)]
pub struct Bell(Notify);

impl Bell {
    /// Waits until it rings; a ring that nobody waited for is kept.
    pub(super) async fn rung(&self) {
        self.0.notified().await;
    }
}

impl links::Waker for Bell {
    fn wake(&self) {
        self.0.notify_one();
    }
}
