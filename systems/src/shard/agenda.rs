//! Orders that hold from an instant on, kept until then.

use std::collections::BTreeMap;

use throng_components::clock::Nanos;
use throng_components::exchange::Order;

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

    pub(super) fn pop_due(&mut self, now: Nanos) -> Option<(Nanos, Order)> {
        let entry = self.orders.first_entry()?;
        let at = entry.key().0;
        (at <= now).then(|| (at, entry.remove()))
    }
}
