//! How a part of an answer is held against what a step expects of it.

use std::borrow::Cow;

use regex::bytes::Regex;

use crate::behavior::{EvaluationError, Frame, Template, Value};

/// One thing that has to hold for a text.
#[derive(Debug)]
pub enum Comparison {
    /// It stands somewhere in it.
    Contains(Template),
    /// It stands nowhere in it.
    NotContains(Template),
    /// It is the whole of it. Numbers are compared as numbers.
    Equals(Template),
    /// The expression matches somewhere in it; in time that grows with the text's length alone.
    Matches(Box<Regex>),
}

/// A part of an answer.
#[derive(Debug)]
pub(super) enum Found<'a> {
    /// As it came.
    Bytes(&'a [u8]),
    /// Out of a JSON body.
    Value(Value),
}

impl Found<'_> {
    fn bytes(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Bytes(bytes) => Cow::Borrowed(bytes),
            Self::Value(Value::Text(text)) => Cow::Borrowed(text.as_bytes()),
            Self::Value(value) => Cow::Owned(value.to_string().into_bytes()),
        }
    }

    fn equals(&self, expected: &Value) -> bool {
        let number = |value: &Value| match value {
            Value::Int(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            _ => None,
        };
        if let Self::Value(found) = self
            && let (Some(found), Some(expected)) = (number(found), number(expected))
        {
            // Exact on purpose: a number that was written is met by the same number, however it is spelt.
            return found.total_cmp(&expected).is_eq();
        }
        *self.bytes() == *expected.to_string().as_bytes()
    }
}

impl Comparison {
    /// Whether it holds.
    pub(super) fn holds(&self, found: &Found<'_>, frame: &mut Frame<'_>) -> Result<bool, EvaluationError> {
        let mut contains = |text: &Template| {
            let bytes = found.bytes();
            Ok(match text.constant() {
                Some(text) => memchr::memmem::find(&bytes, text.as_bytes()).is_some(),
                None => memchr::memmem::find(&bytes, text.value(frame)?.to_string().as_bytes()).is_some(),
            })
        };
        match self {
            Self::Contains(text) => contains(text),
            Self::NotContains(text) => contains(text).map(|contains| !contains),
            Self::Equals(expected) => Ok(found.equals(&expected.value(frame)?)),
            Self::Matches(expression) => Ok(expression.is_match(&found.bytes())),
        }
    }
}

/// Whether all of several hold.
pub(super) fn all_hold(
    comparisons: &[Comparison],
    found: &Found<'_>,
    frame: &mut Frame<'_>,
) -> Result<bool, EvaluationError> {
    for comparison in comparisons {
        if !comparison.holds(found, frame)? {
            return Ok(false);
        }
    }
    Ok(true)
}
