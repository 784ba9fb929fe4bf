//! Values from Rust's own types and back, for steps that are Rust functions.

use std::sync::Arc;

use throng_components::clock::Nanos;

use super::value::Value;

impl Value {
    /// The whole number that it is.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// The number that it is, whole or not.
    pub fn as_float(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// The text that it is.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<f64> for Value {
    /// What is infinite or no number has no value: the variable is then unset.
    fn from(number: f64) -> Self {
        if number.is_finite() { Self::Float(number) } else { Self::Unset }
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<Nanos> for Value {
    fn from(duration: Nanos) -> Self {
        Self::Duration(duration)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Arc::from(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        assert_eq!(Value::from(-7).as_int(), Some(-7));
        assert_eq!((Value::from(7).as_float(), Value::from(0.5).as_float()), (Some(7.0), Some(0.5)));
        assert_eq!(Value::from("a".to_owned()).as_text(), Value::from("a").as_text());
        assert_eq!(Value::from(f64::NAN), Value::Unset);
        assert_eq!((Value::from(true).as_int(), Value::from(1).as_text()), (None, None));
        assert_eq!(Value::from(Nanos::SECOND), Value::Duration(Nanos::SECOND));
    }
}
