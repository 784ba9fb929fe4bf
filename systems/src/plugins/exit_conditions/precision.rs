//! `precision`: a percentile of response times is known so precisely.
//!
//! ```kdl
//! stop-when { precision p=99 step=login within="5%" min="30s" max="10m" }
//! require { precision p=99 step=login within="10%" }
//! ```
//!
//! ```text
//!   response time, p99
//!       │╲
//!       │ ╲___╱╲__________      what is known of it: between the two lines with 95 % confidence
//!       │  ___╱‾‾‾‾‾‾‾‾‾‾‾
//!       │ ╱              ↑
//!       └────────────────┴──► time
//!          the first second at which both lines are within 5 % of it
//! ```
//!
//! Response times depend on each other: who comes behind a slow request is slow, too. So `batch-means`, the default, takes the
//! percentile of each batch of them and goes by how much these differ; batches grow until neighbours are no longer alike.
//! `order-statistics` needs fewer values, and holds where they are independent.
//!
//! It is asked each second. An interval that is looked at until it is narrow holds the truth a little less often than one that
//! was looked at once: `min=` keeps a run from ending on its first luck.

use bevy_ecs::component::Component;
use throng_components::clock::Nanos;
use throng_components::exit_condition::TooFew;
use throng_components::measure::Measure;
use throng_components::sample::{Sample, SampleOutcome};
use throng_components::state::State;
use throng_components::state_of;
use throng_components::workload::{
    FieldSpec, Fields, Label, Mistake, NodeSpec, Problems, Share, Span, ValueKind,
};

use super::window::{GROUP, OUTCOME, SCENARIO, STEP, scope_with_groups};
use super::{Facts, Judgement, Rule, RuleNames, Scope};
use crate::estimators::{BatchMeans, needed_count, ranks};

/// The narrowest interval that can be asked for: histograms tell no more.
const NARROWEST: Share = Share(0.005);

/// Batches that are too short tell little of a percentile.
const SHORTEST_BATCH: u64 = 30;

/// How the interval comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    BatchMeans,
    OrderStatistics,
}

/// The rule.
#[derive(Component, Clone, Debug)]
pub struct Precision {
    quantile: f64,
    within: Share,
    method: Method,
    min: Nanos,
    max: Option<Nanos>,
    scope: Scope,
    /// Everything since the warm-up.
    measure: Measure,
    /// The batch that is not full yet.
    batch: Measure,
    batches: BatchMeans,
}

state_of!(Precision { saved: measure, batch, batches; declared: quantile, within, method, min, max, scope });

/// What is wrong between two of its words.
#[derive(Debug)]
enum PrecisionMistake {
    MinAboveMax { min: Span, max: Span, found: [Nanos; 2] },
    TimeInRequire { span: Span, word: &'static str },
}

impl Mistake for PrecisionMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::MinAboveMax { .. } => "T0291",
            Self::TimeInRequire { .. } => "T0292",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::MinAboveMax { found: [min, max], .. } => format!("`min` {min} is above `max` {max}"),
            Self::TimeInRequire { word, .. } => {
                format!("`require` is judged at the end, and `{word}` ends a run")
            }
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::MinAboveMax { min, max, .. } => {
                vec![Label::new(*min, "the earliest end"), Label::new(*max, "the latest one lies before it")]
            }
            Self::TimeInRequire { span, .. } => vec![Label::new(*span, "has no meaning here")],
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::MinAboveMax { .. } => "lower `min`, or raise `max`".to_owned(),
            Self::TimeInRequire { .. } => "remove it, or move the rule to `stop-when`".to_owned(),
        })
    }
}

