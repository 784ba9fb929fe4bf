//! Quantities: a number and its unit in one string, exact in nanoseconds or events.

use serde::{Deserialize, Serialize};

use crate::clock::Nanos;

/// Events a time, exact for every decimal rate a second, minute or hour.
///
/// # Units
/// Millionths of an event an hour: 1/s is 3 600 000 000. The largest is 10^9/s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rate(pub u64);

impl Rate {
    /// Millionths of an event an hour in one event a second.
    pub const PER_SECOND: u64 = 3_600_000_000;
    /// 10^9 events a second: one a nanosecond, the clock's own grain.
    pub const MAX: Self = Self(1_000_000_000 * Self::PER_SECOND);

    /// A whole number of events a second.
    pub fn per_second(events: u32) -> Self {
        Self(u64::from(events) * Self::PER_SECOND)
    }

    /// The nearest rate to a number of events a second, between 0 and [`Rate::MAX`].
    pub fn from_per_second(events: f64) -> Self {
        let scaled = (events * Self::PER_SECOND as f64).clamp(0.0, Self::MAX.0 as f64);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped just above")]
        Self(scaled as u64)
    }

    /// Events a second, as near as an `f64` comes.
    pub fn as_per_second(self) -> f64 {
        self.0 as f64 / Self::PER_SECOND as f64
    }
}

/// A part of a whole: 1.0 is all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Share(pub f64);

/// A number of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Size(pub u64);

/// A bound that counts (`100`) or compares with the whole (`"5%"`).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Limit {
    /// So many.
    Count(u64),
    /// Such a part.
    Share(Share),
}

/// Why a text is no quantity. The reader of the field adds the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitMistake {
    /// Not a number followed by a unit.
    Malformed,
    /// A number whose unit is not known.
    UnknownUnit,
    /// A number without a unit.
    NoUnit,
    /// Below zero.
    Negative,
    /// Larger than can be counted.
    TooLarge,
    /// Finer than the finest grain that can be kept exactly.
    TooFine,
}

/// Splits `12.5ms` into digits before the point, digits after it, and the unit.
fn split_number(text: &str) -> Result<(u128, &str, &str), UnitMistake> {
    if text.starts_with('-') {
        return Err(UnitMistake::Negative);
    }
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (whole, rest) = text.split_at(end);
    let (fraction, unit) = match rest.strip_prefix('.') {
        Some(after) => {
            let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
            let (digits, unit) = after.split_at(end);
            if digits.is_empty() {
                return Err(UnitMistake::Malformed);
            }
            (digits, unit)
        }
        None => ("", rest),
    };
    if whole.is_empty() {
        return Err(UnitMistake::Malformed);
    }
    if whole.len() > 24 || fraction.len() > 12 {
        return Err(if whole.len() > 24 { UnitMistake::TooLarge } else { UnitMistake::TooFine });
    }
    Ok((whole.parse().map_err(|_| UnitMistake::TooLarge)?, fraction, unit))
}

/// `whole.fraction × scale`, when that is a whole number.
fn scaled(whole: u128, fraction: &str, scale: u128) -> Result<u128, UnitMistake> {
    let mut total = whole.checked_mul(scale).ok_or(UnitMistake::TooLarge)?;
    if !fraction.is_empty() {
        let digits: u128 = fraction.parse().map_err(|_| UnitMistake::TooFine)?;
        let denominator = 10_u128.pow(u32::try_from(fraction.len()).map_err(|_| UnitMistake::TooFine)?);
        let part = digits.checked_mul(scale).ok_or(UnitMistake::TooLarge)?;
        if part % denominator != 0 {
            return Err(UnitMistake::TooFine);
        }
        total = total.checked_add(part / denominator).ok_or(UnitMistake::TooLarge)?;
    }
    Ok(total)
}

/// Reads a duration: `250ms`, `1.5s`, `1h30m`, `1w1d`. Units: ns us ms s m h d w.
///
/// # Errors
/// See [`UnitMistake`]. The longest is 292 years, the finest grain a nanosecond.
///
/// # Examples
/// ```
/// use throng_components::workload::parse_duration;
/// assert_eq!(parse_duration("1h30m").unwrap().0, 5_400_000_000_000);
/// ```
pub fn parse_duration(text: &str) -> Result<Nanos, UnitMistake> {
    let mut rest = text.trim();
    let mut total = 0_u128;
    if rest.is_empty() {
        return Err(UnitMistake::Malformed);
    }
    while !rest.is_empty() {
        let (whole, fraction, tail) = split_number(rest)?;
        let end = tail.find(|c: char| c.is_ascii_digit() || c == '-').unwrap_or(tail.len());
        let (unit, next) = tail.split_at(end);
        let scale = match unit {
            "ns" => 1,
            "us" | "µs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            "w" => 604_800_000_000_000,
            "" => return Err(UnitMistake::NoUnit),
            _ => return Err(UnitMistake::UnknownUnit),
        };
        total = total.checked_add(scaled(whole, fraction, scale)?).ok_or(UnitMistake::TooLarge)?;
        rest = next;
    }
    match u64::try_from(total) {
        Ok(nanos) if i64::try_from(nanos).is_ok() => Ok(Nanos(nanos)),
        _ => Err(UnitMistake::TooLarge),
    }
}

