//! Looks into answers: what they have to be, what is kept of them, and what later steps ask about them.

mod compare;
mod expect;
mod figures;
mod html;
mod look;
mod save;
mod take;

pub use compare::Comparison;
pub use expect::{BodyExpectation, Expectations, HeaderExpectation};
pub use figures::Capture;
pub use figures::ResultField;
pub(super) use figures::capture;
pub use save::{Save, Source};
