//! Which brace is missing, as the lines' indentation tells: the parser only knows where it came out wrong.
//!
//! ```text
//! behavior visitor {
//!     http GET "/" name=home          the next line stands deeper, and no `{` says why
//!         expect { status 200 }
//!     }
//! }                                   closes nothing
//! ```

use std::ops::Range;

use super::tokens::{Token, TokenKind, tokens};

/// A line with something on it.
struct Line {
    /// Columns before its first token.
    indentation: usize,
    /// What it begins with.
    first: Token,
    /// The first byte behind its last token.
    end: usize,
    /// Whether its last token opens a block, or says that it goes on.
    goes_on: bool,
    /// Braces of the line that are not closed in it.
    open: Vec<usize>,
    /// Braces it closes that it does not open.
    closes: usize,
}

/// The first line before `stray` whose next line stands deeper, though it opens no block: its node, up to the line's end.
pub(super) fn without_opening(text: &str, stray: usize) -> Option<Range<usize>> {
    let lines = lines(text);
    let pairs = lines.iter().zip(lines.iter().skip(1));
    let found = pairs.filter(|(line, next)| {
        let node = matches!(line.first.kind, TokenKind::Word | TokenKind::Quoted);
        node && !line.goes_on
            && line.open.is_empty()
            && next.indentation > line.indentation
            && next.first.range.start < stray
    });
    found.map(|(line, _)| line.first.range.start..line.end).next()
}

/// The first `{` that a line shows to be left open, by standing no deeper than the line that has it: the brace, and what
/// that line begins with.
pub(super) fn without_closing(text: &str) -> Option<(usize, Range<usize>)> {
    let mut open: Vec<(usize, usize)> = Vec::new();
    for line in lines(text) {
        let closing = line.first.kind == TokenKind::Close;
        if let Some((brace, indentation)) = open.last()
            && (line.indentation < *indentation || line.indentation == *indentation && !closing)
        {
            return Some((*brace, line.first.range));
        }
        open.truncate(open.len().saturating_sub(line.closes));
        open.extend(line.open.iter().map(|brace| (*brace, line.indentation)));
    }
    None
}

fn lines(text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let (mut indentation, mut begins) = (0, true);
    for token in tokens(text) {
        match token.kind {
            TokenKind::Newline => (indentation, begins) = (0, true),
            TokenKind::Space => indentation += if begins { token.range.len() } else { 0 },
            TokenKind::LineComment | TokenKind::BlockComment => {}
            kind => {
                if begins || lines.is_empty() {
                    let (end, first) = (token.range.end, token.clone());
                    lines.push(Line { indentation, first, end, goes_on: false, open: Vec::new(), closes: 0 });
                    begins = false;
                }
                let Some(line) = lines.last_mut() else { continue };
                line.end = token.range.end;
                line.goes_on = matches!(kind, TokenKind::Open | TokenKind::Continue);
                match kind {
                    TokenKind::Open => line.open.push(token.range.start),
                    TokenKind::Close if line.open.pop().is_none() => line.closes += 1,
                    _ => {}
                }
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_above_deeper_ones_lacks_its_brace() {
        let check = |text: &str, expected: Option<&str>| {
            let found = without_opening(text, text.rfind('}').expect("a brace"));
            assert_eq!(found.map(|range| &text[range]), expected, "{text}");
        };
        check("a {\n  b\n    c\n  }\n}\n", Some("b"));
        check("a x=1 // {\n  b { c }\n}\n", Some("a x=1"));
        check("a \\\n  b\nc {\n}\n}\n", None);
        check("a \"\"\"\n  b\n  \"\"\"\n}\n", None);
        check("a\nb\n}\n", None);
    }

    #[test]
    fn a_line_that_stands_no_deeper_shows_what_is_open() {
        let check = |text: &str, expected: Option<(usize, &str)>| {
            let found = without_closing(text);
            assert_eq!(found.map(|(brace, line)| (brace, &text[line])), expected, "{text}");
        };
        check("a {\n  b {\n    c\n}\nd\n", Some((8, "}")));
        check("a {\n  b\nc {\n}\n", Some((2, "c")));
        check("a {\n  b { c {\n  }\n", None);
        check("a {\n  b\n} else {\n  c\n}\n", None);
    }
}
