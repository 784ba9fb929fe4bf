//! Who gets which lane: one for each user, or a few that all share.

use std::collections::VecDeque;
use std::rc::Rc;

use throng_components::clock::Nanos;
use throng_components::target::{ConnectionPolicy, Target};

use super::further::Further;
use super::lane::{Lane, Site};
use crate::plugins::protocols::{Completion, CompletionEnd, Operation, OperationId, Reactor, Transport};

/// A target's connections on one thread.
pub(super) struct HttpTransport {
    site: Rc<Site>,
    lanes: Lanes,
    /// Where redirects lead.
    further: Further,
}

enum Lanes {
    /// By the user's place in its shard.
    PerUser(Vec<Option<Rc<Lane>>>),
    /// A pool.
    Shared(Pool),
}

struct Pool {
    /// All lanes that were ever needed, up to the limit.
    lanes: Vec<Rc<Lane>>,
    limit: usize,
    /// Numbers of idle lanes; the one that became idle last is taken first.
    idle: Vec<usize>,
    /// Operations that wait for a lane.
    waiting: VecDeque<Operation>,
}

impl HttpTransport {
    pub(super) fn new(target: &Target, reactor: Reactor) -> Self {
        let lanes = match target.connections {
            ConnectionPolicy::PerUser | ConnectionPolicy::PerRequest => Lanes::PerUser(Vec::new()),
            ConnectionPolicy::Shared { limit } => Lanes::Shared(Pool {
                lanes: Vec::new(),
                // The bound counts over all threads. A run has no more threads than that, so that each has a part.
                limit: usize::try_from(reactor.share.part(limit.into())).unwrap_or(usize::MAX),
                idle: Vec::new(),
                waiting: VecDeque::new(),
            }),
        };
        let further = Further::new(target.clone(), reactor.clone());
        Self { site: Rc::new(Site::new(target, reactor)), lanes, further }
    }
}

impl Pool {
    /// Takes back the lanes that have become free, and lets waiting operations have them.
    fn settle(&mut self, site: &Site, now: Nanos) {
        self.idle.append(&mut site.freed.borrow_mut());
        while !self.idle.is_empty()
            && let Some(operation) = self.waiting.pop_front()
        {
            if let Some(number) = self.idle.pop() {
                self.lanes[number].begin(operation, now);
            }
        }
    }

    fn begin(&mut self, operation: Operation, site: &Rc<Site>) {
        let unblocked = operation.ready;
        if let Some(number) = self.idle.pop() {
            self.lanes[number].begin(operation, unblocked);
        } else if self.lanes.len() < self.limit {
            let lane = Lane::start(site, Some(self.lanes.len()));
            lane.begin(operation, unblocked);
            self.lanes.push(lane);
        } else {
            self.waiting.push_back(operation);
        }
    }
}

impl Transport for HttpTransport {
    fn perform(&mut self, operation: Operation) -> Option<Completion> {
        if let Some(place) = operation.errand.as_ref().and_then(|errand| errand.place.clone()) {
            return self.further.perform(&place, operation);
        }
        match &mut self.lanes {
            Lanes::PerUser(lanes) => {
                let slot = operation.id.slot as usize;
                if lanes.len() <= slot {
                    lanes.resize_with(slot + 1, || None);
                }
                let lane = lanes[slot].get_or_insert_with(|| Lane::start(&self.site, None));
                let ready = operation.ready;
                lane.begin(operation, ready);
            }
            Lanes::Shared(pool) => {
                pool.settle(&self.site, self.site.clock.now());
                pool.begin(operation, &self.site);
            }
        }
        None
    }

    fn cancel(&mut self, id: OperationId, now: Nanos) -> Option<Completion> {
        if let Some(cut) = self.further.cancel(id, now) {
            return Some(cut);
        }
        match &mut self.lanes {
            Lanes::PerUser(lanes) => lanes.get(id.slot as usize)?.as_ref()?.cancel(id, now),
            Lanes::Shared(pool) => {
                if let Some(place) = pool.waiting.iter().position(|operation| operation.id == id) {
                    pool.waiting.remove(place);
                    return Some(unsent(id, now));
                }
                let (number, cut) = (0..)
                    .zip(&pool.lanes)
                    .find_map(|(number, lane)| lane.cancel(id, now).map(|cut| (number, cut)))?;
                if cut.end == CompletionEnd::CutUnsent {
                    // Its task never took the operation and will not give the lane back.
                    pool.idle.push(number);
                }
                Some(cut)
            }
        }
    }

    fn user_left(&mut self, slot: u32) {
        self.further.user_left(slot);
        if let Lanes::PerUser(lanes) = &mut self.lanes
            && let Some(lane) = lanes.get_mut(slot as usize).and_then(Option::take)
        {
            lane.close();
        }
    }

    fn settle(&mut self) {
        if let Lanes::Shared(pool) = &mut self.lanes {
            let now = self.site.clock.now();
            pool.settle(&self.site, now);
        }
    }
}

/// An operation that was given up while it waited for a lane.
fn unsent(id: OperationId, now: Nanos) -> Completion {
    Completion { end: CompletionEnd::CutUnsent, ..Completion::empty(id, now) }
}
