//! Formats a workload: four blanks a level, one node a line, at most one empty line. What it means stays as it is.
//!
//! Comments stay, values stay as they are written, and so does the choice between `{ a; b }` on one line and children on
//! lines of their own, as long as the line is not too long. Comments that stand apart behind nodes keep their column.

use std::ops::Range;
use std::path::Path;

use throng_components::workload::{Entry, Node, SourceId};

use super::document::parse;
use super::load::text_of;
use super::outline::{Behind, Block, Item, NodeOutline, Part, outline};
use super::source::{Refused, Sources};
use super::tokens::ends_line;

/// Longer lines are broken at their braces.
const WIDTH: usize = 100;

/// Blanks a level.
const INDENT: usize = 4;

/// Why a text is left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// It is no KDL.
    Refused(Refused),
    /// Its meaning would not be the same: throng's own fault.
    MeaningLost,
}

/// Formats a workload's text; `path` is what messages call it.
///
/// # Errors
/// The text cannot be parsed. A workload that is wrong in other ways is formatted.
pub fn format(path: &Path, text: &[u8]) -> Result<String, FormatError> {
    let mut sources = Sources::default();
    let text = text_of(path, text, &mut sources).map_err(FormatError::Refused)?;
    let before = parse(text, SourceId(0));
    let mut problems = before.problems.into_sorted();
    // A file of comments alone runs nothing, and has a form all the same.
    problems.retain(|problem| problem.code != "T0004");
    if !problems.is_empty() {
        return Err(FormatError::Refused(Refused { sources, problems }));
    }
    let mut printer = Printer { text, out: String::with_capacity(text.len()) };
    printer.items(&outline(text), 0);
    let after = parse(&printer.out, SourceId(0));
    let same = before.nodes.len() == after.nodes.len()
        && before.nodes.iter().zip(&after.nodes).all(|(before, after)| same(before, after));
    if same { Ok(printer.out) } else { Err(FormatError::MeaningLost) }
}

/// Whether two nodes hold the same, wherever they stand.
fn same(one: &Node, other: &Node) -> bool {
    let value = |entry: &Entry| format!("{:?}", entry.value);
    let arguments = |node: &Node| node.arguments.iter().map(value).collect::<Vec<_>>();
    let properties = |node: &Node| {
        let properties = node.properties.iter();
        properties.map(|(key, entry)| (key.value.clone(), value(entry))).collect::<Vec<_>>()
    };
    one.name.value == other.name.value
        && arguments(one) == arguments(other)
        && properties(one) == properties(other)
        && one.children.len() == other.children.len()
        && one.children.iter().zip(&other.children).all(|(one, other)| same(one, other))
}

struct Printer<'a> {
    text: &'a str,
    out: String,
}

impl Printer<'_> {
    /// Letters on the line that is being written.
    fn column(&self) -> usize {
        let line = self.out.rfind('\n').map_or(0, |at| at + 1);
        self.out[line..].chars().count()
    }

    /// The column of a byte of the text.
    fn column_of(&self, byte: usize) -> usize {
        let before = &self.text[..byte];
        before.chars().rev().take_while(|letter| !ends_line(*letter)).count()
    }

    fn indent(&mut self, depth: usize) {
        self.out.extend(std::iter::repeat_n(' ', depth * INDENT));
    }

    /// Nodes and comments, each on a line of its own.
    fn items(&mut self, items: &[Item], depth: usize) {
        let (mut first, mut blank) = (true, false);
        for item in items {
            if *item == Item::Blank {
                blank = !first;
                continue;
            }
            if std::mem::take(&mut blank) {
                self.out.push('\n');
            }
            first = false;
            self.indent(depth);
            match item {
                Item::Blank => {}
                Item::Comment(range) => self.comment(range),
                Item::Node(node) => {
                    self.node(node, Some(depth));
                    self.behind(node.comment.as_ref());
                }
            }
            self.out.push('\n');
        }
    }

    /// A comment; blanks at its lines' ends are left out.
    fn comment(&mut self, range: &Range<usize>) {
        let comment = &self.text[range.clone()];
        self.out.push_str(comment.trim_end());
    }

    /// A comment behind what is written: where it stood when it stood apart and there is room, else one blank behind.
    fn behind(&mut self, behind: Option<&Behind>) {
        let Some(behind) = behind else { return };
        let column = if behind.set_apart { self.column_of(behind.range.start) } else { 0 };
        let blanks = column.saturating_sub(self.column()).max(1);
        self.out.extend(std::iter::repeat_n(' ', blanks));
        self.comment(&behind.range);
    }

    /// A node; `depth` is that of its line, `None` between braces that stand on one line.
    fn node(&mut self, node: &NodeOutline, depth: Option<usize>) {
        let mut begins = true;
        for part in &node.parts {
            if !std::mem::take(&mut begins) {
                self.out.push(' ');
            }
            match part {
                Part::Piece(tokens) => {
                    for token in tokens {
                        self.out.push_str(&self.text[token.range.clone()]);
                    }
                }
                Part::Comment { range, ends_line } => {
                    self.comment(range);
                    begins = *ends_line;
                }
                Part::Continue(comment) => {
                    self.out.push('\\');
                    if let Some(comment) = comment {
                        self.out.push(' ');
                        self.comment(comment);
                    }
                    begins = true;
                }
                Part::Block(block) => self.block(block, depth),
            }
            if begins {
                self.out.push('\n');
                self.indent(depth.unwrap_or(0) + 1);
            }
        }
    }

    fn block(&mut self, block: &Block, depth: Option<usize>) {
        self.out.push_str(if block.off { "/-{" } else { "{" });
        let is_empty = block.comment.is_none() && block.items.iter().all(|item| *item == Item::Blank);
        if is_empty {
            self.out.push('}');
            return;
        }
        let start = self.out.len();
        if !block.several_lines {
            self.inline(block);
        }
        let Some(depth) = depth.filter(|_| block.several_lines || self.column() > WIDTH) else { return };
        self.out.truncate(start);
        self.behind(block.comment.as_ref());
        self.out.push('\n');
        self.items(&block.items, depth + 1);
        self.indent(depth);
        self.out.push('}');
    }

    /// The inside of braces on one line, and the closing one.
    fn inline(&mut self, block: &Block) {
        let mut before = " ";
        for item in &block.items {
            self.out.push_str(before);
            match item {
                Item::Blank => {}
                Item::Comment(range) => self.comment(range),
                Item::Node(node) => self.node(node, None),
            }
            before = "; ";
        }
        self.out.push_str(" }");
    }
}
