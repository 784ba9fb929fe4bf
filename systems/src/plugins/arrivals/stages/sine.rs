//! `sine`: a level that swings, like the day and the night.
//!
//! ```text
//! level ┤   ╭─╮     ╭─╮       mean + amplitude
//!       │──╯───╲───╱───╲───   mean
//!       │       ╰─╯     ╰─╯   mean − amplitude
//!       └──────────────────► time
//! ```
//!
//! It is made of 64 straight pieces a period, which meet it at their ends, so that its areas and crossings are as exact as all
//! others are. Between, it is missed by 0.12 % of the amplitude at most, and the area of a half period by 0.08 %.

use throng_components::clock::Nanos;
use throng_components::curve::Stage;
use throng_components::workload::{
    Entry, FieldSpec, Fields, Label, Mistake, Node, NodeSpec, Problems, Span, ValueKind,
};

use super::{LevelUnit, level, positive};

/// Straight pieces a period.
const PIECES: u64 = 64;
/// Periods at most: each is held in memory.
const PERIODS_MOST: u64 = 1_000;
/// The sine at the ends of the first sixteen pieces.
const QUARTER: [f64; 17] = [
    0.0,
    0.098_017_140_329_560_6,
    0.195_090_322_016_128_27,
    0.290_284_677_254_462_4,
    0.382_683_432_365_089_8,
    0.471_396_736_825_997_64,
    0.555_570_233_019_602_2,
    0.634_393_284_163_645_5,
    0.707_106_781_186_547_5,
    0.773_010_453_362_737,
    0.831_469_612_302_545_2,
    0.881_921_264_348_355,
    0.923_879_532_511_286_7,
    0.956_940_335_732_208_9,
    0.980_785_280_403_230_4,
    0.995_184_726_672_196_9,
    1.0,
];

const PERIOD: FieldSpec = FieldSpec::of(
    "period",
    ValueKind::Duration,
    "From one middle on the way up to the next; `for=` has 1000 of them at most.",
);
const FOR: FieldSpec = FieldSpec::of("for", ValueKind::Duration, "How long it lasts, above 0.");
const AMPLITUDE: &str = "How far it swings to either side, the mean at most.";

pub(super) const OF_RATES: NodeSpec = NodeSpec {
    name: "sine",
    summary: "Swings around a level, first upwards.",
    sample: "sine mean=\"100/s\" amplitude=\"60/s\" period=\"1m\" for=\"5m\"",
    properties: &[
        FieldSpec::of("mean", ValueKind::Rate, "The level that it swings around."),
        FieldSpec::of("amplitude", ValueKind::Rate, AMPLITUDE),
        PERIOD,
        FOR,
    ],
    ..NodeSpec::EMPTY
};

pub(super) const OF_USERS: NodeSpec = NodeSpec {
    sample: "sine mean=100 amplitude=60 period=\"1m\" for=\"5m\"",
    properties: &[
        FieldSpec::of("mean", ValueKind::Count, "The level that it swings around."),
        FieldSpec::of("amplitude", ValueKind::Count, AMPLITUDE),
        PERIOD,
        FOR,
    ],
    ..OF_RATES
};

/// A swing that would go below nothing.
#[derive(Debug)]
struct BelowZero {
    amplitude: (String, Span),
    mean: (String, Span),
}

impl Mistake for BelowZero {
    fn code(&self) -> &'static str {
        "T0284"
    }

    fn message(&self) -> String {
        format!(
            "`sine` would swing below 0: `amplitude={}` is above `mean={}`",
            self.amplitude.0, self.mean.0
        )
    }

    fn labels(&self) -> Vec<Label> {
        vec![Label::new(self.amplitude.1, "so far down"), Label::new(self.mean.1, "from here")]
    }

    fn help(&self) -> Option<String> {
        Some(format!("at most `amplitude={}`", self.mean.0))
    }
}

/// The sine at the end of so many pieces of a period.
fn sine(piece: u64) -> f64 {
    let within = usize::try_from(piece % 16).unwrap_or(0);
    match piece / 16 % 4 {
        0 => QUARTER[within],
        1 => QUARTER[16 - within],
        2 => -QUARTER[within],
        _ => -QUARTER[16 - within],
    }
}

/// The level at the end of so many pieces.
fn height(mean: u64, amplitude: u64, piece: u64) -> u64 {
    let swing = amplitude as f64 * sine(piece);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to the amplitude")]
    let distance = (swing.abs() + 0.5) as u64;
    if swing < 0.0 { mean.saturating_sub(distance) } else { mean.saturating_add(distance) }
}

