//! Orders that hold from an instant on, kept until then.

use std::collections::BTreeMap;

use throng_components::clock::Nanos;
use throng_components::exchange::Order;

/// An order and when it holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Appointment {
    pub(super) at: Nanos,
    /// Its place among the orders of one instant.
    pub(super) sequence: u64,
    pub(super) order: Order,
}

/// Orders by (instant, the order they came in).
#[derive(Debug, Default)]
pub(super) struct Agenda {
    orders: BTreeMap<(Nanos, u64), Order>,
    sequence: u64,
}

impl Agenda {
    pub(super) fn insert(&mut self, at: Nanos, order: Order) {
        self.orders.insert((at, self.sequence), order);
        self.sequence += 1;
    }

    pub(super) fn peek(&self) -> Option<Nanos> {
        self.orders.first_key_value().map(|((at, _), _)| *at)
    }

    pub(super) fn pop_due(&mut self, now: Nanos) -> Option<Appointment> {
        let entry = self.orders.first_entry()?;
        let (at, sequence) = *entry.key();
        (at <= now).then(|| Appointment { at, sequence, order: entry.remove() })
    }

    /// Puts what is left of an order back in its place.
    pub(super) fn put_back(&mut self, appointment: Appointment) {
        self.orders.insert((appointment.at, appointment.sequence), appointment.order);
    }
}
