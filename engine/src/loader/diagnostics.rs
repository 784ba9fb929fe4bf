//! Shows problems as people read them.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, NamedSource, SourceCode,
    SourceSpan, SpanContents,
};
use throng_components::workload::{Label, Problem, SourceId};

use super::credentials::masked;
use super::pages::slug;
use super::source::{Source, Sources};

/// How text is to look. The caller knows the terminal; nothing is read from the environment here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether colours may be used.
    pub color: bool,
    /// Whether lines may be drawn with more than ASCII.
    pub unicode: bool,
    /// How many columns a line may have.
    pub width: usize,
}

impl Style {
    /// For files, pipes and tests.
    pub const PLAIN: Self = Self { color: false, unicode: true, width: 110 };
}

/// Whether a problem keeps the workload from running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It does.
    Error,
    /// It does not.
    Warning,
}

/// More than so many are counted, not shown: the first ones are mended first.
const MOST_SHOWN: usize = 50;

/// Bytes of one line that are shown before a place, and behind it.
const MOST_BESIDE: usize = 500;
/// Bytes of a place that are pointed at.
const MOST_POINTED: usize = 500;

/// Renders problems for people.
pub fn render(problems: &[Problem], sources: &Sources, severity: Severity, style: Style) -> String {
    let theme = match (style.color, style.unicode) {
        (true, true) => GraphicalTheme::unicode(),
        (false, true) => GraphicalTheme::unicode_nocolor(),
        (_, false) => GraphicalTheme::none(),
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_links(false)
        .with_width(style.width)
        .with_context_lines(1)
        .without_cause_chain();
    let mut named: BTreeMap<SourceId, Arc<Shown>> = BTreeMap::new();
    let mut text = String::new();
    for problem in problems.iter().take(MOST_SHOWN) {
        let _ = writeln!(text, "workload::{} ({})", slug(problem.code), problem.code);
        let groups = by_source(&problem.labels);
        let last = groups.len() - 1;
        for (index, labels) in groups.iter().enumerate() {
            let source =
                labels.first().and_then(|label| Some((label.span.source, sources.get(label.span.source)?)));
            let source =
                source.map(|(id, source)| named.entry(id).or_insert_with(|| Shown::of(source)).clone());
            let message = if index == 0 { problem.message.as_str() } else { "" };
            let help = (index == last).then(|| help(problem));
            let report = Report::new(message, labels, help, severity, source);
            let mut body = String::new();
            let rendered = handler.render_report(&mut body, &report).is_ok();
            let body = if rendered { body } else { format!("{report}\n") };
            let body = body.trim_start_matches('\n');
            // A text without a message is another place of the problem before it.
            let body = if index == 0 { body } else { body.split_once('\n').map_or("", |(_, rest)| rest) };
            text.push_str(body);
        }
        text.push('\n');
    }
    if problems.len() > MOST_SHOWN {
        let _ = writeln!(text, "and {} more", problems.len() - MOST_SHOWN);
    }
    text
}

/// A source that is shown in whole lines, and in no more of them than labels touch.
#[derive(Debug)]
struct Shown(NamedSource<String>);

impl Shown {
    fn of(source: &Source) -> Arc<Self> {
        Arc::new(Self(NamedSource::new(&source.name, masked(&source.text).into_owned())))
    }
}

impl SourceCode for Shown {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        // Without context the place itself is asked for, its line and column.
        if before == 0 && after == 0 {
            return self.0.read_span(span, 0, 0);
        }
        let text = self.0.inner();
        let (first, last) = (span.offset(), span.offset() + span.len());
        let start = text.get(..first).and_then(|head| head.rfind('\n')).map_or(0, |at| at + 1);
        let end = text.get(last..).and_then(|tail| tail.find('\n')).map_or(text.len(), |at| last + at);
        // Of a line that no screen holds, what stands around the place.
        let start = start.max(text.floor_char_boundary(first.saturating_sub(MOST_BESIDE)));
        let end = end.min(text.ceil_char_boundary(last.saturating_add(MOST_BESIDE)));
        self.0.read_span(&(start..end).into(), 0, 0)
    }
}

/// Labels by the text they stand in, that of the first one first. There is always a group, if an empty one.
fn by_source(labels: &[Label]) -> Vec<Vec<&Label>> {
    let mut groups: Vec<Vec<&Label>> = Vec::new();
    for label in labels {
        let known = groups.iter_mut().find(|group| group[0].span.source == label.span.source);
        match known {
            Some(group) => group.push(label),
            None => groups.push(vec![label]),
        }
    }
    if groups.is_empty() { vec![Vec::new()] } else { groups }
}

/// How to mend it, and where more is said.
fn help(problem: &Problem) -> String {
    let mut help = problem.help.clone().unwrap_or_default();
    if !help.is_empty() {
        help.push_str(if help.ends_with('?') { " " } else { ". " });
    }
    let _ = write!(help, "`throng explain {}` says more", problem.code);
    help
}

/// One problem's part in one text, in the form miette renders; its head is written before.
#[derive(Debug)]
struct Report {
    message: String,
    labels: Vec<LabeledSpan>,
    help: Option<String>,
    severity: Severity,
    source: Option<Arc<Shown>>,
}

impl Report {
    fn new(
        message: &str,
        labels: &[&Label],
        help: Option<String>,
        severity: Severity,
        source: Option<Arc<Shown>>,
    ) -> Self {
        let text = source.as_ref().map_or("", |source| source.0.inner().as_str());
        let labels = labeled(labels, text);
        Self { message: masked(message).into_owned(), labels, help, severity, source }
    }
}

/// Labels as miette draws them, cut to the text. An owner that reaches over its token is cut to what stands before it.
fn labeled(labels: &[&Label], text: &str) -> Vec<LabeledSpan> {
    let mut token = None;
    let mut drawn = Vec::new();
    for label in labels {
        let start = (label.span.start as usize).min(text.len());
        let mut end = (start + label.span.length as usize).min(text.len());
        if end - start > MOST_POINTED {
            end = text.floor_char_boundary(start + MOST_POINTED);
        }
        let words = Some(label.text.clone());
        match token {
            None => {
                token = Some(start);
                drawn.push(LabeledSpan::new_primary_with_span(words, start..end));
            }
            Some(token) => {
                if start < token && token < end {
                    end = start + text.get(start..token).map_or(0, |before| before.trim_end().len());
                }
                drawn.push(LabeledSpan::new_with_span(words, start..end));
            }
        }
    }
    drawn
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report {}

impl Diagnostic for Report {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_deref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let labels = self.source.is_some() && !self.labels.is_empty();
        labels.then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }
}
