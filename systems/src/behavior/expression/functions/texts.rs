//! Functions that take texts apart, make them, and encode them.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use sha2::{Digest, Sha256};

use super::super::frame::{EvaluationError, TEXT_BYTES_MAX};
use super::{ARGUMENTS_MAX, Function};
use crate::behavior::template::Escape;
use crate::behavior::value::Value;

impl Function {
    pub(super) fn of_text(self, arguments: &[Value; ARGUMENTS_MAX]) -> Result<Value, EvaluationError> {
        let [first, second, _] = arguments;
        match (self, first) {
            (Self::Text, value) => text(value.to_string()),
            (Self::Pad, value) => self.pad(&value.to_string(), second),
            (Self::UrlEncode | Self::Base64 | Self::Hex | Self::Sha256, value) => self.encoded(value),
            (_, Value::Text(value)) => self.of_its_characters(value, arguments),
            (_, value) => Err(self.wrong(value)),
        }
    }

    fn of_its_characters(
        self,
        value: &str,
        arguments: &[Value; ARGUMENTS_MAX],
    ) -> Result<Value, EvaluationError> {
        let [_, second, third] = arguments;
        match self {
            Self::Length => {
                i64::try_from(value.chars().count()).map(Value::Int).map_err(|_| EvaluationError::Overflow)
            }
            Self::Upper => text(value.to_uppercase()),
            Self::Lower => text(value.to_lowercase()),
            Self::Trim => text(value.trim().to_owned()),
            Self::Substring => self.substring(value, second, third),
            Self::Split => self.split(value, second, third),
            Self::Replace => replace(value, self.text_of(second)?, self.text_of(third)?),
            Self::Contains => Ok(Value::Bool(value.contains(self.text_of(second)?))),
            Self::StartsWith => Ok(Value::Bool(value.starts_with(self.text_of(second)?))),
            Self::EndsWith => Ok(Value::Bool(value.ends_with(self.text_of(second)?))),
            Self::Repeat => {
                let times = if value.is_empty() { 0 } else { self.count(second)? };
                match value.len().checked_mul(times) {
                    Some(length) if length <= TEXT_BYTES_MAX => text(value.repeat(times)),
                    _ => Err(EvaluationError::TooLong),
                }
            }
            Self::Base64Decode => self.base64_decode(value),
            _ => Err(self.wrong(&arguments[0])),
        }
    }

    fn text_of(self, value: &Value) -> Result<&str, EvaluationError> {
        match value {
            Value::Text(text) => Ok(text),
            other => Err(self.wrong(other)),
        }
    }

    /// From character `start` (the first is 0), `length` of them or all that follow; what lies behind the end is left out.
    fn substring(self, value: &str, start: &Value, length: &Value) -> Result<Value, EvaluationError> {
        let after = value.chars().skip(self.count(start)?);
        match length {
            Value::Unset => text(after.collect()),
            length => text(after.take(self.count(length)?).collect()),
        }
    }

    fn split(self, value: &str, separator: &Value, number: &Value) -> Result<Value, EvaluationError> {
        let (separator, number) = (self.text_of(separator)?, self.count(number)?);
        if separator.is_empty() {
            return Err(self.out_of_range());
        }
        value.split(separator).nth(number).map_or(Err(self.out_of_range()), |part| text(part.to_owned()))
    }

    /// Zeros stand behind a number's sign.
    fn pad(self, value: &str, width: &Value) -> Result<Value, EvaluationError> {
        let width = self.count(width)?;
        let missing = width.saturating_sub(value.chars().count());
        if missing > TEXT_BYTES_MAX {
            return Err(EvaluationError::TooLong);
        }
        let (sign, digits) = match value.strip_prefix('-') {
            Some(digits) if digits.starts_with(|c: char| c.is_ascii_digit()) => ("-", digits),
            _ => ("", value),
        };
        text(format!("{sign}{}{digits}", "0".repeat(missing)))
    }

    fn encoded(self, value: &Value) -> Result<Value, EvaluationError> {
        let value = value.to_string();
        let hex = |bytes: &[u8]| -> String {
            let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
            digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
        };
        text(match self {
            Self::UrlEncode => Escape::Url.of(&value),
            Self::Base64 => STANDARD.encode(value),
            Self::Hex => hex(value.as_bytes()),
            _ => hex(&Sha256::digest(value)),
        })
    }

    fn base64_decode(self, value: &str) -> Result<Value, EvaluationError> {
        const LENIENT: GeneralPurposeConfig =
            GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let url_safe = value.trim().replace('+', "-").replace('/', "_");
        let bytes = GeneralPurpose::new(&URL_SAFE, LENIENT).decode(url_safe);
        let decoded = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        decoded.map_or(Err(self.out_of_range()), text)
    }
}

/// Nothing is found where nothing is looked for.
fn replace(value: &str, from: &str, to: &str) -> Result<Value, EvaluationError> {
    if from.is_empty() {
        return text(value.to_owned());
    }
    let found = value.matches(from).count();
    let length = (value.len() - found * from.len()).saturating_add(found.saturating_mul(to.len()));
    if length > TEXT_BYTES_MAX { Err(EvaluationError::TooLong) } else { text(value.replace(from, to)) }
}

/// A text within the bound.
fn text(value: String) -> Result<Value, EvaluationError> {
    if value.len() > TEXT_BYTES_MAX { Err(EvaluationError::TooLong) } else { Ok(Value::Text(value.into())) }
}
