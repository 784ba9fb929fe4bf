//! Who gets which lane: one for each user, or a few that all share.

use std::collections::{BTreeMap, VecDeque};
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
    /// Each user's own.
    PerUser(Own),
    /// A pool.
    Shared(Pool),
}

/// Lanes of users.
#[derive(Default)]
struct Own {
    /// By the user's place in its shard.
    lanes: Vec<Option<Rc<Lane>>>,
    /// What a user's further strands need while they do something at one time, by place and strand: as many lanes as the
    /// widest `parallel` has strands. As a browser does, they stay open for the next one.
    further: BTreeMap<(u32, u8), Rc<Lane>>,
}

impl Own {
    /// The lane for an operation, made when it is not there.
    fn lane(&mut self, id: OperationId, site: &Rc<Site>) -> &Lane {
        // The first strand of a `parallel` has the user's own connection to itself.
        if id.strand > 1 {
            return self.further.entry((id.slot, id.strand)).or_insert_with(|| Lane::start(site, None));
        }
        let slot = id.slot as usize;
        if self.lanes.len() <= slot {
            self.lanes.resize_with(slot + 1, || None);
        }
        self.lanes[slot].get_or_insert_with(|| Lane::start(site, None))
    }

    fn cancel(&self, id: OperationId, now: Nanos) -> Option<Completion> {
        let lane = if id.strand > 1 {
            self.further.get(&(id.slot, id.strand))
        } else {
            self.lanes.get(id.slot as usize).and_then(Option::as_ref)
        };
        lane?.cancel(id, now)
    }

    fn user_left(&mut self, slot: u32) {
        if let Some(lane) = self.lanes.get_mut(slot as usize).and_then(Option::take) {
            lane.close();
        }
        while let Some(key) = self.further.range((slot, 0)..=(slot, u8::MAX)).next().map(|(key, _)| *key) {
            if let Some(lane) = self.further.remove(&key) {
                lane.close();
            }
        }
    }
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
            ConnectionPolicy::PerUser | ConnectionPolicy::PerRequest => Lanes::PerUser(Own::default()),
            ConnectionPolicy::Shared { limit } => Lanes::Shared(Pool {
                lanes: Vec::new(),
                // The bound counts over all threads. A run has no more threads than that, so that each has a part.
                limit: usize::try_from(reactor.share.part(limit.into())).unwrap_or(usize::MAX),
                idle: Vec::new(),
                waiting: VecDeque::new(),
            }),
        };
        let buffers = Rc::default();
        let further = Further::new(target.clone(), reactor.clone(), Rc::clone(&buffers));
        Self { site: Rc::new(Site::new(target, reactor, buffers)), lanes, further }
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
            Lanes::PerUser(own) => {
                let ready = operation.ready;
                own.lane(operation.id, &self.site).begin(operation, ready);
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
            Lanes::PerUser(own) => own.cancel(id, now),
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
        if let Lanes::PerUser(own) = &mut self.lanes {
            own.user_left(slot);
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
