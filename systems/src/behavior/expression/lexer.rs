//! Splits an expression into values, names and signs.

use throng_components::workload::{UnitMistake, parse_duration, parse_rate, parse_share, parse_size};

use super::mistake::{ExpressionMistake, Place};
use crate::behavior::value::Value;

/// One word of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'a> {
    pub(super) word: Word<'a>,
    /// Its first byte in the text.
    pub(super) start: usize,
    /// The byte after it.
    pub(super) end: usize,
}

/// What a word is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word<'a> {
    /// A number, quantity or text.
    Literal(Value),
    /// A name, dots included.
    Name(&'a str),
    /// An operator, bracket or comma.
    Sign(&'static str),
    /// The end of the expression.
    End,
}

/// Every sign; the longer ones first, so that `<=` is not read as `<`.
const SIGNS: [&str; 19] =
    ["==", "!=", "<=", ">=", "&&", "||", "+", "-", "*", "/", "%", "<", ">", "!", "?", ":", "(", ")", ","];

/// Reads words from byte `position` on.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    position: usize,
    place: Place,
}

/// Whether a character may stand in a name (`-` and `.` have rules of their own).
fn in_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str, position: usize, place: Place) -> Self {
        Self { text, position, place }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.position..]
    }

    /// The next word.
    pub(super) fn next(&mut self) -> Result<Token<'a>, ExpressionMistake> {
        self.position = self.text.len() - self.rest().trim_start().len();
        let start = self.position;
        let word = match self.rest().chars().next() {
            None => Word::End,
            Some(c) if c.is_ascii_digit() => Word::Literal(self.number()?),
            Some(c) if in_name(c) => self.name(),
            Some(quote @ ('"' | '\'')) => Word::Literal(self.quoted(quote)?),
            Some(c) => self.sign(c)?,
        };
        Ok(Token { word, start, end: self.position })
    }

    fn sign(&mut self, c: char) -> Result<Word<'a>, ExpressionMistake> {
        let rest = self.rest();
        if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            self.position += sign.len();
            return Ok(Word::Sign(sign));
        }
        let span = self.place.span(self.position, self.position + c.len_utf8());
        Err(ExpressionMistake::Syntax { span, found: c.to_string(), expected: "a value or an operator" })
    }

    /// A text has no escapes: one that holds a quote is written in the other kind of quotes.
    fn quoted(&mut self, quote: char) -> Result<Value, ExpressionMistake> {
        let inside = &self.rest()[1..];
        if let Some(length) = inside.find(quote) {
            self.position += length + 2;
            return Ok(Value::Text(inside[..length].into()));
        }
        let span = self.place.span(self.position, self.text.len());
        Err(ExpressionMistake::Syntax { span, found: quote.to_string(), expected: "a text with both quotes" })
    }

    fn name(&mut self) -> Word<'a> {
        let rest = self.rest();
        let mut characters = rest.char_indices().peekable();
        let mut end = 0;
        while let Some((at, c)) = characters.next() {
            let joins = matches!(c, '-' | '.') && characters.peek().is_some_and(|(_, next)| in_name(*next));
            if !in_name(c) && !joins {
                break;
            }
            end = at + c.len_utf8();
        }
        self.position += end;
        Word::Name(&rest[..end])
    }

    fn number(&mut self) -> Result<Value, ExpressionMistake> {
        let rest = self.rest();
        let length = number_length(rest);
        let (digits, after) = rest.split_at(length);
        let unit = unit_length(after);
        let text = &rest[..length + unit];
        let start = self.position;
        self.position += text.len();
        let value = if unit > 0 { quantity(text, &after[..unit]) } else { plain(digits) };
        value.map_err(|mistake| ExpressionMistake::BadNumber {
            span: self.place.span(start, start + text.len()),
            found: text.to_owned(),
            mistake,
        })
    }
}

