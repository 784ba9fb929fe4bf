//! What fingers write that know other languages: `status=200` for a node, JSON between braces, `} else {`, commas, a brace on
//! a line of its own.
//!
//! The parser's own messages for these speak of what it missed and not of what was meant, and where the brace of a block is
//! that it gave up. So a text that it refuses is looked over once more, token by token. What can be read as it was meant is
//! mended, byte for byte, and read on.

use std::ops::Range;

use throng_components::workload::{Label, Mistake, SourceId, Span};

use super::document::span;
use super::tokens::{Token, TokenKind, tokens};

/// Places of one habit that a message points to.
pub(super) const MOST_POINTED: usize = 3;

/// Bytes of a value that a message repeats.
const MOST_SHOWN: usize = 60;

/// A habit of another language.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum HabitMistake {
    /// `status=200` where a node has to stand.
    Assigned { span: Span, written: String, meant: String },
    /// `"user": "x"`
    Json { span: Span, key: String, owner: Option<String> },
    /// `} else {`
    Behind { span: Span, closing: Span, name: String },
    /// `from=1, to=2`, and how many there are.
    Commas { spans: Vec<Span>, count: usize },
    /// `{` at the beginning of a line.
    BraceBelow { span: Span },
}

/// A habit, and what has to change for it to be read as it was meant; nothing when it cannot be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Habit {
    /// What is told of it.
    pub(super) mistake: HabitMistake,
    /// Bytes of the source that stand for others.
    pub(super) mends: Vec<(usize, u8)>,
    /// What is not looked at for other mistakes.
    pub(super) hides: Option<Range<usize>>,
}

impl Mistake for HabitMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::Assigned { .. } => "T0212",
            Self::Json { .. } => "T0213",
            Self::Behind { .. } => "T0214",
            Self::Commas { .. } => "T0215",
            Self::BraceBelow { .. } => "T0216",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Assigned { written, .. } => format!("`{written}` stands where a node has to"),
            Self::Json { owner: Some(owner), .. } => format!("`{owner}` holds nodes, and this is JSON"),
            Self::Json { owner: None, .. } => "a workload is made of nodes, and this is JSON".to_owned(),
            Self::Behind { name, .. } => format!("`{name}` has to begin a line"),
            Self::Commas { .. } => "nothing is set apart by commas".to_owned(),
            Self::BraceBelow { .. } => "this `{` belongs to no node".to_owned(),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::Assigned { span, .. } => vec![Label::new(*span, "written as a property")],
            Self::Json { span, .. } => vec![Label::new(*span, "no node")],
            Self::Behind { span, closing, .. } => {
                vec![Label::new(*span, "the next node"), Label::new(*closing, "ends the node before it")]
            }
            Self::Commas { spans, count } => pointed(spans, *count, "one comma too many"),
            Self::BraceBelow { span } => vec![Label::new(*span, "begins a line")],
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Assigned { meant, .. } => {
                format!("what stands in braces, or at the top, are nodes: write `{meant}`")
            }
            Self::Json { key, owner, .. } => {
                let node =
                    format!("write `{key} VALUE` for `\"{key}\": VALUE`, each on a line or before a `;`");
                match owner.as_deref() {
                    Some("json" | "body") => {
                        format!("{node}; or give the text as it is: `body #\"{{\"{key}\": …}}\"#`")
                    }
                    _ => node,
                }
            }
            Self::Behind { name, .. } => {
                format!("write `{name}` on the next line, or put a `;` behind the `}}`")
            }
            Self::Commas { .. } => "values are set apart by blanks, nodes by lines or `;`".to_owned(),
            Self::BraceBelow { .. } => "put it at the end of the line above, behind its node".to_owned(),
        })
    }
}

/// Labels of the first places of a habit; the last one says how many more there are.
pub(super) fn pointed(spans: &[Span], count: usize, text: &str) -> Vec<Label> {
    let mut labels: Vec<Label> = spans.iter().map(|span| Label::new(*span, text)).collect();
    if let (Some(last), more @ 1..) = (labels.last_mut(), count.saturating_sub(spans.len())) {
        last.text = format!("{text}, and {more} more below");
    }
    labels
}

