//! How commands show what is wrong in a workload: to people, to programs, to GitHub.

use throng_components::workload::Problem;

use crate::loader::{Severity, Sources, Style, render, render_github, render_json};

/// How problems are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs: one JSON object a line
    Json,
    /// For GitHub Actions: annotations at their lines
    Github,
}

impl Format {
    /// Problems in this form.
    pub(super) fn render(
        self,
        problems: &[Problem],
        sources: &Sources,
        severity: Severity,
        style: Style,
    ) -> String {
        match self {
            Self::Text => render(problems, sources, severity, style),
            Self::Json => render_json(problems, sources, severity),
            Self::Github => render_github(problems, sources, severity),
        }
    }
}
