//! Spans that wait to be sent, in batches, within a bound.

use std::collections::VecDeque;
use std::time::Duration;

use throng_components::attempt_phases::AttemptPhases;
use throng_components::clock::ClockKind;
use throng_components::sample::Sample;
use throng_components::service_span::ServiceSpan;
use tokio::time::Instant;

use super::moment::now;

/// Spans that are kept while the receiver is slow or away.
///
/// They wait as records of 128 bytes and become spans when they are sent: 17 MB at most. At 1 % of 10,000 steps/s that is
/// 20 minutes of an absent receiver.
const SPANS_LIMIT: usize = 131_072;

/// The same in virtual time, which waits for the receiver: enough for a few requests, and soon sent at the run's end.
const SPANS_LIMIT_VIRTUAL: usize = 16_384;

/// How long a batch may stay unsent because it is not full.
const RIPE_AFTER: Duration = Duration::from_secs(1);

/// What becomes a span.
#[derive(Clone, Copy, Debug)]
pub(super) enum Traced {
    /// What a user did.
    Sample {
        /// What happened.
        sample: Sample,
        /// What its time went into.
        phases: AttemptPhases,
    },
    /// What a modelled service did.
    Service(ServiceSpan),
}

impl Traced {
    /// Whose span it is: 0 for the generator's own, then services by number.
    fn origin(&self) -> usize {
        match self {
            Self::Sample { .. } => 0,
            Self::Service(span) => span.service.index() + 1,
        }
    }
}

/// Spans of one origin, to be sent together: a request names each origin once.
#[derive(Debug)]
pub(super) struct Batch {
    /// See [`Traced::origin`].
    pub(super) origin: usize,
    /// In the order in which they came.
    pub(super) spans: Vec<Traced>,
}

/// A batch that is being filled.
struct OpenBatch {
    spans: Vec<Traced>,
    /// When its first span came.
    since: Instant,
}

/// The queue of one listener.
pub(super) struct Backlog {
    /// Full ones, and ones that came back.
    batches: VecDeque<Batch>,
    /// Those that are being filled, by origin.
    open: Vec<OpenBatch>,
    /// Spans in a full batch.
    batch: usize,
    /// All that wait.
    len: usize,
    limit: usize,
}

impl Backlog {
    /// An empty one with batches of so many spans.
    pub(super) fn new(batch: usize, clock: ClockKind) -> Self {
        let limit = if clock == ClockKind::Virtual { SPANS_LIMIT_VIRTUAL } else { SPANS_LIMIT };
        Self { batches: VecDeque::new(), open: Vec::new(), batch: batch.max(1), len: 0, limit }
    }

    /// Whether there is no room.
    pub(super) fn is_full(&self) -> bool {
        self.len >= self.limit
    }

    /// Takes one in; `false` when there is no room.
    pub(super) fn offer(&mut self, traced: Traced) -> bool {
        if self.is_full() {
            return false;
        }
        let origin = traced.origin();
        if self.open.len() <= origin {
            self.open.resize_with(origin + 1, || OpenBatch { spans: Vec::new(), since: now() });
        }
        let open = &mut self.open[origin];
        if open.spans.is_empty() {
            open.since = now();
        }
        open.spans.push(traced);
        self.len += 1;
        if open.spans.len() >= self.batch {
            self.batches.push_back(Batch { origin, spans: std::mem::take(&mut open.spans) });
        }
        true
    }

    /// The batch that has been filled for the longest time.
    fn oldest(&self) -> Option<usize> {
        let open = self.open.iter().enumerate().filter(|(_, open)| !open.spans.is_empty());
        open.min_by_key(|(_, open)| open.since).map(|(origin, _)| origin)
    }

    /// Whether there is a batch that should not wait longer.
    pub(super) fn is_ripe(&self) -> bool {
        !self.batches.is_empty()
            || self.oldest().is_some_and(|origin| self.open[origin].since.elapsed() >= RIPE_AFTER)
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The batch that is next, full or not.
    pub(super) fn take(&mut self) -> Option<Batch> {
        let batch = self.batches.pop_front().or_else(|| {
            let origin = self.oldest()?;
            Some(Batch { origin, spans: std::mem::take(&mut self.open[origin].spans) })
        })?;
        self.len -= batch.spans.len();
        Some(batch)
    }

    /// Takes back a batch that did not arrive. It goes to the end, so that one that is refused for what it holds does not
    /// stand in the way of the others.
    pub(super) fn put_back(&mut self, batch: Batch) {
        self.len += batch.spans.len();
        self.batches.push_back(batch);
    }

    /// Forgets all; gives how many there were.
    pub(super) fn clear(&mut self) -> u64 {
        self.batches.clear();
        self.open.clear();
        std::mem::take(&mut self.len) as u64
    }
}

#[cfg(test)]
mod tests {
    use throng_components::sample::SampleKind;
    use throng_components::virtual_user::UserId;

    use super::*;

    fn sample(iteration: u64) -> Traced {
        let sample = Sample::empty(UserId(1), iteration, SampleKind::Iteration);
        Traced::Sample { sample, phases: AttemptPhases::NONE }
    }

    fn filled(batch: usize, limit: usize, count: u64) -> (Backlog, u64) {
        let mut backlog = Backlog { limit, ..Backlog::new(batch, ClockKind::Real) };
        let refused = (1..=count).filter(|iteration| !backlog.offer(sample(*iteration))).count();
        (backlog, refused as u64)
    }

    fn first(batch: Option<Batch>) -> Option<u64> {
        match batch?.spans.first()? {
            Traced::Sample { sample, .. } => Some(sample.iteration),
            Traced::Service(span) => Some(span.id),
        }
    }

    #[test]
    fn what_is_beyond_the_bound_is_refused() {
        let (mut backlog, refused) = filled(4, 10, 13);
        assert_eq!(refused, 3);
        assert_eq!(backlog.clear(), 10);
        assert!(backlog.is_empty() && backlog.take().is_none());
    }

    #[test]
    fn batches_go_in_order_and_failed_ones_to_the_end() {
        let (mut backlog, _) = filled(4, 100, 10);
        let failed = backlog.take().expect("a full batch");
        assert_eq!(failed.spans.len(), 4);
        backlog.put_back(failed);
        assert_eq!(first(backlog.take()), Some(5));
        assert_eq!(first(backlog.take()), Some(1), "before the one that is not full, and whole");
        assert!(!backlog.is_ripe(), "a batch that is not full waits a while");
        assert_eq!(first(backlog.take()), Some(9));
        assert!(backlog.is_empty());
    }

    #[test]
    fn room_comes_back_with_what_is_taken() {
        let (mut backlog, _) = filled(2, 4, 4);
        assert!(!backlog.offer(sample(5)));
        backlog.take();
        assert!(backlog.offer(sample(6)));
    }
}
