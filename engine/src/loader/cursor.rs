//! What is written where in a text, half-written ones included: for editors.

use std::ops::Range;

use super::outline::{Block, Item, NodeOutline, Part, outline};
use super::tokens::{Token, TokenKind, tokens};

/// A word or value, and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The text, without quotes; escapes stand as they are written.
    pub text: String,
    /// Its bytes, quotes included.
    pub range: Range<usize>,
}

/// A node as far as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenNode {
    /// Its name.
    pub name: Written,
    /// Positional values.
    pub arguments: Vec<Written>,
    /// Named values: names and values.
    pub properties: Vec<(Written, Written)>,
    /// Nodes between its braces.
    pub children: Vec<WrittenNode>,
    /// All of its bytes.
    pub range: Range<usize>,
}

/// What an editor's cursor is at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// The name of a node.
    Name,
    /// A node's positional value of that number, from 0; before anything is written it may become a property as well.
    Argument(usize),
    /// A property's name.
    Property,
    /// The value of the property of that name.
    Value(String),
}

/// A place in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The nodes around it, outermost first, without their children.
    pub around: Vec<WrittenNode>,
    /// The node it is in, without children; none where one would begin.
    pub node: Option<WrittenNode>,
    /// What it is at.
    pub at: At,
    /// The word it is at; empty where one would begin.
    pub word: Range<usize>,
}

/// A text's nodes, those that are switched off left out.
pub fn written(text: &str) -> Vec<WrittenNode> {
    nodes(text, &outline(text))
}

/// What stands at a byte of a text; `None` within comments.
pub fn cursor(text: &str, byte: usize) -> Option<Cursor> {
    let in_comment = tokens(text).iter().any(|token| match token.kind {
        TokenKind::LineComment => token.range.start < byte && byte <= token.range.end,
        TokenKind::BlockComment => token.range.start < byte && byte < token.range.end,
        _ => false,
    });
    (!in_comment).then(|| find(text, &outline(text), byte, Vec::new()))
}

fn nodes(text: &str, items: &[Item]) -> Vec<WrittenNode> {
    let outlines = items.iter().filter_map(|item| match item {
        Item::Node(node) => Some(node),
        Item::Blank | Item::Comment(_) => None,
    });
    outlines
        .filter_map(|node| {
            let mut whole = head(text, node).filter(|_| !pieces(node).next().is_some_and(is_off))?;
            let blocks = node.parts.iter().filter_map(|part| match part {
                Part::Block(block) if !block.off => Some(block),
                _ => None,
            });
            whole.children = blocks.flat_map(|block| nodes(text, &block.items)).collect();
            Some(whole)
        })
        .collect()
}

/// A node without its children; `None` when it has no name. One that is switched off is one all the same.
fn head(text: &str, node: &NodeOutline) -> Option<WrittenNode> {
    let mut pieces = pieces(node);
    let name = word(text, pieces.next()?)?;
    let (mut arguments, mut properties) = (Vec::new(), Vec::new());
    for tokens in pieces.filter(|tokens| !is_off(tokens)) {
        match equals(tokens) {
            Some(at) => {
                let end = tokens[at].range.end;
                let nothing = Written { text: String::new(), range: end..end };
                properties.extend(
                    word(text, &tokens[..at])
                        .map(|key| (key, word(text, &tokens[at + 1..]).unwrap_or(nothing))),
                );
            }
            None => arguments.extend(word(text, tokens)),
        }
    }
    Some(WrittenNode { name, arguments, properties, children: Vec::new(), range: node.range.clone() })
}

fn pieces(node: &NodeOutline) -> impl Iterator<Item = &[Token]> {
    node.parts.iter().filter_map(|part| match part {
        Part::Piece(tokens) => Some(tokens.as_slice()),
        _ => None,
    })
}

fn is_off(tokens: &[Token]) -> bool {
    tokens.first().is_some_and(|token| token.kind == TokenKind::SlashDash)
}

fn equals(tokens: &[Token]) -> Option<usize> {
    tokens.iter().position(|token| token.kind == TokenKind::Equals)
}

/// The last word among tokens: a type in front of it is left out.
fn word(text: &str, tokens: &[Token]) -> Option<Written> {
    let last = tokens.iter().rev().find(|token| matches!(token.kind, TokenKind::Word | TokenKind::Quoted))?;
    Some(Written { text: unquoted(&text[last.range.clone()]).to_owned(), range: last.range.clone() })
}

/// What stands between quotes, as far as they are there.
fn unquoted(text: &str) -> &str {
    let bare = text.trim_start_matches('#');
    let Some(content) = bare.strip_prefix('"') else { return text };
    let content = content.trim_end_matches('#');
    content.strip_suffix('"').unwrap_or(content)
}

