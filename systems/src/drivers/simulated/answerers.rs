//! Who answers what users ask in virtual time: services, and those that need none.

use std::collections::VecDeque;

use throng_components::clock::Nanos;
use throng_components::service::ServiceId;
use throng_components::state_of;
use throng_components::target::Target;

use super::pending::Pending;
use super::service::Service;
use super::services::Services;
use super::spans::Spans;
use crate::behavior::Driver;
use crate::plugins::protocols::{self, Completion, CompletionEnd, Operation, OperationId, Rendered};

/// Who answers for a target.
#[derive(Debug)]
enum Answerer {
    /// Nobody: a noop target answers at once.
    Noop,
    /// A service.
    Service(ServiceId),
}

/// All that answers, as of one instant.
#[derive(Debug)]
pub(super) struct Answerers {
    /// Everything before this instant has happened.
    pub(super) now: Nanos,
    /// By target.
    of_targets: Vec<Answerer>,
    pub(super) services: Services,
    /// Answers of this instant that no service gives: of noop targets, of functions, to what was given up.
    pub(super) at_once: VecDeque<Completion>,
    /// Answers of functions that come later, and the rows that are free among them.
    later: Vec<Option<Box<Completion>>>,
    free: Vec<u32>,
}

state_of!(Answerers {
    saved: now, at_once, later, free;
    within: services;
    declared: of_targets
});

impl Answerers {
    pub(super) fn new(targets: &[Target], services: Vec<Service>, spans: Option<Spans>) -> Self {
        let answerer = |target: &Target| {
            let service = services.iter().find(|service| service.target == Some(target.id));
            service.map_or(Answerer::Noop, |service| Answerer::Service(service.id))
        };
        Self {
            now: Nanos::ZERO,
            of_targets: targets.iter().map(answerer).collect(),
            services: Services::new(services, spans),
            at_once: VecDeque::new(),
            later: Vec::new(),
            free: Vec::new(),
        }
    }

    /// Whether an answer of this instant is not delivered yet.
    pub(super) fn has_answers(&self) -> bool {
        !self.at_once.is_empty() || self.services.has_replies()
    }

    /// An answer that was to come later is there.
    pub(super) fn comes(&mut self, row: u32) {
        self.free.push(row);
        let completion = self.later.get_mut(row as usize).and_then(Option::take);
        self.at_once.extend(completion.map(|completion| *completion));
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

    /// Nobody waits for an operation's answer any more; gives when it began.
    fn let_go(&mut self, id: OperationId) -> Option<Nanos> {
        let of_function = self.later.iter().flatten().find(|completion| completion.id == id);
        of_function.map(|completion| completion.started).or_else(|| self.services.let_go(id))
    }
}

impl Driver for Answerers {
    fn perform(&mut self, operation: Operation<Rendered<'_>>) {
        let now = self.now;
        match self.of_targets.get(usize::from(operation.target.0)) {
            // A function: it goes to no target.
            None => self.answer_later(protocols::modelled(&operation.into_owned(), now)),
            Some(Answerer::Noop) => self.at_once.push_back(protocols::answer(&operation, now)),
            Some(Answerer::Service(service)) => self.services.request(&operation, *service, now),
        }
    }

    fn cancel(&mut self, id: OperationId) {
        let begun = self.let_go(id).unwrap_or(self.now);
        let cut = Completion { end: CompletionEnd::Cut, ended: self.now, ..empty(id, begun) };
        self.at_once.push_back(cut);
    }

    fn leave(&mut self, slot: u32) {
        self.services.leave(slot);
    }
}

/// A model's answer without anything in it yet.
pub(super) fn empty(id: OperationId, started: Nanos) -> Completion {
    Completion { modelled: true, ..Completion::empty(id, started) }
}
