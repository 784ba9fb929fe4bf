//! From text to nodes: the only place that knows the KDL parser.

use std::collections::BTreeMap;
use std::ops::Range;

use kdl::{KdlDiagnostic, KdlDocument, KdlEntry, KdlError, KdlIdentifier, KdlNode, KdlValue};
use throng_components::workload::{Entry, Node, Problems, Scalar, SourceId, Span, Spanned};

use super::habits;
use super::hash_comment;
use super::indentation::{without_closing, without_opening};
use super::parser_message::{follows, sentence};
use super::quoted::{misses_text, quote_within, wrong_escape};
use super::scan::{Slip, SlipKind, scan};
use super::syntax::{MOST_SHOWN, SyntaxMistake};

/// A text's nodes as far as they could be read, and what is wrong in it.
///
/// Bare words such as `30s` are reported and then read as if they were quoted, so that one look at the messages
/// shows every mistake of the file.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// The nodes; none when the text could not be parsed.
    pub(super) nodes: Vec<Node>,
    /// What is wrong.
    pub(super) problems: Problems,
}

/// More nodes in one file than that are a mistake of whoever generated it; with them the bound on bytes is a bound on time.
pub(super) const MOST_NODES: usize = 50_000;

/// Parses one source text.
///
/// The parser gets one top-level node at a time. So its trees, which are many times larger than the text, come and go; and
/// it never begins anew behind a mistake, which it does by recursion, once for each byte that is wrong.
pub(super) fn parse(text: &str, source: SourceId) -> Document {
    let mut problems = Problems::new();
    let comments = hash_comment::find(text);
    let clean;
    let text = if comments.is_empty() {
        text
    } else {
        problems.push(hash_comment::mistake(&comments, source));
        clean = hash_comment::without(text, &comments);
        &clean
    };
    let scan = scan(text);
    if let Some((range, most)) = scan.too_deep {
        problems.push(SyntaxMistake::TooDeep { span: span(source, range.start, range.end), most });
        return Document { nodes: Vec::new(), problems };
    }
    let (meant, braces, open) = (BTreeMap::new(), scan.braces, scan.open);
    let mut reader = Reader { text, source, base: 0, count: 0, malformed: 0, braces, open, meant, problems };
    reader.strays(&scan.strays);
    let mut nodes = Vec::new();
    let mut slips = scan.slips.into_iter().peekable();
    for piece in scan.pieces {
        let mut own = Vec::new();
        while let Some(slip) = slips.next_if(|slip| slip.range.start < piece.end) {
            own.push(slip);
        }
        nodes.extend(reader.piece(piece.clone(), own));
        if reader.malformed >= MOST_SHOWN {
            break;
        }
        if reader.count > MOST_NODES {
            reader.malformed += 1;
            reader
                .problems
                .push(SyntaxMistake::TooManyNodes { span: span(source, piece.start, piece.start + 1) });
            break;
        }
    }
    // Half a workload would only be wrong in other ways as well.
    if reader.malformed > 0 {
        nodes.clear();
    } else if nodes.is_empty() && reader.problems.is_empty() {
        reader.problems.push(SyntaxMistake::Empty { span: span(source, 0, 0) });
    }
    Document { nodes, problems: reader.problems }
}

/// A span of bytes; texts beyond 4 GiB are refused before.
pub(super) fn span(source: SourceId, start: usize, end: usize) -> Span {
    let count = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
    Span { source, start: count(start), length: count(end.saturating_sub(start)) }
}

struct Reader<'a> {
    text: &'a str,
    source: SourceId,
    /// Where the text begins that the parser has.
    base: usize,
    /// Nodes so far.
    count: usize,
    /// Mistakes that the parser found.
    malformed: usize,
    /// Closing braces by their opening ones.
    braces: BTreeMap<usize, usize>,
    /// The innermost brace that is never closed.
    open: Option<usize>,
    /// Values of words that were replaced for the parser, by their first byte.
    meant: BTreeMap<usize, Slip>,
    problems: Problems,
}

