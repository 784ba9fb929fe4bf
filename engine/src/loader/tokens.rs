//! A text cut into tokens, every byte in one of them. No text is refused: what is half-written ends with its line or file.

use std::ops::Range;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// Blanks within a line.
    Space,
    /// The end of a line.
    Newline,
    /// `// …`, without the end of its line.
    LineComment,
    /// `/* … */`.
    BlockComment,
    /// `/-`: what follows is switched off.
    SlashDash,
    /// A string with quotes, raw ones included.
    Quoted,
    /// A bare word, number or keyword.
    Word,
    /// `=`.
    Equals,
    /// `{`.
    Open,
    /// `}`.
    Close,
    /// `;`.
    Semicolon,
    /// `(`.
    ParenOpen,
    /// `)`.
    ParenClose,
    /// `\` at a line's end: the node goes on in the next line.
    Continue,
}

/// A piece of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// What it is.
    pub(super) kind: TokenKind,
    /// Its bytes.
    pub(super) range: Range<usize>,
}

/// Whether KDL ends a line with this letter.
pub(super) fn ends_line(letter: char) -> bool {
    matches!(letter, '\n' | '\r' | '\u{85}' | '\u{b}' | '\u{c}' | '\u{2028}' | '\u{2029}')
}

/// Whether KDL takes this letter for a blank.
fn is_blank(letter: char) -> bool {
    letter == '\u{feff}' || (letter.is_whitespace() && !ends_line(letter))
}

/// Cuts a text into its tokens.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let (kind, length) = first(&text[at..]);
        tokens.push(Token { kind, range: at..at + length });
        at += length;
    }
    tokens
}

/// The first token of a text that is not empty, and its length.
pub(super) fn first(rest: &str) -> (TokenKind, usize) {
    let Some(letter) = rest.chars().next() else { return (TokenKind::Space, 0) };
    let one = |kind| (kind, letter.len_utf8());
    match letter {
        '\r' if rest.starts_with("\r\n") => (TokenKind::Newline, 2),
        letter if ends_line(letter) => one(TokenKind::Newline),
        letter if is_blank(letter) => (TokenKind::Space, until(rest, |letter| !is_blank(letter))),
        '/' if rest.starts_with("//") => (TokenKind::LineComment, until(rest, ends_line)),
        '/' if rest.starts_with("/*") => (TokenKind::BlockComment, block_comment(rest)),
        '/' if rest.starts_with("/-") => (TokenKind::SlashDash, 2),
        '"' => (TokenKind::Quoted, quoted(rest)),
        '#' => hash(rest),
        '=' => one(TokenKind::Equals),
        '{' => one(TokenKind::Open),
        '}' => one(TokenKind::Close),
        ';' => one(TokenKind::Semicolon),
        '(' => one(TokenKind::ParenOpen),
        ')' => one(TokenKind::ParenClose),
        '\\' => one(TokenKind::Continue),
        _ => (TokenKind::Word, word(rest)),
    }
}

/// Bytes before the first letter of that kind.
fn until(text: &str, ends: impl Fn(char) -> bool) -> usize {
    text.find(ends).unwrap_or(text.len())
}

