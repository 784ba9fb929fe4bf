//! A figure of durations and what it is compared with: what `response` and `lateness` share.

use throng_components::clock::Nanos;
use throng_components::exit_condition::TooFew;
use throng_components::measure::Measure;
use throng_components::state_of;
use throng_components::workload::{ArgumentSpec, FieldSpec, Fields, ValueKind};

use super::window::{RuleMistake, Window, require_bound};
use super::{Cadence, Judgement, RuleNames};
use crate::estimators::{needed_count, ranks};

/// The word `mean`, in place of `p=`.
pub(super) const MEAN: ArgumentSpec = ArgumentSpec {
    name: "figure",
    kind: ValueKind::Word(&["mean"]),
    required: false,
    summary: "The mean instead of a percentile.",
};

/// `p=`.
pub(super) const PERCENTILE: FieldSpec = FieldSpec {
    name: "p",
    kind: ValueKind::Number,
    default: "",
    summary: "The percentile, 1 to 100: `99`, `99.9`.",
};

/// `above=`.
pub(super) const ABOVE: FieldSpec = FieldSpec {
    name: "above",
    kind: ValueKind::Duration,
    default: "",
    summary: "Holds when the figure is above this.",
};

/// `below=`.
pub(super) const BELOW: FieldSpec = FieldSpec {
    name: "below",
    kind: ValueKind::Duration,
    default: "",
    summary: "Holds when the figure is below this.",
};

/// What of the durations is compared.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Figure {
    /// The value that this share of them, 0 to 1, does not exceed.
    Quantile(f64),
    Mean,
}

/// How many durations it takes before a figure is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Enough {
    /// So many.
    Declared(u64),
    /// As many as a percentile takes to be known with 95 % confidence: what goes on beyond those that were observed.
    Known,
}

/// Durations of a window, a figure of them, and its bound.
#[derive(Clone, Debug)]
pub(super) struct Compared {
    figure: Figure,
    bound: Nanos,
    above: bool,
    enough: Enough,
    window: Window,
    measure: Measure,
}

state_of!(Compared { saved: measure; within: window; declared: figure, bound, above, enough });

impl Compared {
    /// Reads `p=` or `mean`, `above=` or `below=`, `min-count=`, `window=` and `times=`; `enough` holds without `min-count=`.
    pub(super) fn read(fields: &mut Fields<'_>, names: &RuleNames<'_>, enough: Enough) -> Option<Self> {
        let figure = figure(fields);
        let (above, below) = (fields.duration("above"), fields.duration("below"));
        require_bound(fields, ["above", "below"], "above=, below=");
        let enough = fields.count("min-count", 1, u64::MAX).map_or(enough, Enough::Declared);
        let window = Window::read(fields, names);
        figure.zip(above.or(below)).map(|(figure, bound)| Self {
            figure,
            bound,
            above: above.is_some(),
            enough,
            window,
            measure: Measure::default(),
        })
    }

    /// When it is compared.
    pub(super) fn cadence(&self) -> Cadence {
        self.window.cadence()
    }

    /// Adds a duration.
    pub(super) fn record(&mut self, duration: Nanos) {
        self.measure.record(duration);
    }

    /// Compares, and begins the next window.
    pub(super) fn judge(&mut self, at_end: bool) -> Judgement {
        let mut judgement = self.compare();
        if self.window.length.is_some() {
            self.measure.clear();
        }
        judgement.holds = self.window.holds(judgement.holds, at_end);
        judgement
    }

    fn compare(&self) -> Judgement {
        let count = self.measure.count();
        if count == 0 {
            return Judgement::default();
        }
        let needed = match (self.enough, self.figure) {
            (Enough::Declared(count), _) => count,
            (Enough::Known, Figure::Quantile(quantile)) => needed_count(quantile),
            (Enough::Known, Figure::Mean) => 1,
        };
        if count < needed {
            let least = self.certainly_above();
            let too_few = Some(TooFew { count, needed });
            return Judgement { value: least.map(|it| it.0 as f64), too_few, holds: least.is_some() };
        }
        let value = match self.figure {
            Figure::Quantile(quantile) => self.measure.quantile(quantile),
            Figure::Mean => self.measure.mean(),
        };
        let compare = |value: Nanos| if self.above { value > self.bound } else { value < self.bound };
        Judgement::of(value.map(|value| value.0 as f64), value.is_some_and(compare))
    }

    /// For a percentile that has to be above a bound, and of which too little is known: the value that it is not below with
    /// 95 % confidence, when even that is above the bound. A target that has become very slow answers too seldom for more.
    fn certainly_above(&self) -> Option<Nanos> {
        let Figure::Quantile(quantile) = self.figure else { return None };
        if !self.above || self.enough != Enough::Known {
            return None;
        }
        let rank = ranks(self.measure.count(), quantile).lower?;
        self.measure.value_of_rank(rank).filter(|least| *least > self.bound)
    }
}

/// Reads what is compared: `p=`, or the word `mean`.
fn figure(fields: &mut Fields<'_>) -> Option<Figure> {
    let mean = !fields.word_arguments(0).is_empty();
    let word = fields.node().arguments.first().map(|entry| entry.span);
    match (word, fields.node().property("p").map(|entry| entry.span)) {
        (Some(mean), Some(percentile)) => {
            fields.number("p", 1.0, 100.0);
            fields.problem(RuleMistake::PercentileAndMean { percentile, mean });
            None
        }
        (Some(_), None) => mean.then_some(Figure::Mean),
        (None, _) => {
            fields.require("p");
            fields.number("p", 1.0, 100.0).map(|p| Figure::Quantile(p / 100.0))
        }
    }
}

#[cfg(test)]
impl Compared {
    /// The same with the mean.
    pub(super) fn of_the_mean(self) -> Self {
        Self { figure: Figure::Mean, ..self }
    }
}
