//! Drives one shard against modelled services.

use std::collections::VecDeque;

use crossbeam_channel::{Receiver, Sender};
use throng_components::clock::Nanos;
use throng_components::exchange::{DriverFigures, OrderBlock, ReportBlock};
use throng_components::sample_block::SampleBlock;
use throng_components::service::ServiceId;
use throng_components::state_of;
use throng_components::target::Target;
use throng_components::thread::ThreadId;
use throng_components::trace::TraceContext;

use super::event_log::EventLog;
use super::job::Reply;
use super::pending::Pending;
use super::service::Service;
use super::services::Services;
use super::spans::Spans;
use super::traps::Traps;
use crate::behavior::DriverAction;
use crate::plugins::exit_conditions::Tripwire;
use crate::plugins::protocols::{self, Completion, CompletionEnd, Operation, OperationId};
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

/// Who answers for a target.
#[derive(Debug)]
enum Answerer {
    /// Nobody: a noop target answers at once.
    Noop,
    /// A service.
    Service(ServiceId),
}

/// One shard in virtual time.
pub struct Simulation {
    shard: Shard,
    answerers: Vec<Answerer>,
    services: Services,
    orders: Receiver<OrderBlock>,
    reports: Sender<ReportBlock>,
    spent: Receiver<SampleBlock>,
    log: Option<EventLog>,
    actions: Vec<DriverAction>,
    traps: Traps,
    /// Everything before this instant has happened.
    now: Nanos,
    /// Answers of this instant that no service gives: of noop targets, of functions, to what was given up.
    at_once: VecDeque<Completion>,
    /// The answer of a service that is being delivered: one for all, because most of it never differs.
    answer: Completion,
    /// Answers of functions that come later, and the rows that are free among them.
    later: Vec<Option<Box<Completion>>>,
    free: Vec<u32>,
    /// When the shard next wants to run.
    shard_next: Option<Nanos>,
    /// Samples that have been logged and counted already.
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
    saved: traps, now, at_once, later, free, shard_next, seen, users_logged, at_this_instant, events, ended;
    within: shard, services;
    declared: answerers, orders, reports, spent, log, actions, answer
});

