//! HTML of an answer, parsed within bounds: a thread that parses does nothing else meanwhile.
//!
//! For each tag a parser looks through what is open around it, so that time grows with the square of the depth. A page
//! that is deeper than a browser keeps it, or larger than any that people look at, is given up early.

use html5ever::driver::{ParseOpts, parse_document};
use html5ever::tendril::{StrTendril, TendrilSink};
use scraper::{Html, HtmlTreeSink};

/// Elements around an element, at most: as many as browsers nest.
pub(super) const DEPTH_MOST: usize = 512;

/// Elements, texts and comments, at most.
pub(super) const NODES_MOST: usize = 1 << 18;

/// Bytes that are parsed between two looks at the bounds: no more than a thousand tags.
const PART: usize = 4_096;

/// A document; `None` when it is beyond the bounds.
pub(super) fn parse(text: &str) -> Option<Html> {
    let mut parser = parse_document(HtmlTreeSink::new(Html::new_document()), ParseOpts::default());
    let mut rest = text;
    while !rest.is_empty() {
        let (part, behind) = rest.split_at(rest.floor_char_boundary(PART));
        parser.process(StrTendril::from_slice(part));
        if !is_within(&parser.tokenizer.sink.sink.0.borrow()) {
            return None;
        }
        rest = behind;
    }
    Some(parser.finish())
}

/// Whether what has been parsed so far is within the bounds. What was made last stands in all that is open.
fn is_within(html: &Html) -> bool {
    let mut nodes = html.tree.nodes();
    nodes.len() <= NODES_MOST
        && nodes.next_back().is_none_or(|last| last.ancestors().nth(DEPTH_MOST + 1).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a page of so many pieces, each opened and in the end closed, is parsed.
    fn check(open: &str, count: usize, close: &str, expected: bool) {
        let page = format!("<!doctype html>{}x{}", open.repeat(count), close.repeat(count));
        assert_eq!(parse(&page).is_some(), expected, "{count} of {open}");
    }

    #[test]
    fn what_is_too_deep_is_given_up() {
        check("<div>", 400, "</div>", true);
        check("<div>", 20_000, "</div>", false);
        check("<b>", 20_000, "", false);
        // Given up where it is too deep, however much follows.
        check("<p><font size=1><i><b><u>", 200_000, "", false);
    }

    #[test]
    fn what_is_wide_is_parsed_up_to_a_bound() {
        check("<li>x", 100_000, "", true);
        check("<p>ä</p>\n", NODES_MOST / 2, "", false);
        check("", 0, "", true);
    }

    #[test]
    fn parts_make_the_same_tree_as_the_whole() {
        let page = "<p class=ä>äöü &amp; <b>x</b></p><!-- c --><script>if (a < b) {}</script>\n".repeat(500);
        let found = parse(&page).map(|html| html.html());
        assert_eq!(found, Some(Html::parse_document(&page).html()));
    }
}
