//! One service at work: its servers, its line, its figures.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use throng_components::clock::Nanos;
use throng_components::seed::{Purpose, draw, unit};
use throng_components::service::{ServiceFigures, ServiceMeasures};
use throng_components::state::{NotRestored, State, StateReader, StateWriter};
use throng_components::state_of;

use super::job::{Job, JobKey};
use super::service::{EpisodeKind, Service, USUAL_RANK};
use super::sharing::Sharing;
use crate::plugins::laws::Draws;
use crate::plugins::queues::{Line, Queue, Waiting};

/// Those that the servers cannot work on alone.
#[derive(Debug)]
pub(super) enum Crowd {
    /// They wait.
    Queue(Box<dyn Queue>),
    /// They share the servers.
    Shared(Sharing),
}

/// A service at work.
#[derive(Debug)]
pub(super) struct Station {
    pub(super) service: Service,
    pub(super) crowd: Crowd,
    pub(super) figures: ServiceFigures,
    pub(super) measures: Box<ServiceMeasures>,
    /// When those who wait give up, in the order in which they came; rising. Some have been served since: one event for
    /// the first of them instead of one for each keeps what is to happen short.
    pub(super) deadlines: VecDeque<(Nanos, JobKey)>,
    /// Whether an event for the first deadline is set.
    pub(super) deadline_set: bool,
    /// Whether it is within an outage.
    pub(super) down: bool,
    /// Times that are recorded when somebody asks for something again; `None` while somebody is under way.
    held: Option<Vec<Time>>,
}

/// A time to be recorded.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) enum Time {
    /// From arrival until a server began it.
    Wait(Nanos),
    /// From arrival until the service was done with it.
    Sojourn(Nanos),
}

/// What becomes of a request that comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// A server is free.
    Begins,
    /// It waits.
    Waits,
    /// It shares the servers.
    Shares,
    /// There is no room.
    Refused,
    /// Nobody is there.
    Down,
}

state_of!(Station {
    saved: figures, measures, deadlines, deadline_set, down, held;
    within: crowd;
    declared: service
});

impl State for Crowd {
    fn save(&mut self, writer: &mut StateWriter) {
        match self {
            // What cannot be saved is refused before the run begins.
            Self::Queue(queue) => queue.state().into_iter().for_each(|state| state.save(writer)),
            Self::Shared(sharing) => writer.put(&*sharing),
        }
    }

    fn restore(&mut self, reader: &mut StateReader<'_>) -> Result<(), NotRestored> {
        match self {
            Self::Queue(queue) => queue.state().map_or(Ok(()), |state| state.restore(reader)),
            Self::Shared(sharing) => reader.take().map(|saved| *sharing = saved),
        }
    }
}

impl Station {
    pub(super) fn new(service: Service) -> Self {
        let crowd = match service.queue.discipline.line() {
            Line::Queue(queue) => Crowd::Queue(queue),
            Line::Shared => Crowd::Shared(Sharing::default()),
        };
        let down = service.is_in(EpisodeKind::Outage, Nanos::ZERO);
        Self {
            crowd,
            figures: ServiceFigures::default(),
            measures: Box::default(),
            deadlines: VecDeque::new(),
            deadline_set: false,
            down,
            held: None,
            service,
        }
    }

    /// Records a time.
    #[inline(always)]
    pub(super) fn record(&mut self, time: Time) {
        match (&mut self.held, time) {
            (Some(held), time) => held.push(time),
            (None, Time::Wait(wait)) => self.measures.wait.record(wait),
            (None, Time::Sojourn(sojourn)) => self.measures.sojourn.record(sojourn),
        }
    }

    /// Holds back what is to be recorded from now on; what is still held back at the run's end belongs to no run.
    pub(super) fn hold(&mut self) {
        self.held = Some(Vec::new());
    }

    /// Records what was held back.
    pub(super) fn record_held(&mut self) {
        for time in self.held.take().into_iter().flatten() {
            self.record(time);
        }
    }

