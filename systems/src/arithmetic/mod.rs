//! Functions of numbers from nothing but IEEE + − × ÷ √ and bit operations, so that a draw has the same bits on every
//! machine. The platform's own differ between C libraries in the last place.

mod logarithm;

pub(crate) use logarithm::ln;