impl Rule for Precision {
    const SPEC: NodeSpec = NodeSpec {
        name: "precision",
        summary: "Holds when a percentile of response times is known so precisely, with 95 % confidence.",
        sample: "precision p=99 within=\"5%\"",
        properties: &[
            FieldSpec {
                name: "p",
                kind: ValueKind::Number,
                default: "",
                summary: "The percentile, from 1 to below 100: `99`, `99.9`.",
            },
            FieldSpec {
                name: "within",
                kind: ValueKind::Share,
                default: "",
                summary: "How far the interval may reach to either side, as a share of the percentile; 0.5% at the least.",
            },
            FieldSpec {
                name: "method",
                kind: ValueKind::Word(&["batch-means", "order-statistics"]),
                default: "batch-means",
                summary: "How the interval comes about; order-statistics takes fewer values, and takes them for independent.",
            },
            FieldSpec {
                name: "min",
                kind: ValueKind::Duration,
                default: "0s",
                summary: "Not before the run has lasted so long, in `stop-when`.",
            },
            FieldSpec {
                name: "max",
                kind: ValueKind::Duration,
                default: "",
                summary: "Ends the run when it has lasted so long, whatever is known by then, in `stop-when`.",
            },
            SCENARIO,
            STEP,
            GROUP,
            FieldSpec { default: "passed", ..OUTCOME },
        ],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>, names: RuleNames<'_>) -> Result<Self, Problems> {
        fields.word("outcome");
        fields.require("p");
        let p = fields.number("p", 1.0, 99.999);
        fields.require("within");
        let within = within(&mut fields);
        let method = match fields.word("method") {
            Some("order-statistics") => Method::OrderStatistics,
            _ => Method::BatchMeans,
        };
        let (min, max) = times(&mut fields, names.requires);
        let scope = scope_with_groups(&mut fields, &names);
        let rule = p.zip(within).map(|(p, within)| Self {
            quantile: p / 100.0,
            within,
            method,
            min,
            max,
            scope,
            measure: Measure::default(),
            batch: Measure::default(),
            batches: BatchMeans::default(),
        });
        fields.finish(rule)
    }

    /// The half-width of the interval as a share of the percentile.
    fn unit(&self) -> &'static str {
        "share"
    }

    fn scope(&self) -> Scope {
        self.scope
    }

    fn observe(&mut self, sample: &Sample) {
        if sample.kind != self.scope.kind() || sample.outcome == SampleOutcome::Cut || !sample.was_sent() {
            return;
        }
        self.measure.record(sample.response());
        if self.method == Method::BatchMeans {
            self.batch.record(sample.response());
            if self.batch.count() >= self.batch_length() {
                let figure = self.batch.quantile(self.quantile).unwrap_or_default();
                self.batches.push(figure.0 as f64);
                self.batch.clear();
            }
        }
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Judgement {
        let needed = needed_count(self.quantile);
        let count = self.measure.count();
        let too_few = (count > 0 && count < needed).then_some(TooFew { count, needed });
        let value = if too_few.is_none() { self.half_width() } else { None };
        let known = value.is_some_and(|value| value <= self.within.0);
        let ends = !facts.at_end && self.max.is_some_and(|max| facts.at >= max);
        Judgement { value, too_few, holds: (known && (facts.at_end || facts.at >= self.min)) || ends }
    }

    fn certain_at(&self) -> Option<Nanos> {
        self.max
    }

    fn state(&mut self) -> Option<&mut dyn State> {
        Some(self)
    }
}

impl Precision {
    /// Values in a batch, before any are joined: what the percentile takes.
    fn batch_length(&self) -> u64 {
        needed_count(self.quantile).max(SHORTEST_BATCH)
    }

    /// How far the interval reaches to its farther side, as a share of the percentile; `None` while there is none.
    fn half_width(&self) -> Option<f64> {
        let quantile = self.measure.quantile(self.quantile)?.0 as f64;
        let half = match self.method {
            Method::BatchMeans => self.batches.estimate()?.half_width?,
            Method::OrderStatistics => {
                let ranks = ranks(self.measure.count(), self.quantile);
                let value = |rank| self.measure.value_of_rank(rank).map(|value| value.0 as f64);
                let (lower, upper) = (value(ranks.lower?)?, value(ranks.upper?)?);
                (quantile - lower).max(upper - quantile)
            }
        };
        // Where nothing takes any time, a percentile of 0 is known to be 0.
        if half == 0.0 { Some(0.0) } else { Some(half / quantile).filter(|share| share.is_finite()) }
    }
}

fn within(fields: &mut Fields<'_>) -> Option<Share> {
    let within = fields.share("within")?;
    if within.0 >= NARROWEST.0 && within.0 <= 1.0 {
        return Some(within);
    }
    if let Some(entry) = fields.node().property("within") {
        fields.quantity_out_of_bounds("within", entry, "0.5%", "100%");
    }
    None
}

