//! What operators do with values. What they take is in [`kinds`](super::kinds), for both load and run.
//!
//! Whole numbers stay whole (`7 / 2` is 3) and never wrap; a decimal number on either side makes the result one. A
//! quantity takes `*` and `/` by a number, and `+`, `-`, `/` with its own kind (`1m / 500ms` is 120.0).

use std::cmp::Ordering;
use std::sync::Arc;

use throng_components::clock::Nanos;
use throng_components::workload::{Rate, Share, Size};

use super::frame::{EvaluationError, TEXT_BYTES_MAX};
use crate::behavior::value::{Kind, Value};

/// An operator between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// A sign in front of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prefix {
    Minus,
    Not,
}

/// Operators by level, from the loosest to the tightest.
pub(super) const LEVELS: [&[Operator]; 6] = [
    &[Operator::Or],
    &[Operator::And],
    &[Operator::Equal, Operator::Unequal],
    &[Operator::Less, Operator::LessOrEqual, Operator::Greater, Operator::GreaterOrEqual],
    &[Operator::Add, Operator::Subtract],
    &[Operator::Multiply, Operator::Divide, Operator::Remainder],
];

impl Operator {
    /// Every operator.
    #[cfg(test)]
    pub(super) fn all() -> impl Iterator<Item = Self> {
        LEVELS.into_iter().flatten().copied()
    }

    /// As it is written.
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Or => "||",
            Self::And => "&&",
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }

    /// Joins two values. `&&` and `||` get both sides here; it is the walk that leaves the right one out.
    pub(super) fn apply(self, left: Value, right: Value) -> Result<Value, EvaluationError> {
        let wrong = EvaluationError::WrongKind { operation: self.sign(), found: right.kind() };
        match self {
            Self::Or | Self::And => match (left, right) {
                (Value::Bool(left), Value::Bool(right)) => {
                    Ok(Value::Bool(if self == Self::Or { left || right } else { left && right }))
                }
                _ => Err(wrong),
            },
            Self::Equal | Self::Unequal => {
                let equal = equal(&left, &right).ok_or(wrong)?;
                Ok(Value::Bool(equal == (self == Self::Equal)))
            }
            Self::Less => Ok(Value::Bool(order(&left, &right).ok_or(wrong)?.is_lt())),
            Self::LessOrEqual => Ok(Value::Bool(order(&left, &right).ok_or(wrong)?.is_le())),
            Self::Greater => Ok(Value::Bool(order(&left, &right).ok_or(wrong)?.is_gt())),
            Self::GreaterOrEqual => Ok(Value::Bool(order(&left, &right).ok_or(wrong)?.is_ge())),
            Self::Add if matches!(left, Value::Text(_)) || matches!(right, Value::Text(_)) => {
                joined(&left, &right)
            }
            Self::Add | Self::Subtract | Self::Multiply | Self::Divide | Self::Remainder => {
                self.calculate(&left, &right, wrong)
            }
        }
    }

    fn calculate(
        self,
        left: &Value,
        right: &Value,
        wrong: EvaluationError,
    ) -> Result<Value, EvaluationError> {
        match (left, right) {
            (Value::Int(left), Value::Int(right)) => self.whole(*left, *right).map(Value::Int),
            (Value::Int(left), Value::Float(right)) => self.decimal(*left as f64, *right).map(Value::Float),
            (Value::Float(left), Value::Int(right)) => self.decimal(*left, *right as f64).map(Value::Float),
            (Value::Float(left), Value::Float(right)) => self.decimal(*left, *right).map(Value::Float),
            _ => self.quantities(left, right, wrong),
        }
    }

    fn whole(self, left: i64, right: i64) -> Result<i64, EvaluationError> {
        if right == 0 && matches!(self, Self::Divide | Self::Remainder) {
            return Err(EvaluationError::DivisionByZero);
        }
        let result = match self {
            Self::Add => left.checked_add(right),
            Self::Subtract => left.checked_sub(right),
            Self::Multiply => left.checked_mul(right),
            Self::Divide => left.checked_div(right),
            Self::Remainder => left.checked_rem(right),
            _ => None,
        };
        result.ok_or(EvaluationError::Overflow)
    }

    fn decimal(self, left: f64, right: f64) -> Result<f64, EvaluationError> {
        if right == 0.0 && matches!(self, Self::Divide | Self::Remainder) {
            return Err(EvaluationError::DivisionByZero);
        }
        let result = match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
            Self::Remainder => left % right,
            _ => f64::NAN,
        };
        if result.is_finite() { Ok(result) } else { Err(EvaluationError::Overflow) }
    }

    /// Operations of which one side at least is a quantity.
    fn quantities(
        self,
        left: &Value,
        right: &Value,
        wrong: EvaluationError,
    ) -> Result<Value, EvaluationError> {
        match (self, left, right) {
            (Self::Add | Self::Subtract | Self::Divide, Value::Share(left), Value::Share(right)) => {
                let result = self.decimal(left.0, right.0)?;
                if self == Self::Divide { Ok(Value::Float(result)) } else { share(result) }
            }
            (Self::Multiply | Self::Divide, Value::Share(part), number) => {
                share(self.decimal(part.0, as_number(number).ok_or(wrong)?)?)
            }
            (Self::Multiply, number, Value::Share(part)) => {
                share(self.decimal(as_number(number).ok_or(wrong)?, part.0)?)
            }
            (Self::Add | Self::Subtract, left, right) if left.kind() == right.kind() => {
                let ((left, kind), (right, _)) = (grains(left).ok_or(wrong)?, grains(right).ok_or(wrong)?);
                let sum = if self == Self::Add { left.checked_add(right) } else { left.checked_sub(right) };
                quantity(kind, sum)
            }
            (Self::Divide, left, right) if left.kind() == right.kind() => {
                let ((left, _), (right, _)) = (grains(left).ok_or(wrong)?, grains(right).ok_or(wrong)?);
                self.decimal(left as f64, right as f64).map(Value::Float)
            }
            (Self::Multiply | Self::Divide, measured, number)
                if number.kind().is_some_and(Kind::is_number) =>
            {
                self.scaled(measured, number, wrong)
            }
            (Self::Multiply, number, measured) if number.kind().is_some_and(Kind::is_number) => {
                self.scaled(measured, number, wrong)
            }
            _ => Err(wrong),
        }
    }

    /// A quantity times or by a number: exact by a whole one, else to the nearest grain.
    fn scaled(
        self,
        measured: &Value,
        number: &Value,
        wrong: EvaluationError,
    ) -> Result<Value, EvaluationError> {
        let (grains, kind) = grains(measured).ok_or(wrong)?;
        match number {
            Value::Int(0) if self == Self::Divide => Err(EvaluationError::DivisionByZero),
            Value::Int(number) => {
                let number = u64::try_from(*number).map_err(|_| EvaluationError::Overflow)?;
                let result = if self == Self::Divide {
                    grains.checked_div(number)
                } else {
                    grains.checked_mul(number)
                };
                quantity(kind, result)
            }
            Value::Float(number) => {
                let result = self.decimal(grains as f64, *number)?.round();
                if !(0.0..9_223_372_036_854_775_808.0).contains(&result) {
                    return Err(EvaluationError::Overflow);
                }
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "bounded just above"
                )]
                quantity(kind, Some(result as u64))
            }
            _ => Err(wrong),
        }
    }
}

