//! Compiles what looks into answers: expressions, selectors and paths, each mistake pointed at inside its text.

use regex::bytes::Regex;
use scraper::Selector;
use serde_json_path::JsonPath;
use throng_components::workload::{Entry, Fields, Scalar, Span};

use super::mistake::HttpMistake;
use crate::behavior::{Budget, NoExpression};

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

/// Brackets within each other in a path: the parser calls itself for each, and looks at the same text several times.
const PATH_LEVELS_MOST: usize = 16;

/// The first bracket of a path that is nested too deep. Those in quotes are none.
fn too_deep(path: &str) -> Option<usize> {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    for (at, letter) in path.bytes().enumerate() {
        match (quote, letter) {
            _ if std::mem::take(&mut escaped) => {}
            (Some(_), b'\\') => escaped = true,
            (Some(open), letter) => quote = Some(open).filter(|open| *open != letter),
            (None, b'"' | b'\'') => quote = Some(letter),
            (None, b'[' | b'(') => depth += 1,
            (None, b']' | b')') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > PATH_LEVELS_MOST {
            return Some(at);
        }
    }
    None
}

/// A path into JSON (RFC 9535).
pub(super) fn json_path(fields: &mut Fields<'_>, name: &'static str) -> Option<JsonPath> {
    let (text, entry) = text(fields, name)?;
    if let Some(at) = too_deep(text) {
        let span = place(text, entry, at, at + 1);
        fields.problem(HttpMistake::PathTooDeep { span, most: PATH_LEVELS_MOST });
        return None;
    }
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

/// A regular expression.
pub(super) fn regex(fields: &mut Fields<'_>, name: &'static str, budget: &Budget) -> Option<Regex> {
    let (text, entry) = text(fields, name)?;
    let reason = match budget.expression(text) {
        Ok(expression) => return Some(expression),
        Err(NoExpression::Wrong(reason)) => reason,
        Err(refused) => {
            fields.problem(HttpMistake::RegexTakes { span: entry.span, refused });
            return None;
        }
    };
    // It knows the place.
    let parsed = regex_syntax::ParserBuilder::new().utf8(false).build().parse(text);
    let (span, reason) = match parsed {
        Err(regex_syntax::Error::Parse(error)) => (Some(*error.span()), error.kind().to_string()),
        Err(regex_syntax::Error::Translate(error)) => (Some(*error.span()), error.kind().to_string()),
        _ => (None, reason),
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
