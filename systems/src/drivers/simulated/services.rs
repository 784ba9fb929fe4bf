//! All services of a simulation and the requests at them: who is served when, who calls whom, who gives up.

use std::collections::{BTreeMap, VecDeque};

use throng_components::clock::Nanos;
use throng_components::sample::ErrorType;
use throng_components::service::{ServiceFigures, ServiceId};
use throng_components::state_of;

use super::job::{Caller, Calls, GENERATION_BITS, Job, JobKey, Jobs, Reply};
use super::pending::{Agenda, Pending};
use super::service::{EpisodeKind, Service};
use super::spans::Spans;
use super::station::{Admission, Crowd, Station, Time};
use crate::plugins::protocols::{Operation, OperationId};

/// Requests that wait at one service without a declared bound, at most: a simulation whose queue is longer has more load than
/// it can ever serve, and ends before the memory does.
const QUEUE_MOST: u64 = 5_000_000;

/// What became of a request that came to its service.
#[derive(Clone, Copy, Debug)]
pub(super) enum Entered {
    /// A server has begun with it.
    Begun(JobKey),
    /// It waits.
    Waits(JobKey),
    /// It is answered already, with an error.
    Refused(ErrorType),
}

impl Entered {
    /// Names it while it is at the service.
    fn key(self) -> Option<JobKey> {
        match self {
            Self::Begun(key) | Self::Waits(key) => Some(key),
            Self::Refused(_) => None,
        }
    }
}

/// All services at work.
#[derive(Debug, Default)]
pub(super) struct Services {
    pub(super) stations: Vec<Station>,
    pub(super) jobs: Jobs,
    pub(super) agenda: Agenda,
    /// Answers of this instant that are not delivered yet.
    pub(super) replies: VecDeque<Reply>,
    /// Requests of users by their place in the shard, rising; made when it is asked for, and `None` again with the next
    /// request: users give up when a run is cut and hardly ever else, and each request would have to be noted.
    of_users: Option<Vec<(u32, JobKey)>>,
    /// The same of the strands of a `parallel`, by place and strand.
    of_parts: BTreeMap<(u32, u8), JobKey>,
    /// The service whose queue has grown beyond all bounds.
    pub(super) overrun: Option<ServiceId>,
    /// Spans for traces, where anybody wants them.
    pub(super) spans: Option<Box<Spans>>,
    /// Whether no iteration is under way and [`Self::figures_at_rest`] hold.
    at_rest: bool,
    /// What each service had come to when the last iteration ended. If the run ends so, these are its figures: what services
    /// do for nobody until the world has noticed belongs to no run.
    figures_at_rest: Vec<ServiceFigures>,
    /// [`QUEUE_MOST`], but in tests.
    queue_most: u64,
}

state_of!(Services {
    saved: jobs, agenda, replies, of_users, of_parts, overrun, at_rest, figures_at_rest;
    within: stations, spans;
    declared: queue_most
});

impl Services {
    pub(super) fn new(services: Vec<Service>, spans: Option<Spans>) -> Self {
        let mut agenda = Agenda::default();
        for service in &services {
            for at in service.episodes.iter().flat_map(|episode| [episode.from, episode.until]) {
                agenda.insert(at, Pending::Episode(service.id.0.into()));
            }
        }
        Self {
            stations: services.into_iter().map(Station::new).collect(),
            agenda,
            spans: spans.map(Box::new),
            queue_most: QUEUE_MOST,
            ..Self::default()
        }
    }

    /// Takes settings that a system has changed; what servers work on already is not changed by it.
    pub(super) fn change(&mut self, service: &Service, now: Nanos) {
        let Some(station) = self.stations.get_mut(service.id.index()) else { return };
        station.carry_on(now);
        station.service.clone_from(service);
        self.begin_waiting(service.id, now);
        self.share_anew(service.id);
    }