/// A bare word with at least one letter. A slash belongs to it (`200/s`) unless a comment begins there.
fn word(rest: &str) -> usize {
    let ends = |(at, letter): &(usize, char)| {
        let comment = || ["//", "/*", "/-"].iter().any(|start| rest[*at..].starts_with(start));
        match letter {
            '{' | '}' | '(' | ')' | ';' | '=' | '"' | '#' | '\\' => true,
            '/' => comment(),
            letter => ends_line(*letter) || is_blank(*letter),
        }
    };
    rest.char_indices().skip(1).find(ends).map_or(rest.len(), |(at, _)| at)
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    let bytes = rest.as_bytes();
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// A string in quotes; one of a single line that is not closed ends with it.
fn quoted(rest: &str) -> usize {
    let many = rest.starts_with("\"\"\"");
    let quotes = if many { "\"\"\"" } else { "\"" };
    let mut at = quotes.len();
    while let Some(letter) = rest[at..].chars().next() {
        match letter {
            '"' if rest[at..].starts_with(quotes) => return at + quotes.len(),
            // Blanks behind a backslash are no part of the string, ends of lines included.
            '\\' => {
                let escaped = &rest[at + 1..];
                let blanks = until(escaped, |letter| !letter.is_whitespace());
                let next = escaped.chars().next().map_or(0, char::len_utf8);
                at += 1 + blanks.max(next);
            }
            letter if ends_line(letter) && !many => return at,
            letter => at += letter.len_utf8(),
        }
    }
    rest.len()
}

/// A raw string `#"…"#`, or a keyword such as `#true`.
fn hash(rest: &str) -> (TokenKind, usize) {
    let hashes = until(rest, |letter| letter != '#');
    let behind = &rest[hashes..];
    if !behind.starts_with('"') {
        let length = if behind.is_empty() { 0 } else { word(behind) };
        let ends = behind.starts_with(|c: char| ends_line(c) || is_blank(c) || "{}();=\\".contains(c));
        return (TokenKind::Word, hashes + if ends { 0 } else { length });
    }
    let many = behind.starts_with("\"\"\"");
    let quotes = if many { "\"\"\"" } else { "\"" };
    let closing = format!("{quotes}{}", "#".repeat(hashes));
    let content = &behind[quotes.len()..];
    let line = if many { content.len() } else { until(content, ends_line) };
    let length = content[..line].find(&closing).map_or(line, |at| at + closing.len());
    (TokenKind::Quoted, hashes + quotes.len() + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(TokenKind, &str)]) {
        let tokens = tokens(text);
        let found: Vec<(TokenKind, &str)> = tokens
            .iter()
            .filter(|token| token.kind != TokenKind::Space)
            .map(|token| (token.kind, &text[token.range.clone()]))
            .collect();
        assert_eq!(found, expected, "{text}");
        let whole: String = tokens.iter().map(|token| &text[token.range.clone()]).collect();
        assert_eq!(whole, text);
    }

    #[test]
    fn every_byte_is_in_a_token() {
        use TokenKind::*;
        check(
            "a \"b;\" c=#\"\"d\"\"# /-e{f}\n",
            &[
                (Word, "a"),
                (Quoted, "\"b;\""),
                (Word, "c"),
                (Equals, "="),
                (Quoted, "#\"\"d\"\"#"),
                (SlashDash, "/-"),
                (Word, "e"),
                (Open, "{"),
                (Word, "f"),
                (Close, "}"),
                (Newline, "\n"),
            ],
        );
        check(
            "#true(t)200/s//c",
            &[
                (Word, "#true"),
                (ParenOpen, "("),
                (Word, "t"),
                (ParenClose, ")"),
                (Word, "200/s"),
                (LineComment, "//c"),
            ],
        );
        check(
            "a /* b /* c */ d */ \\\r\n",
            &[(Word, "a"), (BlockComment, "/* b /* c */ d */"), (Continue, "\\"), (Newline, "\r\n")],
        );
        check("\"\"\"\n a \"b\"\n \"\"\";", &[(Quoted, "\"\"\"\n a \"b\"\n \"\"\""), (Semicolon, ";")]);
    }

    #[test]
    fn what_is_half_written_ends() {
        use TokenKind::*;
        check("\"a\nb", &[(Quoted, "\"a"), (Newline, "\n"), (Word, "b")]);
        check("\"a\\\n  b\"", &[(Quoted, "\"a\\\n  b\"")]);
        check("#\"a\nb", &[(Quoted, "#\"a"), (Newline, "\n"), (Word, "b")]);
        check("/* a", &[(BlockComment, "/* a")]);
        check("\"\"\"a", &[(Quoted, "\"\"\"a")]);
        check("# {", &[(Word, "#"), (Open, "{")]);
        check("\"\\", &[(Quoted, "\"\\")]);
        check("##", &[(Word, "##")]);
    }
}
