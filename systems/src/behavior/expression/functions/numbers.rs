//! Functions that give numbers and quantities.

use throng_components::workload::{parse_duration, parse_rate, parse_share, parse_size};

use super::super::frame::EvaluationError;
use super::Function;
use crate::behavior::value::Value;

impl Function {
    pub(super) fn number(self, value: &Value) -> Result<Value, EvaluationError> {
        match (self, value) {
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
            (_, value) => Err(self.wrong(value)),
        }
    }

    /// A text as the quantity it names.
    pub(super) fn quantity(self, value: &Value) -> Result<Value, EvaluationError> {
        let Value::Text(text) = value else { return Err(self.wrong(value)) };
        let read = match self {
            Self::Duration => parse_duration(text).map(Value::Duration),
            Self::Rate => parse_rate(text).map(Value::Rate),
            Self::Share => parse_share(text).map(Value::Share),
            _ => parse_size(text).map(Value::Size),
        };
        read.map_err(|_| EvaluationError::NotANumber)
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