impl Reader<'_> {
    /// Reports closing braces that belong to none, the first with the line that lacks its opening one.
    fn strays(&mut self, strays: &[usize]) {
        self.malformed += strays.len().min(MOST_SHOWN);
        for (number, at) in strays.iter().take(MOST_SHOWN).enumerate() {
            let opener = if number == 0 { without_opening(self.text, *at) } else { None };
            let opener =
                opener.map(|range| (span(self.source, range.start, range.end), self.text[range].to_owned()));
            let span = span(self.source, *at, at + 1);
            self.problems.push(SyntaxMistake::ClosesNothing { span, opener });
        }
    }

    /// Reads one top-level node; none where it is switched off, or wrong.
    fn piece(&mut self, range: Range<usize>, slips: Vec<Slip>) -> Option<Node> {
        self.base = range.start;
        let text = &self.text[range.clone()];
        let off = text.starts_with("/-");
        if let Some(brace) = self.open.filter(|brace| range.contains(brace) && range.len() > MOST_OPEN) {
            self.malformed += 1;
            let mistake = self.never_closed(span(self.source, brace, brace + 1));
            self.problems.push(mistake);
            return None;
        }
        // The parser would take what follows `http:` for a comment, and the braces of `${…}` for a block.
        let cut = slips.iter().any(|slip| matches!(slip.kind, SlipKind::Address | SlipKind::Expression));
        let mut read = if cut { None } else { Some(parse_node(text, off)) };
        let patched = self.patched(range.clone(), &slips);
        if !slips.is_empty() {
            match read {
                Some(Ok(node)) => return self.kept(&node, off),
                _ => read = Some(parse_node(&patched, off)),
            }
        }
        let error = match read.unwrap_or_else(|| parse_node(&patched, off)) {
            Ok(node) => {
                self.slips(slips);
                return self.kept(&node, off);
            }
            Err(error) => error,
        };
        let habits = habits::find(text, self.source, self.base);
        if habits.is_empty() {
            self.slips(slips);
            self.report(explained(&patched, off, error));
            return None;
        }
        let hidden = |slip: &Slip| {
            habits
                .iter()
                .filter_map(|habit| habit.hides.as_ref())
                .any(|hides| hides.contains(&slip.range.start))
        };
        self.slips(slips.into_iter().filter(|slip| !hidden(slip)).collect());
        let mended = habits::mended(patched, range.start, &habits);
        let readable = habits.iter().all(|habit| !habit.mends.is_empty());
        for habit in habits.into_iter().take(MOST_SHOWN) {
            self.problems.push(habit.mistake);
        }
        match parse_node(&mended, off) {
            Ok(node) if readable => return self.kept(&node, off),
            // What the parser still has to say follows from the habit, or comes once that is mended.
            _ => self.malformed += 1,
        }
        None
    }

    /// A node that was read. What is switched off counts and is no node.
    fn kept(&mut self, node: &KdlNode, off: bool) -> Option<Node> {
        if off {
            self.count += 1;
            return None;
        }
        Some(self.node(node))
    }

    /// A piece of the text with a plain word of the same length in place of each bare word that is none.
    fn patched(&self, range: Range<usize>, slips: &[Slip]) -> String {
        let mut patched = String::with_capacity(range.len());
        let mut at = range.start;
        for slip in slips {
            patched.push_str(&self.text[at..slip.range.start]);
            patched.push_str(&"x".repeat(slip.range.len()));
            at = slip.range.end;
        }
        patched.push_str(&self.text[at..range.end]);
        patched
    }

    /// Reports such words, and keeps what each was meant to be.
    fn slips(&mut self, slips: Vec<Slip>) {
        for slip in slips {
            self.problems.push(SyntaxMistake::Slip {
                span: span(self.source, slip.range.start, slip.range.end),
                word: self.text[slip.range.clone()].to_owned(),
                kind: slip.kind,
            });
            self.meant.insert(slip.range.start, slip);
        }
    }

    /// What is wrong within a quoted text of a diagnostic's line, where the parser only misses such a text.
    fn within_quotes(&self, diagnostic: &KdlDiagnostic) -> Option<SyntaxMistake> {
        let start = self.base + diagnostic.span.offset();
        let line = self.text.get(start..)?.lines().next()?;
        let span_of = |range: Range<usize>| span(self.source, start + range.start, start + range.end);
        if let Some((range, found)) = wrong_escape(line).filter(|_| misses_text(diagnostic)) {
            return Some(SyntaxMistake::Escape { span: span_of(range), found });
        }
        quote_within(line).map(|at| SyntaxMistake::QuoteWithin { span: span_of(at..at + 1) })
    }

    /// Reports the parser's diagnostics: the first few, and the number of the others.
    fn report(&mut self, error: KdlError) {
        let all = error.diagnostics.len();
        let (mut roots, followers): (Vec<_>, Vec<_>) =
            error.diagnostics.into_iter().partition(|diagnostic| !follows(diagnostic));
        if roots.is_empty() {
            roots = followers.into_iter().take(1).collect();
        }
        roots.dedup_by_key(|diagnostic| diagnostic.span);
        roots.truncate(MOST_SHOWN);
        if let Some(mistake) = roots.iter().find_map(|diagnostic| self.within_quotes(diagnostic)) {
            // All else that the parser says of the line follows from it.
            self.malformed += 1;
            return self.problems.push(mistake);
        }
        let shown = roots.len();
        self.malformed += shown;
        for (index, diagnostic) in roots.into_iter().enumerate() {
            let start = (self.base + diagnostic.span.offset()).min(self.text.len());
            let end = (start + diagnostic.span.len()).min(self.text.len());
            let span = span(self.source, start, end);
            let stray = self.text.get(start..).is_some_and(|rest| rest.starts_with('}'));
            let message = diagnostic.message.unwrap_or_default();
            self.problems.push(if message.starts_with("No closing") {
                self.never_closed(span)
            } else if stray && message.starts_with("Expected end") {
                SyntaxMistake::ClosesNothing { span, opener: None }
            } else {
                SyntaxMistake::Malformed {
                    span,
                    message: if message.is_empty() {
                        "this is no node".to_owned()
                    } else {
                        sentence(&message)
                    },
                    label: diagnostic.label.unwrap_or_else(|| "here".to_owned()),
                    help: diagnostic.help.map(|help| sentence(&help)),
                    more: if index + 1 == shown { all - shown } else { 0 },
                }
            });
        }
    }

    /// A brace that the parser found no end of. Where it has one, what stands between is what the parser could not read.
    fn never_closed(&self, brace: Span) -> SyntaxMistake {
        if let Some(end) = self.braces.get(&(brace.start as usize)) {
            return SyntaxMistake::NoNodes { span: brace, end: span(self.source, *end, end + 1) };
        }
        match without_closing(self.text) {
            Some((brace, below)) => SyntaxMistake::NeverClosed {
                span: span(self.source, brace, brace + 1),
                below: Some((span(self.source, below.start, below.end), self.text[below].to_owned())),
            },
            None => SyntaxMistake::NeverClosed { span: brace, below: None },
        }
    }

    fn node(&mut self, node: &KdlNode) -> Node {
        self.count += 1;
        let name = self.name(node.name());
        let mut arguments = Vec::new();
        let mut properties: Vec<(Spanned<String>, Entry)> = Vec::new();
        let mut keys: BTreeMap<String, Span> = BTreeMap::new();
        for entry in node.entries() {
            let value = self.entry(entry);
            let Some(key) = entry.name() else {
                arguments.push(value);
                continue;
            };
            let key = self.name(key);
            if let Some(first) = keys.get(&key.value) {
                let (first, name) = (*first, key.value);
                self.problems.push(SyntaxMistake::TwiceProperty { span: key.span, first, name });
            } else {
                keys.insert(key.value.clone(), key.span);
                properties.push((key, value));
            }
        }
        let children = node.children().map(|children| {
            let nodes: Vec<Node> = children.nodes().iter().map(|child| self.node(child)).collect();
            (nodes, self.base + children.span().offset())
        });
        let (children, inside) = children.map_or((Vec::new(), None), |(nodes, start)| (nodes, Some(start)));
        let mut node = Node { span: name.span, name, arguments, properties, children };
        node.span = self.node_span(&node, inside);
        node
    }

    /// Name to closing brace, or to the last entry. `inside` is where the parser saw the braces' content begin.
    fn node_span(&self, node: &Node, inside: Option<usize>) -> Span {
        let head = node.head();
        let opening = inside.and_then(|inside| self.braces.range(..inside.max(1)).next_back());
        match opening {
            Some((_, closing)) => span(self.source, head.start as usize, closing + 1),
            None => head,
        }
    }

    fn name(&self, name: &KdlIdentifier) -> Spanned<String> {
        let (start, length) = (self.base + name.span().offset(), name.span().len());
        let value = match self.meant.get(&start) {
            Some(slip) => self.text[slip.range.clone()].to_owned(),
            None => name.value().to_owned(),
        };
        Spanned::new(value, span(self.source, start, start + length))
    }

    fn entry(&self, entry: &KdlEntry) -> Entry {
        let first = self.base + entry.span().offset();
        let end = first + entry.span().len();
        let written = entry.format().map_or("", |format| format.value_repr.as_str());
        let start = match end.checked_sub(written.len()) {
            Some(start) if !written.is_empty() => start,
            _ => first,
        };
        let whole = span(self.source, start, end);
        let (before, after) = quotes(written);
        let content = whole.part(before, whole.length.saturating_sub(before + after));
        let value = match self.meant.get(&start) {
            Some(slip) => slip.meant.clone(),
            None => scalar(entry.value()),
        };
        Entry { value, span: whole, content, before_run: None }
    }
}

