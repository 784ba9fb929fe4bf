//! Requests at services: one row each, from their arrival until their service is done with them.

use serde::{Deserialize, Serialize};
use throng_components::clock::Nanos;
use throng_components::sample::{ErrorType, StepId};
use throng_components::service::ServiceId;

use crate::plugins::protocols::OperationId;

/// Who waits for a request's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Caller {
    /// A user.
    User(OperationId),
    /// A request at another service.
    Job(JobKey),
    /// Nobody any more.
    Nobody,
}

/// Names a request: its row, and the row's count of those it held, so that one that has gone is told from the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct JobKey {
    pub(super) row: u32,
    pub(super) generation: u32,
}

/// A request at a service.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) caller: Caller,
    /// What its draws are keyed by: its user's iteration, or what the request that made it has drawn for it.
    pub(super) key: u64,
    /// Which of the draws of that key are its own.
    pub(super) ordinal: u32,
    pub(super) step: StepId,
    pub(super) service: ServiceId,
    pub(super) arrived: Nanos,
    /// When the service's own work on it is done; [`Nanos::MAX`] while that is not known.
    pub(super) ends: Nanos,
    /// When its caller gives up.
    pub(super) gives_up: Nanos,
    pub(super) fails: bool,
    pub(super) calls: Calls,
}

/// An answer, at the instant at which it comes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Reply {
    pub(super) to: Caller,
    /// When the request had come.
    pub(super) started: Nanos,
    /// 200 or 500; 0 without an answer.
    pub(super) status: u16,
    pub(super) error: ErrorType,
}

/// How far a request is with what its service asks of others.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Calls {
    /// Which entry of the service's calls.
    pub(super) entry: u16,
    /// How many of that entry's have been answered.
    pub(super) answered: u16,
    /// How many of that entry's there are to be; 0 before that is drawn.
    pub(super) wanted: u16,
    /// Tries of the current one that have failed.
    pub(super) tried: u16,
}

/// All requests under way at services, by row.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Jobs {
    rows: Vec<Row>,
    free: Vec<u32>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Row {
    generation: u32,
    job: Option<Job>,
}

/// Bits of a generation that an event carries: its other three say what kind it is.
pub(super) const GENERATION_BITS: u32 = 29;

impl Jobs {
    pub(super) fn insert(&mut self, job: Job) -> JobKey {
        if let Some(row) = self.free.pop() {
            let place = &mut self.rows[row as usize];
            place.generation = (place.generation + 1) % (1 << GENERATION_BITS);
            place.job = Some(job);
            return JobKey { row, generation: place.generation };
        }
        self.rows.push(Row { generation: 0, job: Some(job) });
        let row = u32::try_from(self.rows.len() - 1)
            .unwrap_or_else(|_| unreachable!("services are bounded below 2^32"));
        JobKey { row, generation: 0 }
    }

    /// The request of that key, unless it has gone.
    pub(super) fn get(&mut self, key: JobKey) -> Option<&mut Job> {
        let row = self.rows.get_mut(key.row as usize).filter(|row| row.generation == key.generation)?;
        row.job.as_mut()
    }

    /// The request in a row, and its key.
    pub(super) fn at(&mut self, row: u32) -> Option<(JobKey, &mut Job)> {
        let place = self.rows.get_mut(row as usize)?;
        let generation = place.generation;
        place.job.as_mut().map(|job| (JobKey { row, generation }, job))
    }

    /// The user that waits for the request in a row, by its place; what is read along is near when it is needed.
    pub(super) fn user_at(&self, row: u32) -> Option<u32> {
        match self.rows.get(row as usize)?.job.as_ref()?.caller {
            Caller::User(id) => Some(id.slot),
            _ => None,
        }
    }

    pub(super) fn remove(&mut self, key: JobKey) -> Option<Job> {
        let job = *self.get(key)?;
        self.free(key);
        Some(job)
    }

    /// Forgets the request of that key, which is there.
    pub(super) fn free(&mut self, key: JobKey) {
        self.rows[key.row as usize].job = None;
        self.free.push(key.row);
    }

    /// All requests that users wait for, but for those of strands: each user's place and the request's key, by place.
    pub(super) fn of_users(&self) -> Vec<(u32, JobKey)> {
        let rows = (0_u32..).zip(&self.rows);
        let of_user = |(row, place): (u32, &Row)| match place.job?.caller {
            Caller::User(id) if id.strand == 0 => {
                Some((id.slot, JobKey { row, generation: place.generation }))
            }
            _ => None,
        };
        let mut all: Vec<_> = rows.filter_map(of_user).collect();
        all.sort_unstable_by_key(|(slot, _)| *slot);
        all
    }

    /// The keys of all requests at a service, by row.
    pub(super) fn of(&self, service: ServiceId) -> Vec<JobKey> {
        let rows = (0_u32..).zip(&self.rows);
        let here = rows.filter(|(_, row)| row.job.is_some_and(|job| job.service == service));
        here.map(|(row, place)| JobKey { row, generation: place.generation }).collect()
    }
}