    /// The figures as of now. What requests do is not carried on: it changes with events alone.
    pub(super) fn figures_at(&mut self, now: Nanos) -> ServiceFigures {
        self.figures.carry_on(now, self.service.servers.into());
        self.figures.clone()
    }

    /// Carries the figures on to now, before anything changes.
    pub(super) fn carry_on(&mut self, now: Nanos) {
        self.figures.carry_on(now, self.service.servers.into());
        if let Crowd::Shared(sharing) = &mut self.crowd {
            sharing.carry_on(now, self.service.servers);
        }
    }

    /// Counts a request that comes and says what becomes of it.
    pub(super) fn admit(&mut self) -> Admission {
        self.figures.seen += self.figures.present;
        self.figures.arrived += 1;
        let admission = self.admission();
        match admission {
            Admission::Begins | Admission::Waits | Admission::Shares => self.figures.present += 1,
            Admission::Refused => self.figures.refused += 1,
            Admission::Down => self.figures.lost += 1,
        }
        admission
    }

    fn admission(&self) -> Admission {
        if self.down {
            return Admission::Down;
        }
        let servers = u64::from(self.service.servers);
        let limit = self.service.queue.limit.unwrap_or(u64::MAX);
        match &self.crowd {
            Crowd::Shared(sharing) if sharing.len() >= limit.saturating_add(servers) => Admission::Refused,
            Crowd::Shared(_) => Admission::Shares,
            Crowd::Queue(_) if self.figures.busy < servers => Admission::Begins,
            Crowd::Queue(_) if self.figures.waiting >= limit => Admission::Refused,
            Crowd::Queue(_) => Admission::Waits,
        }
    }

    /// Draws how long the service works on a request and whether it fails it.
    ///
    /// Draws are keyed by the request, never by who serves it or when: so they do not depend on the order of service.
    #[inline(always)]
    pub(super) fn draw(&self, job: &mut Job) -> Nanos {
        let own = self.service.step(job.step);
        let law = own.and_then(|own| own.time.as_ref()).unwrap_or(&self.service.time);
        let fails = own.and_then(|own| own.fails).unwrap_or(self.service.fails);
        if fails.0 > 0.0 {
            let chance = unit(draw(job.key, Purpose::SERVICE_FAILURE, u64::from(job.ordinal)));
            job.fails = chance < fails.0;
        }
        let first = u64::from(job.ordinal) << 32;
        law.draw(&mut Draws::new(job.key, Purpose::SERVICE_TIME, first))
    }

    /// Lets a request share the servers.
    pub(super) fn share(&mut self, work: Nanos, key: JobKey) {
        if let Crowd::Shared(sharing) = &mut self.crowd {
            sharing.add(work, key);
            self.record(Time::Wait(Nanos::ZERO));
        }
    }

    /// Puts a request into the queue.
    pub(super) fn wait(&mut self, key: JobKey, job: &Job) {
        let Crowd::Queue(queue) = &mut self.crowd else { return };
        let rank = self.service.step(job.step).map_or(USUAL_RANK, |own| own.rank);
        let lot = draw(job.key, Purpose::SERVICE_LOT, u64::from(job.ordinal));
        queue.push(Waiting { job: key.row, rank, lot });
        self.figures.waiting += 1;
    }

    /// Takes the next one that waits, when a server is free for it.
    #[inline(always)]
    pub(super) fn next_waiting(&mut self) -> Option<u32> {
        let Crowd::Queue(queue) = &mut self.crowd else { return None };
        if self.figures.busy >= u64::from(self.service.servers) {
            return None;
        }
        let row = queue.pop()?;
        self.figures.waiting -= 1;
        Some(row)
    }

    /// After those that share the servers have changed: how many servers have work, and the count of this change.
    pub(super) fn share_anew(&mut self) -> Option<(Nanos, u32)> {
        let Crowd::Shared(sharing) = &mut self.crowd else { return None };
        let servers = self.service.servers;
        sharing.version = sharing.version.wrapping_add(1);
        self.figures.busy = sharing.len().min(servers.into());
        sharing.next_end(servers).map(|at| (at, sharing.version))
    }
}
