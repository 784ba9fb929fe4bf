//! Drives one shard against modelled services.

use std::collections::{BTreeMap, VecDeque};

use crossbeam_channel::{Receiver, Sender};
use throng_components::clock::Nanos;
use throng_components::exchange::{DriverFigures, OrderBlock, ReportBlock};
use throng_components::sample::{ErrorType, Sample, SampleKind, SampleOutcome};
use throng_components::scenario::ScenarioId;
use throng_components::target::Target;
use throng_components::thread::ThreadId;

use super::event_log::EventLog;
use super::pending::{Agenda, Pending};
use super::service::{Arrived, Service, ServiceState, Work};
use crate::plugins::exit_conditions::{Scope, TripCount, Tripwire};
use crate::plugins::protocols::{self, Completion, CompletionEnd, Operation};
use crate::shard::{DriverAction, Shard};

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
    /// Where events are written.
    pub log: Option<EventLog>,
}

/// Why a simulation came to a halt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// The limit is reached: all before it has happened.
    Limit,
    /// A count was passed at this instant.
    Tripped(Nanos),
    /// Time does not move on from this instant.
    StandsStill(Nanos),
}

/// Who answers for a target.
#[derive(Debug)]
enum Answerer {
    /// Nobody: a noop target answers at once.
    Noop,
    /// The service of this number.
    Service(usize),
}

/// A tripwire and its count.
#[derive(Debug)]
struct Armed {
    wire: Tripwire,
    count: u64,
}

/// One shard in virtual time.
pub struct Simulation {
    shard: Shard,
    answerers: Vec<Answerer>,
    services: Vec<ServiceState>,
    agenda: Agenda,
    orders: Receiver<OrderBlock>,
    reports: Sender<ReportBlock>,
    log: Option<EventLog>,
    actions: Vec<DriverAction>,
    tripwires: Vec<Armed>,
    /// Everything before this instant has happened.
    now: Nanos,
    /// When each user's last operation began, by its place in the shard.
    begun: Vec<Nanos>,
    /// The same of the strands of a `parallel`, by place and strand.
    begun_in_parts: BTreeMap<(u32, u8), Nanos>,
    /// Answers to what one strand of a user made others give up: they come behind all else of their instant, so that what
    /// has its answer by then keeps it.
    given_up: VecDeque<Completion>,
    /// When the shard next wants to run.
    shard_next: Option<Nanos>,
    /// Samples that have been logged and counted already.
    seen: usize,
    /// Users' comings and goings that have been logged already.
    users_logged: usize,
    /// Events since time last moved on.
    at_this_instant: u64,
}

impl Simulation {
    /// A simulation at the start of time.
    pub fn new(settings: SimulationSettings) -> Self {
        let answerer = |target: &Target| {
            let service = settings.services.iter().position(|service| service.target == target.id);
            service.map_or(Answerer::Noop, Answerer::Service)
        };
        Self {
            answerers: settings.targets.iter().map(answerer).collect(),
            shard: settings.shard,
            services: settings.services.into_iter().map(ServiceState::new).collect(),
            agenda: Agenda::default(),
            orders: settings.orders,
            reports: settings.reports,
            log: settings.log,
            actions: Vec::new(),
            tripwires: Vec::new(),
            now: Nanos::ZERO,
            begun: Vec::new(),
            begun_in_parts: BTreeMap::new(),
            given_up: VecDeque::new(),
            shard_next: None,
            seen: 0,
            users_logged: 0,
            at_this_instant: 0,
        }
    }

    /// Halts at the event that passes one of these counts.
    pub fn arm(&mut self, tripwires: &[Tripwire]) {
        self.tripwires = tripwires.iter().map(|wire| Armed { wire: *wire, count: 0 }).collect();
    }

