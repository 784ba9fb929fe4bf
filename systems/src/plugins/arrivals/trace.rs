//! `arrivals trace`: arrivals as they were, each at its own instant.
//!
//! ```kdl
//! arrivals trace "arrivals.csv" column=at unit=s scale=0.5
//! ```
//!
//! ```text
//! file       ●   ●●     ●    ●
//! scale=0.5  ● ●●   ●  ●             twice as fast
//! ```
//!
//! The rate over time, which the plan is measured by, is the mean rate of each thousandth of the trace, or of each second of a
//! shorter one. Within such a part an area is a time, so that every instant is exact.

mod times;

use std::sync::Arc;

use bevy_ecs::component::Component;
use throng_components::clock::Nanos;
use throng_components::curve::{Curve, Stage, TimeCursor};
use throng_components::state::State;
use throng_components::state_of;
use throng_components::workload::{ArgumentSpec, FieldSpec, Fields, NodeSpec, Problems, Rate, ValueKind};

use self::times::{Instants, Reader};
use super::{Arrival, ArrivalLaw, NEVER};
use crate::behavior::Files;

/// Parts of a trace that have a rate of their own, at most: more nobody sees.
const PARTS_MOST: u64 = 1_000;
/// Beyond these nothing is left of a trace.
const SCALE_LEAST: f64 = 0.000_001;
const SCALE_MOST: f64 = 1_000_000.0;

/// Arrivals at given instants.
#[derive(Component, Clone, Debug)]
pub struct Trace {
    /// In order, at least one.
    instants: Arc<[Nanos]>,
    curve: Curve,
    /// Arrivals given so far.
    index: u64,
    cursor: TimeCursor,
}

impl Trace {
    /// Arrivals at these instants, one or more, in whatever order.
    fn over(mut instants: Vec<Nanos>) -> Self {
        instants.sort_unstable();
        let curve = mean_rates(&instants);
        Self { instants: instants.into(), curve, index: 0, cursor: TimeCursor::default() }
    }
}

/// Instants as they are played: scaled, and counted from the first one where they have no other beginning.
fn played(read: &Instants, from_first: bool, scale: f64) -> Vec<Nanos> {
    let first = if from_first || read.of_calendar { read.nanos.iter().min().copied() } else { None };
    let since = read.nanos.iter().map(|at| at - first.unwrap_or(0));
    // What is not scaled stays what it is, to the nanosecond, however far it lies.
    let is_as_it_was = (scale - 1.0).abs() < f64::EPSILON;
    since.map(|at| if is_as_it_was { Nanos(at) } else { Nanos::from_f64(at as f64 * scale) }).collect()
}

/// The mean rate of each part of a trace, so that the area under it is the number of its arrivals.
fn mean_rates(instants: &[Nanos]) -> Curve {
    let last = instants.last().map_or(0, |last| last.0);
    // Half-open: the last one lies before the end. And there is no rate above one a nanosecond.
    let length = (u128::from(last) + 1).max(instants.len() as u128).min(u128::from(u64::MAX - 1));
    let parts = (length / 1_000_000_000).clamp(1, u128::from(PARTS_MOST));
    let bound = |part: u128| Nanos(u64::try_from(length * part / parts).unwrap_or(u64::MAX));
    let stage = |part: u128| {
        let (from, to) = (bound(part), bound(part + 1));
        let before = |bound: Nanos| instants.partition_point(|at| *at < bound) as u128;
        let (count, length) = (before(to) - before(from), u128::from((to - from).0));
        let rate = (count * u128::from(Rate::PER_SECOND) * 1_000_000_000 + length / 2) / length.max(1);
        // However seldom they come, where some do the rate is not 0.
        let rate = rate.max(u128::from(count > 0)).min(u128::from(u64::MAX / 2));
        let rate = u64::try_from(rate).unwrap_or(u64::MAX / 2);
        Stage { from: rate, to: rate, length: to - from }
    };
    Curve { stages: (0..parts).map(stage).collect() }
}

state_of!(Trace { saved: index, cursor; declared: instants, curve });