/// The habits in a text that the parser refuses, which begins at the byte `base` of its source.
pub(super) fn find(text: &str, source: SourceId, base: usize) -> Vec<Habit> {
    let tokens = tokens(text);
    let mut look = Look {
        text,
        tokens,
        source,
        base,
        at: 0,
        open: Vec::new(),
        commas: Vec::new(),
        doubtful: Vec::new(),
        found: Vec::new(),
    };
    look.run();
    if !look.commas.is_empty() {
        look.commas.append(&mut look.doubtful);
        look.commas.sort_unstable();
        let spans = look.commas.iter().take(MOST_POINTED);
        let spans = spans.map(|at| span(source, base + at, base + at + 1)).collect();
        let mistake = HabitMistake::Commas { spans, count: look.commas.len() };
        let mends = look.commas.iter().map(|at| (base + at, b' ')).collect();
        look.found.push(Habit { mistake, mends, hides: None });
    }
    look.found
}

/// A text that begins at the byte `base` of its source with what the habits would change. What stands for a word that was
/// told of is no letter of it any more.
pub(super) fn mended(text: String, base: usize, habits: &[Habit]) -> String {
    let mut bytes = text.into_bytes();
    for (at, letter) in habits.iter().flat_map(|habit| &habit.mends) {
        if let Some(byte) = bytes.get_mut(at - base).filter(|byte| byte.is_ascii() && **byte != b'x') {
            *byte = *letter;
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}

/// Braces that are open: the node before them, and which habit was found of properties that stand for nodes.
struct Block {
    owner: Option<String>,
    assigned: Option<usize>,
}

struct Look<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    source: SourceId,
    base: usize,
    /// The token that is looked at.
    at: usize,
    open: Vec<Block>,
    /// Where the commas stand.
    commas: Vec<usize>,
    /// Where bare words end with one, as they may: too many as well where others are.
    doubtful: Vec<usize>,
    found: Vec<Habit>,
}

/// What may follow.
#[derive(Clone, Copy, PartialEq)]
enum Expected {
    /// A node's name.
    Node,
    /// A value or a property of it.
    Value,
    /// A property that is meant as one more node.
    Assigned,
    /// Nothing, behind the brace that the token of that number is.
    End(usize),
}

impl Look<'_> {
    fn run(&mut self) {
        let (mut expected, mut goes_on, mut line_begins) = (Expected::Node, false, true);
        let mut name = None;
        while let Some(Token { kind, range }) = self.tokens.get(self.at).cloned() {
            let word = &self.text[range.clone()];
            match kind {
                TokenKind::Newline if std::mem::take(&mut goes_on) => {}
                TokenKind::Newline | TokenKind::Semicolon => {
                    if expected != Expected::Node {
                        name = None;
                    }
                    expected = Expected::Node;
                }
                TokenKind::Continue => goes_on = true,
                TokenKind::Open => {
                    if expected == Expected::Node && name.is_none() && line_begins {
                        let span = self.span(range);
                        self.note(HabitMistake::BraceBelow { span }, Vec::new());
                    }
                    self.open.push(Block { owner: name.take(), assigned: None });
                    expected = Expected::Node;
                }
                TokenKind::Close => {
                    self.open.pop();
                    expected = Expected::End(self.at);
                }
                TokenKind::ParenOpen => self.skip_type(),
                TokenKind::Word | TokenKind::Quoted if word.starts_with(',') => {
                    self.commas.push(range.start);
                }
                TokenKind::Word | TokenKind::Quoted => {
                    if let Expected::End(closing) = expected {
                        self.behind(closing, range.clone());
                        expected = Expected::Node;
                    }
                    if expected == Expected::Node {
                        name = Some(word.trim_matches('"').to_owned());
                        expected = self.node(range);
                    } else if expected == Expected::Assigned && self.assignment().is_some() {
                        self.assigned(range, false);
                    } else if word.ends_with(',')
                        && word.starts_with(|c: char| c.is_ascii_digit() || c == '-')
                    {
                        self.commas.push(range.end - 1);
                    } else if word.ends_with(',') && kind == TokenKind::Word {
                        self.doubtful.push(range.end - 1);
                    }
                }
                _ => {}
            }
            line_begins = kind == TokenKind::Newline || kind == TokenKind::Space && line_begins;
            self.at += 1;
        }
    }

    /// A node begins: what does it look like?
    fn node(&mut self, range: Range<usize>) -> Expected {
        let word = &self.text[range.clone()];
        let next = self.significant(self.at + 1).map(|next| &self.tokens[next]);
        let colon = next.is_some_and(|next| {
            next.kind == TokenKind::Word && self.text[next.range.clone()].starts_with(':')
        });
        if colon && word.starts_with('"') || word.ends_with(':') && !self.open.is_empty() {
            self.json(range);
            return Expected::Value;
        }
        if self.assignment().is_some() {
            self.assigned(range, true);
            return Expected::Assigned;
        }
        Expected::Value
    }

    /// `name = value` stands for a node: together with others in the same braces. It is the `first` one of its node, or
    /// stands behind another one.
    fn assigned(&mut self, range: Range<usize>, first: bool) {
        let name = self.text[range.clone()].to_owned();
        let Some((equals, value)) = self.assignment() else { return };
        let mut mends = vec![(self.base + self.tokens[equals].range.start, b' ')];
        let value_range = self.tokens[value].range.clone();
        let text = &self.text[value_range.clone()];
        let bare = text.trim_end_matches(',');
        if bare.len() < text.len() {
            mends.push((self.base + value_range.end - 1, b' '));
        }
        let end = value_range.start + bare.len();
        let meant = if bare.len() > MOST_SHOWN {
            format!("{name} VALUE")
        } else {
            format!("{name} {}", value_as_written(bare))
        };
        self.at = value;
        self.skip_comma(&mut mends);
        let written = if bare.len() > MOST_SHOWN {
            format!("{name}=…")
        } else {
            self.text[range.start..end].to_owned()
        };
        let known = self.open.last().and_then(|block| block.assigned);
        if let Some(known) = known {
            let habit = &mut self.found[known];
            // Several on one line may be the properties of one node as well.
            if first && !habit.mends.is_empty() {
                habit.mends.extend(mends);
            } else {
                habit.mends.clear();
            }
            if let HabitMistake::Assigned { meant: all, .. } = &mut habit.mistake
                && all.matches("; ").count() + 1 < MOST_POINTED
            {
                all.push_str("; ");
                all.push_str(&meant);
            }
            return;
        }
        let number = self.found.len();
        if let Some(block) = self.open.last_mut() {
            block.assigned = Some(number);
        }
        let span = self.span(range.start..end);
        self.note(HabitMistake::Assigned { span, written, meant }, mends);
    }

    /// A comma behind what was read belongs to the habit that was found.
    fn skip_comma(&mut self, mends: &mut Vec<(usize, u8)>) {
        let Some(next) = self.tokens.get(self.at + 1) else { return };
        if &self.text[next.range.clone()] == "," {
            mends.push((self.base + next.range.start, b' '));
            self.at += 1;
        }
    }

    /// JSON up to the brace that ends it.
    fn json(&mut self, range: Range<usize>) {
        let key = self.text[range.clone()].trim_matches(['"', ':']).to_owned();
        let owner = self.open.last().and_then(|block| block.owner.clone());
        let mut depth = 0_usize;
        let mut end = range.end;
        while let Some(token) = self.tokens.get(self.at) {
            match token.kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close if depth == 0 => break,
                TokenKind::Close => depth -= 1,
                _ => {}
            }
            end = token.range.end;
            self.at += 1;
        }
        // The brace is looked at next.
        self.at -= 1;
        let colon = self.text[range.end..].starts_with(':');
        let mistake =
            HabitMistake::Json { span: self.span(range.start..range.end + usize::from(colon)), key, owner };
        let hides = Some(self.base + range.start..self.base + end);
        self.found.push(Habit { mistake, mends: Vec::new(), hides });
    }

    /// A node behind a closing brace.
    fn behind(&mut self, closing: usize, range: Range<usize>) {
        let name = self.text[range.clone()].to_owned();
        let blank = self.text[..range.start].ends_with(' ');
        let mends = if blank { vec![(self.base + range.start - 1, b';')] } else { Vec::new() };
        let closing = self.span(self.tokens[closing].range.clone());
        let span = self.span(range);
        self.note(HabitMistake::Behind { span, closing, name }, mends);
    }

    fn note(&mut self, mistake: HabitMistake, mends: Vec<(usize, u8)>) {
        self.found.push(Habit { mistake, mends, hides: None });
    }

    fn skip_type(&mut self) {
        while self
            .tokens
            .get(self.at + 1)
            .is_some_and(|token| !matches!(token.kind, TokenKind::ParenClose | TokenKind::Newline))
        {
            self.at += 1;
        }
    }

    /// The next token that is neither blank nor comment.
    fn significant(&self, from: usize) -> Option<usize> {
        let blank = |kind| matches!(kind, TokenKind::Space | TokenKind::BlockComment);
        (from..self.tokens.len()).find(|at| !blank(self.tokens[*at].kind))
    }

    /// The `=` and the value that follow the token.
    fn assignment(&self) -> Option<(usize, usize)> {
        let equals = self.significant(self.at + 1).filter(|at| self.tokens[*at].kind == TokenKind::Equals)?;
        let value = self.significant(equals + 1)?;
        matches!(self.tokens[value].kind, TokenKind::Word | TokenKind::Quoted).then_some((equals, value))
    }

    fn span(&self, range: Range<usize>) -> Span {
        span(self.source, self.base + range.start, self.base + range.end)
    }
}