    /// Takes the services as the world has them now: a system may have changed them.
    pub fn take_services<'a>(&mut self, services: impl Iterator<Item = &'a Service>) {
        for service in services {
            let Some(index) = self.services.iter().position(|known| known.target() == service.target) else {
                continue;
            };
            self.services[index].change(service);
            while let Some(work) = self.services[index].begin_waiting(self.now) {
                self.schedule_answer(index, work);
            }
        }
    }

    /// Takes the world's orders.
    pub fn take_orders(&mut self) {
        while let Ok(mut block) = self.orders.try_recv() {
            self.shard.accept(&mut block, self.now);
            self.shard_next = Some(self.now);
        }
    }

    /// The instant of the next event.
    pub fn next_event(&mut self) -> Option<Nanos> {
        let given_up = self.given_up.front().map(|completion| completion.ended);
        [self.agenda.peek(), self.shard_next, given_up].into_iter().flatten().min().map(|at| at.max(self.now))
    }

    /// Lets everything happen that happens before `limit`.
    pub fn run_until(&mut self, limit: Nanos) -> Halt {
        loop {
            let Some(at) = self.next_event().filter(|at| *at < limit) else {
                if limit != Nanos::MAX {
                    self.now = self.now.max(limit);
                }
                return Halt::Limit;
            };
            if at > self.now {
                self.now = at;
                self.at_this_instant = 0;
            }
            self.at_this_instant += self.happen();
            if self.tripped() {
                return Halt::Tripped(at);
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
        while events < BUDGET as u64
            && let Some(pending) =
                self.agenda.pop_due(now).or_else(|| self.given_up.pop_front().map(Pending::Completion))
        {
            events += 1;
            match pending {
                Pending::Answer { service, work } => {
                    let completion = answer(&work);
                    self.shard.complete(&completion, now, &mut self.actions);
                    if let Some(next) = self.services[service].release(now) {
                        self.schedule_answer(service, next);
                    }
                }
                Pending::Completion(completion) | Pending::GiveUp(completion) => {
                    self.shard.complete(&completion, now, &mut self.actions);
                }
            }
            self.carry_out();
        }
        self.shard_next = self.shard.advance(now, BUDGET, &mut self.actions);
        self.carry_out();
        self.look();
        // A shard that did not come to an end has used its whole budget.
        let unfinished = self.shard_next.is_some_and(|next| next <= now);
        events + if unfinished { BUDGET as u64 } else { 0 }
    }

    /// Does what the shard wants done.
    fn carry_out(&mut self) {
        if self.actions.is_empty() {
            return;
        }
        let mut actions = std::mem::take(&mut self.actions);
        for action in actions.drain(..) {
            match action {
                DriverAction::Perform(operation) => self.perform(operation),
                DriverAction::Cancel(id) => {
                    let begun = self.begun(id);
                    let cut = Completion { end: CompletionEnd::Cut, ended: self.now, ..empty(id, begun) };
                    if id.strand == 0 {
                        self.agenda.insert(self.now, Pending::Completion(cut));
                    } else {
                        self.given_up.push_back(cut);
                    }
                }
                DriverAction::Leave(slot) => {
                    let left: Vec<(u32, u8)> =
                        self.begun_in_parts.range((slot, 0)..=(slot, u8::MAX)).map(|(key, _)| *key).collect();
                    for key in left {
                        self.begun_in_parts.remove(&key);
                    }
                }
            }
        }
        self.actions = actions;
    }

    /// When an operation began.
    fn begun(&self, id: protocols::OperationId) -> Nanos {
        let begun = match id.strand {
            0 => self.begun.get(id.slot as usize),
            strand => self.begun_in_parts.get(&(id.slot, strand)),
        };
        begun.copied().unwrap_or(self.now)
    }

    fn note_begun(&mut self, id: protocols::OperationId) {
        let (now, place) = (self.now, id.slot as usize);
        if id.strand > 0 {
            self.begun_in_parts.insert((id.slot, id.strand), now);
            return;
        }
        if self.begun.len() <= place {
            self.begun.resize(place + 1, now);
        }
        self.begun[place] = now;
    }

    fn perform(&mut self, operation: Operation) {
        let now = self.now;
        self.note_begun(operation.id);
        let Some(answerer) = self.answerers.get(usize::from(operation.target.0)) else {
            // A function: it goes to no target.
            let completion = protocols::modelled(&operation, now);
            self.agenda.insert(completion.ended, Pending::Completion(completion));
            return;
        };
        match *answerer {
            Answerer::Noop => {
                let completion = protocols::answer(&operation, now);
                self.agenda.insert(now, Pending::Completion(completion));
            }
            Answerer::Service(service) => {
                let (id, gives_up) = (operation.id, now + operation.timeout);
                match self.services[service].arrive(operation, now) {
                    Arrived::Begun(work) => self.schedule_answer(service, work),
                    Arrived::Queued => {
                        let timeout =
                            Completion { ended: gives_up, error: ErrorType::TIMEOUT, ..empty(id, now) };
                        self.agenda.insert(gives_up, Pending::GiveUp(timeout));
                    }
                    Arrived::Refused(operation) => {
                        let full = Completion { error: ErrorType::SERVICE_FULL, ..empty(operation.id, now) };
                        self.agenda.insert(now, Pending::Completion(full));
                    }
                }
            }
        }
    }

    /// The answer comes when the work ends; a caller that has less patience gives up before, and the service does not know.
    fn schedule_answer(&mut self, service: usize, work: Work) {
        let gives_up = work.arrived + work.operation.timeout;
        // Who waited in the queue has a timeout set already.
        if work.ends > gives_up && work.arrived == self.now {
            let timeout = Completion {
                ended: gives_up,
                error: ErrorType::TIMEOUT,
                ..empty(work.operation.id, work.arrived)
            };
            self.agenda.insert(gives_up, Pending::GiveUp(timeout));
        }
        self.agenda.insert(work.ends, Pending::Answer { service, work });
    }

    /// Logs and counts what the shard has told since the last look.
    fn look(&mut self) {
        let emitter = self.shard.emitter();
        let fresh = &emitter.samples[self.seen..];
        for armed in &mut self.tripwires {
            let matches = |sample: &&Sample| trips(&armed.wire, sample);
            armed.count += fresh.iter().filter(matches).count() as u64;
        }
        if let Some(log) = &mut self.log {
            let told = self.users_logged.min(emitter.users.len());
            log.write(self.now, &emitter.users[told..], fresh);
            self.users_logged = emitter.users.len();
        }
        self.seen = emitter.samples.len();
    }

    /// Whether a count has been passed; a wire trips once.
    fn tripped(&mut self) -> bool {
        let shard = &self.shard;
        let before = self.tripwires.len();
        self.tripwires.retain(|armed| {
            let count = match armed.wire.counts {
                TripCount::Backlog => waiting(shard, armed.wire.scope),
                TripCount::FailedSteps | TripCount::FailedIterations => armed.count,
            };
            count <= armed.wire.above
        });
        self.tripwires.len() < before
    }

    /// Tells the world what has happened.
    pub fn report(&mut self) {
        let in_flight = self.shard.in_flight();
        let counts = self.shard.counts().collect();
        let emitter = self.shard.emitter();
        let block = ReportBlock {
            thread: ThreadId(0),
            samples: std::mem::take(&mut emitter.samples),
            measurements: std::mem::take(&mut emitter.measurements),
            folded: None,
            counts,
            users: std::mem::take(&mut emitter.users),
            figures: DriverFigures { in_flight, ..DriverFigures::default() },
        };
        (self.seen, self.users_logged) = (0, 0);
        // The world takes every report before the next one is made.
        if self.reports.try_send(block).is_err() {
            unreachable!("the world takes every report before the next one is made");
        }
    }

    /// Lets all users go and gives the log back.
    pub fn end(&mut self) -> Option<EventLog> {
        // Nobody is told any more, so that there is no need for parts.
        self.shard.retire_some(0, usize::MAX, &mut self.actions);
        self.actions.clear();
        self.log.take()
    }
}

/// A model's answer without anything in it yet.
fn empty(id: protocols::OperationId, started: Nanos) -> Completion {
    Completion { modelled: true, ..Completion::empty(id, started) }
}

/// What a service answers: 200, or 500 where it fails.
fn answer(work: &Work) -> Completion {
    let status = if work.fails { 500 } else { 200 };
    Completion { ended: work.ends, status, ..empty(work.operation.id, work.arrived) }
}

fn trips(wire: &Tripwire, sample: &Sample) -> bool {
    let kind = match wire.counts {
        TripCount::FailedSteps => SampleKind::Attempt,
        TripCount::FailedIterations => SampleKind::Iteration,
        TripCount::Backlog => return false,
    };
    sample.kind == kind && sample.outcome == SampleOutcome::Failed && wire.scope.concerns(sample)
}

/// Tokens that wait for a user.
fn waiting(shard: &Shard, scope: Scope) -> u64 {
    let counts = (0_u16..).zip(shard.counts());
    let in_scope = counts.filter(|(id, _)| scope.covers(ScenarioId(*id)));
    in_scope.map(|(_, counts)| counts.waiting).sum()
}
