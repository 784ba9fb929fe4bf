//! A text's nodes by their tokens: for what has to know how a file is written, or where a half-written one is being edited.
//!
//! No text is refused. An unclosed brace ends with the file, a stray one is passed over.

use std::ops::Range;

use super::scan::MOST_LEVELS;
use super::tokens::{Token, TokenKind, ends_line, tokens};

/// What stands in a document or between braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// One empty line or several.
    Blank,
    /// A comment on a line of its own.
    Comment(Range<usize>),
    /// A node.
    Node(NodeOutline),
}

/// A node as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NodeOutline {
    /// What it is made of, in order.
    pub(super) parts: Vec<Part>,
    /// A comment behind it on its last line.
    pub(super) comment: Option<Behind>,
    /// Its bytes, without what ends it.
    pub(super) range: Range<usize>,
}

/// A part of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A name, value or property: tokens that belong together.
    Piece(Vec<Token>),
    /// A comment within the node, and whether its line ends with it.
    Comment { range: Range<usize>, ends_line: bool },
    /// The node goes on in the next line; perhaps with a comment at the end of this one.
    Continue(Option<Range<usize>>),
    /// Its children.
    Block(Block),
}

/// What stands between braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Whether it is switched off by `/-`.
    pub(super) off: bool,
    /// Whether it is written over several lines.
    pub(super) several_lines: bool,
    /// A comment behind the opening brace.
    pub(super) comment: Option<Behind>,
    /// What it holds.
    pub(super) items: Vec<Item>,
    /// From the opening brace past the closing one, or to the end of the text.
    pub(super) range: Range<usize>,
    /// Whether the closing brace is there.
    pub(super) closed: bool,
}

/// A comment behind something on its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Behind {
    /// Its bytes.
    pub(super) range: Range<usize>,
    /// Whether more than one blank stands before it.
    pub(super) set_apart: bool,
}

/// The outline of a text.
pub(super) fn outline(text: &str) -> Vec<Item> {
    let mut parser = Parser { text, tokens: tokens(text), at: 0 };
    parser.items(0)
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
}

