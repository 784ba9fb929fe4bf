//! A look over the text before it is parsed: how deep it nests, and which bare words are no KDL.
//!
//! It knows strings and comments, where nodes of the top level begin and end, and nothing else. The parser recurses into braces, so depth has to be known before;
//! and an unquoted `30s` makes it fail with a cascade, so such words are found here and replaced for it.

use std::collections::BTreeMap;
use std::ops::Range;

use throng_components::workload::Scalar;

use super::bare::{address_length, ends_word, expression_length};

/// Deeper than that nothing is parsed. Real workloads nest five levels; the parser's stack bears a thousand.
pub(super) const MOST_LEVELS: usize = 128;

/// Nodes that are switched off within others that are, at most. The parser looks at what is switched off twice before it gives
/// up on it, so that each level doubles what a mistake costs.
pub(super) const MOST_OFF: usize = 8;

/// A bare word that KDL 2 does not allow, and what was meant by it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Slip {
    /// The word's bytes.
    pub(super) range: Range<usize>,
    /// What kind of word.
    pub(super) kind: SlipKind,
    /// The value that it is read as, so that reading goes on.
    pub(super) meant: Scalar,
}

/// What kind of bare word it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SlipKind {
    /// `30s`, `200/s`, `5%`.
    Quantity,
    /// `.5`: a number without its zero.
    Fraction,
    /// `true`, `null`, `nan`: a keyword without its `#`.
    Keyword,
    /// `/login`, `http://127.0.0.1:8080`.
    Address,
    /// `${rate}`.
    Expression,
    /// A whole number beyond 128 bits.
    Huge,
}

/// What the look over a text found.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Scan {
    /// Bare words that the parser will refuse.
    pub(super) slips: Vec<Slip>,
    /// The first brace or comment that is nested too deep, and the levels that are read.
    pub(super) too_deep: Option<(Range<usize>, usize)>,
    /// Closing braces by the opening ones they belong to.
    pub(super) braces: BTreeMap<usize, usize>,
    /// The nodes of the top level, from the first byte to what ends them.
    pub(super) pieces: Vec<Range<usize>>,
    /// Closing braces that belong to none.
    pub(super) strays: Vec<usize>,
    /// The innermost brace that is still open at the end.
    pub(super) open: Option<usize>,
}

/// Looks over a text.
pub(super) fn scan(text: &str) -> Scan {
    let (open, found) = (Vec::new(), Scan::default());
    let bytes = text.as_bytes();
    let mut scanner =
        Scanner { bytes, text, at: 0, open, off: false, piece: None, goes_on: false, dashes: 0, found };
    scanner.run();
    scanner.found
}

struct Scanner<'a> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
    /// Opening braces that are not closed yet, and whether what they belong to is switched off.
    open: Vec<(usize, bool)>,
    /// Whether a `/-` stands before on the line.
    off: bool,
    /// Where the node of the top level begins that is looked at.
    piece: Option<usize>,
    /// Whether the line goes on behind its end: a backslash or `/-` was the last word.
    goes_on: bool,
    /// `/-` in a row.
    dashes: usize,
    found: Scan,
}

