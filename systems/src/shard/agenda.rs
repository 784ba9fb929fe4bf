//! Orders that hold from an instant on, kept until then.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use throng_components::clock::Nanos;
use throng_components::exchange::Order;

/// An order and when it holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Appointment {
    pub(super) at: Nanos,
    /// Its place among the orders of one instant.
    pub(super) sequence: u64,
    pub(super) order: Order,
    /// For an order that goes through all users: the slot from which it has still to be carried out.
    pub(super) from: u32,
}

/// Orders by instant; at one instant ends come before starts, so that nothing begins when all is over; then the order
/// in which they came.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Agenda {
    orders: BTreeMap<(Nanos, bool, u64), (Order, u32)>,
    sequence: u64,
    /// The instant of the first one: it is asked for at each event.
    next: Option<Nanos>,
}

impl Agenda {
    pub(super) fn insert(&mut self, at: Nanos, order: Order) {
        self.put_back(Appointment { at, sequence: self.sequence, order, from: 0 });
        self.sequence += 1;
    }

    pub(super) fn peek(&self) -> Option<Nanos> {
        self.next
    }

    pub(super) fn pop_due(&mut self, now: Nanos) -> Option<Appointment> {
        if self.next? > now {
            return None;
        }
        let ((at, _, sequence), (order, from)) = self.orders.pop_first()?;
        self.next = self.orders.first_key_value().map(|((at, ..), _)| *at);
        Some(Appointment { at, sequence, order, from })
    }

    /// Puts what is left of an order back in its place.
    pub(super) fn put_back(&mut self, appointment: Appointment) {
        let Appointment { at, sequence, order, from } = appointment;
        let ends = matches!(
            order,
            Order::Finish { .. } | Order::Stop { .. } | Order::Cut { .. } | Order::Hold { .. }
        );
        self.orders.insert((at, !ends, sequence), (order, from));
        self.next = Some(self.next.map_or(at, |next| next.min(at)));
    }
}
