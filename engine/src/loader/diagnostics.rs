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
use super::lines::Places;
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
        let source = problem.labels.first().map(|label| label.span.source);
        let source = source.and_then(|id| Some((id, sources.get(id)?)));
        let source = source.map(|(id, source)| named.entry(id).or_insert_with(|| Shown::of(source)).clone());
        let report = Report::new(problem, sources, severity, source);
        let mut body = String::new();
        let rendered = handler.render_report(&mut body, &report).is_ok();
        let body = if rendered { body } else { format!("{report}\n") };
        let _ = write!(text, "{}\n{}\n", report.head, body.trim_start_matches('\n'));
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
        let start = text.get(..span.offset()).and_then(|head| head.rfind('\n')).map_or(0, |at| at + 1);
        let end = span.offset() + span.len();
        let end = text.get(end..).and_then(|tail| tail.find('\n')).map_or(text.len(), |at| end + at);
        self.0.read_span(&(start..end).into(), 0, 0)
    }
}

/// One problem in the form miette renders; its head is written before.
#[derive(Debug)]
struct Report {
    head: String,
    message: String,
    labels: Vec<LabeledSpan>,
    help: String,
    severity: Severity,
    source: Option<Arc<Shown>>,
}

impl Report {
    fn new(problem: &Problem, sources: &Sources, severity: Severity, source: Option<Arc<Shown>>) -> Self {
        let primary = problem.labels.first().map(|label| label.span.source);
        let (here, elsewhere): (Vec<&Label>, Vec<&Label>) =
            problem.labels.iter().partition(|label| Some(label.span.source) == primary);
        let text = primary.and_then(|id| sources.get(id)).map_or("", |source| source.text.as_str());
        let mut help = problem.help.clone().unwrap_or_default();
        if !help.is_empty() {
            help.push_str(if help.ends_with('?') { " " } else { ". " });
        }
        for label in elsewhere {
            let place = Places::of(sources).find(label.span);
            let (name, (line, column)) = (place.file.unwrap_or_default(), place.start);
            let _ = write!(help, "{} at {name}:{line}:{column}. ", label.text);
        }
        let _ = write!(help, "`throng explain {}` says more", problem.code);
        Self {
            head: format!("workload::{} ({})", slug(problem.code), problem.code),
            message: masked(&problem.message).into_owned(),
            labels: labeled(&here, text),
            help,
            severity,
            source,
        }
    }
}

/// Labels as miette draws them, cut to the text. An owner that reaches over its token is cut to what stands before it.
fn labeled(labels: &[&Label], text: &str) -> Vec<LabeledSpan> {
    let mut token = None;
    let mut drawn = Vec::new();
    for label in labels {
        let start = (label.span.start as usize).min(text.len());
        let mut end = (start + label.span.length as usize).min(text.len());
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
        Some(Box::new(&self.help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_deref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let labels = self.source.is_some() && !self.labels.is_empty();
        labels.then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }
}
