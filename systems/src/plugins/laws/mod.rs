//! Laws of time: how long a think or a service takes.

mod constant;
mod erlang;
mod exponential;
mod uniform;

use std::sync::Arc;

use throng_components::clock::Nanos;
use throng_components::workload::{Fields, Node, NodeSpec, Problems};

use super::registry::Named;

/// Random numbers for one use: each call of [`Draws::next`] is the next number of that use.
#[derive(Clone, Copy, Debug)]
pub struct Draws {
    key: u64,
    purpose: throng_components::seed::Purpose,
    number: u64,
}

impl Draws {
    /// Draws for a purpose of the thing with that key, from number `number` on.
    pub fn new(key: u64, purpose: throng_components::seed::Purpose, number: u64) -> Self {
        Self { key, purpose, number }
    }

    /// The next 64 random bits.
    pub fn next(&mut self) -> u64 {
        let bits = throng_components::seed::draw(self.key, self.purpose, self.number);
        self.number += 1;
        bits
    }

    /// How many numbers have been drawn in all: where the next use goes on.
    pub fn number(&self) -> u64 {
        self.number
    }
}

/// A law of time. Its draws use no platform arithmetic, so that they are equal everywhere.
pub trait Law: Send + Sync + std::fmt::Debug + 'static {
    /// Name, summary, sample and what the node may hold.
    const SPEC: NodeSpec
    where
        Self: Sized;

    /// Reads the node behind its kind word: `think exponential mean="2s"`.
    ///
    /// # Errors
    /// All that is wrong in the node.
    fn read(fields: Fields<'_>) -> Result<Self, Problems>
    where
        Self: Sized;

    /// One duration.
    fn draw(&self, draws: &mut Draws) -> Nanos;

    /// The mean.
    ///
    /// # Units
    /// Nanoseconds.
    fn mean(&self) -> f64;
}

/// One law in the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    spec: &'static NodeSpec,
    /// Reads the node.
    pub read: fn(&Node) -> Result<Arc<dyn Law>, Problems>,
}

impl Entry {
    /// The entry of a law.
    pub const fn of<L: Law>() -> Self {
        Self {
            spec: &L::SPEC,
            read: |node| L::read(Fields::of(node, &L::SPEC, 1)).map(|law| Arc::new(law) as Arc<dyn Law>),
        }
    }
}

impl Named for Entry {
    fn spec(&self) -> &'static NodeSpec {
        self.spec
    }
}

/// All laws of the tree.
pub const ALL: &[Entry] = &[
    Entry::of::<constant::Constant>(),
    Entry::of::<uniform::Uniform>(),
    Entry::of::<exponential::Exponential>(),
    Entry::of::<erlang::Erlang>(),
];
