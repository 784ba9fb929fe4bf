//! Texts with `${…}` in them: compiled once, filled in for every request.

use std::fmt::{self, Write};
use std::sync::Arc;

use throng_components::workload::{Problems, Span};

pub use super::expression::{EvaluationError, Frame, Name, Resolve};
use super::expression::{Expression, ExpressionMistake, Place, TEXT_BYTES_MAX};
use super::value::Value;

/// What is done to an expression's value, depending on where it goes. The text around it is left as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// Nothing.
    None,
    /// Percent-encodes all but the unreserved characters of RFC 3986, so that a value stays one part of a path or query.
    Url,
    /// Escapes what may not stand inside a JSON string.
    Json,
    /// Refuses line breaks and NUL, which would begin another header.
    Header,
}

/// A text with any number of expressions in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// No two texts follow each other, and none is empty unless it is alone.
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(Arc<str>),
    /// A value that was written as one: `set basket 0`.
    Value(Value),
    Expression(Expression),
}

impl Template {
    /// Compiles a text; `$${` stands for `${` itself.
    ///
    /// `content` is where the text stands. When its length is not the text's, there were escapes, and the whole of it is
    /// pointed at.
    ///
    /// # Errors
    /// All mistakes in all of its expressions (T0070 to T0078).
    pub fn compile(text: &str, content: Span, resolve: &mut dyn Resolve) -> Result<Self, Problems> {
        let place = Place::of(text, content);
        let mut problems = Problems::new();
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut position = 0;
        while let Some(offset) = text[position..].find('$') {
            let sign = position + offset;
            literal.push_str(&text[position..sign]);
            let rest = &text[sign..];
            if rest.starts_with("$${") {
                literal.push_str("${");
                position = sign + 3;
            } else if rest.starts_with("${") {
                let Some(end) = closing(text, sign + 2) else {
                    problems.push(ExpressionMistake::Unclosed { span: place.span(sign, sign + 2) });
                    return Err(problems);
                };
                if !literal.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut literal).into()));
                }
                let expression = Expression::compile_at(&text[..end], sign + 2, place, resolve);
                parts.extend(problems.take(expression).map(Part::Expression));
                position = end + 1;
            } else {
                literal.push('$');
                position = sign + 1;
            }
        }
        literal.push_str(&text[position..]);
        if !literal.is_empty() || parts.is_empty() {
            parts.push(Part::Text(literal.into()));
        }
        problems.or(Self { parts })
    }

    /// A value that is the same every time and keeps its kind.
    pub fn of_value(value: Value) -> Self {
        Self { parts: vec![Part::Value(value)] }
    }

    /// A text in which nothing is an expression.
    pub fn of_text(text: &str) -> Self {
        Self { parts: vec![Part::Text(text.into())] }
    }

    /// The text, when there is no expression in it.
    pub fn constant(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Its value: an expression that is the whole text keeps its kind, all else is a text.
    ///
    /// # Errors
    /// See [`EvaluationError`]. A text made from expressions is at most 64 KiB long.
    pub fn value(&self, frame: &mut Frame<'_>) -> Result<Value, EvaluationError> {
        match self.parts.as_slice() {
            [Part::Text(text)] => Ok(Value::Text(Arc::clone(text))),
            [Part::Value(value)] => Ok(value.clone()),
            [Part::Expression(expression)] => expression.evaluate(frame),
            _ => {
                let mut text = String::new();
                self.render(frame, Escape::None, &mut text)?;
                if text.len() > TEXT_BYTES_MAX {
                    return Err(EvaluationError::TooLong);
                }
                Ok(Value::Text(text.into()))
            }
        }
    }

    /// Appends its text to `out`; what expressions give is escaped.
    ///
    /// # Errors
    /// See [`EvaluationError`]; `out` is then as it was.
    pub fn render(
        &self,
        frame: &mut Frame<'_>,
        escape: Escape,
        out: &mut String,
    ) -> Result<(), EvaluationError> {
        let before = out.len();
        let result = self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) => {
                out.push_str(text);
                Ok(())
            }
            Part::Value(value) => escape.write(value, out),
            Part::Expression(expression) => match expression.borrow(frame.variables) {
                Some(value) => escape.write(value, out),
                None => escape.write(&expression.evaluate(frame)?, out),
            },
        });
        if result.is_err() {
            out.truncate(before);
        }
        result
    }
}

/// Where the expression that begins at `start` ends: its `}`, which a `}` in quotes is not.
fn closing(text: &str, start: usize) -> Option<usize> {
    let mut quote = None;
    for (offset, c) in text[start..].char_indices() {
        match (quote, c) {
            (None, '}') => return Some(start + offset),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
    }
    // A quote without its other half hides every `}`: then the first one is meant, and the quote is the mistake.
    quote.and_then(|_| text[start..].find('}').map(|offset| start + offset))
}

impl Escape {
    fn write(self, value: &Value, out: &mut String) -> Result<(), EvaluationError> {
        // Writing fails for one reason only: a character that must not stand in a header.
        write!(Escaping { escape: self, out }, "{value}").map_err(|fmt::Error| EvaluationError::Header)
    }
}

/// Escapes what is written on its way to `out`.
struct Escaping<'a> {
    escape: Escape,
    out: &'a mut String,
}

impl Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match self.escape {
            Escape::None => self.out.push_str(text),
            Escape::Header if text.contains(['\r', '\n', '\0']) => return Err(fmt::Error),
            Escape::Header => self.out.push_str(text),
            Escape::Url => text.bytes().for_each(|byte| push_url(self.out, byte)),
            Escape::Json => text.chars().for_each(|c| push_json(self.out, c)),
        }
        Ok(())
    }
}

/// The digits of percent-encoding (upper case by RFC 3986, section 2.1) and of `\u` escapes.
fn hex(nibble: u8) -> char {
    char::from(b"0123456789ABCDEF"[usize::from(nibble & 15)])
}

fn push_url(out: &mut String, byte: u8) {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        out.push(char::from(byte));
    } else {
        out.extend(['%', hex(byte >> 4), hex(byte)]);
    }
}

fn push_json(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\0'..='\x1f' => {
            out.push_str("\\u00");
            out.extend(u8::try_from(c).into_iter().flat_map(|byte| [hex(byte >> 4), hex(byte)]));
        }
        c => out.push(c),
    }
}
