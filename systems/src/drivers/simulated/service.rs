//! A modelled service: servers, a queue in front of them, a law of time.

use std::collections::VecDeque;
use std::sync::Arc;

use bevy_ecs::component::Component;
use throng_components::clock::Nanos;
use throng_components::seed::{Purpose, draw, unit};
use throng_components::target::TargetId;
use throng_components::workload::Share;

use crate::plugins::laws::{Draws, Law};
use crate::plugins::protocols::Operation;

/// In which order a queue is served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Discipline {
    /// First come, first served.
    #[default]
    Fifo,
}

/// A service that answers for a target under `simulate`.
#[derive(Component, Clone, Debug)]
pub struct Service {
    /// Its name: the target's.
    pub name: String,
    /// The target it answers for.
    pub target: TargetId,
    /// How many requests it works on at one time.
    pub servers: u32,
    /// In which order the others are served.
    pub discipline: Discipline,
    /// How many may wait; `None` for no bound.
    pub limit: Option<u64>,
    /// How long it works on one.
    pub time: Arc<dyn Law>,
    /// The share of requests that it fails, after its whole time.
    pub fails: Share,
}

/// What becomes of a request that arrives.
#[derive(Debug)]
pub(super) enum Arrived {
    /// A server works on it until then.
    Begun(Work),
    /// It waits.
    Queued,
    /// There is no room for it.
    Refused(Operation),
}

/// A request that a server works on.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) operation: Operation,
    /// When the caller sent it.
    pub(super) arrived: Nanos,
    /// When it will be answered.
    pub(super) ends: Nanos,
    /// Whether the answer is a failure.
    pub(super) fails: bool,
}

/// A service at work.
#[derive(Debug)]
pub(super) struct ServiceState {
    service: Service,
    busy: u32,
    queue: VecDeque<(Operation, Nanos)>,
}

impl ServiceState {
    pub(super) fn new(service: Service) -> Self {
        Self { service, busy: 0, queue: VecDeque::new() }
    }

    pub(super) fn arrive(&mut self, operation: Operation, now: Nanos) -> Arrived {
        if self.busy < self.service.servers {
            self.busy += 1;
            return Arrived::Begun(self.begin(operation, now, now));
        }
        if self.service.limit.is_some_and(|limit| self.queue.len() as u64 >= limit) {
            return Arrived::Refused(operation);
        }
        self.queue.push_back((operation, now));
        Arrived::Queued
    }

    /// The target it answers for.
    pub(super) fn target(&self) -> TargetId {
        self.service.target
    }

    /// Takes settings that a system has changed; what servers work on already is not changed by it.
    pub(super) fn change(&mut self, service: &Service) {
        self.service.clone_from(service);
    }

    /// The next request begins, if one waits and a server is free: after there have become more of them.
    pub(super) fn begin_waiting(&mut self, now: Nanos) -> Option<Work> {
        if self.busy >= self.service.servers || self.queue.is_empty() {
            return None;
        }
        self.busy += 1;
        self.release(now)
    }

    /// A server is free: the next request begins, if one waits and the server is still there.
    pub(super) fn release(&mut self, now: Nanos) -> Option<Work> {
        if self.busy > self.service.servers {
            self.busy -= 1;
            return None;
        }
        let next = match self.service.discipline {
            Discipline::Fifo => self.queue.pop_front(),
        };
        let Some((operation, arrived)) = next else {
            self.busy -= 1;
            return None;
        };
        Some(self.begin(operation, arrived, now))
    }

    /// Draws are keyed by the iteration and its operation, never by who serves: so they do not depend on the order of service.
    fn begin(&self, operation: Operation, arrived: Nanos, now: Nanos) -> Work {
        let first = u64::from(operation.ordinal) << 32;
        let mut draws = Draws::new(operation.key, Purpose::SERVICE_TIME, first);
        let ends = now + self.service.time.draw(&mut draws);
        let chance = unit(draw(operation.key, Purpose::SERVICE_FAILURE, u64::from(operation.ordinal)));
        Work { fails: chance < self.service.fails.0, operation, arrived, ends }
    }
}
