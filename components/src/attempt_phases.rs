//! What an attempt's time went into: a side record, kept apart so that samples stay small.

use serde::{Deserialize, Serialize};

use crate::clock::Nanos;

/// The stretches of one attempt, in their order. Those of opening a connection belong to the attempt that needed it. Where
/// it followed redirects, each is the sum over all its requests.
///
/// ```text
/// started                                                            ended
///    ├─ dns ─┼─ connect ─┼── tls ──┼──── first byte ────┼─── body ────┤
/// ```
///
/// # Units
/// Zero means that it did not happen, or did not come to a good end; what happened takes a nanosecond at least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptPhases {
    /// Looking the name up, a wait for somebody else's lookup included.
    pub dns: Nanos,
    /// Connecting, a proxy's tunnel included.
    pub connect: Nanos,
    /// The TLS handshake.
    pub tls: Nanos,
    /// From the request's being written until the answer's first byte.
    pub first_byte: Nanos,
    /// From the answer's first byte to its last.
    pub body: Nanos,
}

impl AttemptPhases {
    /// Nothing happened.
    pub const NONE: Self = Self {
        dns: Nanos::ZERO,
        connect: Nanos::ZERO,
        tls: Nanos::ZERO,
        first_byte: Nanos::ZERO,
        body: Nanos::ZERO,
    };

    /// Their names in results, in their order.
    pub const NAMES: [&'static str; 5] = ["dns", "connect", "tls", "first_byte", "body"];

    /// Their lengths, in the same order.
    pub fn lengths(&self) -> [Nanos; 5] {
        [self.dns, self.connect, self.tls, self.first_byte, self.body]
    }

    /// Whether none happened.
    pub fn is_empty(&self) -> bool {
        // All at once rather than one by one: it is asked of every attempt.
        let Self { dns, connect, tls, first_byte, body } = self;
        dns.0 | connect.0 | tls.0 | first_byte.0 | body.0 == 0
    }

    /// Those of two requests, one behind the other.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            dns: self.dns + other.dns,
            connect: self.connect + other.connect,
            tls: self.tls + other.tls,
            first_byte: self.first_byte + other.first_byte,
            body: self.body + other.body,
        }
    }

    /// A stretch that happened, as it is kept.
    pub fn stretch(since: Nanos, until: Nanos) -> Nanos {
        (until - since).max(Nanos(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_took_no_time_happened_all_the_same() {
        assert_eq!(AttemptPhases::stretch(Nanos(7), Nanos(7)), Nanos(1));
        assert_eq!(AttemptPhases::stretch(Nanos(7), Nanos(10)), Nanos(3));
        assert!(AttemptPhases::default().is_empty());
    }
}
