//! The chosen measures of all runs, by point and replication.

use std::collections::{BTreeMap, BTreeSet};

use throng_systems::estimators::Estimate;

use super::design::{Design, Run};
use super::row::Row;

/// Which measures are chosen: `response_ns.p99`, or `step:response_ns.p99` for those of one scope only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selector {
    scope: Option<String>,
    measure: String,
}

impl Selector {
    /// What is chosen by nobody's word: what a user asks first of a system under load.
    pub(crate) fn usual() -> Vec<Self> {
        let usual = [
            "step:response_ns.mean",
            "step:response_ns.p50",
            "step:response_ns.p99",
            "step:failures",
            "scenario:rate.achieved_per_s",
        ];
        usual.iter().map(|text| Self::read(text)).collect()
    }

    /// Reads one.
    pub(crate) fn read(text: &str) -> Self {
        match text.split_once(':') {
            Some((scope, measure)) => Self { scope: Some(scope.to_owned()), measure: measure.to_owned() },
            None => Self { scope: None, measure: text.to_owned() },
        }
    }

    /// Whether a row is chosen. Without a scope, what the summary has within something else is not: it is there over all, too.
    fn takes(&self, row: &Row) -> bool {
        let scope = match &self.scope {
            Some(scope) => row.scope == *scope,
            None => !row.scope.contains('.'),
        };
        scope && row.measure == self.measure
    }
}

impl std::fmt::Display for Selector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.scope {
            Some(scope) => write!(f, "{scope}:{}", self.measure),
            None => f.write_str(&self.measure),
        }
    }
}

/// One chosen measure of one thing.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) scope: String,
    pub(crate) name: String,
    pub(crate) measure: String,
    pub(crate) unit: String,
    selector: usize,
    /// By point, then by replication; nothing for a run that is missing, or had no such measure.
    values: Vec<Vec<Option<f64>>>,
}

impl Series {
    /// Its mean at a point.
    pub(crate) fn at(&self, point: usize) -> Option<Estimate> {
        Estimate::of(&self.values.get(point)?.iter().flatten().copied().collect::<Vec<_>>())
    }

    /// How much a point differs from the first one: replications in pairs, as they have the same seeds.
    pub(crate) fn against_first(&self, point: usize) -> Option<Estimate> {
        let (first, own) = (self.values.first()?, self.values.get(point)?);
        if point == 0 { None } else { Estimate::of_pairs(own, first) }
    }

    /// What it is of and what it measures: `step login, response_ns.p99`.
    pub(crate) fn title(&self) -> String {
        let of =
            if self.name.is_empty() { self.scope.clone() } else { format!("{} {}", self.scope, self.name) };
        format!("{of}, {}", self.measure)
    }
}

/// All chosen measures.
#[derive(Debug)]
pub(crate) struct Figures {
    selectors: Vec<Selector>,
    points: usize,
    replications: usize,
    series: Vec<Series>,
    /// By scope, name and measure: where in `series`.
    known: BTreeMap<(String, String, String), usize>,
    /// Every measure that was seen, for those who ask for one that there is not.
    seen: BTreeSet<(String, String)>,
    /// Runs whose outcome is not that they passed.
    failed: usize,
}

impl Figures {
    pub(crate) fn new(selectors: Vec<Selector>, design: &Design) -> Self {
        let (points, replications) = (design.points(), design.replications as usize);
        let (known, seen) = (BTreeMap::new(), BTreeSet::new());
        Self { selectors, points, replications, series: Vec::new(), known, seen, failed: 0 }
    }

    /// Takes what is chosen of a run.
    pub(crate) fn take(&mut self, run: Run, rows: &[Row]) {
        for row in rows {
            self.seen.insert((row.scope.clone(), row.measure.clone()));
            if row.is_failure() {
                self.failed += 1;
            }
            let Some(selector) = self.selectors.iter().position(|selector| selector.takes(row)) else {
                continue;
            };
            let key = (row.scope.clone(), row.name.clone(), row.measure.clone());
            let place = *self.known.entry(key).or_insert_with(|| {
                self.series.push(Series {
                    scope: row.scope.clone(),
                    name: row.name.clone(),
                    measure: row.measure.clone(),
                    unit: row.unit.clone(),
                    selector,
                    values: vec![vec![None; self.replications]; self.points],
                });
                self.series.len() - 1
            });
            self.series[place].values[run.point][run.replication as usize - 1] = Some(row.value);
        }
    }

    /// The series: by the order in which measures were asked for, and within that as runs have them.
    pub(crate) fn series(&self) -> Vec<&Series> {
        let mut all: Vec<&Series> = self.series.iter().collect();
        all.sort_by_key(|series| series.selector);
        all
    }

    /// Runs that failed.
    pub(crate) fn failed(&self) -> usize {
        self.failed
    }

    /// Selectors that no run has anything for.
    pub(crate) fn unmatched(&self) -> Vec<&Selector> {
        let matched = |number: usize| self.series.iter().any(|series| series.selector == number);
        let all = self.selectors.iter().enumerate();
        all.filter(|(number, _)| !matched(*number)).map(|(_, selector)| selector).collect()
    }

    /// Every measure that some run has, as selectors would name it.
    pub(crate) fn measures(&self) -> Vec<String> {
        self.seen.iter().map(|(scope, measure)| format!("{scope}:{measure}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loader::SweepPlan;

    fn row(scope: &str, name: &str, measure: &str, value: f64) -> Row {
        let (scope, name, measure) = (scope.to_owned(), name.to_owned(), measure.to_owned());
        Row { scope, name, measure, value, unit: String::new() }
    }

    fn check(selectors: &[&str], expected: &[&str], unmatched: &[&str]) {
        let design = Design::new(SweepPlan { vary: Vec::new(), replications: 3 }, 1);
        let selectors = selectors.iter().map(|text| Selector::read(text)).collect();
        let mut figures = Figures::new(selectors, &design);
        for (replication, value) in [(1, 4.0), (3, 6.0)] {
            let rows = [
                row("scenario", "s", "count", 1.0),
                row("step", "a", "count", value),
                row("step", "b", "count", 2.0),
                row("scenario.step", "s.a", "count", 3.0),
            ];
            figures.take(Run { point: 0, replication }, &rows);
        }
        let titles: Vec<String> = figures
            .series()
            .iter()
            .map(|series| format!("{} {}", series.title(), series.at(0).expect("a value").mean))
            .collect();
        assert_eq!(titles, expected);
        let said: Vec<String> = figures.unmatched().iter().map(ToString::to_string).collect();
        assert_eq!(said, unmatched);
    }

    #[test]
    fn measures_are_chosen_by_name_and_scope() {
        check(&["count"], &["scenario s, count 1", "step a, count 5", "step b, count 2"], &[]);
        check(&["step:count"], &["step a, count 5", "step b, count 2"], &[]);
        check(&["scenario.step:count", "rate"], &["scenario.step s.a, count 3"], &["rate"]);
        let both = ["step a, count 5", "step b, count 2", "scenario s, count 1"];
        check(&["step:count", "scenario:count"], &both, &[]);
    }
}
