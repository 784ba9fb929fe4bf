//! Connections to places that are not the target's: where redirects lead.

use std::rc::Rc;
use std::sync::Arc;

use throng_components::clock::Nanos;
use throng_components::sample::ErrorType;
use throng_components::target::{NameLookup, Target, TargetAddress, TlsSettings};

use super::buffers::Buffers;
use super::lane::{Lane, Site};
use crate::plugins::protocols::{Completion, Elsewhere, Operation, OperationId, Reactor};

/// Lanes that a user keeps for other places, at most: beyond that the one used longest ago is closed. Each user has its
/// own, also where the target's connections are shared.
const LANES_MOST: usize = 4;
/// Places that a thread remembers, at most, beside those in use.
const PLACES_MOST: usize = 64;

/// A user's lane to another place.
struct Guest {
    place: Arc<Elsewhere>,
    lane: Rc<Lane>,
}

/// One thread's lanes to other places, for one target.
pub(super) struct Further {
    /// What the ways to other places have from the way to the target.
    target: Target,
    reactor: Reactor,
    buffers: Rc<Buffers>,
    sites: Vec<(Arc<Elsewhere>, Rc<Site>)>,
    /// By the user's place in its shard; the lane used last stands last.
    guests: Vec<Vec<Guest>>,
}

impl Further {
    pub(super) fn new(target: Target, reactor: Reactor, buffers: Rc<Buffers>) -> Self {
        Self { target, reactor, buffers, sites: Vec::new(), guests: Vec::new() }
    }

    /// Begins an operation that goes to another place.
    pub(super) fn perform(&mut self, place: &Arc<Elsewhere>, operation: Operation) -> Option<Completion> {
        if place.secure && self.reactor.tls.of(self.target.id).is_none() {
            let now = self.reactor.clock.now();
            return Some(Completion {
                error: ErrorType::BAD_REDIRECT,
                ..Completion::empty(operation.id, now)
            });
        }
        let slot = operation.id.slot as usize;
        if self.guests.len() <= slot {
            self.guests.resize_with(slot + 1, Vec::new);
        }
        let known = self.guests[slot].iter().position(|guest| guest.place == *place && guest.lane.is_idle());
        let guest = if let Some(known) = known {
            self.guests[slot].remove(known)
        } else {
            self.make_room(slot);
            Guest { place: Arc::clone(place), lane: Lane::start(&self.site(place), None) }
        };
        let ready = operation.ready;
        guest.lane.begin(operation, ready);
        self.guests[slot].push(guest);
        None
    }

    /// Closes the lane used longest ago, where a user has as many as it may; one that is at work stays.
    fn make_room(&mut self, slot: usize) {
        let guests = &mut self.guests[slot];
        if guests.len() >= LANES_MOST
            && let Some(oldest) = guests.iter().position(|guest| guest.lane.is_idle())
        {
            guests.remove(oldest).lane.close();
        }
    }

    fn site(&mut self, place: &Arc<Elsewhere>) -> Rc<Site> {
        if let Some((_, site)) = self.sites.iter().find(|(known, _)| known == place) {
            return Rc::clone(site);
        }
        if self.sites.len() >= PLACES_MOST {
            self.sites.retain(|(_, site)| Rc::strong_count(site) > 1);
        }
        let target = Target {
            address: TargetAddress::Url { host: place.host.clone(), port: place.port, base: String::new() },
            // A name and addresses that were given are the target's own.
            lookup: NameLookup { fixed: Vec::new(), ..self.target.lookup },
            tls: place.secure.then(|| {
                let settings = self.target.any_tls().cloned().unwrap_or_default();
                Box::new(TlsSettings { server_name: None, ..settings })
            }),
            ..self.target.clone()
        };
        let site = Rc::new(Site::new(&target, self.reactor.clone(), Rc::clone(&self.buffers)));
        self.sites.push((Arc::clone(place), Rc::clone(&site)));
        site
    }

    /// Gives up an operation, if it is under way here.
    pub(super) fn cancel(&self, id: OperationId, now: Nanos) -> Option<Completion> {
        self.guests.get(id.slot as usize)?.iter().find_map(|guest| guest.lane.cancel(id, now))
    }

    /// Closes what a user has open.
    pub(super) fn user_left(&mut self, slot: u32) {
        if let Some(guests) = self.guests.get_mut(slot as usize) {
            guests.drain(..).for_each(|guest| guest.lane.close());
        }
    }
}