/// Both as text, one after the other.
fn joined(left: &Value, right: &Value) -> Result<Value, EvaluationError> {
    let text = format!("{left}{right}");
    if text.len() > TEXT_BYTES_MAX { Err(EvaluationError::TooLong) } else { Ok(Value::Text(Arc::from(text))) }
}

/// A number without a unit.
fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

/// A quantity that is counted in whole grains.
fn grains(value: &Value) -> Option<(u64, Kind)> {
    match value {
        Value::Duration(duration) => Some((duration.0, Kind::Duration)),
        Value::Rate(rate) => Some((rate.0, Kind::Rate)),
        Value::Size(size) => Some((size.0, Kind::Size)),
        _ => None,
    }
}

/// A quantity of so many grains, within what can be read from a workload.
fn quantity(kind: Kind, grains: Option<u64>) -> Result<Value, EvaluationError> {
    let grains = grains.ok_or(EvaluationError::Overflow)?;
    match kind {
        Kind::Duration if i64::try_from(grains).is_ok() => Ok(Value::Duration(Nanos(grains))),
        Kind::Rate if grains <= Rate::MAX.0 => Ok(Value::Rate(Rate(grains))),
        Kind::Size => Ok(Value::Size(Size(grains))),
        _ => Err(EvaluationError::Overflow),
    }
}

/// A share; above 100 % is allowed in between, below 0 is not.
fn share(part: f64) -> Result<Value, EvaluationError> {
    if part >= 0.0 { Ok(Value::Share(Share(part))) } else { Err(EvaluationError::Overflow) }
}

/// Whether two values of like kinds are the same.
fn equal(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Some(left == right),
        _ => order(left, right).map(Ordering::is_eq),
    }
}

/// Which of two values of like kinds comes first; texts by their bytes.
pub(super) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
        (Value::Int(left), Value::Float(right)) => (*left as f64).partial_cmp(right),
        (Value::Float(left), Value::Int(right)) => left.partial_cmp(&(*right as f64)),
        (Value::Float(left), Value::Float(right)) => left.partial_cmp(right),
        (Value::Duration(left), Value::Duration(right)) => Some(left.cmp(right)),
        (Value::Rate(left), Value::Rate(right)) => Some(left.cmp(right)),
        (Value::Share(left), Value::Share(right)) => left.partial_cmp(right),
        (Value::Size(left), Value::Size(right)) => Some(left.cmp(right)),
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

impl Prefix {
    /// As it is written.
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Minus => "-",
            Self::Not => "!",
        }
    }

    /// The value behind the sign.
    pub(super) fn apply(self, value: Value) -> Result<Value, EvaluationError> {
        match (self, value) {
            (Self::Minus, Value::Int(number)) => {
                number.checked_neg().map(Value::Int).ok_or(EvaluationError::Overflow)
            }
            (Self::Minus, Value::Float(number)) => Ok(Value::Float(-number)),
            (Self::Not, Value::Bool(flag)) => Ok(Value::Bool(!flag)),
            (_, value) => Err(EvaluationError::WrongKind { operation: self.sign(), found: value.kind() }),
        }
    }
}