/// The length of `12`, `1.5` or `2e-3` at the start of a text.
fn number_length(text: &str) -> usize {
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut length = digits(0);
    if text[length..].starts_with('.') && digits(length + 1) > 0 {
        length += 1 + digits(length + 1);
    }
    if text[length..].starts_with(['e', 'E']) {
        let sign = usize::from(text[length + 1..].starts_with(['+', '-']));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    length
}

/// The length of the unit at the start of what follows a number; for `1h30m` all of `h30m`.
fn unit_length(after: &str) -> usize {
    if let Some(rest) = after.strip_prefix('/') {
        let unit = rest.find(|c: char| !in_name(c)).unwrap_or(rest.len());
        let known = matches!(&rest[..unit], "s" | "m" | "min" | "h") && !rest[unit..].starts_with(['.', '(']);
        return if known { 1 + unit } else { 0 };
    }
    if let Some(rest) = after.strip_prefix('%') {
        let operand = |c: char| in_name(c) || matches!(c, '(' | '\'' | '"');
        return usize::from(!rest.trim_start().starts_with(operand));
    }
    let mut length = 0;
    let mut characters = after.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let point = c == '.' && at > 0 && characters.peek().is_some_and(|(_, next)| next.is_ascii_digit());
        if !in_name(c) && !point {
            break;
        }
        length = at + c.len_utf8();
    }
    length
}

/// A number with its unit.
fn quantity(text: &str, unit: &str) -> Result<Value, UnitMistake> {
    if unit.starts_with('/') {
        parse_rate(text).map(Value::Rate)
    } else if unit.starts_with('%') {
        parse_share(text).map(Value::Share)
    } else if unit.ends_with('B') {
        parse_size(text).map(Value::Size)
    } else {
        parse_duration(text).map(Value::Duration)
    }
}

/// A number without a unit.
fn plain(digits: &str) -> Result<Value, UnitMistake> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits.parse().map(Value::Int).map_err(|_| UnitMistake::TooLarge);
    }
    match digits.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Value::Float(number)),
        Ok(_) => Err(UnitMistake::TooLarge),
        Err(_) => Err(UnitMistake::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use throng_components::workload::Span;

    use super::*;

    /// The words of a text, as they are written or print.
    fn check(text: &str, expected: &[&str]) {
        let mut lexer = Lexer::new(text, 0, Place::of(text, Span::default()));
        let mut words = Vec::new();
        loop {
            match lexer.next() {
                Ok(Token { word: Word::End, .. }) => break,
                Ok(Token { word: Word::Literal(value), .. }) => words.push(format!("{value}")),
                Ok(Token { word: Word::Name(name), .. }) => words.push(format!("name {name}")),
                Ok(Token { word: Word::Sign(sign), .. }) => words.push(sign.to_owned()),
                Err(ExpressionMistake::BadNumber { found, .. }) => {
                    words.push(format!("bad {found}"));
                    break;
                }
                Err(ExpressionMistake::Syntax { found, .. }) => {
                    words.push(format!("syntax {found}"));
                    break;
                }
                Err(other) => panic!("{text}: {other:?}"),
            }
        }
        assert_eq!(words, expected, "{text}");
    }

    #[test]
    fn numbers_and_their_units() {
        check("1 1.5 2e3 2E-3", &["1", "1.5", "2000.0", "0.002"]);
        check("500ms 1h30m 1m1.5s 64KiB 7µs", &["500ms", "1h30m", "1m1.5s", "64KiB", "7us"]);
        check("200/s 30/m 1/min 1000/h", &["200/s", "0.5/s", "1/m", "1000/h"]);
        check(
            "10 /s 10/ s 10/shop 10/s.x",
            &["10", "/", "name s", "10", "/", "name s", "10", "/", "name shop", "10", "/", "name s.x"],
        );
        check("5% + 7%2 5 % 2 (5%)", &["5%", "+", "7", "%", "2", "5", "%", "2", "(", "5%", ")"]);
        check("9223372036854775808", &["bad 9223372036854775808"]);
        check("1e999", &["bad 1e999"]);
        check("30parsecs", &["bad 30parsecs"]);
        check("0.1ns", &["bad 0.1ns"]);
        check("101%", &["bad 101%"]);
    }

    #[test]
    fn names_hold_dots_and_hyphens() {
        check("login.status my-basket a-1", &["name login.status", "name my-basket", "name a-1"]);
        check("a - b a -b a.", &["name a", "-", "name b", "name a", "-", "name b", "name a", "syntax ."]);
        check("größe", &["name größe"]);
    }

    #[test]
    fn texts_and_signs() {
        check("'a \"b\"' \"it's\" ''", &["a \"b\"", "it's", ""]);
        check("'open", &["syntax '"]);
        check("a<=b&&!c", &["name a", "<=", "name b", "&&", "!", "name c"]);
        check("a = b", &["name a", "syntax ="]);
    }
}