/// Reads a rate: `200/s`, `15.2/s`, `30/m`, `1000/h`.
///
/// # Errors
/// See [`UnitMistake`]. The largest is 10^9/s, the finest grain a millionth of an event an hour.
pub fn parse_rate(text: &str) -> Result<Rate, UnitMistake> {
    let (whole, fraction, unit) = split_number(text.trim())?;
    let scale = match unit.trim_start() {
        "/s" => u128::from(Rate::PER_SECOND),
        "/m" | "/min" => 60_000_000,
        "/h" => 1_000_000,
        "" => return Err(UnitMistake::NoUnit),
        _ => return Err(UnitMistake::UnknownUnit),
    };
    let value = scaled(whole, fraction, scale)?;
    match u64::try_from(value) {
        Ok(rate) if rate <= Rate::MAX.0 => Ok(Rate(rate)),
        _ => Err(UnitMistake::TooLarge),
    }
}

/// Reads a share: `5%`, `0.1%`.
///
/// # Errors
/// See [`UnitMistake`]. Shares above 100 % are too large.
pub fn parse_share(text: &str) -> Result<Share, UnitMistake> {
    let (whole, fraction, unit) = split_number(text.trim())?;
    match unit.trim_start() {
        "%" => {}
        "" => return Err(UnitMistake::NoUnit),
        _ => return Err(UnitMistake::UnknownUnit),
    }
    let number: f64 = format!("{whole}.{fraction}0").parse().map_err(|_| UnitMistake::Malformed)?;
    if number > 100.0 { Err(UnitMistake::TooLarge) } else { Ok(Share(number / 100.0)) }
}

/// Reads a size: `512B`, `64KiB`, `1MB`.
///
/// # Errors
/// See [`UnitMistake`].
pub fn parse_size(text: &str) -> Result<Size, UnitMistake> {
    let (whole, fraction, unit) = split_number(text.trim())?;
    let scale = match unit.trim_start() {
        "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "" => return Err(UnitMistake::NoUnit),
        _ => return Err(UnitMistake::UnknownUnit),
    };
    u64::try_from(scaled(whole, fraction, scale)?).map(Size).map_err(|_| UnitMistake::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_duration(text: &str, expected: Result<u64, UnitMistake>) {
        assert_eq!(parse_duration(text).map(|nanos| nanos.0), expected, "{text}");
    }

    #[test]
    fn durations_are_exact() {
        check_duration("250ms", Ok(250_000_000));
        check_duration("1.5s", Ok(1_500_000_000));
        check_duration("1w1d1h1m1s", Ok(694_861_000_000_000));
        check_duration("0s", Ok(0));
        check_duration("0.1ns", Err(UnitMistake::TooFine));
        check_duration("30", Err(UnitMistake::NoUnit));
        check_duration("30 parsecs", Err(UnitMistake::UnknownUnit));
        check_duration("-1s", Err(UnitMistake::Negative));
        check_duration("1s-1s", Err(UnitMistake::Negative));
        check_duration("", Err(UnitMistake::Malformed));
        check_duration(".5s", Err(UnitMistake::Malformed));
        check_duration("99999999999w", Err(UnitMistake::TooLarge));
    }

    #[test]
    fn rates_are_exact() {
        assert_eq!(parse_rate("15.2/s"), Ok(Rate(54_720_000_000)));
        assert_eq!(parse_rate("30/m"), parse_rate("0.5/s"));
        assert_eq!(parse_rate("1000/h"), Ok(Rate(1_000_000_000)));
        assert_eq!(parse_rate("5"), Err(UnitMistake::NoUnit));
        assert_eq!(parse_rate("-5/s"), Err(UnitMistake::Negative));
        assert_eq!(parse_rate("2000000000/s"), Err(UnitMistake::TooLarge));
    }

    #[test]
    fn shares_and_sizes() {
        assert_eq!(parse_share("5%"), Ok(Share(0.05)));
        assert_eq!(parse_share("101%"), Err(UnitMistake::TooLarge));
        assert_eq!(parse_size("64KiB"), Ok(Size(65_536)));
    }
}
