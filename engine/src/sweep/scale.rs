//! Axes: round ticks, and units in which numbers are short.

use throng_systems::behavior::Value;

/// An axis' range and its ticks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    pub(super) least: f64,
    pub(super) most: f64,
    /// Where a tick stands, and what stands at it.
    pub(super) ticks: Vec<(f64, String)>,
}

impl Scale {
    /// Where a value stands, from 0 to 1.
    pub(super) fn place(&self, value: f64) -> f64 {
        (value - self.least) / (self.most - self.least)
    }

    /// From zero or the least value below it to the first tick that nothing is above.
    pub(super) fn from_zero(least: f64, most: f64) -> Self {
        let (least, most) = (least.min(0.0), if most > 0.0 { most } else { 1.0 });
        let step = step(most - least, 5.0);
        let whole = |ticks: f64| ticks * step;
        // A value at a tick needs none above it.
        Self::with(whole((least / step).floor()), whole((most / step - 1e-9).ceil()), step)
    }

    /// Around the values, with some room at both ends.
    pub(super) fn around(least: f64, most: f64) -> Self {
        let room = if most > least { (most - least) * 0.06 } else { (least.abs() * 0.5).max(0.5) };
        Self::with(least - room, most + room, step(most - least + 2.0 * room, 6.0))
    }

    /// One tick a word.
    pub(super) fn of_words(words: &[String]) -> Self {
        let ticks = words.iter().enumerate().map(|(place, word)| (place as f64, word.clone())).collect();
        Self { least: -0.5, most: words.len() as f64 - 0.5, ticks }
    }

    fn with(least: f64, most: f64, step: f64) -> Self {
        let decimals = decimals(step);
        let first = (least / step - 1e-9).ceil();
        let values = (0..100_u32).map(|number| (first + f64::from(number)) * step);
        let within = values.take_while(|value| *value <= most + step * 1e-9);
        // Minus zero is none.
        let ticks = within.map(|value| (value, format!("{:.decimals$}", value + 0.0))).collect();
        Self { least, most, ticks }
    }
}

/// The least of 1, 2 and 5 times a power of ten of which at most so many fit into a range.
fn step(range: f64, most: f64) -> f64 {
    let raw = range / most;
    let mut power = 1.0_f64;
    while power * 10.0 <= raw && power < 1e300 {
        power *= 10.0;
    }
    while power > raw && power > 1e-300 {
        power /= 10.0;
    }
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= raw).unwrap_or(power)
}

/// Digits behind the point that multiples of a step need.
fn decimals(step: f64) -> usize {
    let mut scaled = step;
    let mut digits = 0;
    while digits < 12 && (scaled - scaled.round()).abs() > 1e-6 * scaled {
        scaled *= 10.0;
        digits += 1;
    }
    digits
}

/// What values of a unit are divided by, and what the quotient is in, so that the largest is a short number.
pub(super) fn unit_for(unit: &str, most: f64) -> (f64, &str) {
    let of = |units: &[(f64, &'static str)]| {
        units.iter().rev().find(|(size, _)| most >= *size).copied().unwrap_or(units[0])
    };
    match unit {
        "ns" => of(&[(1.0, "ns"), (1e3, "us"), (1e6, "ms"), (1e9, "s")]),
        "bytes" => of(&[(1.0, "bytes"), (1e3, "KB"), (1e6, "MB"), (1e9, "GB")]),
        "share" => (0.01, "%"),
        other => (1.0, other),
    }
}

/// A parameter's value as a number and its unit; none for one that is no number.
pub(super) fn number(value: &Value) -> Option<(f64, &'static str)> {
    match value {
        Value::Int(number) => Some((*number as f64, "")),
        Value::Float(number) => Some((*number, "")),
        Value::Duration(duration) => Some((duration.0 as f64, "ns")),
        Value::Rate(rate) => Some((rate.as_per_second(), "1/s")),
        Value::Share(share) => Some((share.0, "share")),
        Value::Size(size) => Some((size.0 as f64, "bytes")),
        Value::Unset | Value::Bool(_) | Value::Text(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(scale: &Scale, expected: &[&str]) {
        let shown: Vec<&str> = scale.ticks.iter().map(|(_, shown)| shown.as_str()).collect();
        assert_eq!(shown, expected, "{scale:?}");
        assert!(scale.ticks.iter().all(|(value, _)| (-1e-9..=1.0 + 1e-9).contains(&scale.place(*value))));
    }

    #[test]
    fn ticks_are_round() {
        check(&Scale::from_zero(3.0, 51.0), &["0", "20", "40", "60"]);
        check(&Scale::from_zero(0.0, 100.0), &["0", "20", "40", "60", "80", "100"]);
        check(&Scale::from_zero(0.0, 0.012), &["0.000", "0.005", "0.010", "0.015"]);
        check(&Scale::from_zero(-1.0, 1.0), &["-1.0", "-0.5", "0.0", "0.5", "1.0"]);
        check(&Scale::from_zero(0.0, 0.0), &["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        check(&Scale::around(50.0, 80.0), &["50", "60", "70", "80"]);
        check(&Scale::around(1.0, 4.0), &["1", "2", "3", "4"]);
        check(&Scale::around(7.0, 7.0), &["4", "6", "8", "10"]);
        check(&Scale::of_words(&["a".to_owned(), "b".to_owned()]), &["a", "b"]);
    }

    #[test]
    fn units_are_those_of_the_largest() {
        assert_eq!(unit_for("ns", 5e7), (1e6, "ms"));
        assert_eq!(unit_for("ns", 0.5), (1.0, "ns"));
        assert_eq!(unit_for("bytes", 2_500.0), (1e3, "KB"));
        assert_eq!(unit_for("share", 0.5), (0.01, "%"));
        assert_eq!(unit_for("1/s", 5e7), (1.0, "1/s"));
    }
}
