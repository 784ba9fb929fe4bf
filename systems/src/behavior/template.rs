//! Texts with `${…}` in them: compiled once, filled in for every request.

use std::fmt::{self, Write};
use std::sync::Arc;

use throng_components::clock::Nanos;
use throng_components::seed::Purpose;
use throng_components::workload::{Problems, Span};

pub use super::expression::{EvaluationError, Frame, Name, Resolve};
use super::expression::{Expression, ExpressionMistake, Place, TEXT_BYTES_MAX};
use super::value::{Kind, Value};
use crate::plugins::laws::Draws;

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
                let expression = Expression::compile(&text[..end], sign + 2, place, resolve);
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

    /// A text that is taken as it stands: `${` in it has no meaning.
    pub fn of_text(text: impl Into<Arc<str>>) -> Self {
        Self { parts: vec![Part::Text(text.into())] }
    }

    /// A value that is the same every time and keeps its kind.
    pub fn of_value(value: Value) -> Self {
        Self { parts: vec![Part::Value(value)] }
    }

    /// The text, when there is no expression in it.
    pub fn constant(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The text in front of its first expression; empty where it begins with one.
    pub fn front(&self) -> &str {
        match self.parts.first() {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }

    /// The kind of its value; `None` where only the run knows it.
    pub fn kind(&self) -> Option<Kind> {
        match self.parts.as_slice() {
            [Part::Value(value)] => value.kind(),
            [Part::Expression(expression)] => expression.kind(),
            _ => Some(Kind::Text),
        }
    }

    /// Its value before the run, for a template that was compiled for then: no variable and no chance is in it.
    ///
    /// # Errors
    /// As [`Template::value`].
    pub fn before_run(&self) -> Result<Value, EvaluationError> {
        let mut draws = Draws::new(0, Purpose::BEHAVIOR, 0);
        let (variables, now) = (&[], Nanos::ZERO);
        self.value(&mut Frame { variables, now, user: 0, iteration: 0, draws: &mut draws })
    }

    /// Whether it is one expression and nothing else.
    pub fn is_expression(&self) -> bool {
        matches!(self.parts.as_slice(), [Part::Expression(_)])
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
                for part in &self.parts {
                    part.render(frame, Escape::None, &mut text)?;
                    if text.len() > TEXT_BYTES_MAX {
                        return Err(EvaluationError::TooLong);
                    }
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
        let result = self.parts.iter().try_for_each(|part| part.render(frame, escape, out));
        if result.is_err() {
            out.truncate(before);
        }
        result
    }
}

impl Part {
    fn render(&self, frame: &mut Frame<'_>, escape: Escape, out: &mut String) -> Result<(), EvaluationError> {
        match self {
            Self::Text(text) => {
                out.push_str(text);
                Ok(())
            }
            Self::Value(value) => escape.write(value, out),
            Self::Expression(expression) => match expression.borrow(frame.variables) {
                Some(value) => escape.write(value, out),
                None => escape.write(&expression.evaluate(frame)?, out),
            },
        }
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
    /// A text as it is written under this escape.
    pub(crate) fn of(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        // Only a header refuses anything, and then keeps what came before.
        let _ = Escaping { escape: self, out: &mut out }.write_str(text);
        out
    }

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
            Escape::Header if text.contains(['\r', '\n', '\0']) => return Err(fmt::Error),
            Escape::None | Escape::Header => self.out.push_str(text),
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

#[cfg(test)]
mod tests {
    use super::super::expression::sandbox::{Names, in_frame};
    use super::*;

    fn compile(text: &str) -> Template {
        Template::compile(text, Span::default(), &mut Names).expect("a template")
    }

    /// What a text becomes under an escape, with `word` set to `value`.
    fn check(text: &str, value: &str, escape: Escape, expected: Result<&str, EvaluationError>) {
        let template = compile(text);
        let mut out = "kept ".to_owned();
        let result = in_frame(&Value::Text(value.into()), |frame| template.render(frame, escape, &mut out));
        assert_eq!(result.map(|()| out.as_str()), expected.map(|_| out.as_str()), "{text}");
        assert_eq!(out, format!("kept {}", expected.unwrap_or("")), "{text}");
    }

    #[test]
    fn only_values_are_escaped() {
        check("/a b/${word}?x=/", "a/b c~ä%", Escape::Url, Ok("/a b/a%2Fb%20c~%C3%A4%25?x=/"));
        check(
            "{\"a\":\"${word}\"}",
            "\"\\\n\u{1}\u{1f}ä",
            Escape::Json,
            Ok("{\"a\":\"\\\"\\\\\\n\\u0001\\u001Fä\"}"),
        );
        check("Bearer ${word}", "a b", Escape::Header, Ok("Bearer a b"));
        check("${word}-${word}", "\"/", Escape::None, Ok("\"/-\"/"));
        check("${'x' + word}", "/", Escape::Url, Ok("x%2F"));
    }

    #[test]
    fn a_header_gets_no_second_line() {
        for value in ["a\rb", "a\nb", "a\0b"] {
            check("x ${word}", value, Escape::Header, Err(EvaluationError::Header));
            check("x ${'y' + word}", value, Escape::Header, Err(EvaluationError::Header));
        }
    }

    #[test]
    fn a_failed_text_leaves_nothing_behind() {
        let unset = EvaluationError::Unset { name: Name::Variable(1) };
        check("a ${word} b ${unset}", "x", Escape::None, Err(unset));
    }

    #[test]
    fn dollars() {
        let check =
            |text: &str, expected: Option<&str>| assert_eq!(compile(text).constant(), expected, "{text}");
        check("plain", Some("plain"));
        check("", Some(""));
        check("$ 5 $$ {x} $", Some("$ 5 $$ {x} $"));
        check("$${word}", Some("${word}"));
        check("$$${word}", Some("$${word}"));
        check("${word}", None);
        assert_eq!(Template::of_text("${word}").constant(), Some("${word}"));
    }

    #[test]
    fn a_whole_expression_keeps_its_kind() {
        let check = |text: &str, expected: Value| {
            let value = in_frame(&Value::Int(7), |frame| compile(text).value(frame));
            assert_eq!(value, Ok(expected), "{text}");
        };
        check("${word}", Value::Int(7));
        check("${word * 500ms}", Value::Duration(Nanos(3_500_000_000)));
        check("${word} ", Value::Text("7 ".into()));
        check("${word}${word}", Value::Text("77".into()));
        check("${'}'}", Value::Text("}".into()));
        check("500ms", Value::Text("500ms".into()));
    }

    #[test]
    fn texts_do_not_grow_without_bound() {
        let long = Value::Text("x".repeat(40_000).into());
        for text in ["${word}${word}", "${word + word}"] {
            let value = in_frame(&long, |frame| compile(text).value(frame));
            assert_eq!(value, Err(EvaluationError::TooLong), "{text}");
        }
    }

    #[test]
    fn mistakes_point_into_the_text() {
        let check = |text: &str, length: usize, expected: &[(&str, u32, u32)]| {
            let length = u32::try_from(length).expect("a short text");
            let content = Span { start: 100, length, ..Span::default() };
            let problems = Template::compile(text, content, &mut Names).expect_err(text);
            let found: Vec<_> = problems
                .iter()
                .map(|problem| (problem.code, problem.labels[0].span.start, problem.labels[0].span.length))
                .collect();
            assert_eq!(found, expected, "{text}");
        };
        let text = "ab ${wrod} $${ ${1 + true} ${";
        let expected = [("T0070", 105, 4), ("T0075", 119, 1), ("T0073", 127, 2)];
        check(text, text.len(), &expected);
        // With escapes in the workload, the text is shorter than its place.
        check("${wrod}", 12, &[("T0070", 100, 12)]);
        check("${it's}", 7, &[("T0074", 104, 2)]);
        check("${}", 3, &[("T0074", 102, 0)]);
        check("${'open", 7, &[("T0073", 100, 2)]);
    }
}