    /// What each service has come to.
    pub(super) fn figures(&mut self, now: Nanos) -> Vec<ServiceFigures> {
        self.stations.iter_mut().map(|station| station.figures_at(now)).collect()
    }

    /// What each service has come to in the whole run, with its times.
    pub(super) fn last_figures(&mut self, now: Nanos) -> Vec<ServiceFigures> {
        if !self.at_rest {
            self.note_figures(now);
        }
        let stations = self.stations.iter_mut().zip(std::mem::take(&mut self.figures_at_rest));
        let told = stations.map(|(station, figures)| ServiceFigures {
            measures: Some(std::mem::take(&mut station.measures)),
            ..figures
        });
        told.collect()
    }

    /// Whether no iteration is under way, as far as this was told.
    pub(super) fn is_at_rest(&self) -> bool {
        self.at_rest
    }

    /// Notes that iterations are under way again, or that none is any more.
    #[inline(never)]
    pub(super) fn change_running(&mut self, running: bool, now: Nanos) {
        self.at_rest = !running;
        if let Some(spans) = &mut self.spans {
            spans.note_running(running, now);
        }
        if running {
            self.stations.iter_mut().for_each(Station::record_held);
        } else {
            self.note_figures(now);
            self.stations.iter_mut().for_each(Station::hold);
        }
    }

    /// Notes what each service has come to, in room that is used again: with little load this happens at each request.
    fn note_figures(&mut self, now: Nanos) {
        let figures = self.stations.iter_mut().map(|station| station.figures_at(now));
        self.figures_at_rest.clear();
        self.figures_at_rest.extend(figures);
    }

    /// A user asks for something.
    #[inline(always)]
    pub(super) fn request<R>(&mut self, operation: &Operation<R>, service: ServiceId, now: Nanos) {
        let id = operation.id;
        let job = Job {
            caller: Caller::User(id),
            key: operation.key,
            ordinal: operation.ordinal,
            step: operation.step,
            service,
            arrived: now,
            ends: Nanos::MAX,
            gives_up: now + operation.timeout,
            fails: false,
            calls: Calls::default(),
        };
        let entered = self.enter(job, now);
        if let Some(spans) = &mut self.spans {
            spans.asked(operation, &job, entered);
        }
        let key = entered.key();
        if id.strand > 0 {
            key.and_then(|key| self.of_parts.insert((id.slot, id.strand), key));
            return;
        }
        self.of_users = None;
    }

    /// A user gives up on what it asked for; gives when that had come, where it is still under way.
    pub(super) fn let_go(&mut self, id: OperationId) -> Option<Nanos> {
        let key = match id.strand {
            0 => {
                let of_users = self.of_users.get_or_insert_with(|| self.jobs.of_users());
                let place = of_users.binary_search_by_key(&id.slot, |(slot, _)| *slot);
                place.ok().map(|place| of_users[place].1)
            }
            strand => self.of_parts.get(&(id.slot, strand)).copied(),
        };
        let job = self.jobs.get(key?).filter(|job| job.caller == Caller::User(id))?;
        job.caller = Caller::Nobody;
        self.stations[job.service.index()].figures.given_up += 1;
        Some(job.arrived)
    }

    /// Forgets what a user's strands asked for.
    pub(super) fn leave(&mut self, slot: u32) {
        if self.of_parts.is_empty() {
            return;
        }
        let parts = self.of_parts.range((slot, 0)..=(slot, u8::MAX)).map(|(key, _)| *key);
        for key in parts.collect::<Vec<_>>() {
            self.of_parts.remove(&key);
        }
    }

    /// The next answer of this instant for a user. Those for other requests are delivered on the way.
    #[inline]
    pub(super) fn next_reply(&mut self, now: Nanos) -> Option<(OperationId, Reply)> {
        if self.replies.is_empty() { None } else { self.deliver_replies(now) }
    }