/// Reads `min=` and `max=`, which have no meaning where nothing is ended.
fn times(fields: &mut Fields<'_>, requires: bool) -> (Nanos, Option<Nanos>) {
    let (min, max) = (fields.duration("min"), fields.duration("max"));
    let span = |fields: &Fields<'_>, word| fields.node().property(word).map(|entry| entry.span);
    if requires {
        for word in ["min", "max"] {
            if let Some(span) = span(fields, word) {
                fields.problem(PrecisionMistake::TimeInRequire { span, word });
            }
        }
    } else if let (Some(least), Some(most)) = (min, max)
        && least > most
        && let (Some(min), Some(max)) = (span(fields, "min"), span(fields, "max"))
    {
        fields.problem(PrecisionMistake::MinAboveMax { min, max, found: [least, most] });
    }
    (min.unwrap_or(Nanos::ZERO), max)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{judge, read, sample};
    use super::*;
    use throng_components::sample::SampleKind;
    use throng_components::scenario::ScenarioCounts;
    use throng_components::seed::{Draws, Purpose, unit_above_zero};

    /// Steps of 10 to 20 ms, drawn evenly, or each like the one before but for a little.
    fn samples(count: u64, alike: bool) -> Vec<Sample> {
        let draws = Draws::of(3, Purpose::BEHAVIOR);
        let mut place = 0.5;
        let mut step = |number| {
            let next = unit_above_zero(draws.number(number));
            place = if alike { (place + (next - 0.5) / 500.0).clamp(0.0, 1.0) } else { next };
            let length = Nanos::from_f64(10e6 + 10e6 * place);
            Sample { ended: length, ..sample(SampleKind::Attempt, 0, SampleOutcome::Succeeded) }
        };
        (0..count).map(&mut step).collect()
    }

    /// Asks after so many steps a second, until it holds; gives the second and the last value.
    fn check(properties: &[(&str, &str)], steps: &[Sample], each: usize, expected: Option<usize>) -> f64 {
        let seconds: Vec<_> = steps.chunks(each).map(|steps| (ScenarioCounts::default(), steps)).collect();
        let judged = judge(&mut read::<Precision>(properties), &seconds);
        let held = judged.iter().position(|judgement| judgement.holds).map(|second| second + 1);
        assert_eq!(held, expected, "{properties:?}: {judged:?}");
        judged.iter().filter_map(|judgement| judgement.value).next_back().unwrap_or(f64::NAN)
    }

    const ORDER: (&str, &str) = ("method", "order-statistics");

    #[test]
    fn independent_values_are_known_by_their_order() {
        // The median of n values between 10 and 20 ms is 15 ms, ± 9.8 ms / √n: 5 % of it with 171, and more as one of the sides
        // is wider by chance.
        let reached = check(&[("p", "50"), ("within", "5%"), ORDER], &samples(400, false), 20, Some(16));
        assert!(reached < 0.05);
        check(&[("p", "50"), ("within", "1%"), ORDER], &samples(400, false), 20, None);
    }

    #[test]
    fn too_few_values_tell_nothing() {
        let rule = &mut read::<Precision>(&[("p", "99"), ("within", "100%"), ORDER]);
        let judged = judge(rule, &[(ScenarioCounts::default(), &samples(367, false))]);
        assert_eq!(
            judged[0],
            Judgement { value: None, too_few: Some(TooFew { count: 367, needed: 368 }), holds: false }
        );
        check(&[("p", "99"), ("within", "100%"), ORDER], &samples(368, false), 368, Some(1));
    }

    #[test]
    fn values_that_are_alike_take_more_of_them() {
        let wanted = [("p", "50"), ("within", "5%")];
        // Twenty batches of 30 at the least; a walk has not been everywhere by then.
        check(&wanted, &samples(6_000, false), 100, Some(6));
        check(&wanted, &samples(6_000, true), 100, None);
        // Taken for independent, they would be known long before.
        check(&[("p", "50"), ("within", "5%"), ORDER], &samples(6_000, true), 100, Some(1));
    }

    #[test]
    fn it_ends_between_its_shortest_and_its_longest_time() {
        let steps = samples(2_000, false);
        check(&[("p", "50"), ("within", "5%"), ORDER, ("min", "12s")], &steps, 100, Some(12));
        check(&[("p", "50"), ("within", "0.5%"), ORDER, ("max", "7s")], &steps, 100, Some(7));
    }
}
