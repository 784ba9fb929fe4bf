//! What a variable holds: a value that knows its kind and, where it is a quantity, its unit.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use throng_components::clock::Nanos;
use throng_components::workload::{
    Rate, Scalar, Share, Size, parse_duration, parse_rate, parse_share, parse_size,
};

/// A value during the run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// Nothing yet: whoever needs it fails.
    #[default]
    Unset,
    /// A whole number.
    Int(i64),
    /// Any other number; never NaN or infinite.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// A duration, or an instant counted from the run's start.
    Duration(Nanos),
    /// Events a time.
    Rate(Rate),
    /// A part of a whole.
    Share(Share),
    /// A number of bytes.
    Size(Size),
    /// A text, shared by all that hold it.
    Text(Arc<str>),
}

/// What sort of value it is, as far as operators and messages care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// See [`Value::Int`].
    Int,
    /// See [`Value::Float`].
    Float,
    /// See [`Value::Bool`].
    Bool,
    /// See [`Value::Duration`].
    Duration,
    /// See [`Value::Rate`].
    Rate,
    /// See [`Value::Share`].
    Share,
    /// See [`Value::Size`].
    Size,
    /// See [`Value::Text`].
    Text,
}

impl Kind {
    /// Every kind, in the order of [`Value`]'s variants.
    pub const ALL: [Self; 8] =
        [Self::Int, Self::Float, Self::Bool, Self::Duration, Self::Rate, Self::Share, Self::Size, Self::Text];

    /// Whether it is a number without a unit.
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Float)
    }

    /// Whether it is a number with a unit.
    pub const fn is_quantity(self) -> bool {
        matches!(self, Self::Duration | Self::Rate | Self::Share | Self::Size)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Int => "a whole number",
            Self::Float => "a decimal number",
            Self::Bool => "true or false",
            Self::Duration => "a duration",
            Self::Rate => "a rate",
            Self::Share => "a share",
            Self::Size => "a size",
            Self::Text => "a text",
        })
    }
}

impl Value {
    /// A bare value of the workload. A text stays a text even when it reads like a quantity: a quantity's unit comes
    /// from a literal inside `${…}` or from another value.
    ///
    /// `None` for `#null`, `#nan`, `#inf` and whole numbers outside of 64 bits.
    pub fn from_scalar(scalar: &Scalar) -> Option<Self> {
        match scalar {
            Scalar::Text(text) => Some(Self::Text(text.as_str().into())),
            Scalar::Integer(number) => i64::try_from(*number).ok().map(Self::Int),
            Scalar::Float(number) => number.is_finite().then_some(Self::Float(*number)),
            Scalar::Bool(flag) => Some(Self::Bool(*flag)),
            Scalar::Null => None,
        }
    }

    /// A bare value of the workload, or from outside of it, whose text is taken for the quantity that it names.
    ///
    /// `None` as in [`Value::from_scalar`].
    pub fn read(scalar: &Scalar) -> Option<Self> {
        let Scalar::Text(text) = scalar else { return Self::from_scalar(scalar) };
        let duration = parse_duration(text).map(Self::Duration);
        let read = duration
            .or_else(|_| parse_rate(text).map(Self::Rate))
            .or_else(|_| parse_share(text).map(Self::Share))
            .or_else(|_| parse_size(text).map(Self::Size));
        Some(read.unwrap_or_else(|_| Self::Text(text.as_str().into())))
    }

    /// As it would stand in the workload; nothing for an unset value.
    pub fn to_scalar(&self) -> Scalar {
        match self {
            Self::Unset => Scalar::Null,
            Self::Int(number) => Scalar::Integer(i128::from(*number)),
            Self::Float(number) => Scalar::Float(*number),
            Self::Bool(flag) => Scalar::Bool(*flag),
            Self::Text(text) => Scalar::Text(text.to_string()),
            quantity => Scalar::Text(quantity.to_string()),
        }
    }