impl Scanner<'_> {
    fn run(&mut self) {
        while self.at < self.bytes.len() && self.found.too_deep.is_none() {
            let rest = &self.bytes[self.at..];
            if let Some(width) = newline(rest) {
                self.end_piece();
                self.goes_on &= self.dashes > 0;
                self.off &= self.goes_on;
                self.at += width;
                continue;
            }
            if let Some(width) = self.blank() {
                self.at += width;
                continue;
            }
            match rest {
                [b'/', b'/', ..] => self.skip_line(),
                [b'/', b'*', ..] => self.skip_comment(),
                [b'\\', ..] => {
                    self.goes_on = true;
                    self.at += 1;
                }
                [b';', ..] => {
                    (self.goes_on, self.dashes, self.off) = (false, 0, false);
                    self.end_piece();
                    self.at += 1;
                }
                _ => self.token(),
            }
        }
        self.goes_on = false;
        self.end_piece();
        self.found.open = self.open.last().map(|(at, _)| *at);
    }

    fn token(&mut self) {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(b"}") && self.open.is_empty() {
            self.goes_on = false;
            self.end_piece();
            self.found.strays.push(self.at);
            self.at += 1;
            return;
        }
        self.piece.get_or_insert(self.at);
        if rest.starts_with(b"/-") {
            self.goes_on = true;
            self.off = true;
            self.dashes += 1;
            self.check_level(self.dashes, MOST_LEVELS, 2);
            self.at += 2;
            return;
        }
        (self.goes_on, self.dashes) = (false, 0);
        match rest[0] {
            b'"' => self.skip_string(),
            b'#' => self.skip_raw(),
            b'{' => {
                self.open.push((self.at, std::mem::take(&mut self.off)));
                self.check_level(self.open.len(), MOST_LEVELS, 1);
                self.check_level(self.open.iter().filter(|(_, off)| *off).count(), MOST_OFF, 1);
                self.at += 1;
            }
            b'}' => {
                self.off = false;
                if let Some((start, _)) = self.open.pop() {
                    self.found.braces.insert(start, self.at);
                }
                self.at += 1;
            }
            byte if ends_word(byte) => self.at += 1,
            _ => self.word(),
        }
    }

    /// Ends a node of the top level, unless it goes on.
    fn end_piece(&mut self) {
        let goes_on = self.goes_on || !self.open.is_empty() && self.at < self.bytes.len();
        if let Some(start) = self.piece.take_if(|_| !goes_on) {
            self.found.pieces.push(start..self.at);
        }
    }

    /// The width of a blank, where one stands.
    fn blank(&self) -> Option<usize> {
        match self.bytes[self.at] {
            byte if byte.is_ascii() => byte.is_ascii_whitespace().then_some(1),
            _ => {
                let c = self.text.get(self.at..)?.chars().next()?;
                (c.is_whitespace() || c == '\u{feff}' && self.at == 0).then(|| c.len_utf8())
            }
        }
    }

    fn check_level(&mut self, level: usize, most: usize, width: usize) {
        if level > most && self.found.too_deep.is_none() {
            self.found.too_deep = Some((self.at..self.at + width, most));
        }
    }

    fn skip_line(&mut self) {
        while self.at < self.bytes.len() && newline(&self.bytes[self.at..]).is_none() {
            self.at += 1;
        }
    }

    fn skip_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.bytes.len() {
            match &self.bytes[self.at..] {
                [b'/', b'*', ..] => {
                    depth += 1;
                    self.check_level(depth, MOST_LEVELS, 2);
                    self.at += 2;
                }
                [b'*', b'/', ..] => {
                    depth -= 1;
                    self.at += 2;
                }
                _ => self.at += 1,
            }
            if depth == 0 || self.found.too_deep.is_some() {
                return;
            }
        }
    }

    /// From an opening quote past the closing one; a single-line string that is not closed ends with its line.
    fn skip_string(&mut self) {
        let many = self.bytes[self.at..].starts_with(b"\"\"\"");
        let quotes: &[u8] = if many { b"\"\"\"" } else { b"\"" };
        self.at += quotes.len();
        while self.at < self.bytes.len() {
            let rest = &self.bytes[self.at..];
            if rest.starts_with(quotes) {
                self.at += quotes.len();
                return;
            }
            match rest[0] {
                b'\\' => self.at += 2,
                b'\n' if !many => return self.forget_line(),
                _ => self.at += 1,
            }
        }
        self.at = self.bytes.len();
        self.forget_line();
    }

    /// Forgets the words of a line whose quotes do not pair: what is a text there and what is none, nobody knows.
    fn forget_line(&mut self) {
        let line = self.bytes[..self.at].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let before = self.found.slips.partition_point(|slip| slip.range.start < line);
        self.found.slips.truncate(before);
    }

    /// A raw string `#"…"#`, or a keyword such as `#true`.
    fn skip_raw(&mut self) {
        let hashes = self.bytes[self.at..].iter().take_while(|byte| **byte == b'#').count();
        self.at += hashes;
        let rest = &self.bytes[self.at..];
        if !rest.starts_with(b"\"") {
            self.at += self.word_length();
            return;
        }
        let many = rest.starts_with(b"\"\"\"");
        let width = if many { 3 } else { 1 };
        let closing: Vec<u8> = [vec![b'"'; width], vec![b'#'; hashes]].concat();
        self.at += width;
        while self.at < self.bytes.len() {
            let rest = &self.bytes[self.at..];
            if rest.starts_with(&closing) {
                self.at += closing.len();
                return;
            }
            if rest[0] == b'\n' && !many {
                return self.forget_line();
            }
            self.at += 1;
        }
    }

    /// Bytes up to what ends a bare word. A slash belongs to it (`200/s`) unless a comment begins there.
    fn word_length(&self) -> usize {
        let Some(rest) = self.text.get(self.at..) else { return 1 };
        let ends = |(index, c): &(usize, char)| {
            let comment = *c == '/' && rest[*index + 1..].starts_with(['/', '*', '-']);
            comment || c.is_whitespace() || u8::try_from(*c).is_ok_and(ends_word)
        };
        rest.char_indices().find(ends).map_or(rest.len(), |(index, _)| index)
    }

    fn word(&mut self) {
        let mut range = self.at..self.at + self.word_length().max(1);
        if let Some(length) = address_length(&self.text[range.start..], range.len()) {
            range.end = range.start + length;
            self.at = range.end;
            let meant = Scalar::Text(self.text[range.clone()].to_owned());
            self.found.slips.push(Slip { range, kind: SlipKind::Address, meant });
            return;
        }
        if let Some(length) = expression_length(&self.text[range.start..], range.len()) {
            range.end = range.start + length;
            self.at = range.end;
            let meant = Scalar::Text(self.text[range.clone()].to_owned());
            self.found.slips.push(Slip { range, kind: SlipKind::Expression, meant });
            return;
        }
        self.at = range.end;
        // The comma is a mistake of its own.
        range.end -= usize::from(range.len() > 1 && self.bytes[range.end - 1] == b',');
        if let Some((kind, meant)) = self.text.get(range.clone()).and_then(slip_of) {
            self.found.slips.push(Slip { range, kind, meant });
        }
    }
}

