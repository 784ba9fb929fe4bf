//! Failures by step and reason, the most frequent first.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::cells::{Cells, Section};
use super::figures::Figures;
use super::palette::Palette;
use crate::cli::final_summary::quantity::count;

/// Draws the list.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, figures: &Figures, palette: Palette) {
    let mut errors: Vec<_> = figures.errors.iter().collect();
    errors.sort_by(|left, right| right.1.cmp(left.1).then(left.0.cmp(right.0)));
    let rows = errors.into_iter().map(|((step, error), number)| {
        let step = figures.subject.steps.get(usize::from(step.0)).map_or("", String::as_str);
        Cells {
            name: format!("  {} {step}", error.slug()),
            numbers: vec![count(*number)],
            style: palette.bad(),
        }
    });
    let title = if figures.errors.is_empty() { "no errors" } else { "errors" };
    Section { title, columns: &[("", 9)], rows: rows.collect(), first: 0 }.draw(frame, area);
}
