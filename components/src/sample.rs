//! What shards tell the world about what happened: one fixed-size record an attempt and an iteration.

use serde::{Deserialize, Serialize};

use crate::clock::Nanos;
use crate::scenario::ScenarioId;
use crate::virtual_user::UserId;

/// A measured step's number in the run's [`StepNames`](crate::scenario::StepNames).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(pub u16);

/// What a sample is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SampleKind {
    /// A step's only or last attempt: with it the step is finished, or cut. One that was to be followed by another, and was
    /// not because its iteration ended first, is told then, and has failed.
    Attempt,
    /// An attempt that failed and was followed by another one of the same step. It is told when that one begins.
    Retried,
    /// One iteration, from due to end.
    Iteration,
    /// A request within an attempt that was answered by a redirect, which the step followed. It counts as nothing else.
    Redirect,
    /// One pass through a `group`, from its first step's due to its last one's end.
    Group,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SampleOutcome {
    /// As expected.
    Succeeded,
    /// An I/O error, a timeout, or an expectation that did not hold; for an iteration: one of its steps failed.
    Failed,
    /// Ended by the engine before its own end.
    Cut,
    /// The behaviour itself broke.
    Crashed,
}

impl SampleOutcome {
    /// The name in results; once shipped it stays.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cut => "cut",
            Self::Crashed => "crashed",
        }
    }
}

/// Why an attempt failed: 0 for no failure, 100 to 599 for an HTTP status, below 100 for the rest.
///
/// Names follow OpenTelemetry's `error.type` where it has one; once shipped they stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ErrorType(pub u16);

macro_rules! error_types {
    ($(#[doc = $doc:literal] $name:ident = $number:literal $slug:literal;)*) => {
        impl ErrorType {
            $(#[doc = $doc] pub const $name: Self = Self($number);)*
            /// Every error type that is not an HTTP status, with its name in results.
            pub const NAMED: &'static [(Self, &'static str)] = &[$((Self($number), $slug)),*];
            /// What each of them means, in the same order: a sentence.
            pub const MEANINGS: &'static [&'static str] = &[$($doc.trim_ascii()),*];
        }
    };
}

