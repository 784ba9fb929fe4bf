//! Drives one shard against modelled services.

use crossbeam_channel::{Receiver, Sender};
use throng_components::clock::Nanos;
use throng_components::exchange::{DriverFigures, OrderBlock, ReportBlock};
use throng_components::sample_block::SampleBlock;
use throng_components::service::ServiceId;
use throng_components::state_of;
use throng_components::target::Target;
use throng_components::thread::ThreadId;
use throng_components::trace::TraceContext;

use super::answerers::{Answerers, empty};
use super::event_log::EventLog;
use super::job::Reply;
use super::pending::Pending;
use super::service::Service;
use super::services::Services;
use super::spans::Spans;
use super::traps::Traps;
use crate::plugins::exit_conditions::Tripwire;
use crate::plugins::protocols::{Completion, OperationId};
use crate::shard::Shard;

/// Events at one instant, at most, and so many more a user. Above that simulated time stands still: users repeat and
/// nothing takes any time. Each leaves a sample of 80 bytes, so that the bound is reached before memory is.
const EVENTS_PER_INSTANT: u64 = 1_000_000;
const EVENTS_PER_INSTANT_AND_USER: u64 = 100;

/// Things a shard does in one call.
const BUDGET: usize = 100_000;

/// What a simulation is made of.
pub struct SimulationSettings {
    /// The users.
    pub shard: Shard,
    /// The targets, by number.
    pub targets: Vec<Target>,
    /// The services that answer for them.
    pub services: Vec<Service>,
    /// Where orders come from.
    pub orders: Receiver<OrderBlock>,
    /// Where reports go.
    pub reports: Sender<ReportBlock>,
    /// Where emptied blocks of samples come back.
    pub spent: Receiver<SampleBlock>,
    /// Where events are written.
    pub log: Option<EventLog>,
    /// How trace ids come about; `None` when nobody wants spans.
    pub trace: Option<TraceContext>,
}

/// Why a simulation came to a halt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// The limit is reached: all before it has happened.
    Limit,
    /// A count was passed at this instant, or a user has stopped its scenario.
    Tripped(Nanos),
    /// Time does not move on from this instant.
    StandsStill(Nanos),
    /// A service's queue has grown beyond all bounds by this instant.
    Overrun(ServiceId, Nanos),
}

/// One shard in virtual time.
pub struct Simulation {
    shard: Shard,
    answerers: Answerers,
    orders: Receiver<OrderBlock>,
    reports: Sender<ReportBlock>,
    spent: Receiver<SampleBlock>,
    log: Option<EventLog>,
    traps: Traps,
    /// The answer of a service that is being delivered: one for all, because most of it never differs.
    answer: Completion,
    /// When the shard next wants to run.
    shard_next: Option<Nanos>,
    /// Whether anybody wants to know of each sample.
    watches: bool,
    /// Samples that have been logged and counted already, while anybody wants to know.
    seen: usize,
    /// Users' comings and goings that have been logged already.
    users_logged: usize,
    /// Events since time last moved on.
    at_this_instant: u64,
    /// Events so far.
    events: u64,
    /// Whether nothing happens any more.
    ended: bool,
}

// It is saved when all before an instant has happened: nothing is wanted then, no answer is under way within an instant,
// and the world has had what it was told.
state_of!(Simulation {
    saved: traps, shard_next, seen, users_logged, at_this_instant, events, ended;
    within: shard, answerers;
    declared: orders, reports, spent, log, watches, answer
});

impl Simulation {
    /// A simulation at the start of time.
    pub fn new(settings: SimulationSettings) -> Self {
        let spans = settings.trace.map(Spans::new);
        Self {
            answerers: Answerers::new(&settings.targets, settings.services, spans),
            shard: settings.shard,
            orders: settings.orders,
            reports: settings.reports,
            spent: settings.spent,
            traps: Traps::default(),
            answer: empty(OperationId { slot: 0, strand: 0, number: 0 }, Nanos::ZERO),
            shard_next: None,
            watches: settings.log.is_some(),
            log: settings.log,
            seen: 0,
            users_logged: 0,
            at_this_instant: 0,
            events: 0,
            ended: false,
        }
    }

    /// Halts at the event that passes one of these counts.
    pub fn arm(&mut self, tripwires: &[Tripwire]) {
        self.traps.arm(tripwires);
        self.watches = self.log.is_some() || self.traps.count_samples();
        if self.log.is_none() {
            self.seen = self.shard.emitter().samples.len();
        }
    }

    /// Takes a service as the world has it now: a system has changed it.
    pub fn change_service(&mut self, service: &Service) {
        self.answerers.services.change(service, self.answerers.now);
    }

    /// Takes the world's orders.
    pub fn take_orders(&mut self) {
        while let Ok(mut block) = self.orders.try_recv() {
            self.shard.accept(&mut block, self.answerers.now);
            self.shard_next = Some(self.answerers.now);
        }
    }

    /// Lets the shard do all it has due before any answer of this instant comes: what a cut finds under way is cut.
    pub fn obey(&mut self) {
        let now = self.answerers.now;
        while self.shard_next.is_some_and(|next| next <= now) {
            self.shard_next = self.shard.advance(now, BUDGET, &mut self.answerers);
        }
        self.look();
    }

    /// The instant of the next event.
    pub fn next_event(&mut self) -> Option<Nanos> {
        let Answerers { now, services, .. } = &self.answerers;
        if self.answerers.has_answers() {
            return Some(*now);
        }
        let next = match (services.agenda.peek(), self.shard_next) {
            (Some(service), Some(shard)) => service.min(shard),
            (service, shard) => service.or(shard)?,
        };
        Some(next.max(*now))
    }