/// A value as it may be written: what is no number, keyword or plain word gets quotes.
fn value_as_written(word: &str) -> String {
    let number = word.parse::<f64>().is_ok() && word.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    let keyword = matches!(word, "true" | "false" | "null");
    if keyword {
        format!("#{word}")
    } else if number || word.starts_with(['"', '#']) {
        word.to_owned()
    } else {
        format!("\"{word}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant_is_read() {
        let check = |text: &str, codes: &[&str], expected: Option<&str>| {
            let habits = find(text, SourceId(0), 0);
            let found: Vec<&str> = habits.iter().map(|habit| habit.mistake.code()).collect();
            assert_eq!(found, codes, "{text}");
            let mut bytes = text.as_bytes().to_vec();
            for (at, byte) in habits.iter().flat_map(|habit| &habit.mends) {
                bytes[*at] = *byte;
            }
            let mended = habits.iter().all(|habit| !habit.mends.is_empty());
            let text = String::from_utf8(bytes).expect("text stays text");
            assert_eq!(mended.then_some(text.as_str()), expected);
        };
        check("a { b=1 }", &["T0212"], Some("a { b 1 }"));
        check("a { b=\"x\",\n c = 2,\n e=4; f 5 }", &["T0212"], Some("a { b \"x\" \n c   2 \n e 4; f 5 }"));
        check("a { b=\"x\" c = 2, d=3 }", &["T0212"], None);
        check("seed = 42", &["T0212"], Some("seed   42"));
        check("json { \"a\": { \"b\": [1, 2] }, \"c\": true }", &["T0213"], None);
        check("json {\n a: 1,\n}\n", &["T0213"], None);
        check("a { b { } else { c } }", &["T0214"], Some("a { b { };else { c } }"));
        check("a { b \"1\", c=2, d=\"x\" }", &["T0215"], Some("a { b \"1\"  c=2  d=\"x\" }"));
        check("a { b 1, c=d, e=f }", &["T0215"], Some("a { b 1  c=d  e=f }"));
        check("a c=d, e=f", &[], Some("a c=d, e=f"));
        check("a\n{ b }", &["T0216"], None);
        check("a { b 1 c=2; (t)d \"e\" /- f { g } }", &[], Some("a { b 1 c=2; (t)d \"e\" /- f { g } }"));
    }
}
