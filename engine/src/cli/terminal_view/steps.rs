//! Steps over all scenarios, since the end of the warm-up, as the results will show them.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::cells::{Cells, Section};
use super::controls::Controls;
use super::figures::{Figures, StepFigures};
use super::palette::Palette;
use crate::cli::final_summary::quantity::{count, duration, per_second, share};

const COLUMNS: &[(&str, u16)] =
    &[("count", 9), ("now/s", 8), ("failed", 8), ("p50", 8), ("p99", 8), ("p99.9", 8), ("max", 8)];

/// Draws the table, from the row on that was scrolled to.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    figures: &Figures,
    controls: &Controls,
    palette: Palette,
) {
    let rows = figures.subject.steps.iter().zip(&figures.steps).map(|(name, step)| Cells {
        name: format!("  {name}"),
        numbers: numbers(step),
        style: if step.failures > 0 { palette.bad() } else { Style::new() },
    });
    let first = controls.first_step();
    Section { title: "steps", columns: COLUMNS, rows: rows.collect(), first }.draw(frame, area);
}

fn numbers(step: &StepFigures) -> Vec<String> {
    let quantile = |q| step.response.quantile(q).map_or("–".to_owned(), |value| duration(value.0));
    vec![
        count(step.count),
        per_second(step.rate),
        if step.count == 0 { "–".to_owned() } else { share(step.failures as f64 / step.count as f64) },
        quantile(0.5),
        quantile(0.99),
        quantile(0.999),
        step.response.max().map_or("–".to_owned(), |value| duration(value.0)),
    ]
}
