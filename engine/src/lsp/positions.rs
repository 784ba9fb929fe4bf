//! Editors' positions: lines from 0, and columns in units of UTF-16.

use std::ops::Range as Bytes;

use gen_lsp_types::{Position, Range};

use crate::loader::Lines;

/// A text and its lines.
pub(super) struct Positions<'a> {
    text: &'a str,
    lines: Lines,
}

impl<'a> Positions<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, lines: Lines::of(text) }
    }

    /// The position of a byte.
    pub(super) fn of_byte(&self, byte: usize) -> Position {
        let byte = byte.min(self.text.len());
        let (line, start) = self.lines.line(byte);
        let units = self.text.get(start..byte).map_or(0, |before| before.encode_utf16().count());
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Position { line: count(line), character: count(units) }
    }

    /// The positions of a stretch of bytes.
    pub(super) fn of_bytes(&self, bytes: Bytes<usize>) -> Range {
        Range { start: self.of_byte(bytes.start), end: self.of_byte(bytes.end) }
    }

    /// The byte at a position; the line's or the text's end for one beyond it.
    pub(super) fn byte(&self, position: Position) -> usize {
        let Some(start) = self.lines.start(position.line as usize) else { return self.text.len() };
        let line = self.text[start..].split('\n').next().unwrap_or_default().trim_end_matches('\r');
        let mut units = 0;
        for (at, letter) in line.char_indices() {
            if units >= position.character {
                return start + at;
            }
            units += u32::try_from(letter.len_utf16()).unwrap_or(1);
        }
        start + line.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_units_of_utf_16() {
        let text = "a\né𝄞x\r\n";
        let positions = Positions::of(text);
        let check = |byte: usize, line: u32, character: u32| {
            assert_eq!(positions.of_byte(byte), Position { line, character }, "byte {byte}");
            assert_eq!(positions.byte(Position { line, character }), byte, "{line}:{character}");
        };
        check(0, 0, 0);
        check(1, 0, 1);
        check(2, 1, 0);
        check(4, 1, 1);
        check(8, 1, 3);
        check(9, 1, 4);
        check(text.len(), 2, 0);
        assert_eq!(positions.byte(Position { line: 1, character: 99 }), 9);
        assert_eq!(positions.byte(Position { line: 9, character: 0 }), text.len());
    }
}