impl Simulation {
    /// A simulation at the start of time.
    pub fn new(settings: SimulationSettings) -> Self {
        let answerer = |target: &Target| {
            let mut services = settings.services.iter();
            let service = services.find(|service| service.target == Some(target.id));
            service.map_or(Answerer::Noop, |service| Answerer::Service(service.id))
        };
        Self {
            answerers: settings.targets.iter().map(answerer).collect(),
            shard: settings.shard,
            services: Services::new(settings.services, settings.trace.map(Spans::new)),
            orders: settings.orders,
            reports: settings.reports,
            spent: settings.spent,
            log: settings.log,
            actions: Vec::new(),
            traps: Traps::default(),
            now: Nanos::ZERO,
            at_once: VecDeque::new(),
            answer: empty(OperationId { slot: 0, strand: 0, number: 0 }, Nanos::ZERO),
            later: Vec::new(),
            free: Vec::new(),
            shard_next: None,
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
    }

    /// Takes a service as the world has it now: a system has changed it.
    pub fn change_service(&mut self, service: &Service) {
        self.services.change(service, self.now);
    }

    /// Takes the world's orders.
    pub fn take_orders(&mut self) {
        while let Ok(mut block) = self.orders.try_recv() {
            self.shard.accept(&mut block, self.now);
            self.shard_next = Some(self.now);
        }
    }

    /// Lets the shard do all it has due before any answer of this instant comes: what a cut finds under way is cut.
    pub fn obey(&mut self) {
        while self.shard_next.is_some_and(|next| next <= self.now) {
            self.shard_next = self.shard.advance(self.now, BUDGET, &mut self.actions);
            self.carry_out();
        }
        self.services.note_running(self.shard.running() > 0, self.now);
        self.look();
    }

    /// The instant of the next event.
    pub fn next_event(&mut self) -> Option<Nanos> {
        if !self.at_once.is_empty() || self.services.has_replies() {
            return Some(self.now);
        }
        let next = match (self.services.agenda.peek(), self.shard_next) {
            (Some(service), Some(shard)) => service.min(shard),
            (service, shard) => service.or(shard)?,
        };
        Some(next.max(self.now))
    }

    /// Events so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Lets everything happen that happens before `limit`.
    pub fn run_until(&mut self, limit: Nanos) -> Halt {
        loop {
            let Some(at) = self.next_event().filter(|at| *at < limit) else {
                if limit != Nanos::MAX && limit > self.now {
                    (self.now, self.at_this_instant) = (limit, 0);
                }
                return Halt::Limit;
            };
            if at > self.now {
                self.now = at;
                self.at_this_instant = 0;
            }
            let events = self.happen();
            self.events += events;
            self.at_this_instant += events;
            if self.traps.spring(&self.shard) {
                return Halt::Tripped(at);
            }
            if let Some(service) = self.services.overrun {
                return Halt::Overrun(service, at);
            }
            let bound = EVENTS_PER_INSTANT + EVENTS_PER_INSTANT_AND_USER * self.shard.users() as u64;
            if self.at_this_instant > bound {
                return Halt::StandsStill(at);
            }
        }
    }

    /// One step at the current instant: answers first, then all that the shard has due. Gives the number of events.
    fn happen(&mut self) -> u64 {
        let now = self.now;
        let mut events = 1;
        while events < BUDGET as u64 && self.answer_next(now) {
            events += 1;
            self.carry_out();
        }
        // What an answer led to may be due at once; the shard knows.
        if events > 1 {
            self.shard_next = self.shard.next_due();
        }
        let mut unfinished = false;
        if self.shard_next.is_some_and(|next| next <= now) {
            self.shard_next = self.shard.advance(now, BUDGET, &mut self.actions);
            self.carry_out();
            // A shard that did not come to an end has used its whole budget.
            unfinished = self.shard_next.is_some_and(|next| next <= now);
        }
        self.services.note_running(self.shard.running() > 0, now);
        self.look();
        events + if unfinished { BUDGET as u64 } else { 0 }
    }

    /// Lets the next thing outside the shard happen: what services have due, then the answers it led to. What others give
    /// up comes behind all else of its instant, so that what has its answer by then keeps it.
    fn answer_next(&mut self, now: Nanos) -> bool {
        if let Some((id, reply)) = self.services.next_reply(now) {
            let Reply { started, status, error, .. } = reply;
            let answer = &mut self.answer;
            (answer.id, answer.status, answer.error) = (id, status, error);
            (answer.unblocked, answer.started, answer.ended) = (started, started, now);
            self.shard.complete(answer, now, &mut self.actions);
        } else if let Some(pending) = self.services.agenda.pop_due(now) {
            self.touch_near();
            if let Pending::Later(row) = pending {
                self.free.push(row);
                let completion = self.later.get_mut(row as usize).and_then(Option::take);
                self.at_once.extend(completion.map(|completion| *completion));
            } else {
                self.services.happen(pending, now);
            }
        } else if let Some(completion) = self.at_once.pop_front() {
            self.shard.complete(&completion, now, &mut self.actions);
        } else {
            return false;
        }
        true
    }

    /// Touches the users whose answers come next.
    fn touch_near(&mut self) {
        let Services { agenda, jobs, .. } = &mut self.services;
        agenda.come_near().filter_map(|row| jobs.user_at(row)).for_each(|slot| self.shard.touch(slot));
    }

    /// Does what the shard wants done.
    fn carry_out(&mut self) {
        if self.actions.is_empty() {
            return;
        }
        let mut actions = std::mem::take(&mut self.actions);
        for action in &actions {
            match action {
                DriverAction::Perform(operation) => self.perform(operation),
                DriverAction::Cancel(id) => {
                    let begun = self.let_go(*id).unwrap_or(self.now);
                    let cut = Completion { end: CompletionEnd::Cut, ended: self.now, ..empty(*id, begun) };
                    self.at_once.push_back(cut);
                }
                DriverAction::Leave(slot) => self.services.leave(*slot),
            }
        }
        actions.clear();
        self.actions = actions;
    }

    /// Nobody waits for an operation's answer any more; gives when it began.
    fn let_go(&mut self, id: OperationId) -> Option<Nanos> {
        let of_function = self.later.iter().flatten().find(|completion| completion.id == id);
        of_function.map(|completion| completion.started).or_else(|| self.services.let_go(id))
    }

    fn perform(&mut self, operation: &Operation) {
        let now = self.now;
        match self.answerers.get(usize::from(operation.target.0)) {
            // A function: it goes to no target.
            None => self.answer_later(protocols::modelled(operation, now)),
            Some(Answerer::Noop) => self.at_once.push_back(protocols::answer(operation, now)),
            Some(Answerer::Service(service)) => self.services.request(operation, *service, now),
        }
    }

    fn answer_later(&mut self, completion: Completion) {
        if completion.ended <= self.now {
            return self.at_once.push_back(completion);
        }
        let row = self.free.pop().unwrap_or_else(|| {
            self.later.push(None);
            u32::try_from(self.later.len() - 1).unwrap_or_else(|_| unreachable!("below 2^32 users"))
        });
        self.services.agenda.insert(completion.ended, Pending::Later(row));
        self.later[row as usize] = Some(Box::new(completion));
    }

    /// Logs and counts what the shard has told since the last look.
    fn look(&mut self) {
        let emitter = self.shard.emitter();
        if self.log.is_none() && !self.traps.count_samples() {
            self.seen = emitter.samples.len();
            return;
        }
        let fresh = &emitter.samples[self.seen..];
        self.traps.see(fresh);
        if let Some(log) = &mut self.log {
            let told = self.users_logged.min(emitter.users.len());
            log.write(self.now, &emitter.users[told..], fresh);
            self.users_logged = emitter.users.len();
        }
        self.seen = emitter.samples.len();
    }

    /// Tells the world what has happened.
    pub fn report(&mut self) {
        let in_flight = self.shard.in_flight();
        let services =
            if self.ended { self.services.last_figures(self.now) } else { self.services.figures(self.now) };
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
            spans: self.services.spans.as_mut().map_or_else(Vec::new, |spans| spans.take()),
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
        self.shard.retire_some(0, usize::MAX, &mut self.actions);
        self.actions.clear();
        if let Some(spans) = &mut self.services.spans {
            spans.end(self.now);
        }
    }

    /// The log, which nothing is written to any more.
    pub fn take_log(&mut self) -> Option<EventLog> {
        self.log.take()
    }
}

/// A model's answer without anything in it yet.
fn empty(id: OperationId, started: Nanos) -> Completion {
    Completion { modelled: true, ..Completion::empty(id, started) }
}
