//! The generator itself: its threads, and how late it is.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::cells::{Cells, Section, fit};
use super::figures::Figures;
use super::palette::Palette;
use crate::cli::final_summary::quantity::{count, duration, share};

const COLUMNS: &[(&str, u16)] = &[("busy", 8), ("woke late", 10), ("in flight", 10), ("users", 7)];

/// Columns of the table on a terminal that has room for users, and on one that has not.
pub(super) const WIDTHS: (u16, u16) = (44, 37);

/// From this share of a core on there is no room left to catch up in.
const SATURATED: f64 = 0.95;

/// Lines below the table.
pub(super) const LINES: u16 = 2;

/// Draws the table and two lines of what threads come to together.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, figures: &Figures, palette: Palette) {
    let [table, lines] = Layout::vertical([Constraint::Fill(1), Constraint::Length(LINES)]).areas(area);
    let standing = &figures.standing;
    let columns = if area.width < WIDTHS.0 { &COLUMNS[..3] } else { COLUMNS };
    let rows = standing.threads.iter().map(|thread| Cells {
        name: format!("  {}", thread.id.0),
        numbers: vec![
            share((thread.busy_share * 1_000.0).round() / 1_000.0),
            duration(thread.loop_lag.0),
            count(thread.in_flight),
            count(thread.users),
        ],
        style: if thread.busy_share >= SATURATED { palette.bad() } else { Style::new() },
    });
    Section { title: "threads", columns, rows: rows.collect(), first: 0 }.draw(frame, table);
    let underruns: u64 = standing.threads.iter().map(|thread| thread.underruns).sum();
    let late =
        format!("late {} now, {} at most", duration(figures.lateness.0), duration(standing.lateness_max.0));
    let late_style =
        if figures.lateness > figures.subject.bounds.over { palette.notable() } else { Style::new() };
    let rest = format!("{} late starts, {} underruns", count(standing.starts.1), count(underruns));
    let rest_style = if underruns > 0 { palette.notable() } else { Style::new() };
    let width = usize::from(lines.width);
    let text = vec![Line::styled(fit(&late, width), late_style), Line::styled(fit(&rest, width), rest_style)];
    frame.render_widget(Paragraph::new(text), lines);
}
