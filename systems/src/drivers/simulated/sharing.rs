//! Servers that all requests share, each of them in equal parts.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use serde::{Deserialize, Serialize};
use throng_components::clock::Nanos;

use super::job::JobKey;

/// Parts of a nanosecond that progress is counted in, as a power of two: what is lost to rounding stays below a nanosecond
/// over a million events.
const FRACTION_BITS: u32 = 20;

/// Requests served at one time.
///
/// Progress is one number for all: how much work each request would have had done on it that were here from the start. A
/// request is done when progress has grown by its own work since it came; so an event costs the logarithm of their number
/// and not the number. All in whole numbers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Sharing {
    /// By the progress at which they are done, then in the order in which they came.
    served: BinaryHeap<Reverse<(u128, u64, u32, u32)>>,
    progress: u128,
    /// Up to when progress goes.
    at: Nanos,
    came: u64,
    /// Counts what has changed the next end; an event for an older count is stale.
    pub(super) version: u32,
    /// Whether it stands still.
    pub(super) stalled: bool,
}

impl Sharing {
    pub(super) fn len(&self) -> u64 {
        self.served.len() as u64
    }

    /// Lets progress grow up to now.
    pub(super) fn carry_on(&mut self, now: Nanos, servers: u32) {
        let passed = u128::from((now - self.at).0) << FRACTION_BITS;
        self.at = self.at.max(now);
        let requests = self.served.len() as u128;
        if requests > 0 && !self.stalled {
            self.progress += passed * requests.min(servers.into()) / requests;
        }
    }

    pub(super) fn add(&mut self, work: Nanos, key: JobKey) {
        self.came += 1;
        let done = self.progress + (u128::from(work.0) << FRACTION_BITS);
        self.served.push(Reverse((done, self.came, key.row, key.generation)));
    }

    /// When the next request is done, if nothing changes before.
    pub(super) fn next_end(&self, servers: u32) -> Option<Nanos> {
        let Reverse((done, ..)) = self.served.peek()?;
        if self.stalled {
            return None;
        }
        let requests = self.served.len() as u128;
        let rate = requests.min(servers.into());
        // Rounded up, so that at that instant it is done.
        let left = done.saturating_sub(self.progress) * requests;
        let length = left.div_ceil(rate).div_ceil(1 << FRACTION_BITS);
        Some(self.at + Nanos(u64::try_from(length).unwrap_or(u64::MAX)))
    }

    /// Takes the next request that is done.
    pub(super) fn pop_done(&mut self) -> Option<JobKey> {
        let Reverse((done, _, row, generation)) = *self.served.peek()?;
        if done > self.progress {
            return None;
        }
        self.served.pop();
        Some(JobKey { row, generation })
    }

    pub(super) fn clear(&mut self) {
        self.served.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(row: u32) -> JobKey {
        JobKey { row, generation: 0 }
    }

    /// Lets requests come (instant, work) and gives when each was done.
    fn play(servers: u32, coming: &[(u64, u64)]) -> Vec<(u32, u64)> {
        let (mut sharing, mut done) = (Sharing::default(), Vec::new());
        let mut coming = (0_u32..).zip(coming).peekable();
        loop {
            let arrival = coming.peek().map(|(_, (at, _))| Nanos(*at));
            let end = sharing.next_end(servers);
            let Some(now) = [arrival, end].into_iter().flatten().min() else { return done };
            sharing.carry_on(now, servers);
            while let Some(job) = sharing.pop_done() {
                done.push((job.row, now.0));
            }
            if let Some((row, (_, work))) = coming.next_if(|(_, (at, _))| Nanos(*at) <= now) {
                sharing.add(Nanos(*work), key(row));
            }
        }
    }

    #[test]
    fn requests_share_the_servers() {
        assert_eq!(play(1, &[(0, 100)]), [(0, 100)]);
        // Half speed for both from 50 on: the first has 50 left, which take 100.
        assert_eq!(play(1, &[(0, 100), (50, 100)]), [(0, 150), (1, 200)]);
        assert_eq!(play(2, &[(0, 100), (50, 100)]), [(0, 100), (1, 150)]);
        // Three on two servers: each at two thirds.
        assert_eq!(play(2, &[(0, 100), (0, 100), (0, 100)]), [(0, 150), (1, 150), (2, 150)]);
        assert_eq!(play(1, &[(0, 100), (0, 10)]), [(1, 20), (0, 110)]);
    }

    #[test]
    fn a_stall_takes_no_work_off() {
        let mut sharing = Sharing::default();
        sharing.add(Nanos(100), key(0));
        sharing.carry_on(Nanos(40), 1);
        sharing.stalled = true;
        assert_eq!(sharing.next_end(1), None);
        sharing.carry_on(Nanos(90), 1);
        sharing.stalled = false;
        assert_eq!(sharing.next_end(1), Some(Nanos(150)));
    }
}