error_types! {
    /// No answer within the step's timeout.
    TIMEOUT = 1 "timeout";
    /// Nobody listens at the target's address.
    CONNECTION_REFUSED = 2 "connection_refused";
    /// The target closed with a reset.
    CONNECTION_RESET = 3 "connection_reset";
    /// The target closed before its answer was whole.
    CONNECTION_CLOSED = 4 "connection_closed";
    /// The connection failed for another reason: no route, no port, no descriptor left.
    CONNECTION_FAILED = 5 "connection_failed";
    /// The target's name has no address.
    DNS = 6 "dns";
    /// What came back is not the protocol's.
    PROTOCOL = 7 "protocol_error";
    /// The answer is longer than the step reads.
    BODY_TOO_LARGE = 8 "body_too_large";
    /// An `expect status` did not hold for a status below 400.
    UNEXPECTED_STATUS = 9 "unexpected_status";
    /// A `save` found nothing in the answer.
    SAVE = 10 "save_failed";
    /// A variable that the step needs is not set: it was not sent.
    UNSET_VARIABLE = 11 "unset-variable";
    /// An expression could not be evaluated: it was not sent.
    EXPRESSION = 12 "expression_error";
    /// The modelled service failed, as declared.
    SERVICE_FAILED = 13 "service_failed";
    /// The modelled service's queue was full.
    SERVICE_FULL = 14 "service_full";
    /// A request that cannot be written as asked, such as a header with a line break: it was not sent.
    BAD_REQUEST = 15 "bad_request";
    /// The target's certificate has expired.
    TLS_EXPIRED = 20 "tls_certificate_expired";
    /// The target's certificate is signed by itself or by nobody who is trusted.
    TLS_UNKNOWN_ISSUER = 21 "tls_unknown_issuer";
    /// The target's certificate is for another name.
    TLS_WRONG_NAME = 22 "tls_wrong_name";
    /// The target's certificate is bad in another way: not valid yet, broken, for another purpose.
    TLS_BAD_CERTIFICATE = 23 "tls_bad_certificate";
    /// What answered the handshake is no TLS, such as plain HTTP on that port.
    TLS_NOT_SPOKEN = 24 "tls_not_spoken";
    /// The target closed or reset the connection within the handshake.
    TLS_CLOSED = 25 "tls_handshake_closed";
    /// The target refused with an alert: no version, cipher or client certificate that it takes.
    TLS_ALERT = 26 "tls_alert";
    /// TLS failed in another way.
    TLS_FAILED = 27 "tls_failed";
    /// The proxy has no address, or nobody listens there.
    PROXY_UNREACHABLE = 30 "proxy_unreachable";
    /// The proxy asks for a user and a password, or for others.
    PROXY_AUTHENTICATION = 31 "proxy_authentication_required";
    /// The proxy did not make a tunnel to the target.
    PROXY_REFUSED = 32 "proxy_refused";
    /// The proxy closed, or answered what is no HTTP, before there was a tunnel.
    PROXY_FAILED = 33 "proxy_failed";
    /// An `expect body` did not hold.
    UNEXPECTED_BODY = 40 "unexpected_body";
    /// An `expect header` did not hold.
    UNEXPECTED_HEADER = 41 "unexpected_header";
    /// An `expect within` did not hold.
    TOO_SLOW = 42 "too_slow";
    /// A step was led on more often than it follows; a circle of redirects ends so, too.
    TOO_MANY_REDIRECTS = 43 "too_many_redirects";
    /// A redirect leads to what is no address, or to one that cannot be reached by HTTP.
    BAD_REDIRECT = 44 "bad_redirect";
    /// The answer's body is not encoded as its head says.
    BAD_ENCODING = 45 "bad_content_encoding";
    /// A `while` went round as often as it may: its iteration has failed.
    LOOP_LIMIT = 50 "loop_limit";
    /// A condition was neither true nor false: its iteration has failed.
    CONDITION = 51 "condition_not_boolean";
    /// What `repeat` was given is no whole number: its iteration has failed.
    REPEAT_TIMES = 52 "repeat_not_a_count";
    /// A step that is a Rust function says that it failed, for no better reason.
    FUNCTION_FAILED = 60 "function_failed";
    /// A function or protocol of one's own panicked.
    PANICKED = 61 "panicked";
    /// The answer's HTML is too deep or too large for a `save` to look into it.
    HTML_TOO_COMPLEX = 70 "html_too_complex";
}

impl ErrorType {
    /// No failure.
    pub const NONE: Self = Self(0);

    /// The failure of an HTTP status.
    pub const fn status(status: u16) -> Self {
        Self(status)
    }

    /// Whether there was a failure.
    pub const fn is_failure(self) -> bool {
        self.0 != 0
    }

    /// The name in results: `timeout`, `500`.
    pub fn slug(self) -> std::borrow::Cow<'static, str> {
        match Self::NAMED.iter().find(|(error, _)| *error == self) {
            Some((_, slug)) => (*slug).into(),
            None => self.0.to_string().into(),
        }
    }
}

