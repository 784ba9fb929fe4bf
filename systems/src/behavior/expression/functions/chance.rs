//! Functions in which chance has a part. Each draw is a number of the seed.

use std::sync::Arc;

use throng_components::seed::{below, unit};

use super::super::frame::{EvaluationError, TEXT_BYTES_MAX};
use super::{ARGUMENTS_MAX, Function};
use crate::behavior::value::Value;
use crate::plugins::laws::Draws;

/// Small letters and digits: they can stand in a URL, a header and a file name as they are.
const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
/// The digits of hexadecimal numbers.
const DIGITS: &[u8; 16] = b"0123456789abcdef";

impl Function {
    pub(super) fn drawn(
        self,
        arguments: &[Value; ARGUMENTS_MAX],
        draws: &mut Draws,
    ) -> Result<Value, EvaluationError> {
        let [first, second, _] = arguments;
        match self {
            Self::Random => self.random(first, second, draws),
            Self::RandomText => self.letters(first, LETTERS, draws),
            Self::RandomHex => self.letters(first, DIGITS, draws),
            Self::Uuid => Ok(uuid(draws)),
            _ => Err(self.wrong(first)),
        }
    }

    /// A whole number from `least` to `most`, both included; a decimal one when either bound is.
    fn random(self, least: &Value, most: &Value, draws: &mut Draws) -> Result<Value, EvaluationError> {
        let (least, most) = match (least, most) {
            (Value::Int(least), Value::Int(most)) if least > most => return Err(self.out_of_range()),
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
            return Err(self.out_of_range());
        }
        Ok(Value::Float((least + length * unit(draws.next())).min(most)))
    }

    /// So many letters, each drawn by itself.
    fn letters(self, count: &Value, from: &[u8], draws: &mut Draws) -> Result<Value, EvaluationError> {
        let count = self.count(count)?;
        if count > TEXT_BYTES_MAX {
            return Err(EvaluationError::TooLong);
        }
        let letter = |_| {
            let index = usize::try_from(below(draws.next(), from.len() as u64)).unwrap_or(0);
            char::from(from[index])
        };
        Ok(Value::Text((0..count).map(letter).collect::<String>().into()))
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