    #[inline(always)]
    fn deliver_replies(&mut self, now: Nanos) -> Option<(OperationId, Reply)> {
        while let Some(reply) = self.replies.pop_front() {
            match reply.to {
                Caller::User(id) => return Some((id, reply)),
                Caller::Job(key) => self.answered(key, &reply, now),
                Caller::Nobody => {}
            }
        }
        None
    }

    /// Whether an answer of this instant is not delivered yet.
    pub(super) fn has_replies(&self) -> bool {
        !self.replies.is_empty()
    }

    /// Lets one thing happen.
    pub(super) fn happen(&mut self, pending: Pending, now: Nanos) {
        match pending {
            Pending::Served(key) => self.served(key, now),
            Pending::CallsAgain(key) => self.call(key, now),
            Pending::GivesUp(key) => self.give_up(key, now),
            Pending::Deadline(service) => self.deadline(service as usize, now),
            Pending::Shared { service, version } => self.shared_done(service as usize, version, now),
            Pending::Episode(service) => self.episode(service as usize, now),
            Pending::Later(_) => unreachable!("answers that come later are no service's"),
        }
    }

    /// A request comes to its service.
    pub(super) fn enter(&mut self, mut job: Job, now: Nanos) -> Entered {
        let service = job.service;
        let station = &mut self.stations[service.index()];
        station.carry_on(now);
        match station.admit() {
            Admission::Begins => {
                station.figures.busy += 1;
                begin(station, &mut job, now);
                let key = self.jobs.insert(job);
                self.agenda.insert(job.ends, Pending::Served(key));
                // One that calls others lasts longer than its own work.
                let may_be_late = job.ends > job.gives_up || !station.service.calls.is_empty();
                if may_be_late && job.gives_up < Nanos::MAX {
                    self.agenda.insert(job.gives_up, Pending::GivesUp(key));
                }
                Entered::Begun(key)
            }
            Admission::Waits => {
                let key = self.jobs.insert(job);
                station.wait(key, &job);
                self.overrun =
                    self.overrun.or((station.figures.waiting > self.queue_most).then_some(service));
                self.await_deadline(service, key, job.gives_up);
                Entered::Waits(key)
            }
            Admission::Shares => {
                let work = station.draw(&mut job);
                let key = self.jobs.insert(job);
                station.share(work, key);
                self.share_anew(service);
                self.await_deadline(service, key, job.gives_up);
                Entered::Begun(key)
            }
            Admission::Refused => self.refuse(&job, ErrorType::SERVICE_FULL),
            Admission::Down => self.refuse(&job, ErrorType::CONNECTION_REFUSED),
        }
    }

    fn refuse(&mut self, job: &Job, error: ErrorType) -> Entered {
        self.replies.push_back(Reply { to: job.caller, started: job.arrived, status: 0, error });
        Entered::Refused(error)
    }

    /// A server has done its own work on a request.
    #[inline(always)]
    fn served(&mut self, key: JobKey, now: Nanos) {
        let Some(job) = self.jobs.get(key) else { return };
        if self.stations[job.service.index()].service.calls.is_empty() || job.fails {
            self.finish(key, now);
        } else {
            self.call(key, now);
        }
    }

    /// A service is done with a request: its caller has its answer, its server the next request.
    pub(super) fn finish(&mut self, key: JobKey, now: Nanos) {
        let Some(&mut Job { service, caller, arrived, fails, .. }) = self.jobs.get(key) else { return };
        self.jobs.free(key);
        let station = &mut self.stations[service.index()];
        station.carry_on(now);
        station.figures.present -= 1;
        if let Crowd::Queue(_) = station.crowd {
            station.figures.busy -= 1;
        }
        if fails {
            station.figures.failed += 1;
        } else {
            station.figures.served += 1;
        }
        station.record(Time::Sojourn(now - arrived));
        let status = if fails { 500 } else { 200 };
        self.replies.push_back(Reply { to: caller, started: arrived, status, error: ErrorType::NONE });
        if let Some(spans) = &mut self.spans {
            spans.finished(key, status, ErrorType::NONE, now);
        }
        self.begin_waiting(service, now);
    }

