//! Rules: what they last compared. A requirement is judged when the run is over.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use throng_components::clock::Nanos;
use throng_components::exit_condition::{RuleResult, RuleRole};
use throng_components::run::Outcome;

use super::cells::{Cells, Section};
use super::figures::Figures;
use super::palette::{Palette, QUIET};
use super::subject::RuleSubject;
use crate::cli::final_summary::quantity::{count, duration, per_second, share};

/// Draws the list.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, figures: &Figures, palette: Palette) {
    let rows = figures.subject.rules.iter().enumerate().map(|(index, rule)| {
        let result = figures.standing.rules.get(index).copied().unwrap_or_default();
        let (mark, style) = mark(rule, result, palette);
        Cells { name: format!("{mark} {}", rule.text), numbers: vec![value(rule, result)], style }
    });
    let title = if figures.subject.rules.is_empty() { "no rules" } else { "rules" };
    Section { title, columns: &[("", 12)], rows: rows.collect(), first: 0 }.draw(frame, area);
}

fn mark(rule: &RuleSubject, result: RuleResult, palette: Palette) -> (&'static str, Style) {
    match rule.role {
        RuleRole::Require => (" ", QUIET),
        RuleRole::StopWhen(Outcome::Passed) if result.holds => ("✓", palette.good()),
        RuleRole::StopWhen(_) if result.holds => ("✗", palette.bad()),
        RuleRole::StopWhen(_) => (" ", Style::new()),
    }
}

fn value(rule: &RuleSubject, result: RuleResult) -> String {
    match (result.value, rule.unit) {
        (None, _) if rule.role == RuleRole::Require => "at the end".to_owned(),
        (None, _) => "no data yet".to_owned(),
        (Some(value), "ns") => duration(Nanos::from_f64(value).0),
        (Some(value), "share") => share(value),
        (Some(value), "per_s") => format!("{}/s", per_second(value)),
        (Some(value), _) => count(Nanos::from_f64(value).0),
    }
}
