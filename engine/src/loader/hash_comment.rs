//! Comments that begin with `#`, as in so many other languages: no text that KDL allows has any.

use std::ops::Range;

use throng_components::workload::{Label, Mistake, SourceId, Span};

use super::document::span;
use super::habits::{MOST_POINTED, pointed};
use super::tokens::{TokenKind, ends_line, first};

/// Such comments: the first of them, and how many there are.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct HashComments {
    spans: Vec<Span>,
    count: usize,
}

impl Mistake for HashComments {
    fn code(&self) -> &'static str {
        "T0211"
    }

    fn message(&self) -> String {
        "a `#` begins no comment".to_owned()
    }

    fn labels(&self) -> Vec<Label> {
        pointed(&self.spans, self.count, "no comment")
    }

    fn help(&self) -> Option<String> {
        Some("comments begin with `//`".to_owned())
    }
}

/// The comments of a text that begin with `#`.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let (kind, length) = first(&text[at..]);
        let before = text[..at].chars().next_back();
        let apart = before.is_none_or(|letter| letter.is_whitespace() || "{};".contains(letter));
        let hash = kind == TokenKind::Word && text[at..].starts_with('#');
        if hash && apart && !is_keyword(&text[at..at + length]) {
            let end = text[at..].find(ends_line).map_or(text.len(), |length| at + length);
            found.push(at..end);
            at = end;
        } else {
            at += length;
        }
    }
    found
}

/// What is told of such comments.
pub(super) fn mistake(comments: &[Range<usize>], source: SourceId) -> HashComments {
    let spans = comments.iter().take(MOST_POINTED);
    let spans = spans.map(|range| span(source, range.start, range.end)).collect();
    HashComments { spans, count: comments.len() }
}

/// A text without them; what is left stands where it stood.
pub(super) fn without(text: &str, comments: &[Range<usize>]) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut at = 0;
    for comment in comments {
        clean.push_str(&text[at..comment.start]);
        clean.push_str(&" ".repeat(comment.len()));
        at = comment.end;
    }
    clean.push_str(&text[at..]);
    clean
}

/// One of KDL's keywords, whatever the case.
fn is_keyword(word: &str) -> bool {
    let keywords = ["#true", "#false", "#null", "#nan", "#inf", "#-inf"];
    keywords.iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_begins_a_comment_where_kdl_has_no_use_for_it() {
        let check = |text: &str, expected: &[&str]| {
            let found: Vec<&str> = find(text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("# a \"{\nb #c\n d {# e\n}#", &["# a \"{", "#c", "# e", "#"]);
        check("a #true b=#null #\"# c\"# ##\"d\"## \"# e\" // # f\n/* # g */ #False a#b", &[]);
        check("a \"\"\"\n # b\n \"\"\"", &[]);
        assert_eq!(without("a # é\nb", &find("a # é\nb")), "a     \nb");
    }
}
