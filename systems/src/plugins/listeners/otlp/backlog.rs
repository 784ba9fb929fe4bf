//! Spans that wait to be sent, in batches, within a bound.

use std::collections::VecDeque;
use std::time::Duration;

use throng_components::attempt_phases::AttemptPhases;
use throng_components::sample::Sample;
use tokio::time::Instant;

use super::moment::now;

/// Spans that are kept while the receiver is slow or away.
///
/// They wait as samples of 120 bytes and become spans when they are sent: 16 MB at most. At 1 % of 10,000 steps/s that is
/// 20 minutes of an absent receiver.
const SPANS_LIMIT: usize = 131_072;

/// How long a batch may stay unsent because it is not full.
const RIPE_AFTER: Duration = Duration::from_secs(1);

/// What becomes a span.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traced {
    /// What happened.
    pub(super) sample: Sample,
    /// What its time went into.
    pub(super) phases: AttemptPhases,
}

/// The queue of one listener.
pub(super) struct Backlog {
    /// Full ones, and ones that came back.
    batches: VecDeque<Vec<Traced>>,
    /// The one that is being filled.
    open: Vec<Traced>,
    /// When its first sample came.
    opened: Instant,
    /// Spans in a full batch.
    batch: usize,
    /// All that wait.
    len: usize,
    limit: usize,
}

impl Backlog {
    /// An empty one with batches of so many spans.
    pub(super) fn new(batch: usize) -> Self {
        Self {
            batches: VecDeque::new(),
            open: Vec::new(),
            opened: now(),
            batch: batch.max(1),
            len: 0,
            limit: SPANS_LIMIT,
        }
    }

    /// Takes a sample in; `false` when there is no room.
    pub(super) fn offer(&mut self, traced: Traced) -> bool {
        if self.len >= self.limit {
            return false;
        }
        if self.open.is_empty() {
            self.opened = now();
        }
        self.open.push(traced);
        self.len += 1;
        if self.open.len() >= self.batch {
            self.batches.push_back(std::mem::take(&mut self.open));
        }
        true
    }

    /// Whether there is a batch that should not wait longer.
    pub(super) fn is_ripe(&self) -> bool {
        !self.batches.is_empty() || (!self.open.is_empty() && self.opened.elapsed() >= RIPE_AFTER)
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The batch that is next, full or not.
    pub(super) fn take(&mut self) -> Option<Vec<Traced>> {
        let batch = self
            .batches
            .pop_front()
            .or_else(|| (!self.open.is_empty()).then(|| std::mem::take(&mut self.open)))?;
        self.len -= batch.len();
        Some(batch)
    }

    /// Takes back a batch that did not arrive. It goes to the end, so that one that is refused for what it holds does not
    /// stand in the way of the others.
    pub(super) fn put_back(&mut self, batch: Vec<Traced>) {
        self.len += batch.len();
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
        Traced { sample, phases: AttemptPhases::NONE }
    }

    fn filled(batch: usize, limit: usize, count: u64) -> (Backlog, u64) {
        let mut backlog = Backlog { limit, ..Backlog::new(batch) };
        let refused = (1..=count).filter(|iteration| !backlog.offer(sample(*iteration))).count();
        (backlog, refused as u64)
    }

    fn first(batch: Option<Vec<Traced>>) -> Option<u64> {
        batch.and_then(|batch| batch.first().map(|traced| traced.sample.iteration))
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
        assert_eq!((failed.len(), failed[0].sample.iteration), (4, 1));
        backlog.put_back(failed);
        assert_eq!(first(backlog.take()), Some(5));
        assert_eq!(first(backlog.take()), Some(1), "before the one that is not full");
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