/// One attempt of a step or one iteration, as it happened.
///
/// `due ≤ ready ≤ unblocked ≤ started ≤ ended` holds for everything that was sent. For a cut attempt that never began,
/// `started` is its end.
///
/// # Units
/// Instants are nanoseconds since the run's start, sizes are bytes (saturating at 4 GiB).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// When it was due: by the plan, or by the end of the step before and the waits declared in between. All tries of a step
    /// have its due.
    pub due: Nanos,
    /// When its user was free: `due` for all but an iteration's first step; for a further try when its wait was over.
    pub ready: Nanos,
    /// When its connection was free.
    pub unblocked: Nanos,
    /// When its I/O began, connecting included.
    pub started: Nanos,
    /// When it ended.
    pub ended: Nanos,
    /// Who.
    pub user: UserId,
    /// The token's number in an open scenario, the user's own iteration number in a closed one; from 1.
    pub iteration: u64,
    /// The step, or the group by its number among groups; 0 and without meaning for an iteration.
    pub step: StepId,
    /// The innermost group it lies in, by its count within the iteration, from 1; 0 for none, and for those beyond 65,535.
    pub group: u16,
    /// The protocol's status: an HTTP status, or 0.
    pub status: u16,
    /// Why it failed.
    pub error: ErrorType,
    /// Bytes written, heads included.
    pub bytes_sent: u32,
    /// Bytes read, heads included.
    pub bytes_received: u32,
    /// Which operation of the iteration it was, from 0, or which group, from 1; names its span. Each strand of a `parallel`
    /// has numbers of its own, [`OPERATIONS_OF_A_STRAND`] apart.
    pub ordinal: u32,
    /// What it is about.
    pub kind: SampleKind,
    /// How it ended.
    pub outcome: SampleOutcome,
    /// Which try of the step this was, from 1; 0 for a step that failed unsent, or was cut before it was sent. For a
    /// redirect: which of its attempt, from 1.
    pub attempt: u8,
    /// Whether it belongs to the warm-up, which results leave out.
    pub warm_up: bool,
}

/// Ordinals that one strand of an iteration may use before they meet those of the next: 67 million.
pub const OPERATIONS_OF_A_STRAND: u32 = 1 << 26;

impl Sample {
    /// One that began and ended at the run's start and went well, on its first attempt: what differs is filled in.
    pub const fn empty(user: UserId, iteration: u64, kind: SampleKind) -> Self {
        Self {
            due: Nanos::ZERO,
            ready: Nanos::ZERO,
            unblocked: Nanos::ZERO,
            started: Nanos::ZERO,
            ended: Nanos::ZERO,
            user,
            iteration,
            step: StepId(0),
            group: 0,
            status: 0,
            error: ErrorType::NONE,
            bytes_sent: 0,
            bytes_received: 0,
            ordinal: 0,
            kind,
            outcome: SampleOutcome::Succeeded,
            attempt: 1,
            warm_up: false,
        }
    }

    /// The scenario.
    pub fn scenario(&self) -> ScenarioId {
        self.user.scenario()
    }

    /// Whether it is about a try of a step, the last one or not.
    pub fn is_try(&self) -> bool {
        matches!(self.kind, SampleKind::Attempt | SampleKind::Retried)
    }

    /// Whether anything was sent: only then its times say something of the target. Iterations and groups count as sent.
    pub fn was_sent(&self) -> bool {
        self.attempt > 0 || !self.is_try()
    }

    /// Due until end: what the caller of a service feels.
    pub fn response(&self) -> Nanos {
        self.ended - self.due
    }

    /// Start until end: what the service took.
    pub fn service(&self) -> Nanos {
        self.ended - self.started
    }

    /// Due until the user was free.
    pub fn waiting(&self) -> Nanos {
        self.ready - self.due
    }

    /// User free until the connection was free.
    pub fn blocked(&self) -> Nanos {
        self.unblocked - self.ready
    }

    /// All ready until started: the generator's own fault.
    pub fn lateness(&self) -> Nanos {
        self.started - self.unblocked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_stays_small() {
        assert_eq!(size_of::<Sample>(), 80);
    }

    #[test]
    fn error_types_have_one_name_each() {
        let mut slugs: Vec<_> = ErrorType::NAMED.iter().map(|(_, slug)| *slug).collect();
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), ErrorType::NAMED.len());
        assert_eq!(ErrorType::status(503).slug(), "503");
        assert_eq!(ErrorType::TIMEOUT.slug(), "timeout");
    }
}
