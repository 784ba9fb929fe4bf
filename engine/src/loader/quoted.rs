//! What is wrong within a quoted text, where the parser only says that it misses one.

use std::ops::Range;

use kdl::KdlDiagnostic;

/// Whether the parser misses a quoted text.
pub(super) fn misses_text(diagnostic: &KdlDiagnostic) -> bool {
    diagnostic.message.as_deref().is_some_and(|message| message.contains("quoted string"))
}

/// A backslash in a line that KDL gives no meaning: where, and what stands there.
pub(super) fn wrong_escape(line: &str) -> Option<(Range<usize>, String)> {
    let mut letters = line.char_indices();
    while let Some((at, letter)) = letters.next() {
        if letter != '\\' {
            continue;
        }
        let (_, escaped) = letters.next()?;
        if !escaped.is_whitespace() && !"nrt\\\"bfsu/".contains(escaped) {
            return Some((at..at + 1 + escaped.len_utf8(), format!("\\{escaped}")));
        }
    }
    None
}

/// Where in a line a quote ends a text in the middle of its `${…}`. Raw texts may have quotes within.
pub(super) fn quote_within(line: &str) -> Option<usize> {
    let opened = line.find("${")?;
    let closed = opened + line[opened..].find(['"', '}', '\\'])?;
    let begins = line[..opened].rfind('"')?;
    let is_raw = line[..begins].ends_with('#');
    (!is_raw && line[closed..].starts_with('"')).then_some(closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_within_ends_the_text() {
        for (line, expected) in [
            (r#""${env("X")}""#, Some(7)),
            (r#"k "a ${choose('a', "b")}""#, Some(19)),
            (r#""${env('X')}" "b""#, None),
            (r##"#"${env("X")}"#"##, None),
            ("${rate}", None),
        ] {
            assert_eq!(quote_within(line), expected, "{line}");
        }
    }
}