    /// Events so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Lets everything happen that happens before `limit`.
    pub fn run_until(&mut self, limit: Nanos) -> Halt {
        loop {
            let Some(at) = self.next_event().filter(|at| *at < limit) else {
                if limit != Nanos::MAX && limit > self.answerers.now {
                    (self.answerers.now, self.at_this_instant) = (limit, 0);
                }
                return Halt::Limit;
            };
            if at > self.answerers.now {
                self.answerers.now = at;
                self.at_this_instant = 0;
            }
            let events = self.happen(at);
            self.events += events;
            self.at_this_instant += events;
            if self.traps.may_spring(&self.shard) && self.traps.spring(&self.shard) {
                return Halt::Tripped(at);
            }
            if let Some(service) = self.answerers.services.overrun {
                return Halt::Overrun(service, at);
            }
            if self.at_this_instant > EVENTS_PER_INSTANT && self.at_this_instant > self.bound() {
                return Halt::StandsStill(at);
            }
        }
    }

    /// Events at one instant, at most.
    fn bound(&self) -> u64 {
        EVENTS_PER_INSTANT + EVENTS_PER_INSTANT_AND_USER * self.shard.users() as u64
    }

    /// One step at the current instant: answers first, then all that the shard has due. Gives the number of events.
    fn happen(&mut self, now: Nanos) -> u64 {
        let mut events = 1;
        while events < BUDGET as u64 && self.answer_next(now) {
            events += 1;
        }
        // What an answer led to may be due at once; the shard knows.
        if events > 1 {
            self.shard_next = self.shard.next_due();
        }
        let mut unfinished = false;
        if self.shard_next.is_some_and(|next| next <= now) {
            self.shard_next = self.shard.advance(now, BUDGET, &mut self.answerers);
            // A shard that did not come to an end has used its whole budget.
            unfinished = self.shard_next.is_some_and(|next| next <= now);
        }
        self.look();
        events + if unfinished { BUDGET as u64 } else { 0 }
    }

    /// Lets the next thing outside the shard happen: what services have due, then the answers it led to. What others give
    /// up comes behind all else of its instant, so that what has its answer by then keeps it.
    #[inline(always)]
    fn answer_next(&mut self, now: Nanos) -> bool {
        if let Some((id, reply)) = self.answerers.services.next_reply(now) {
            let Reply { started, status, error, .. } = reply;
            let answer = &mut self.answer;
            (answer.id, answer.status, answer.error) = (id, status, error);
            (answer.unblocked, answer.started, answer.ended) = (started, started, now);
            self.shard.complete(answer, now, &mut self.answerers);
        } else if let Some(pending) = self.answerers.services.agenda.pop_due(now) {
            self.touch_near();
            match pending {
                Pending::Later(row) => self.answerers.comes(row),
                _ => self.answerers.services.happen(pending, now),
            }
        } else if let Some(completion) = self.answerers.at_once.pop_front() {
            self.shard.complete(&completion, now, &mut self.answerers);
        } else {
            return false;
        }
        true
    }

    /// Touches the users whose answers come next.
    #[inline(always)]
    fn touch_near(&mut self) {
        let Services { agenda, jobs, .. } = &mut self.answerers.services;
        if agenda.has_come_near() && self.shard.is_crowded() {
            agenda.come_near().filter_map(|row| jobs.user_at(row)).for_each(|slot| self.shard.touch(slot));
        }
    }

    /// Looks at what an instant has come to.
    #[inline(always)]
    fn look(&mut self) {
        let running = self.shard.running() > 0;
        let Answerers { now, services, .. } = &mut self.answerers;
        if running == services.is_at_rest() {
            services.change_running(running, *now);
        }
        if self.watches {
            self.watch();
        }
    }

    /// Logs and counts what the shard has told since the last look.
    #[inline(never)]
    fn watch(&mut self) {
        let emitter = self.shard.emitter();
        let fresh = &emitter.samples[self.seen..];
        self.traps.see(fresh);
        if let Some(log) = &mut self.log {
            let told = self.users_logged.min(emitter.users.len());
            log.write(self.answerers.now, &emitter.users[told..], fresh);
            self.users_logged = emitter.users.len();
        }
        self.seen = emitter.samples.len();
    }

    /// Tells the world what has happened.
    pub fn report(&mut self) {
        let in_flight = self.shard.in_flight();
        let Answerers { now, services: stations, .. } = &mut self.answerers;
        let services = if self.ended { stations.last_figures(*now) } else { stations.figures(*now) };
        let spans = stations.spans.as_mut().map_or_else(Vec::new, |spans| spans.take());
        let counts = self.shard.counts().collect();
        let emitter = self.shard.emitter();
        let block = ReportBlock {
            thread: ThreadId(0),
            samples: std::mem::replace(&mut emitter.samples, self.spent.try_recv().unwrap_or_default()),
            measurements: std::mem::take(&mut emitter.measurements),
            folded: None,
            counts,
            users: std::mem::take(&mut emitter.users),
            services,
            spans,
            figures: DriverFigures { in_flight, ..DriverFigures::default() },
        };
        (self.seen, self.users_logged) = (0, 0);
        // The world takes every report before the next one is made.
        if self.reports.try_send(block).is_err() {
            unreachable!("the world takes every report before the next one is made");
        }
    }

    /// Lets all users go.
    pub fn end(&mut self) {
        self.ended = true;
        // Nobody is told any more, so that there is no need for parts.
        self.shard.retire_some(0, usize::MAX, &mut Vec::new());
        if let Some(spans) = &mut self.answerers.services.spans {
            spans.end(self.answerers.now);
        }
    }

    /// The log, which nothing is written to any more.
    pub fn take_log(&mut self) -> Option<EventLog> {
        self.log.take()
    }
}
