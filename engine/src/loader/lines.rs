//! Lines and columns of bytes: what people, editors and other programs call a place.

use std::collections::BTreeMap;

use throng_components::workload::{SourceId, Span};

use super::source::Sources;

/// Where the lines of a text begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    /// The first byte of each line; the first line's is 0.
    starts: Vec<usize>,
}

impl Lines {
    /// The lines of a text. A line ends with `\n`.
    pub fn of(text: &str) -> Self {
        let after = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { starts: std::iter::once(0).chain(after).collect() }
    }

    /// The line of a byte, from 0, and the line's first byte.
    pub fn line(&self, byte: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= byte).saturating_sub(1);
        (line, self.starts[line])
    }

    /// The first byte of a line, from 0; `None` beyond the last one.
    pub fn start(&self, line: usize) -> Option<usize> {
        self.starts.get(line).copied()
    }

    /// Line and column of a byte of that text, both from 1; columns count characters.
    pub fn position(&self, text: &str, byte: usize) -> (usize, usize) {
        let (line, start) = self.line(byte.min(text.len()));
        let column = text.get(start..byte.min(text.len())).map_or(0, |before| before.chars().count());
        (line + 1, column + 1)
    }
}

/// A span as people count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place<'a> {
    /// What messages call the text; `None` for a text that is not there.
    pub(super) file: Option<&'a str>,
    /// Line and column of the first character.
    pub(super) start: (usize, usize),
    /// Line and column behind the last character.
    pub(super) end: (usize, usize),
}

/// The lines of all texts of a workload, each looked for once.
#[derive(Debug)]
pub(super) struct Places<'a> {
    sources: &'a Sources,
    known: BTreeMap<SourceId, Lines>,
}

impl<'a> Places<'a> {
    pub(super) fn of(sources: &'a Sources) -> Self {
        Self { sources, known: BTreeMap::new() }
    }

    /// Where a span lies.
    pub(super) fn find(&mut self, span: Span) -> Place<'a> {
        let source = self.sources.get(span.source);
        let text = source.map_or("", |source| source.text.as_str());
        let lines = self.known.entry(span.source).or_insert_with(|| Lines::of(text));
        let start = span.start as usize;
        Place {
            file: source.map(|source| source.name.as_str()),
            start: lines.position(text, start),
            end: lines.position(text, start + span.length as usize),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let text = "ab\né x\n";
        let lines = Lines::of(text);
        let check = |byte, expected| assert_eq!(lines.position(text, byte), expected, "byte {byte}");
        check(0, (1, 1));
        check(2, (1, 3));
        check(3, (2, 1));
        check(6, (2, 3));
        check(text.len(), (3, 1));
        check(99, (3, 1));
    }
}
