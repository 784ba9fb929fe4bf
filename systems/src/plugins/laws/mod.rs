//! Laws of time: how long a think or a service takes.

mod constant;
mod empirical;
mod erlang;
mod exponential;
mod gamma;
pub mod hyperexponential;
mod lognormal;
mod pareto;
mod settings;
mod uniform;
mod weibull;

use std::sync::Arc;

use throng_components::clock::Nanos;
use throng_components::workload::{Fields, Node, NodeSpec, Problems};

pub(super) use self::empirical::{UNITS, line_of};
pub(super) use self::gamma::draw_gamma;
use super::registry::{Named, Registry, Table};
use crate::behavior::Files;

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
    /// One duration, of 292 years at most.
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

    /// Reads the node behind its kind word: `think exponential mean="2s"`. A file that it names comes from `files`.
    ///
    /// # Errors
    /// All that is wrong in the node.
    fn read(fields: Fields<'_>, files: &dyn Files) -> Result<Self, Problems>;
}

/// One law in the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    spec: &'static NodeSpec,
    /// Reads the node, and refuses a law whose mean is above 292 years.
    pub read: fn(&Node, &dyn Files) -> Result<Arc<dyn Law>, Problems>,
}

impl Entry {
    /// The entry of a law.
    pub const fn of<L: LawKind>() -> Self {
        Self {
            spec: &L::SPEC,
            read: |node, files| {
                let law = L::read(Fields::of(node, &L::SPEC, 1), files)?;
                settings::with_a_mean(law, L::SPEC.name, node).map(|law| Arc::new(law) as Arc<dyn Law>)
            },
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
    Entry::of::<hyperexponential::Hyperexponential>(),
    Entry::of::<gamma::Gamma>(),
    Entry::of::<lognormal::Lognormal>(),
    Entry::of::<weibull::Weibull>(),
    Entry::of::<pareto::Pareto>(),
    Entry::of::<empirical::Empirical>(),
];

#[cfg(test)]
pub(crate) mod tests {
    use throng_components::seed::Purpose;
    use throng_components::workload::{Entry, Scalar, Span, Spanned};

    use super::*;

    fn entry(text: &str) -> Entry {
        let decimal = || text.parse().map_or_else(|_| Scalar::Text(text.to_owned()), Scalar::Float);
        Entry::new(text.parse().map_or_else(|_| decimal(), Scalar::Integer), Span::default())
    }

    fn name(text: &str) -> Spanned<String> {
        Spanned::new(text.to_owned(), Span::default())
    }

    fn node(word: &str, arguments: &[&str], properties: &[(&str, &str)]) -> Node {
        Node {
            name: name(word),
            arguments: arguments.iter().map(|text| entry(text)).collect(),
            properties: properties.iter().map(|(key, value)| (name(key), entry(value))).collect(),
            children: Vec::new(),
            span: Span::default(),
        }
    }

    /// The only file beside the workload: its name and its content.
    #[derive(Debug)]
    pub(crate) struct Given<'a>(pub(crate) &'a str, pub(crate) &'a [u8]);

    impl Files for Given<'_> {
        fn read(&self, path: &str, most: usize) -> Result<Vec<u8>, String> {
            assert!(self.1.len() <= most);
            if path == self.0 { Ok(self.1.to_vec()) } else { Err("there is no such file".to_owned()) }
        }
    }

    fn read_node<L: LawKind>(mut node: Node, files: &dyn Files) -> Result<L, Problems> {
        node.arguments.insert(0, entry(L::SPEC.name));
        // The specification has to outlive the reader, as those of the table do.
        let law = L::read(Fields::of(&node, Box::leak(Box::new(L::SPEC)), 1), files)?;
        settings::with_a_mean(law, L::SPEC.name, &node)
    }

    /// Reads a law from its node's values, with one file beside the workload.
    pub(crate) fn read_beside<L: LawKind>(
        arguments: &[&str],
        properties: &[(&str, &str)],
        files: &dyn Files,
    ) -> Result<L, Problems> {
        read_node(node("think", arguments, properties), files)
    }

    /// Reads a law from its node's values.
    pub(crate) fn read<L: LawKind>(arguments: &[&str], properties: &[(&str, &str)]) -> Result<L, Problems> {
        read_beside(arguments, properties, &Given("", b""))
    }

    /// Reads a law from the nodes within its node, each a name and properties.
    pub(crate) fn read_with<L: LawKind>(children: &[(&str, &[(&str, &str)])]) -> Result<L, Problems> {
        let children = children.iter().map(|(name, properties)| node(name, &[], properties)).collect();
        read_node(Node { children, ..node("think", &[], &[]) }, &Given("", b""))
    }

    /// The codes of all that is wrong with these properties.
    pub(crate) fn codes<L: LawKind>(properties: &[(&str, &str)]) -> Vec<&'static str> {
        let problems = read::<L>(&[], properties).expect_err("a mistake");
        problems.iter().map(|problem| problem.code).collect()
    }

    fn drawn(law: &dyn Law, count: u32) -> Vec<u64> {
        let mut draws = Draws::new(0x7468_726f_6e67, Purpose::BEHAVIOR, 0);
        (0..count).map(|_| law.draw(&mut draws).0).collect()
    }

    /// A law's distribution function against that of many draws, by Kolmogorov and Smirnov: the greatest distance times √n
    /// is above 1.95 in one of a thousand samples of the law itself.
    pub(crate) fn check_shape(law: &dyn Law, cdf: impl Fn(f64) -> f64) {
        const N: u32 = 50_000;
        let mut values = drawn(law, N);
        values.sort_unstable();
        let n = f64::from(N);
        let mut greatest: f64 = 0.0;
        for (place, value) in values.iter().enumerate() {
            // A value stands for all times that are rounded to it; of equal ones, the first and the last count.
            let is_first = place == 0 || values[place - 1] < *value;
            let is_last = place + 1 == values.len() || values[place + 1] > *value;
            if is_first {
                greatest = greatest.max(cdf((*value as f64 - 0.5).max(0.0)) - place as f64 / n);
            }
            if is_last {
                greatest = greatest.max((place + 1) as f64 / n - cdf(*value as f64 + 0.5));
            }
        }
        let distance = greatest * n.sqrt();
        assert!(distance < 1.95, "{law:?}: {distance}");
        assert!(distance > 0.2, "{law:?}: {distance} is too good to be true");
    }

    /// The standard normal distribution function, as a series around 0 (Marsaglia, "Evaluating the normal distribution",
    /// Journal of Statistical Software 11, 2004).
    pub(crate) fn normal_cdf(x: f64) -> f64 {
        if x.abs() > 8.0 {
            return if x < 0.0 { 0.0 } else { 1.0 };
        }
        let (mut term, mut sum, mut odd) = (x, x, 1.0);
        while f64::abs(term) > 1e-17 {
            odd += 2.0;
            term *= x * x / odd;
            sum += term;
        }
        0.5 + sum * (-0.5 * x * x - 0.918_938_533_204_672_8).exp()
    }

    /// A law's first values under one key, and its mean and variance over many draws at four standard errors.
    ///
    /// # Units
    /// Nanoseconds, and their square.
    pub(crate) fn check(law: &dyn Law, mean: f64, variance: f64, first: &[u64]) {
        const N: u32 = 200_000;
        let values = drawn(law, N);
        assert!(!first.is_empty(), "{law:?} has no values pinned");
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