/// The width of a line's end, where one stands: KDL knows eight of them.
fn newline(rest: &[u8]) -> Option<usize> {
    match rest {
        [b'\r', b'\n', ..] | [0xc2, 0x85, ..] => Some(2),
        [b'\n' | b'\r' | 0x0b | 0x0c, ..] => Some(1),
        [0xe2, 0x80, 0xa8 | 0xa9, ..] => Some(3),
        _ => None,
    }
}

/// What a bare word was meant to be, when KDL does not allow it.
fn slip_of(word: &str) -> Option<(SlipKind, Scalar)> {
    match word {
        "true" | "false" => return Some((SlipKind::Keyword, Scalar::Bool(word == "true"))),
        "null" => return Some((SlipKind::Keyword, Scalar::Null)),
        "nan" => return Some((SlipKind::Keyword, Scalar::Float(f64::NAN))),
        "inf" => return Some((SlipKind::Keyword, Scalar::Float(f64::INFINITY))),
        "-inf" => return Some((SlipKind::Keyword, Scalar::Float(f64::NEG_INFINITY))),
        _ => {}
    }
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
    if let Some(digits) = unsigned.strip_prefix('.')
        && digits.starts_with(|c: char| c.is_ascii_digit())
    {
        return match word.parse() {
            Ok(number) => Some((SlipKind::Fraction, Scalar::Float(number))),
            Err(_) => Some((SlipKind::Quantity, Scalar::Text(word.to_owned()))),
        };
    }
    if !unsigned.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    match number_form(unsigned) {
        NumberForm::Whole(digits, radix) if i128::from_str_radix(&digits, radix).is_err() => {
            Some((SlipKind::Huge, Scalar::Integer(1)))
        }
        NumberForm::Whole(..) | NumberForm::Decimal => None,
        NumberForm::None => Some((SlipKind::Quantity, Scalar::Text(word.to_owned()))),
    }
}

enum NumberForm {
    Whole(String, u32),
    Decimal,
    None,
}

