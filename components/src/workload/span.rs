//! Where a thing stands in the files of a workload.

use serde::{Deserialize, Serialize};

/// Names one source text of a workload: the file itself is 0, whatever it includes follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourceId(pub u16);

/// A stretch of bytes in one source text.
///
/// # Units
/// `start` and `length` count bytes of UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// The text it lies in.
    pub source: SourceId,
    /// The first byte.
    pub start: u32,
    /// How many bytes.
    pub length: u32,
}

impl Span {
    /// A part of this span: `length` bytes from `offset` on, cut to what lies inside.
    #[must_use]
    pub fn part(self, offset: u32, length: u32) -> Self {
        let offset = offset.min(self.length);
        Self { source: self.source, start: self.start + offset, length: length.min(self.length - offset) }
    }

    /// Whether another span lies in this one.
    pub fn holds(self, other: Self) -> bool {
        let end = |span: Self| u64::from(span.start) + u64::from(span.length);
        self.source == other.source && self.start <= other.start && end(other) <= end(self)
    }
}

/// A value and where it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Joins a value with its place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}
