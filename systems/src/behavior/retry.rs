//! Trying a step once more: how often, after which failures, and how long to wait before.

use throng_components::clock::Nanos;
use throng_components::sample::ErrorType;
use throng_components::seed::unit;

use super::value::Value;

/// What a step declares with `retry`.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// How many more tries follow the first one, at most.
    pub times: u8,
    /// How long to wait before the second try.
    pub backoff: Nanos,
    /// How many times longer each wait is than the one before.
    pub factor: f64,
    /// The longest wait.
    pub most: Nanos,
    /// How far a wait may differ from that, either way, as a share of it.
    pub jitter: f64,
    /// Which failures are tried again; all of them where none is named.
    pub on: Vec<Failure>,
    /// The variable that keeps the count of tries.
    pub slot: u16,
}

/// A failure that `retry … on=` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// One error type or status.
    One(ErrorType),
    /// A hundred statuses: 5 for `5xx`.
    Hundred(u16),
}

impl Failure {
    fn matches(self, error: ErrorType, status: u16) -> bool {
        match self {
            Self::One(one) => one == error || (one.0 >= 100 && one.0 == status),
            Self::Hundred(hundred) => status / 100 == hundred,
        }
    }
}

impl Retry {
    /// Whether a try that failed so is followed by another one.
    pub(super) fn follows(&self, tries: u8, error: ErrorType, status: u16) -> bool {
        tries <= self.times && (self.on.is_empty() || self.on.iter().any(|on| on.matches(error, status)))
    }

    /// The wait after so many tries, with 64 random bits for its jitter.
    ///
    /// Products only, in a fixed order: the same on every machine.
    pub(super) fn wait(&self, tries: u8, bits: u64) -> Nanos {
        let most = self.most.0 as f64;
        let mut wait = self.backoff.0 as f64;
        for _ in 1..tries {
            wait *= self.factor;
            if wait >= most {
                break;
            }
        }
        let around = 1.0 + self.jitter * (2.0 * unit(bits) - 1.0);
        Nanos::from_f64(wait.min(most) * around)
    }
}

/// How often a step was tried so far, and where its draws began: every try sends the same values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tries {
    pub(super) count: u8,
    pub(super) draws: u32,
}

impl Tries {
    /// As a variable keeps it: unset before the first try.
    pub(super) fn of(value: &Value) -> Option<Self> {
        let Value::Int(number) = value else { return None };
        let count = u8::try_from(number & 0xff).ok()?;
        let draws = u32::try_from(number >> 8).ok()?;
        Some(Self { count, draws })
    }

    pub(super) fn value(self) -> Value {
        Value::Int(i64::from(self.draws) << 8 | i64::from(self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry(on: &[Failure]) -> Retry {
        Retry {
            times: 3,
            backoff: Nanos::from_millis(100),
            factor: 2.0,
            most: Nanos::from_millis(350),
            jitter: 0.0,
            on: on.to_vec(),
            slot: 0,
        }
    }

    #[test]
    fn waits_grow_up_to_the_longest() {
        let check = |jitter: f64, bits: u64, expected: [u64; 4]| {
            let retry = Retry { jitter, ..retry(&[]) };
            let waits = [1, 2, 3, 4].map(|tries| retry.wait(tries, bits).0 / 1_000_000);
            assert_eq!(waits, expected);
        };
        check(0.0, 7, [100, 200, 350, 350]);
        check(0.2, 0, [80, 160, 280, 280]);
        check(0.2, 1 << 63, [100, 200, 350, 350]);
    }

    #[test]
    fn only_what_is_named_is_tried_again() {
        let check = |on: &[Failure], tries: u8, error: ErrorType, status: u16, expected: bool| {
            assert_eq!(retry(on).follows(tries, error, status), expected, "{on:?} {error:?} {status}");
        };
        let server = [Failure::Hundred(5), Failure::One(ErrorType::TIMEOUT)];
        check(&[], 3, ErrorType::TIMEOUT, 0, true);
        check(&[], 4, ErrorType::TIMEOUT, 0, false);
        check(&server, 1, ErrorType::status(503), 503, true);
        check(&server, 1, ErrorType::TIMEOUT, 0, true);
        check(&server, 1, ErrorType::status(404), 404, false);
        check(&[Failure::One(ErrorType::status(429))], 1, ErrorType::status(429), 429, true);
        // A status that is no failure by itself, and a failed expectation of it.
        check(&[Failure::One(ErrorType::status(202))], 1, ErrorType::UNEXPECTED_STATUS, 202, true);
    }

    #[test]
    fn tries_are_kept_in_a_variable() {
        let tries = Tries { count: 101, draws: u32::MAX };
        assert_eq!(Tries::of(&tries.value()), Some(tries));
        assert_eq!(Tries::of(&Value::Unset), None);
    }
}
