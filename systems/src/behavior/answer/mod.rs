//! Looks into answers: what they have to be, what is kept of them, and what later steps ask about them.

mod expect;
mod figures;
mod save;

pub use expect::Expectations;
pub use figures::Capture;
pub(super) use figures::{ResultField, capture};
pub use save::Save;
pub(super) use save::save;
