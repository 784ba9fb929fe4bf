//! Which runs a sweep has: its points, their replications and seeds.

use throng_components::seed::{Purpose, RunSeed, draw};
use throng_systems::behavior::Value;

use crate::loader::{SweepPlan, Varied};

/// One run: a point and a replication of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Run {
    /// The point, from 0.
    pub(crate) point: usize,
    /// The replication, from 1.
    pub(crate) replication: u32,
}

/// The columns that tables have besides those of the parameters.
const OWN_COLUMNS: &[&str] = &[
    "point",
    "replication",
    "seed",
    "scope",
    "name",
    "measure",
    "value",
    "unit",
    "n",
    "mean",
    "half_width_95",
    "difference",
    "difference_half_width_95",
    "difference_n",
];

/// All runs of a sweep.
#[derive(Clone, Debug)]
pub(crate) struct Design {
    /// What is varied.
    pub(crate) vary: Vec<Varied>,
    /// How often each point is run.
    pub(crate) replications: u32,
    /// What the seeds of the replications follow from.
    pub(crate) seed: u64,
}

impl Design {
    pub(crate) fn new(plan: SweepPlan, seed: u64) -> Self {
        Self { vary: plan.vary, replications: plan.replications, seed }
    }

    /// How many combinations of values there are; 1 when nothing is varied.
    pub(crate) fn points(&self) -> usize {
        self.vary.iter().map(|varied| varied.values.len()).product()
    }

    /// A point's values, one a parameter. The last parameter's change fastest.
    pub(crate) fn values(&self, point: usize) -> Vec<&Value> {
        let mut rest = point;
        let mut values: Vec<&Value> = Vec::new();
        for varied in self.vary.iter().rev() {
            let count = varied.values.len().max(1);
            values.extend(varied.values.get(rest % count));
            rest /= count;
        }
        values.reverse();
        values
    }

    /// The columns of the parameters in tables: their names, or `param.value` where a table has a `value` of its own.
    pub(super) fn columns(&self) -> Vec<String> {
        let column = |varied: &Varied| {
            let taken = OWN_COLUMNS.contains(&varied.name.as_str());
            if taken { format!("param.{}", varied.name) } else { varied.name.clone() }
        };
        self.vary.iter().map(column).collect()
    }

    /// A point as messages call it: `rate=50/s servers=2`; empty when nothing is varied.
    pub(crate) fn label(&self, point: usize) -> String {
        let values = self.vary.iter().zip(self.values(point));
        values.map(|(varied, value)| format!("{}={value}", varied.name)).collect::<Vec<_>>().join(" ")
    }

    /// Every run, point by point.
    pub(crate) fn runs(&self) -> impl Iterator<Item = Run> {
        let replications = self.replications;
        (0..self.points())
            .flat_map(move |point| (1..=replications).map(move |replication| Run { point, replication }))
    }

    /// A run's place among all of them.
    pub(crate) fn index(&self, run: Run) -> usize {
        run.point * self.replications as usize + (run.replication as usize).saturating_sub(1)
    }

    /// Whether the sweep has the run.
    pub(crate) fn has(&self, run: Run) -> bool {
        run.point < self.points() && (1..=self.replications).contains(&run.replication)
    }

    /// The seed of a replication at every point: 53 bits, so that a table's decimal numbers hold it exactly.
    pub(crate) fn seed_of(&self, replication: u32) -> u64 {
        draw(RunSeed(self.seed).key(0, replication.into()), Purpose::REPLICATION, 0) >> 11
    }
}

#[cfg(test)]
mod tests {
    use throng_systems::behavior::Kind;

    use super::*;

    fn varied(name: &str, values: &[i64]) -> Varied {
        let values = values.iter().map(|value| Value::Int(*value)).collect();
        Varied { name: name.to_owned(), kind: Kind::Int, values }
    }

    fn check(vary: Vec<Varied>, expected: &[&str]) {
        let design = Design::new(SweepPlan { vary, replications: 2 }, 7);
        let labels: Vec<_> = (0..design.points()).map(|point| design.label(point)).collect();
        assert_eq!(labels, expected);
        let runs: Vec<Run> = design.runs().collect();
        assert_eq!(runs.len(), 2 * expected.len());
        for (index, run) in runs.iter().enumerate() {
            assert_eq!(design.index(*run), index);
            assert!(design.has(*run));
        }
        assert!(!design.has(Run { point: expected.len(), replication: 1 }));
        assert!(
            !design.has(Run { point: 0, replication: 3 }) && !design.has(Run { point: 0, replication: 0 })
        );
    }

    #[test]
    fn points_are_all_combinations() {
        check(Vec::new(), &[""]);
        check(vec![varied("a", &[5])], &["a=5"]);
        let expected = ["a=1 b=3", "a=1 b=4", "a=1 b=5", "a=2 b=3", "a=2 b=4", "a=2 b=5"];
        check(vec![varied("a", &[1, 2]), varied("b", &[3, 4, 5])], &expected);
    }

    #[test]
    fn a_column_is_not_there_twice() {
        let vary = vec![varied("rate", &[1]), varied("value", &[1])];
        let design = Design::new(SweepPlan { vary, replications: 2 }, 7);
        assert_eq!(design.columns(), ["rate", "param.value"]);
    }

    #[test]
    fn a_seed_follows_from_the_base_and_the_replication_alone() {
        let seeds = |vary: Vec<Varied>, replications: u32, seed: u64| {
            let design = Design::new(SweepPlan { vary, replications }, seed);
            (1..=replications).map(|number| design.seed_of(number)).collect::<Vec<_>>()
        };
        let few = seeds(Vec::new(), 3, 7);
        let many = seeds(vec![varied("a", &[1, 2, 3])], 100, 7);
        assert_eq!(few, many[..3]);
        let mut distinct = [many, seeds(Vec::new(), 100, 8)].concat();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), 200);
        assert!(distinct.iter().all(|seed| *seed < 1 << 53));
    }
}
