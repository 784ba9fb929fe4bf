//! The functions of expressions: what they are called, take and give.

use std::sync::Arc;

use throng_components::seed::{below, unit};

use super::frame::{EvaluationError, TEXT_BYTES_MAX};
use super::kinds;
use super::operators::Operator;
use crate::behavior::value::{Kind, Value};
use crate::plugins::laws::Draws;

/// The most arguments of a function that takes a fixed number of them.
pub(super) const ARGUMENTS_MAX: usize = 3;

/// Functions that the language has and this version has not.
pub(super) const LATER: &[&str] = &["env"];

/// A function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Random,
    Uuid,
    Choose,
    Min,
    Max,
    Round,
    Floor,
    Ceil,
    Abs,
    Length,
    Upper,
    Lower,
    Substring,
    Int,
    Float,
    Text,
}

/// Every function: its name, and how many arguments it takes at least and at most.
const ALL: &[(Function, &str, usize, usize)] = &[
    (Function::Random, "random", 2, 2),
    (Function::Uuid, "uuid", 0, 0),
    (Function::Choose, "choose", 1, usize::MAX),
    (Function::Min, "min", 2, usize::MAX),
    (Function::Max, "max", 2, usize::MAX),
    (Function::Round, "round", 1, 1),
    (Function::Floor, "floor", 1, 1),
    (Function::Ceil, "ceil", 1, 1),
    (Function::Abs, "abs", 1, 1),
    (Function::Length, "length", 1, 1),
    (Function::Upper, "upper", 1, 1),
    (Function::Lower, "lower", 1, 1),
    (Function::Substring, "substring", 2, 3),
    (Function::Int, "int", 1, 1),
    (Function::Float, "float", 1, 1),
    (Function::Text, "text", 1, 1),
];

/// The function of that name.
pub(super) fn find(name: &str) -> Option<Function> {
    ALL.iter().find(|(_, known, ..)| *known == name).map(|(function, ..)| *function)
}

/// The names of all.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|(_, name, ..)| *name)
}