    /// Servers that are free begin those that wait.
    #[inline(always)]
    fn begin_waiting(&mut self, service: ServiceId, now: Nanos) {
        let station = &mut self.stations[service.index()];
        while let Some(row) = station.next_waiting() {
            let Some((key, job)) = self.jobs.at(row) else { continue };
            station.figures.busy += 1;
            begin(station, job, now);
            self.agenda.insert(job.ends, Pending::Served(key));
            if let Some(spans) = &mut self.spans {
                spans.begun(key, now);
            }
        }
    }

    /// Those that share a service's servers have changed.
    fn share_anew(&mut self, service: ServiceId) {
        if let Some((at, version)) = self.stations[service.index()].share_anew() {
            self.agenda.insert(at, Pending::Shared { service: service.0.into(), version });
        }
    }

    /// A shared service has done its work on some requests.
    fn shared_done(&mut self, service: usize, version: u32, now: Nanos) {
        let station = &mut self.stations[service];
        station.carry_on(now);
        let Crowd::Shared(sharing) = &mut station.crowd else { return };
        if sharing.version % (1 << GENERATION_BITS) != version {
            return;
        }
        let done: Vec<JobKey> = std::iter::from_fn(|| sharing.pop_done()).collect();
        let id = station.service.id;
        self.share_anew(id);
        for key in done {
            self.served(key, now);
        }
    }

    /// An episode of a service begins or ends.
    fn episode(&mut self, service: usize, now: Nanos) {
        let station = &mut self.stations[service];
        station.carry_on(now);
        let (down, stalled) =
            (station.service.is_in(EpisodeKind::Outage, now), station.service.is_in(EpisodeKind::Stall, now));
        if let Crowd::Shared(sharing) = &mut station.crowd {
            sharing.stalled = stalled;
        }
        let was_down = std::mem::replace(&mut station.down, down);
        let id = station.service.id;
        if down && !was_down {
            self.lose_all(id, now);
        }
        self.share_anew(id);
    }

    /// All requests of a service are lost.
    fn lose_all(&mut self, service: ServiceId, now: Nanos) {
        let station = &mut self.stations[service.index()];
        match &mut station.crowd {
            Crowd::Queue(queue) => queue.clear(),
            Crowd::Shared(sharing) => sharing.clear(),
        }
        for key in self.jobs.of(service) {
            let Some(job) = self.jobs.remove(key) else { continue };
            station.figures.lost += 1;
            let error = ErrorType::CONNECTION_RESET;
            self.replies.push_back(Reply { to: job.caller, started: job.arrived, status: 0, error });
            if let Some(spans) = &mut self.spans {
                spans.finished(key, 0, error, now);
            }
        }
        (station.figures.busy, station.figures.waiting, station.figures.present) = (0, 0, 0);
    }
}

/// A server begins a request.
fn begin(station: &mut Station, job: &mut Job, now: Nanos) {
    let work = station.draw(job);
    job.ends = station.service.ends(now, work);
    station.record(Time::Wait(now - job.arrived));
}

#[cfg(test)]
mod tests {
    use throng_components::sample::StepId;

    use super::super::service::tests::service;
    use super::*;

    #[test]
    fn a_queue_that_only_grows_is_named() {
        let mut services = Services { queue_most: 2, ..Services::new(vec![service(0, 1_000)], None) };
        let job = Job {
            caller: Caller::Nobody,
            key: 1,
            ordinal: 0,
            step: StepId(0),
            service: ServiceId(0),
            arrived: Nanos::ZERO,
            ends: Nanos::MAX,
            gives_up: Nanos::MAX,
            fails: false,
            calls: Calls::default(),
        };
        for waiting in 0..4 {
            assert_eq!(services.overrun, (waiting > 3).then_some(ServiceId(0)), "{waiting}");
            services.enter(job, Nanos::ZERO);
        }
        assert_eq!(services.overrun, Some(ServiceId(0)));
    }
}
