//! What modelled services did for iterations whose traces are kept: one record a span.

use serde::{Deserialize, Serialize};

use crate::clock::Nanos;
use crate::sample::{ErrorType, StepId};
use crate::service::ServiceId;

/// What a span is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServiceRole {
    /// A request that a user sent, from its arrival until the service was done with it.
    AnswersUser,
    /// The same of a request that another service sent.
    AnswersService,
    /// A try of a call to another service, until its answer or until the caller gave up.
    Calls {
        /// Whom.
        callee: ServiceId,
        /// Which try of the call, from 1.
        attempt: u8,
    },
}

/// One span of a modelled service.
///
/// `started ≤ begun ≤ ended` holds where a server began it.
///
/// # Units
/// Instants are nanoseconds since the run's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceSpan {
    /// The trace: its iteration's.
    pub trace_id: u128,
    /// Its id within the trace.
    pub id: u64,
    /// The span that it stands in: the caller's, for what answers; what answers, for a call.
    pub parent: u64,
    /// When the request came, or the call was made.
    pub started: Nanos,
    /// When a server began with the request; `None` for one that none began, and for a call.
    pub begun: Option<Nanos>,
    /// When it ended.
    pub ended: Nanos,
    /// Whose.
    pub service: ServiceId,
    /// The step on whose behalf.
    pub step: StepId,
    /// What it is about.
    pub role: ServiceRole,
    /// The status that was answered, 200 or 500; 0 without an answer.
    pub status: u16,
    /// Why there was none.
    pub error: ErrorType,
    /// Whether it was ended before its own end: by the run's end, or because its service was lost in an outage.
    pub cut: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_stays_small() {
        assert_eq!(size_of::<ServiceSpan>(), 80);
    }
}