/// The parser begins anew behind a mistake at every byte of a document, one level deeper each time.
const MOST_EXPLAINED: usize = 1_024;

/// The parser looks at the rest of a text again for each brace that it finds no end of.
const MOST_OPEN: usize = 16 << 10;

/// Parses one node. One that is switched off is no node to the parser, so that another one has to follow.
fn parse_node(text: &str, off: bool) -> Result<KdlNode, KdlError> {
    if off { KdlNode::parse(&format!("{text}\nx")) } else { KdlNode::parse(text) }
}

/// A short text's mistakes as the parser tells them of a whole document: it knows more places there.
fn explained(text: &str, off: bool, error: KdlError) -> KdlError {
    if text.len() > MOST_EXPLAINED || off {
        return error;
    }
    KdlDocument::parse_v2(text).err().unwrap_or(error)
}

fn scalar(value: &KdlValue) -> Scalar {
    match value {
        KdlValue::String(text) => Scalar::Text(text.clone()),
        KdlValue::Integer(number) => Scalar::Integer(*number),
        KdlValue::Float(number) => Scalar::Float(*number),
        KdlValue::Bool(flag) => Scalar::Bool(*flag),
        KdlValue::Null => Scalar::Null,
    }
}

/// How many bytes of quotes stand before and after a string's content, when the content is kept byte for byte.
fn quotes(written: &str) -> (u32, u32) {
    let hashes = written.bytes().take_while(|byte| *byte == b'#').count();
    let quoted = &written[hashes..];
    let single = quoted.starts_with('"') && !quoted.starts_with("\"\"\"");
    let escaped = hashes == 0 && quoted.contains('\\');
    let empty = quoted.len() < 2;
    match u32::try_from(hashes) {
        Ok(hashes) if single && !escaped && !empty => (hashes + 1, hashes + 1),
        _ => (0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(text: &str, span: Span) -> &str {
        &text[span.start as usize..(span.start + span.length) as usize]
    }

    #[test]
    fn spans_are_exact_bytes() {
        let text = "// é\nü \"é ${x}\" (u)#\"r\"# \"a\\n\" k = (t)\"30s\" \"q\"=5 /- z=1 { c; /- d {e} // }\n} // }\n";
        let document = parse(text, SourceId(0));
        assert!(document.problems.is_empty(), "{:?}", document.problems);
        let node = &document.nodes[0];
        assert_eq!(part(text, node.name.span), "ü");
        let spans: Vec<&str> = node.arguments.iter().map(|entry| part(text, entry.span)).collect();
        assert_eq!(spans, ["\"é ${x}\"", "#\"r\"#", "\"a\\n\""]);
        let contents: Vec<&str> = node.arguments.iter().map(|entry| part(text, entry.content)).collect();
        assert_eq!(contents, ["é ${x}", "r", "\"a\\n\""]);
        let properties: Vec<(&str, &str)> = node
            .properties
            .iter()
            .map(|(key, entry)| (part(text, key.span), part(text, entry.span)))
            .collect();
        assert_eq!(properties, [("k", "\"30s\""), ("\"q\"", "5")]);
        assert_eq!(node.children.len(), 1);
        assert_eq!(part(text, node.span), text.trim_start_matches("// é\n").trim_end_matches(" // }\n"));
    }

    #[test]
    fn bare_quantities_are_reported_and_read_on() {
        let document = parse("a {\n  timeout 30s\n  pace=5% x\n  hold 200/s for=2m\n}\n", SourceId(0));
        let codes: Vec<&str> = document.problems.iter().map(|problem| problem.code).collect();
        assert_eq!(codes, ["T0008", "T0008", "T0008", "T0008", "T0212"]);
        let document = parse("a {\n  timeout 30s\n  hold 200/s for=2m\n}\n", SourceId(0));
        let codes: Vec<&str> = document.problems.iter().map(|problem| problem.code).collect();
        assert_eq!(codes, ["T0008"; 3]);
        assert_eq!(document.nodes[0].children[0].arguments[0].value, Scalar::Text("30s".to_owned()));
    }

    #[test]
    fn the_deepest_document_is_parsed_on_a_small_stack() {
        for text in ["a {", "a (", "/-", "/*", "a=", "a \"", "(", "{", "a b=(c)", "\\", "a #\"", "/- {"] {
            for closing in ["", "}"] {
                let text = format!("{}{}", text.repeat(128), closing.repeat(128));
                assert!(parse(&text, SourceId(0)).problems.iter().count() <= 128);
            }
        }
        assert!(parse(&format!("{}{}", "a {".repeat(128), "}".repeat(128)), SourceId(0)).problems.is_empty());
    }
}
