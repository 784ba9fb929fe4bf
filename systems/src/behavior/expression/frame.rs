//! What an expression sees of the run, and how it can fail there.

use std::fmt;
use std::sync::Arc;

use throng_components::clock::Nanos;
use throng_components::sample::ErrorType;

use crate::behavior::value::{Kind, Value};
use crate::plugins::laws::Draws;

/// The longest text that an expression makes: `set x "${x + x}"` doubles it with every iteration.
///
/// # Units
/// Bytes.
pub(crate) const TEXT_BYTES_MAX: usize = 64 * 1024;

/// What a name in an expression stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// The variable of that number.
    Variable(u16),
    /// `now`: the time since the run's start.
    Now,
    /// `user.id`: the virtual user's number.
    UserId,
    /// `iteration`: the iteration's number.
    Iteration,
}

/// Knows the names that an expression may use.
///
/// `now`, `user.id` and `iteration` are known without it, unless it gives them another meaning.
pub trait Resolve {
    /// What a path such as `login.status` stands for.
    fn resolve(&mut self, path: &str) -> Option<Name>;
    /// All paths, for "did you mean".
    fn known(&self) -> Vec<String>;
    /// The value of a path that is the same in the whole run: a parameter's.
    fn constant(&mut self, _path: &str) -> Option<Value> {
        None
    }
    /// The value of an environment variable; `None` when it is not set.
    fn environment(&mut self, _name: &str) -> Option<Arc<str>> {
        None
    }
    /// Whether the value is needed before the run: nothing that only the run knows may stand in it then.
    fn before_run(&self) -> bool {
        false
    }
}

/// What an expression sees of the run.
#[derive(Debug)]
pub struct Frame<'a> {
    /// By the number in [`Name::Variable`]; what lies outside is unset.
    pub variables: &'a [Value],
    /// `now`, from the run's start.
    pub now: Nanos,
    /// `user.id`.
    pub user: u64,
    /// `iteration`.
    pub iteration: u64,
    /// What `random`, `uuid` and `choose` draw from.
    pub draws: &'a mut Draws,
}

/// Why an expression has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvaluationError {
    /// A variable is not set.
    Unset {
        /// Which.
        name: Name,
    },
    /// An operator or function does not take a value of that kind.
    WrongKind {
        /// The operator or function as it is written.
        operation: &'static str,
        /// What it was given, of two operands the right one; `None` for an unset value.
        found: Option<Kind>,
    },
    /// A result is outside of what its kind can hold: too large, or below zero for a quantity.
    Overflow,
    /// A division by zero.
    DivisionByZero,
    /// A function was given a number that it has no meaning for, such as `random(5, 1)`.
    OutOfRange {
        /// The function's name.
        function: &'static str,
    },
    /// `int` or `float` was given a text that is no number.
    NotANumber,
    /// A text would be longer than 64 KiB.
    TooLong,
    /// A header's value would hold a line break or NUL.
    Header,
}

impl fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset { .. } => write!(f, "a value that it needs is not set"),
            Self::WrongKind { operation, found: Some(kind) } => {
                write!(f, "`{operation}` does not take {kind}")
            }
            Self::WrongKind { operation, found: None } => write!(f, "`{operation}` needs a value"),
            Self::Overflow => write!(f, "the result is below zero or larger than can be kept"),
            Self::DivisionByZero => write!(f, "a division by zero"),
            Self::OutOfRange { function } => write!(f, "`{function}` has no value for these arguments"),
            Self::NotANumber => write!(f, "the text is no number"),
            Self::TooLong => write!(f, "the text is longer than 64 KiB"),
            Self::Header => write!(f, "the text has a line break"),
        }
    }
}

impl EvaluationError {
    /// Its name in results.
    pub fn error_type(&self) -> ErrorType {
        match self {
            Self::Unset { .. } => ErrorType::UNSET_VARIABLE,
            Self::Header => ErrorType::BAD_REQUEST,
            Self::WrongKind { .. }
            | Self::Overflow
            | Self::DivisionByZero
            | Self::OutOfRange { .. }
            | Self::NotANumber
            | Self::TooLong => ErrorType::EXPRESSION,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_cheap_to_hand_on() {
        assert!(size_of::<EvaluationError>() <= 32, "{}", size_of::<EvaluationError>());
    }

    #[test]
    fn errors_have_their_names_in_results() {
        let check = |error: EvaluationError, expected| assert_eq!(error.error_type(), expected);
        check(EvaluationError::Unset { name: Name::Now }, ErrorType::UNSET_VARIABLE);
        check(EvaluationError::Header, ErrorType::BAD_REQUEST);
        check(EvaluationError::Overflow, ErrorType::EXPRESSION);
    }
}