/// How KDL reads a number without its sign.
fn number_form(word: &str) -> NumberForm {
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = word.strip_prefix(prefix) {
            let known = digits.chars().all(|c| c == '_' || c.is_digit(radix));
            let whole = known && digits.starts_with(|c: char| c.is_digit(radix));
            return if whole { NumberForm::Whole(digits.replace('_', ""), radix) } else { NumberForm::None };
        }
    }
    if is_digits(word) {
        return NumberForm::Whole(word.replace('_', ""), 10);
    }
    let (mantissa, exponent) = match word.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (word, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let decimal = is_digits(whole) && fraction.is_none_or(is_digits) && exponent.is_none_or(is_digits);
    if decimal { NumberForm::Decimal } else { NumberForm::None }
}

fn is_digits(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c == '_' || c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        scan(text).slips.into_iter().map(|slip| &text[slip.range]).collect()
    }

    #[test]
    fn finds_what_kdl_does_not_allow_and_nothing_else() {
        assert_eq!(words("a 30s b=200/s c=5%;d 1h30m // 30s"), ["30s", "200/s", "5%", "1h30m"]);
        assert_eq!(words("a .5 -.5s true {b null}"), [".5", "-.5s", "true", "null"]);
        assert_eq!(words("a 1 -1 +1.5 1e3 0xff 1_000 0b1 #true truer \"30s\" #\"5% \"x\"#"), [""; 0]);
        assert_eq!(words("a \"\"\"\n 30s \\\"\"\" \n\"\"\" /* 30s /* 1s */ 2s */ 3s"), ["3s"]);
        assert_eq!(words("a 999999999999999999999999999999999999999999").len(), 1);
        assert_eq!(words("a 30µs/*x*/"), ["30µs"]);
        assert_eq!(words("a /b?c=1&d c=/e{f /; }"), ["/b?c=1&d", "/e", "/"]);
        assert_eq!(words("a ${b} c=${d + 1}/s {\n e${f}g; h $ {i}}"), ["${b}", "${d + 1}/s", "e${f}g"]);
        assert_eq!(
            words("a /b/${c + 1}/d?e=${f} g\nh http://${i} {"),
            ["/b/${c + 1}/d?e=${f}", "http://${i}"]
        );
        assert_eq!(words("a http://h:1/b // c\nb http: //"), ["http://h:1/b"]);
        assert_eq!(words("a 1s\nb 2s\" c=\"3s\"\nd 4s"), ["1s", "4s"]);
    }

    #[test]
    fn nodes_of_the_top_level_are_told_apart() {
        let check = |text: &str, expected: &[&str]| {
            let found: Vec<&str> = scan(text).pieces.into_iter().map(|piece| &text[piece]).collect();
            assert_eq!(found, expected, "{text:?}");
        };
        check("\u{feff}a 1; b // x\nc {\n d\n}\n", &["a 1", "b // x", "c {\n d\n}"]);
        check(
            "a \\ // on\n 1\n/- \n b {}\nc /-\n{ d }\n e",
            &["a \\ // on\n 1", "/- \n b {}", "c /-\n{ d }", "e"],
        );
        check(
            "a \"\"\"\n;\n\"\"\"\u{85}b #\";\"#\rc\u{2028}\u{a0} d\u{b}e",
            &["a \"\"\"\n;\n\"\"\"", "b #\";\"#", "c", "d", "e"],
        );
        check("a /* \n */ b\n/* c */\n// d", &["a /* \n */ b"]);
        check("a } b }\nc {", &["a ", "b ", "c {"]);
        check("a \"\n b\nc { d", &["a \"", "b", "c { d"]);
        assert_eq!(scan("a } b }").strays, [2, 6]);
    }

    #[test]
    fn depth_counts_braces_outside_strings() {
        let nested = |levels: usize| "a {".repeat(levels);
        assert_eq!(scan(&nested(MOST_LEVELS)).too_deep, None);
        let first = MOST_LEVELS * 3 + 2;
        assert_eq!(scan(&nested(MOST_LEVELS + 1)).too_deep, Some((first..first + 1, MOST_LEVELS)));
        assert_eq!(scan(&format!("a \"{}\" /*{}*/", nested(200), nested(200))).too_deep, None);
        assert!(scan(&"/*".repeat(200)).too_deep.is_some());
        assert!(scan(&"/- ".repeat(200)).too_deep.is_some());
    }
}