impl Function {
    /// As it is written.
    pub(super) fn name(self) -> &'static str {
        ALL.iter().find(|(function, ..)| *function == self).map_or("", |(_, name, ..)| *name)
    }

    /// How many arguments it takes, at least and at most.
    pub(super) fn arity(self) -> (usize, usize) {
        ALL.iter()
            .find(|(function, ..)| *function == self)
            .map_or((0, 0), |(.., least, most)| (*least, *most))
    }

    /// Whether argument `index` of these may be of that kind; if not, what it should be.
    pub(super) fn takes(self, index: usize, kind: Kind, all: &[Option<Kind>]) -> Result<(), &'static str> {
        let (fits, expected) = match self {
            Self::Uuid | Self::Choose | Self::Text => (true, "any value"),
            Self::Random | Self::Round | Self::Floor | Self::Ceil | Self::Abs => {
                (kind.is_number(), "a number")
            }
            Self::Substring if index > 0 => (kind == Kind::Int, "a whole number"),
            Self::Length | Self::Upper | Self::Lower | Self::Substring => (kind == Kind::Text, "a text"),
            Self::Int | Self::Float => (kind.is_number() || kind == Kind::Text, "a number or a text"),
            Self::Min | Self::Max => {
                let first = all.first().copied().flatten();
                let fits = kinds::of_operator(Operator::Less, first, Some(kind)).is_ok();
                (
                    fits,
                    if index == 0 { "something that has an order" } else { "of the first argument's kind" },
                )
            }
        };
        if fits { Ok(()) } else { Err(expected) }
    }

    /// The kind of its value, where that is known.
    pub(super) fn kind(self, arguments: &[Option<Kind>]) -> Option<Kind> {
        match self {
            Self::Uuid | Self::Upper | Self::Lower | Self::Substring | Self::Text => Some(Kind::Text),
            Self::Length | Self::Int | Self::Round | Self::Floor | Self::Ceil => Some(Kind::Int),
            Self::Float => Some(Kind::Float),
            Self::Random if arguments.contains(&Some(Kind::Float)) => Some(Kind::Float),
            Self::Random | Self::Choose | Self::Min | Self::Max | Self::Abs => kinds::shared(arguments),
        }
    }

    /// Its value for as many of these arguments as it takes; those that were not given are unset.
    ///
    /// `choose`, `min` and `max` take any number of them and are part of the walk.
    pub(super) fn apply(
        self,
        arguments: &[Value; ARGUMENTS_MAX],
        draws: &mut Draws,
    ) -> Result<Value, EvaluationError> {
        let [first, second, third] = arguments;
        match (self, first) {
            (Self::Random, first) => self.random(first, second, draws),
            (Self::Uuid, _) => Ok(uuid(draws)),
            (Self::Round | Self::Floor | Self::Ceil | Self::Int, Value::Int(number)) => {
                Ok(Value::Int(*number))
            }
            (Self::Round, Value::Float(number)) => whole(number.round()),
            (Self::Floor, Value::Float(number)) => whole(number.floor()),
            (Self::Ceil, Value::Float(number)) => whole(number.ceil()),
            (Self::Int, Value::Float(number)) => whole(number.trunc()),
            (Self::Int, Value::Text(text)) => {
                text.trim().parse().map(Value::Int).map_err(|_| EvaluationError::NotANumber)
            }
            (Self::Abs, Value::Int(number)) => {
                number.checked_abs().map(Value::Int).ok_or(EvaluationError::Overflow)
            }
            (Self::Abs, Value::Float(number)) => Ok(Value::Float(number.abs())),
            (Self::Float, Value::Int(number)) => Ok(Value::Float(*number as f64)),
            (Self::Float, Value::Float(number)) => Ok(Value::Float(*number)),
            (Self::Float, Value::Text(text)) => match text.trim().parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Value::Float(number)),
                _ => Err(EvaluationError::NotANumber),
            },
            (Self::Length, Value::Text(text)) => {
                i64::try_from(text.chars().count()).map(Value::Int).map_err(|_| EvaluationError::Overflow)
            }
            (Self::Upper, Value::Text(value)) => text(value.to_uppercase()),
            (Self::Lower, Value::Text(value)) => text(value.to_lowercase()),
            (Self::Substring, Value::Text(value)) => self.substring(value, second, third),
            (Self::Text, value) => text(value.to_string()),
            (_, value) => Err(self.wrong(value)),
        }
    }

    fn wrong(self, value: &Value) -> EvaluationError {
        EvaluationError::WrongKind { operation: self.name(), found: value.kind() }
    }

    /// A whole number from `least` to `most`, both included; a decimal one when either bound is.
    fn random(self, least: &Value, most: &Value, draws: &mut Draws) -> Result<Value, EvaluationError> {
        let empty = EvaluationError::OutOfRange { function: self.name() };
        let (least, most) = match (least, most) {
            (Value::Int(least), Value::Int(most)) if least > most => return Err(empty),
            (Value::Int(least), Value::Int(most)) => {
                let bits = draws.next();
                // All 2^64 of them are one more than can be counted: then every draw is a number of its own.
                let offset =
                    most.abs_diff(*least).checked_add(1).map_or(bits, |numbers| below(bits, numbers));
                return Ok(Value::Int(least.wrapping_add_unsigned(offset)));
            }
            (Value::Float(least), Value::Float(most)) => (*least, *most),
            (Value::Float(least), Value::Int(most)) => (*least, *most as f64),
            (Value::Int(least), Value::Float(most)) => (*least as f64, *most),
            (Value::Int(_) | Value::Float(_), other) | (other, _) => return Err(self.wrong(other)),
        };
        let length = most - least;
        if least > most || !length.is_finite() {
            return Err(empty);
        }
        Ok(Value::Float((least + length * unit(draws.next())).min(most)))
    }

    /// From character `start` (the first is 0), `length` of them or all that follow; what lies behind the end is left out.
    fn substring(self, value: &str, start: &Value, length: &Value) -> Result<Value, EvaluationError> {
        let count = |number: &Value| match number {
            Value::Int(number) => {
                usize::try_from(*number).map_err(|_| EvaluationError::OutOfRange { function: self.name() })
            }
            other => Err(self.wrong(other)),
        };
        let after = value.chars().skip(count(start)?);
        match length {
            Value::Unset => text(after.collect()),
            length => text(after.take(count(length)?).collect()),
        }
    }
}

/// A text within the bound.
fn text(value: String) -> Result<Value, EvaluationError> {
    if value.len() > TEXT_BYTES_MAX {
        Err(EvaluationError::TooLong)
    } else {
        Ok(Value::Text(Arc::from(value)))
    }
}