fn find(text: &str, items: &[Item], byte: usize, mut around: Vec<WrittenNode>) -> Cursor {
    for item in items {
        let Item::Node(node) = item else { continue };
        let inside = |block: &&Block| {
            block.range.start < byte && (byte < block.range.end || !block.closed && byte == block.range.end)
        };
        let blocks = node.parts.iter().filter_map(|part| match part {
            Part::Block(block) => Some(block),
            _ => None,
        });
        if let Some(block) = blocks.clone().find(inside) {
            around.extend(head(text, node));
            return find(text, &block.items, byte, around);
        }
        let end = blocks.map(|block| block.range.start).next().unwrap_or(node.range.end);
        let begins = node.range.start <= byte;
        let reaches =
            byte <= end || text.get(end..byte).is_some_and(|gap| gap.trim_matches([' ', '\t']).is_empty());
        let after_block = byte > end && end != node.range.end;
        if begins && reaches && !after_block {
            return within(text, node, byte, around);
        }
    }
    Cursor { around, node: None, at: At::Name, word: byte..byte }
}

/// What stands at a byte of a node's own line.
fn within(text: &str, node: &NodeOutline, byte: usize, around: Vec<WrittenNode>) -> Cursor {
    let own = head(text, node);
    let place = |at, word| Cursor { around: around.clone(), node: own.clone(), at, word };
    let mut arguments = 0;
    for (index, tokens) in pieces(node).enumerate() {
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { continue };
        let (start, end) = (first.range.start, last.range.end);
        let touched = start <= byte && byte <= end;
        let range = word(text, tokens).map_or(byte..byte, |word| word.range);
        if index == 0 {
            if touched {
                return place(At::Name, range);
            }
            continue;
        }
        let key = equals(tokens).map(|at| (at, word(text, &tokens[..at])));
        match key {
            Some((at, Some(key))) if touched && byte >= tokens[at].range.end => {
                let value = word(text, &tokens[at + 1..]).map_or(byte..byte, |value| value.range);
                return place(At::Value(key.text), value);
            }
            Some((_, Some(key))) if touched => return place(At::Property, key.range),
            None if touched => return place(At::Argument(arguments), range),
            None if end < byte && !is_off(tokens) => arguments += 1,
            _ => {}
        }
    }
    place(At::Argument(arguments), byte..byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found at `|`: names around, the node, what it is at, and the word.
    fn check(marked: &str, around: &str, node: &str, at: At, word: &str) {
        let byte = marked.find('|').expect("a cursor");
        let text = marked.replacen('|', "", 1);
        let found = cursor(&text, byte).unwrap_or_else(|| panic!("{marked}: nothing"));
        let names: Vec<&str> = found.around.iter().map(|node| node.name.text.as_str()).collect();
        let own = found.node.as_ref().map_or("", |node| node.name.text.as_str());
        let seen = (names.join(" "), own, &found.at, &text[found.word.clone()]);
        assert_eq!(seen, (around.to_owned(), node, &at, word), "{marked}");
    }

    #[test]
    fn places_in_whole_texts() {
        check("sc|en x", "", "scen", At::Name, "scen");
        check("a { b { c| } }", "a b", "c", At::Name, "c");
        check("a { | }", "a", "", At::Name, "");
        check("a x |", "", "a", At::Argument(1), "");
        check("a x k=1 | { b }", "", "a", At::Argument(1), "");
        check("a fi|le k=1", "", "a", At::Argument(0), "file");
        check("a k=1 ot|her=2", "", "a", At::Property, "other");
        check("a k=(t)\"o|ne\"", "", "a", At::Value("k".into()), "\"one\"");
        check("a { b } |", "", "", At::Name, "");
        check("a; b\n|\nc", "", "", At::Name, "");
        check("a /-x y|", "", "a", At::Argument(0), "y");
    }

    #[test]
    fn places_in_half_written_texts() {
        check("scenario s {\n  us|\n", "scenario", "us", At::Name, "us");
        check("scenario s {\n  users min=|\n", "scenario", "users", At::Value("min".into()), "");
        check("listener |\nrequire {}", "", "listener", At::Argument(0), "");
        check("a { b { c \"x|\n", "a b", "c", At::Argument(0), "\"x");
        check("a {\n} }\nb k|", "", "b", At::Argument(0), "k");
        check("|", "", "", At::Name, "");
    }

    #[test]
    fn comments_are_no_place() {
        assert_eq!(cursor("a // b", 6), None);
        assert_eq!(cursor("/* a */", 3), None);
        assert_eq!(written("/-a\nb /-c d k=#\"e\"# { f; /-g }")[0].children.len(), 1);
    }
}
