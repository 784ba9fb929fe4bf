//! What values that were observed tell of those that were not: intervals of 95 % confidence, and how many values a figure
//! takes.
//!
//! | file | answers |
//! | --- | --- |
//! | [`sample_size`] | how many values a quantile takes |
//! | [`order_statistics`] | between which of them it lies, when they are independent |
//! | [`batch_means`] | how sure a figure is when they are not |
//! | [`estimate`] | how sure a mean of independent values is |
//! | [`goodness_of_fit`] | whether values follow a law |
//! | [`steady_state`](mod@steady_state) | from when on values are steady, and how many independent ones they are worth |

pub mod batch_means;
pub mod estimate;
pub mod goodness_of_fit;
pub mod order_statistics;
pub mod sample_size;
pub mod steady_state;

pub use self::batch_means::BatchMeans;
pub use self::estimate::Estimate;
pub use self::goodness_of_fit::{Fit, exponential_law, fit};
pub use self::order_statistics::{Ranks, ranks};
pub use self::sample_size::{TAIL, needed_count};
pub use self::steady_state::{SteadyState, steady_state};
