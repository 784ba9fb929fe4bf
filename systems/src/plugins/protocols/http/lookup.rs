//! From a name to addresses: looked up away from the reactor, one lookup at a time, and kept for a while.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;

use throng_components::clock::Nanos;
use throng_components::sample::ErrorType;
use throng_components::target::NameLookup;
use tokio::sync::Mutex;

use super::counted::Traffic;

/// Where a target, or the proxy in front of it, is found by one thread.
///
/// New connections take all addresses in turn, so that a name with several of them gets load on each. Those of IPv4 go
/// before IPv6, as servers of a test listen there more often. A connection that fails is not tried at the next address: a
/// part of a target that is down is a result.
pub(super) struct Lookup {
    host: String,
    port: u16,
    /// `None` for addresses that never change.
    ttl: Option<Nanos>,
    found: RefCell<Found>,
    /// Counts connections. Threads begin at different addresses.
    next: Cell<usize>,
    /// Held during a lookup: whoever comes in the meantime waits for its result.
    turn: Mutex<()>,
}

/// What the last lookup has found.
struct Found {
    /// Empty when it failed.
    addresses: Vec<SocketAddr>,
    until: Nanos,
    /// Lookups so far.
    lookups: u64,
}

impl Lookup {
    /// Knows an address at once, and looks a name up when it is first needed.
    pub(super) fn new(host: &str, port: u16, settings: &NameLookup, first: usize) -> Self {
        let mut addresses: Vec<SocketAddr> =
            settings.fixed.iter().map(|address| SocketAddr::new(*address, port)).collect();
        if let (true, Ok(address)) = (addresses.is_empty(), host.parse()) {
            addresses.push(SocketAddr::new(address, port));
        }
        Self {
            host: host.to_owned(),
            port,
            ttl: addresses.is_empty().then_some(settings.ttl),
            found: RefCell::new(Found { addresses, until: Nanos::ZERO, lookups: 0 }),
            next: Cell::new(first),
            turn: Mutex::new(()),
        }
    }

    /// The address of the next connection. A lookup is timed as `dns`.
    pub(super) async fn address(&self, traffic: &Traffic) -> Result<SocketAddr, ErrorType> {
        let Some(ttl) = self.ttl else { return self.in_turn() };
        let since = traffic.now();
        if self.found.borrow().lookups > 0 && since < self.found.borrow().until {
            return self.in_turn();
        }
        self.look_up(ttl, traffic).await;
        let address = self.in_turn()?;
        traffic.note(since, |phases, length| phases.dns = length);
        Ok(address)
    }

    async fn look_up(&self, ttl: Nanos, traffic: &Traffic) {
        let before = self.found.borrow().lookups;
        let _turn = self.turn.lock().await;
        if self.found.borrow().lookups > before {
            // What has just been found, or not, holds for all who waited for it.
            return;
        }
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        let mut addresses: Vec<_> = found.map(Iterator::collect).unwrap_or_default();
        if addresses.iter().any(SocketAddr::is_ipv4) {
            addresses.retain(SocketAddr::is_ipv4);
        }
        // A failure is not kept: the next one asks anew.
        let until = if addresses.is_empty() { Nanos::ZERO } else { traffic.now() + ttl };
        self.found.replace(Found { addresses, until, lookups: before + 1 });
    }

    fn in_turn(&self) -> Result<SocketAddr, ErrorType> {
        let addresses = &self.found.borrow().addresses;
        let number = self.next.get();
        self.next.set(number.wrapping_add(1));
        let place = number.checked_rem(addresses.len()).ok_or(ErrorType::DNS)?;
        addresses.get(place).copied().ok_or(ErrorType::DNS)
    }
}