impl ArrivalLaw for Trace {
    const SPEC: NodeSpec = NodeSpec {
        name: "trace",
        summary: "Arrivals at the instants of a file, as they were, or faster or slower.",
        sample: "arrivals trace \"arrivals.csv\" column=at unit=s",
        arguments: &[ArgumentSpec::of(
            "file",
            ValueKind::Text,
            "A file beside the workload, of 256 MiB at most, with one instant a line, in any order: CSV, whose first line may be \
             names, or JSON objects.",
        )],
        properties: &[
            FieldSpec::of(
                "column",
                ValueKind::Name,
                "The column by its name in the first line, or the field of JSON objects; the first column without it.",
            ),
            FieldSpec::of(
                "unit",
                ValueKind::Word(&["ns", "us", "ms", "s", "m", "h", "d", "w"]),
                "What plain numbers count; without it each has its own unit (`12.5ms`) or is an instant (`2026-01-31T12:00:00Z`).",
            ),
            FieldSpec {
                name: "scale",
                kind: ValueKind::Number,
                default: "1",
                summary: "What times are multiplied by, from 0.000001 to 1000000: 0.5 plays it twice as fast.",
            },
            FieldSpec {
                name: "from",
                kind: ValueKind::Word(&["start", "first"]),
                default: "start",
                summary: "What times count from: the scenario's start, or the earliest of them; instants of a calendar from the \
                          earliest always.",
            },
        ],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>, files: &dyn Files) -> Result<Self, Problems> {
        let path = fields.text_argument(0);
        let column = fields.text("column");
        let unit = fields.word("unit");
        let from_first = fields.word("from") == Some("first");
        let scale = fields.number("scale", SCALE_LEAST, SCALE_MOST);
        // A unit that could not be read would make every row wrong: its mistake comes first.
        let is_whole = unit.is_some() || fields.node().property("unit").is_none();
        let Some(path) = path.filter(|_| is_whole) else { return fields.finish(None) };
        let read = fields.take(Reader::new(path, column, unit).read(files));
        fields.finish(read.map(|read| Self::over(played(&read, from_first, scale.unwrap_or(1.0)))))
    }

    fn curve(&self) -> &Curve {
        &self.curve
    }

    fn next(&mut self, _: u64) -> Arrival {
        let at = usize::try_from(self.index).ok().and_then(|index| self.instants.get(index));
        let area = at.map_or(NEVER, |at| self.cursor.area_doubled_until(&self.curve, *at));
        self.index += 1;
        Arrival { area, key: self.index - 1 }
    }

    fn state(&mut self) -> Option<&mut dyn State> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use throng_components::curve::AreaCursor;

    use super::super::EVENT;
    use super::*;

    fn check(nanos: &[u64], from_first: bool, scale: f64, expected: &[u64]) {
        let read = Instants { nanos: nanos.to_vec(), of_calendar: false };
        let mut law = Trace::over(played(&read, from_first, scale));
        let mut cursor = AreaCursor::default();
        let found: Vec<u64> = std::iter::from_fn(|| {
            let area = law.next(1).area;
            cursor.instant_at(&law.curve, area).map(|at| at.0)
        })
        .collect();
        assert_eq!(found, expected);
        let area = law.curve.area_doubled_until(Nanos::MAX) as f64 / EVENT as f64;
        assert!((area - expected.len() as f64).abs() < 1e-3, "{area} of {}", expected.len());
    }

    #[test]
    fn instants_are_exact() {
        check(&[0], false, 1.0, &[0]);
        check(&[7, 3, 3], false, 1.0, &[3, 3, 7]);
        check(&[1_000_000_007, 1_000_000_003], true, 1.0, &[0, 4]);
        check(&[0, 3_000_000_000, 1_000_000_001], false, 0.5, &[0, 500_000_001, 1_500_000_000]);
        check(&[5, 5, 5, 5, 5, 5, 5, 5], false, 1.0, &[5; 8]);
        // A crowd at the start, silence, and one who comes after a year and a nanosecond.
        let year = 31_536_000_000_000_001;
        check(&[1, 1, 1, 2, 900_000_000, year], false, 1.0, &[1, 1, 1, 2, 900_000_000, year]);
        let many: Vec<u64> = (0..5_000).map(|number| number * number * 1_234_567).collect();
        check(&many, false, 1.0, &many);
    }
}
