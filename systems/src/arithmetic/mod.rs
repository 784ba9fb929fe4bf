//! Functions of numbers from nothing but IEEE + − × ÷ √ and bit operations, so that a draw has the same bits on every
//! machine. The platform's own differ between C libraries in the last place.

mod exponential;
mod gamma;
mod logarithm;
mod normal;

pub(crate) use exponential::{exp, growth, power};
pub(crate) use gamma::gamma;
pub(crate) use logarithm::{ln, ln_of_one_plus};
pub(crate) use normal::normal_quantile;