impl Parser<'_> {
    fn kind(&self) -> Option<TokenKind> {
        self.tokens.get(self.at).map(|token| token.kind)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    /// The first byte of the next token.
    fn byte(&self) -> usize {
        self.tokens.get(self.at).map_or(self.text.len(), |token| token.range.start)
    }

    /// Passes over blanks.
    fn skip_space(&mut self) {
        while self.kind() == Some(TokenKind::Space) {
            self.at += 1;
        }
    }

    /// Nodes and comments up to the closing brace, which is left, or to the end.
    fn items(&mut self, depth: usize) -> Vec<Item> {
        let mut items = Vec::new();
        let mut newlines = 0;
        while let Some(kind) = self.kind() {
            match kind {
                TokenKind::Newline => {
                    newlines += 1;
                    if newlines == 2 {
                        items.push(Item::Blank);
                    }
                    self.at += 1;
                    continue;
                }
                TokenKind::Space | TokenKind::Semicolon => {
                    self.at += 1;
                    continue;
                }
                TokenKind::Close if depth > 0 => break,
                // Closes nothing.
                TokenKind::Close => self.at += 1,
                TokenKind::LineComment => items.extend(self.take().map(|token| Item::Comment(token.range))),
                TokenKind::BlockComment if self.stands_alone() => {
                    items.extend(self.take().map(|token| Item::Comment(token.range)));
                }
                _ => items.push(Item::Node(self.node(depth))),
            }
            newlines = 0;
        }
        items
    }

    /// Whether nothing follows the next token on its line, or in its braces.
    fn stands_alone(&self) -> bool {
        let mut behind = self.tokens[self.at + 1..].iter().filter(|token| token.kind != TokenKind::Space);
        behind.next().is_none_or(|token| matches!(token.kind, TokenKind::Newline | TokenKind::Close))
    }

    fn node(&mut self, depth: usize) -> NodeOutline {
        let start = self.byte();
        let (mut parts, mut pieces) = (Vec::new(), Pieces::default());
        let mut end = start;
        while let Some(kind) = self.kind() {
            match kind {
                TokenKind::Space => {
                    self.at += 1;
                    continue;
                }
                TokenKind::Newline | TokenKind::LineComment if !pieces.is_switch() => break,
                TokenKind::Semicolon | TokenKind::Close => break,
                TokenKind::Newline => self.at += 1,
                TokenKind::LineComment | TokenKind::BlockComment => {
                    pieces.flush(&mut parts);
                    let ends_line = kind == TokenKind::LineComment;
                    parts.extend(self.take().map(|token| Part::Comment { range: token.range, ends_line }));
                    if ends_line && self.kind() == Some(TokenKind::Newline) {
                        self.at += 1;
                    }
                }
                TokenKind::Continue => {
                    pieces.flush(&mut parts);
                    parts.push(self.continued());
                }
                TokenKind::Open if depth == MOST_LEVELS => self.at += 1,
                TokenKind::Open => {
                    let off = pieces.take_switch();
                    pieces.flush(&mut parts);
                    parts.push(Part::Block(self.block(off, depth)));
                }
                // What follows the children is a node of its own.
                TokenKind::Word | TokenKind::Quoted
                    if pieces.is_empty()
                        && matches!(parts.last(), Some(Part::Block(block)) if !block.off) =>
                {
                    break;
                }
                _ => pieces.extend(self.take(), &mut parts),
            }
            end = self.tokens[self.at - 1].range.end;
        }
        pieces.flush(&mut parts);
        if self.kind() == Some(TokenKind::Semicolon) {
            self.at += 1;
        }
        NodeOutline { parts, comment: self.behind(), range: start..end }
    }

    /// A comment behind what was read, on its line.
    fn behind(&mut self) -> Option<Behind> {
        let before = self.at;
        self.skip_space();
        if self.kind() != Some(TokenKind::LineComment) {
            self.at = before;
            return None;
        }
        let range = self.take()?.range;
        let blanks = self.text[..range.start].chars().rev().take_while(|letter| letter.is_whitespace());
        Some(Behind { set_apart: blanks.count() > 1, range })
    }

    /// `\`, and what ends its line.
    fn continued(&mut self) -> Part {
        self.at += 1;
        let comment = self.behind().map(|behind| behind.range);
        self.skip_space();
        if self.kind() == Some(TokenKind::Newline) {
            self.at += 1;
        }
        Part::Continue(comment)
    }

    fn block(&mut self, off: bool, depth: usize) -> Block {
        let start = self.byte();
        self.at += 1;
        let comment = self.behind();
        let items = self.items(depth + 1);
        let inside = self.byte();
        let closed = self.kind() == Some(TokenKind::Close);
        self.at += usize::from(closed);
        let range = start..inside + usize::from(closed);
        Block {
            off,
            several_lines: self.text[range.clone()].contains(ends_line),
            comment,
            items,
            range,
            closed,
        }
    }
}

/// Gathers tokens that belong together: `/-(type)name=(type)"value"`.
#[derive(Default)]
struct Pieces(Vec<Token>);

impl Pieces {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is nothing but a `/-` that waits for what it switches off.
    fn is_switch(&self) -> bool {
        matches!(self.0.as_slice(), [Token { kind: TokenKind::SlashDash, .. }])
    }

    /// Takes the `/-` that waits.
    fn take_switch(&mut self) -> bool {
        let is_switch = self.is_switch();
        if is_switch {
            self.0.clear();
        }
        is_switch
    }

    fn extend(&mut self, token: Option<Token>, parts: &mut Vec<Part>) {
        let Some(token) = token else { return };
        let before = self.0.last().map(|token| token.kind);
        let joins_before = matches!(token.kind, TokenKind::Equals | TokenKind::ParenClose);
        let joined = match before {
            Some(TokenKind::Equals | TokenKind::SlashDash | TokenKind::ParenOpen | TokenKind::ParenClose) => {
                true
            }
            _ => joins_before,
        };
        if !joined {
            self.flush(parts);
        }
        self.0.push(token);
    }

    fn flush(&mut self, parts: &mut Vec<Part>) {
        if !self.0.is_empty() {
            parts.push(Part::Piece(std::mem::take(&mut self.0)));
        }
    }
}