    /// Its kind; `None` when it is unset.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Unset => None,
            Self::Int(_) => Some(Kind::Int),
            Self::Float(_) => Some(Kind::Float),
            Self::Bool(_) => Some(Kind::Bool),
            Self::Duration(_) => Some(Kind::Duration),
            Self::Rate(_) => Some(Kind::Rate),
            Self::Share(_) => Some(Kind::Share),
            Self::Size(_) => Some(Kind::Size),
            Self::Text(_) => Some(Kind::Text),
        }
    }
}

impl fmt::Display for Value {
    /// As it is put into a text. Quantities are exact and can be read again as what they were; an unset value is empty.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => Ok(()),
            Self::Int(number) => write!(f, "{number}"),
            // `Debug` of a float is the shortest text that reads back as the same bits, and `2.0` stays a float.
            Self::Float(number) => write!(f, "{number:?}"),
            Self::Bool(flag) => write!(f, "{flag}"),
            Self::Duration(duration) => write_duration(f, *duration),
            Self::Rate(rate) => write_rate(f, *rate),
            Self::Share(share) => write_share(f, *share),
            Self::Size(size) => write_size(f, *size),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Writes `number / 10^digits` without trailing zeros.
fn write_decimal(f: &mut fmt::Formatter<'_>, number: u64, digits: u32) -> fmt::Result {
    let scale = 10_u64.pow(digits);
    let (whole, mut part) = (number / scale, number % scale);
    if part == 0 {
        return write!(f, "{whole}");
    }
    let mut width = digits as usize;
    while part.is_multiple_of(10) {
        part /= 10;
        width -= 1;
    }
    write!(f, "{whole}.{part:0width$}")
}

/// Weeks to minutes as whole numbers, what is left in one decimal of the unit that fits: `1h30m`, `1m1.5s`, `250ms`.
fn write_duration(f: &mut fmt::Formatter<'_>, duration: Nanos) -> fmt::Result {
    const LARGE: [(u64, &str); 4] = [
        (604_800_000_000_000, "w"),
        (86_400_000_000_000, "d"),
        (3_600_000_000_000, "h"),
        (60_000_000_000, "m"),
    ];
    let mut rest = duration.0;
    if rest == 0 {
        return f.write_str("0s");
    }
    for (length, unit) in LARGE {
        if rest >= length {
            write!(f, "{}{unit}", rest / length)?;
            rest %= length;
        }
    }
    let (digits, unit) = match rest {
        0 => return Ok(()),
        1..1_000 => (0, "ns"),
        1_000..1_000_000 => (3, "us"),
        1_000_000..1_000_000_000 => (6, "ms"),
        _ => (9, "s"),
    };
    write_decimal(f, rest, digits)?;
    f.write_str(unit)
}

/// The largest unit of time in which the rate has at most six decimals, so that nothing is lost.
fn write_rate(f: &mut fmt::Formatter<'_>, rate: Rate) -> fmt::Result {
    let (divisor, unit) = if rate.0.is_multiple_of(3600) {
        (3600, "/s")
    } else if rate.0.is_multiple_of(60) {
        (60, "/m")
    } else {
        (1, "/h")
    };
    write_decimal(f, rate.0 / divisor, 6)?;
    f.write_str(unit)
}

/// The shortest percentage that reads back as the same share: 0.07 × 100 is not 7, its neighbour below is.
fn write_share(f: &mut fmt::Formatter<'_>, share: Share) -> fmt::Result {
    let percent = share.0 * 100.0;
    let shortest = [percent, percent.next_up(), percent.next_down()]
        .into_iter()
        .filter(|candidate| (candidate / 100.0).to_bits() == share.0.to_bits())
        .map(|candidate| candidate.to_string())
        .min_by_key(String::len);
    match shortest {
        Some(text) => write!(f, "{text}%"),
        None => write!(f, "{percent}%"),
    }
}

/// The largest unit that divides it.
fn write_size(f: &mut fmt::Formatter<'_>, size: Size) -> fmt::Result {
    const UNITS: [(u64, &str); 6] = [
        (1 << 30, "GiB"),
        (1_000_000_000, "GB"),
        (1 << 20, "MiB"),
        (1_000_000, "MB"),
        (1 << 10, "KiB"),
        (1_000, "KB"),
    ];
    let fits = |(length, _): &&(u64, &str)| size.0 != 0 && size.0.is_multiple_of(*length);
    match UNITS.iter().find(fits) {
        Some((length, unit)) => write!(f, "{}{unit}", size.0 / length),
        None => write!(f, "{}B", size.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: Value, text: &str) {
        assert_eq!(value.to_string(), text);
        match value {
            Value::Duration(duration) => assert_eq!(parse_duration(text), Ok(duration)),
            Value::Rate(rate) => assert_eq!(parse_rate(text), Ok(rate)),
            Value::Share(share) => assert_eq!(parse_share(text), Ok(share)),
            Value::Size(size) => assert_eq!(parse_size(text), Ok(size)),
            _ => {}
        }
    }

    #[test]
    fn a_value_stays_small() {
        assert!(size_of::<Value>() <= 24, "{}", size_of::<Value>());
    }

    #[test]
    fn quantities_print_exactly_and_read_back() {
        check(Value::Duration(Nanos::ZERO), "0s");
        check(Value::Duration(Nanos(250_000_000)), "250ms");
        check(Value::Duration(Nanos(1_500_000)), "1.5ms");
        check(Value::Duration(Nanos(5_400_000_000_000)), "1h30m");
        check(Value::Duration(Nanos(61_500_000_000)), "1m1.5s");
        check(Value::Duration(Nanos(694_861_000_000_001)), "1w1d1h1m1.000000001s");
        check(Value::Duration(Nanos(60_000_000_007)), "1m7ns");
        check(Value::Rate(Rate::per_second(200)), "200/s");
        check(Value::Rate(Rate(54_720_000_000)), "15.2/s");
        check(Value::Rate(Rate(1_000_000_000)), "1000/h");
        check(Value::Rate(Rate(60)), "0.000001/m");
        check(Value::Size(Size(65_536)), "64KiB");
        check(Value::Size(Size(2_000_000)), "2MB");
        check(Value::Size(Size(0)), "0B");
        check(Value::Size(Size(1_025)), "1025B");
        for thousandths in 0..=100_000_u32 {
            let text = format!("{}%", f64::from(thousandths) / 1000.0);
            let share = parse_share(&text).expect("a share");
            check(Value::Share(share), &text);
        }
    }

    #[test]
    fn plain_values_print_as_they_are_written() {
        check(Value::Unset, "");
        check(Value::Int(i64::MIN), "-9223372036854775808");
        check(Value::Float(2.0), "2.0");
        check(Value::Float(0.1), "0.1");
        check(Value::Float(1e300), "1e300");
        check(Value::Bool(true), "true");
        check(Value::Text("500ms".into()), "500ms");
    }

    #[test]
    fn quantities_are_read_and_written_as_such() {
        let check = |text: &str, kind: Kind, written: &str| {
            let value = Value::read(&Scalar::Text(text.to_owned())).expect("a value");
            assert_eq!(value.kind(), Some(kind), "{text}");
            assert_eq!(value.to_scalar(), Scalar::Text(written.to_owned()), "{text}");
        };
        check("90s", Kind::Duration, "1m30s");
        check("60/m", Kind::Rate, "1/s");
        check("5%", Kind::Share, "5%");
        check("64KiB", Kind::Size, "64KiB");
        check("http://h", Kind::Text, "http://h");
        check("101%", Kind::Text, "101%");
        check("5", Kind::Text, "5");
        assert_eq!(Value::read(&Scalar::Integer(5)).map(|value| value.to_scalar()), Some(Scalar::Integer(5)));
    }

    #[test]
    fn scalars_keep_their_form() {
        assert_eq!(Value::from_scalar(&Scalar::Text("500ms".to_owned())), Some(Value::Text("500ms".into())));
        assert_eq!(Value::from_scalar(&Scalar::Integer(7)), Some(Value::Int(7)));
        assert_eq!(Value::from_scalar(&Scalar::Integer(1 << 64)), None);
        assert_eq!(Value::from_scalar(&Scalar::Float(f64::INFINITY)), None);
        assert_eq!(Value::from_scalar(&Scalar::Null), None);
    }
}
