//! What is wrong in an open file, as editors show it.

use std::path::{Path, PathBuf};

use gen_lsp_types::{
    Code, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, Message, Range, Uri,
};
use throng_components::workload::{Label, Problem, SourceId, Span};
use throng_systems::plugins::Registry;

use super::positions::Positions;
use crate::loader::{Environment, Overrides, Severity, Sources, load, masked};
use crate::run::default_threads;

/// The code of `env("NAME")` where NAME is not set.
const UNSET_ENVIRONMENT: &str = "T0186";

/// All that `check` finds in a text.
pub(super) fn diagnostics(uri: &Uri, text: &str, registry: &Registry) -> Vec<Diagnostic> {
    let environment = Environment::of_process();
    let overrides = Overrides { cores: Some(default_threads()), environment, ..Overrides::default() };
    let path = path_of(uri);
    let (problems, sources, severity) = match load(&path, text.as_bytes(), registry, &overrides) {
        Ok(loaded) => (loaded.warnings, loaded.sources, Severity::Warning),
        Err(refused) => (refused.problems, refused.sources, Severity::Error),
    };
    let positions = Positions::of(text);
    let shown = Shown { uri, positions: &positions, sources: &sources, severity };
    problems.iter().map(|problem| shown.diagnostic(problem)).collect()
}

/// The file of an address; of one that is no file, its text.
fn path_of(uri: &Uri) -> PathBuf {
    let path = uri.0.strip_prefix("file://").unwrap_or(&uri.0);
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let digits =
            [ahead.next(), ahead.next()].map(|byte| char::from(byte.unwrap_or_default()).to_digit(16));
        match (byte, digits) {
            (b'%', [Some(high), Some(low)]) => {
                bytes.extend(u8::try_from(high * 16 + low));
                rest = ahead;
            }
            _ => bytes.push(byte),
        }
    }
    PathBuf::from(String::from_utf8_lossy(&bytes).into_owned())
}

/// What a file's problems have in common.
struct Shown<'a> {
    uri: &'a Uri,
    positions: &'a Positions<'a>,
    sources: &'a Sources,
    severity: Severity,
}

impl Shown<'_> {
    fn diagnostic(&self, problem: &Problem) -> Diagnostic {
        let mut message = masked(&problem.message).into_owned();
        if let Some(help) = &problem.help {
            message.push_str("\nhelp: ");
            message.push_str(help);
        }
        let mut labels = problem.labels.iter();
        let first = labels.next();
        let range = first.and_then(|label| self.range(label.span));
        if let Some(label) = first.filter(|_| range.is_none()) {
            // It stands in a file that this one includes: the editor is shown where.
            message = format!("{}: {message}", self.name(label));
        }
        let related = labels.filter_map(|label| {
            let location = Location { uri: self.uri.clone(), range: self.range(label.span)? };
            Some(DiagnosticRelatedInformation { location, message: label.text.clone() })
        });
        Diagnostic {
            range: range.unwrap_or_default(),
            severity: Some(match self.severity {
                // What the editor's own environment lacks is no mistake of the file.
                Severity::Error if problem.code == UNSET_ENVIRONMENT => DiagnosticSeverity::Warning,
                Severity::Error => DiagnosticSeverity::Error,
                Severity::Warning => DiagnosticSeverity::Warning,
            }),
            code: Some(Code::String(problem.code.to_owned())),
            source: Some("throng".to_owned()),
            message: Message::String(message),
            related_information: Some(related.collect()),
            ..Diagnostic::default()
        }
    }

    /// Where a span of the open file lies; `None` for one of another file.
    fn range(&self, span: Span) -> Option<Range> {
        let start = span.start as usize;
        (span.source == SourceId(0)).then(|| self.positions.of_bytes(start..start + span.length as usize))
    }

    fn name(&self, label: &Label) -> String {
        let name = self.sources.get(label.span.source).map_or("", |source| source.name.as_str());
        let name = Path::new(name).file_name().map_or(name.into(), |name| name.to_string_lossy());
        name.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_files_are_paths() {
        let check = |uri: &str, path: &str| assert_eq!(path_of(&Uri(uri.to_owned())), Path::new(path));
        check("file:///a/b%20c/%C3%A9.kdl", "/a/b c/é.kdl");
        check("file:///100%", "/100%");
        check("untitled:Untitled-1", "untitled:Untitled-1");
    }
}