/// The pieces of a swing of this length; the last one ends with it.
fn pieces(mean: u64, amplitude: u64, period: Nanos, length: Nanos) -> Vec<Stage> {
    let end_of = |piece: u64| {
        let at = u128::from(period.0) * u128::from(piece) / u128::from(PIECES);
        Nanos(u64::try_from(at).unwrap_or(u64::MAX))
    };
    let mut stages = Vec::new();
    for piece in 0..PIECES * (PERIODS_MOST + 1) {
        let (start, end) = (end_of(piece), end_of(piece + 1));
        if start >= length {
            break;
        }
        let (from, to) = (height(mean, amplitude, piece), height(mean, amplitude, piece + 1));
        let (whole, part) = (u128::from((end - start).0), u128::from((end.min(length) - start).0));
        if part == 0 {
            continue;
        }
        let distance = u64::try_from(u128::from(from.abs_diff(to)) * part / whole).unwrap_or(0);
        let to = if to > from { from + distance } else { from - distance };
        stages.push(Stage { from, to, length: end.min(length) - start });
    }
    stages
}

/// Reads `sine`.
pub(super) fn read(node: &Node, unit: LevelUnit) -> Result<Vec<Stage>, Problems> {
    let spec = if unit == LevelUnit::Rate { &OF_RATES } else { &OF_USERS };
    let mut fields = Fields::of(node, spec, 0);
    let (mean, amplitude) = (level(&mut fields, "mean", unit), level(&mut fields, "amplitude", unit));
    fields.require("period");
    fields.require("for");
    let (period, length) = (positive(&mut fields, "period"), positive(&mut fields, "for"));
    if let (Some(mean), Some(amplitude)) = (mean, amplitude)
        && amplitude > mean
        && let (Some(low), Some(swing)) = (node.property("mean"), node.property("amplitude"))
    {
        let shown = |entry: &Entry| (entry.known().to_string(), entry.span);
        fields.problem(BelowZero { amplitude: shown(swing), mean: shown(low) });
    }
    if let (Some(period), Some(length)) = (period, length)
        && length.0 / PERIODS_MOST > period.0
        && let Some(entry) = node.property("period")
    {
        fields.quantity_out_of_bounds("period", entry, "a thousandth of `for=`", "292 years");
    }
    let swing = mean.zip(amplitude).zip(period.zip(length));
    fields.finish(swing.map(|((mean, amplitude), (period, length))| pieces(mean, amplitude, period, length)))
}

#[cfg(test)]
mod tests {
    use throng_components::curve::Curve;

    use super::*;

    fn check(length: u64, at: u64, expected: f64) {
        let stages = pieces(1_000_000, 500_000, Nanos::from_secs(1), Nanos::from_millis(length));
        let level = Curve { stages }.level_at(Nanos::from_millis(at));
        assert!((level - expected).abs() <= 1.0, "at {at} ms: {level}, not {expected}");
    }

    #[test]
    fn it_is_a_sine() {
        check(2_000, 0, 1e6);
        check(2_000, 125, 1_353_553.4);
        check(2_000, 250, 1.5e6);
        check(2_000, 500, 1e6);
        check(2_000, 750, 0.5e6);
        check(2_000, 1_250, 1.5e6);
        check(2_000, 2_000, 0.0);
        // Within a piece, by no more than 0.12 % of the amplitude.
        let between = 1e6 + 0.5e6 * (2.0 * std::f64::consts::PI * 0.242).sin();
        let stages = pieces(1_000_000, 500_000, Nanos::from_secs(1), Nanos::from_secs(1));
        assert!((Curve { stages }.level_at(Nanos::from_millis(242)) - between).abs() < 620.0);
    }

    #[test]
    fn its_area_is_that_of_its_mean() {
        let area = |length: u64| {
            let stages = pieces(1_000_000, 500_000, Nanos::from_secs(1), Nanos::from_millis(length));
            let curve = Curve { stages };
            assert_eq!(curve.length(), Nanos::from_millis(length));
            curve.area_doubled_until(Nanos::MAX) as f64 / 2e9
        };
        assert!((area(3_000) - 3e6).abs() < 1.0, "{}", area(3_000));
        // A half period has 1/π of the amplitude besides.
        assert!((area(500) - 0.5e6 - 0.5e6 / std::f64::consts::PI).abs() < 150.0, "{}", area(500));
        // As far as it goes where it is cut off: ∫ sin from 0 to 137 ms is (1 − cos 0.274π) / 2π.
        let cut =
            0.137e6 + 0.5e6 * (1.0 - (0.274 * std::f64::consts::PI).cos()) / (2.0 * std::f64::consts::PI);
        assert!((area(137) - cut).abs() < 60.0, "{} of {cut}", area(137));
    }
}