/// A number without a fraction as a whole one.
fn whole(number: f64) -> Result<Value, EvaluationError> {
    // 2^63 is a double, 2^63 − 1 is not.
    let limit = 9_223_372_036_854_775_808.0;
    if (-limit..limit).contains(&number) {
        #[expect(clippy::cast_possible_truncation, reason = "bounded just above, and without a fraction")]
        Ok(Value::Int(number as i64))
    } else {
        Err(EvaluationError::Overflow)
    }
}

/// 122 random bits in the form of a version 4 UUID (RFC 9562, section 5.4).
fn uuid(draws: &mut Draws) -> Value {
    let high = draws.next() & 0xffff_ffff_ffff_0fff | 0x0000_0000_0000_4000;
    let low = draws.next() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000;
    Value::Text(Arc::from(format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )))
}

#[cfg(test)]
mod tests {
    use super::super::sandbox;
    use super::*;

    /// The value of an expression, as it prints, or its error.
    fn check(text: &str, expected: &str) {
        let found = match sandbox::evaluate(text) {
            Ok(value) => value.to_string(),
            Err(error) => format!("{error:?}"),
        };
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn numbers() {
        check("min(3, 1, 2) + max(1, 2.5)", "3.5");
        check("max(1s, 500ms)", "1s");
        check("min('b', 'a')", "a");
        check("round(2.5) + floor(-0.5) + ceil(0.1)", "3");
        check("round(1e30)", "Overflow");
        check("abs(-3) + abs(-0.5)", "3.5");
        check("abs(-9223372036854775807 - 1)", "Overflow");
        check("int('42') + int(-1.9)", "41");
        check("float('1.5') + float(1)", "2.5");
        check("int(word)", "NotANumber");
        check("float('inf')", "NotANumber");
    }

    #[test]
    fn texts() {
        check("length('größe')", "5");
        check("upper('größe') + lower('ÄB')", "GRÖSSEäb");
        check("substring('größe', 1, 3)", "röß");
        check("substring('größe', 3)", "ße");
        check("substring('abc', 7, 2)", "");
        check("substring('abc', -1)", "OutOfRange { function: \"substring\" }");
        check("text(1500ms) + text(true)", "1.5strue");
        check("upper(login.status)", "WrongKind { operation: \"upper\", found: Some(Int) }");
    }

    #[test]
    fn random_reaches_both_ends_and_nothing_else() {
        let mut seen = sandbox::evaluate_often("random(-1, 1)", 200);
        seen.sort_by_key(ToString::to_string);
        seen.dedup();
        assert_eq!(seen, [Value::Int(-1), Value::Int(0), Value::Int(1)]);
        for value in sandbox::evaluate_often("random(1, 2.5)", 200) {
            assert!(matches!(value, Value::Float(number) if (1.0..=2.5).contains(&number)), "{value}");
        }
        check("random(7, 7)", "7");
        check("random(5, 1)", "OutOfRange { function: \"random\" }");
        check("abs(random(-9223372036854775807 - 1, 9223372036854775807)) > 1000", "true");
        check("random(word, 1)", "WrongKind { operation: \"random\", found: Some(Text) }");
    }

    #[test]
    fn choose_takes_each() {
        let mut seen = sandbox::evaluate_often("choose('a', 2, 3s)", 100);
        seen.sort_by_key(ToString::to_string);
        seen.dedup();
        assert_eq!(seen.len(), 3);
    }

    #[test]
    fn a_uuid_has_its_version_and_variant() {
        for value in sandbox::evaluate_often("uuid()", 100) {
            let text = value.to_string();
            let parts: Vec<&str> = text.split('-').collect();
            assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{text}");
            assert!(parts[2].starts_with('4') && parts[3].starts_with(['8', '9', 'a', 'b']), "{text}");
        }
        let mut all = sandbox::evaluate_often("uuid()", 1000);
        all.sort_by_key(ToString::to_string);
        all.dedup();
        assert_eq!(all.len(), 1000);
    }

    #[test]
    fn every_function_is_in_the_table_once() {
        let mut all: Vec<&str> = names().collect();
        assert!(all.iter().all(|name| find(name).is_some_and(|function| function.name() == *name)));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), ALL.len());
    }
}
