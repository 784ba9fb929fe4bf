//! Laws of time: how long a think or a service takes.

mod constant;
mod erlang;
mod exponential;
mod uniform;

use std::sync::Arc;

use throng_components::clock::Nanos;
use throng_components::workload::{Fields, Node, NodeSpec, Problems};

use super::registry::{Named, Registry, Table};

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
    #[expect(clippy::should_implement_trait, reason = "an endless source of bits is nothing to iterate over")]
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
    /// One duration.
    fn draw(&self, draws: &mut Draws) -> Nanos;

    /// The mean.
    ///
    /// # Units
    /// Nanoseconds.
    fn mean(&self) -> f64;
}

/// A kind of law in the table. A trait of its own, because a trait with a constant makes no `dyn Law`.
pub trait LawKind: Law + Sized {
    /// Name, summary, sample and what the node may hold.
    const SPEC: NodeSpec;

    /// Reads the node behind its kind word: `think exponential mean="2s"`.
    ///
    /// # Errors
    /// All that is wrong in the node.
    fn read(fields: Fields<'_>) -> Result<Self, Problems>;
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
    pub const fn of<L: LawKind>() -> Self {
        Self {
            spec: &L::SPEC,
            read: |node| L::read(Fields::of(node, &L::SPEC, 1)).map(|law| Arc::new(law) as Arc<dyn Law>),
        }
    }
}

impl Named for Entry {
    const FAMILY: &'static str = "laws";

    fn spec(&self) -> &'static NodeSpec {
        self.spec
    }

    fn table(registry: &mut Registry) -> &mut Table<Self> {
        &mut registry.laws
    }
}

/// All laws of the tree.
pub const ALL: &[Entry] = &[
    Entry::of::<constant::Constant>(),
    Entry::of::<uniform::Uniform>(),
    Entry::of::<exponential::Exponential>(),
    Entry::of::<erlang::Erlang>(),
];

#[cfg(test)]
pub(crate) mod tests {
    use throng_components::seed::Purpose;
    use throng_components::workload::{Entry, Scalar, Span, Spanned};

    use super::*;

    fn entry(text: &str) -> Entry {
        let value = text.parse().map_or_else(|_| Scalar::Text(text.to_owned()), Scalar::Integer);
        Entry::new(value, Span::default())
    }

    /// Reads a law from its node's values.
    pub(crate) fn read<L: LawKind>(arguments: &[&str], properties: &[(&str, &str)]) -> Result<L, Problems> {
        let name = |text: &str| Spanned::new(text.to_owned(), Span::default());
        let kind = [L::SPEC.name];
        let node = Node {
            name: name("think"),
            arguments: kind.iter().chain(arguments).map(|text| entry(text)).collect(),
            properties: properties.iter().map(|(key, value)| (name(key), entry(value))).collect(),
            children: Vec::new(),
            span: Span::default(),
        };
        // The specification has to outlive the reader, as those of the table do.
        L::read(Fields::of(&node, Box::leak(Box::new(L::SPEC)), 1))
    }

    /// A law's first values under one key, and its mean and variance over many draws at four standard errors.
    ///
    /// # Units
    /// Nanoseconds, and their square.
    pub(crate) fn check(law: &dyn Law, mean: f64, variance: f64, first: &[u64]) {
        const N: u32 = 200_000;
        let mut draws = Draws::new(0x7468_726f_6e67, Purpose::BEHAVIOR, 0);
        let values: Vec<u64> = (0..N).map(|_| law.draw(&mut draws).0).collect();
        assert_eq!(&values[..first.len()], first, "the first values of {law:?}");

        let n = f64::from(N);
        let moment =
            |power: i32| values.iter().map(|value| (*value as f64 - mean).powi(power)).sum::<f64>() / n;
        let mean_error = (variance / n).sqrt();
        assert!(moment(1).abs() <= 4.0 * mean_error, "{law:?}: mean is off by {}", moment(1));
        let variance_error = ((moment(4) - variance * variance).max(0.0) / n).sqrt();
        assert!((moment(2) - variance).abs() <= 4.0 * variance_error, "{law:?}: variance {}", moment(2));
        assert!((law.mean() - mean).abs() < 1.0, "{law:?} says its mean is {}", law.mean());
    }
}
