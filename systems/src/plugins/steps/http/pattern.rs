//! Compiles what looks into answers: expressions, selectors and paths, each mistake pointed at inside its text.

use regex::bytes::Regex;
use scraper::Selector;
use serde_json_path::JsonPath;
use throng_components::workload::{Entry, Fields, Scalar, Span};

use super::mistake::HttpMistake;

/// A property's text and the place of its content.
fn text<'a>(fields: &mut Fields<'a>, name: &'static str) -> Option<(&'a str, &'a Entry)> {
    fields.text(name)?;
    let entry = fields.node().property(name)?;
    match entry.known() {
        Scalar::Text(text) => Some((text, entry)),
        _ => None,
    }
}

/// A part of a text, where the workload has it byte for byte; else all of it.
fn place(text: &str, entry: &Entry, start: usize, end: usize) -> Span {
    if entry.content.length as usize != text.len() {
        return entry.span;
    }
    let narrow = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    // A mistake at the very end has nothing to stand under: then the last letter is pointed at.
    let start = start.min(text.len().saturating_sub(1));
    let length = end.saturating_sub(start).max(1);
    entry.content.part(narrow(start), narrow(length))
}

/// A path into JSON (RFC 9535).
pub(super) fn json_path(fields: &mut Fields<'_>, name: &'static str) -> Option<JsonPath> {
    let (text, entry) = text(fields, name)?;
    match JsonPath::parse(text) {
        Ok(path) => Some(path),
        Err(error) => {
            let span = place(text, entry, error.position(), error.position() + 1);
            let reason = error.message().to_owned();
            fields.problem(HttpMistake::JsonPath { span, found: text.to_owned(), reason });
            None
        }
    }
}

/// A regular expression. It matches in a time that grows with the text alone, whatever it says.
pub(super) fn regex(fields: &mut Fields<'_>, name: &'static str) -> Option<Regex> {
    let (text, entry) = text(fields, name)?;
    let parsed = regex_syntax::ParserBuilder::new().utf8(false).build().parse(text);
    let (span, reason) = match parsed {
        Err(regex_syntax::Error::Parse(error)) => (Some(*error.span()), error.kind().to_string()),
        Err(regex_syntax::Error::Translate(error)) => (Some(*error.span()), error.kind().to_string()),
        Err(error) => (None, error.to_string()),
        Ok(_) => match Regex::new(text) {
            Ok(expression) => return Some(expression),
            Err(error) => (None, error.to_string()),
        },
    };
    let span = span.map_or(entry.span, |span| place(text, entry, span.start.offset, span.end.offset));
    fields.problem(HttpMistake::Regex { span, reason });
    None
}

/// A CSS selector.
pub(super) fn selector(fields: &mut Fields<'_>, name: &'static str) -> Option<Selector> {
    let (text, entry) = text(fields, name)?;
    match Selector::parse(text) {
        Ok(selector) => Some(selector),
        Err(error) => {
            let span = place(text, entry, 0, text.len());
            let reason = error.to_string();
            fields.problem(HttpMistake::Selector { span, found: text.to_owned(), reason });
            None
        }
    }
}
