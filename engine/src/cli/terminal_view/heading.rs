//! The first line: how far the run is, how it fares.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use throng_components::clock::Nanos;
use throng_components::run::{RunState, Verdict};

use super::cells::fit;
use super::figures::Figures;
use super::palette::{Palette, QUIET, TITLE};
use crate::cli::final_summary::quantity::count;

/// Hours, minutes and seconds.
pub(super) fn time(at: Nanos) -> String {
    let seconds = at.0 / 1_000_000_000;
    match seconds / 3_600 {
        0 => format!("{}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}

/// What the run does now, and how that looks.
fn state(figures: &Figures, palette: Palette) -> (&'static str, Style) {
    let standing = &figures.standing;
    match standing.state {
        RunState::Loading | RunState::Ready => ("starting", QUIET),
        RunState::Running if standing.paused => ("PAUSED", palette.notable()),
        RunState::Running => ("running", palette.good()),
        RunState::Draining if standing.stopped_by.is_some() => {
            ("stopping: what runs may end", palette.notable())
        }
        RunState::Draining => ("draining: what runs may end", palette.notable()),
        RunState::Flushing | RunState::Ended => ("over: listeners get the rest", palette.notable()),
    }
}

/// Draws the line.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, figures: &Figures, palette: Palette) {
    let standing = &figures.standing;
    let length = match standing.length {
        Some(length) => format!(" of {}", time(length)),
        None => String::new(),
    };
    let (state, style) = state(figures, palette);
    let (verdict, verdict_style) = match figures.verdict() {
        Verdict::Valid => ("verdict valid so far", palette.good()),
        Verdict::Degraded => ("verdict DEGRADED so far", palette.notable()),
        Verdict::Invalid => ("verdict INVALID so far", palette.bad()),
    };
    // The results have all samples; only this view did not keep up.
    let missed = if figures.missed > 0 {
        format!("{} samples not shown  ", count(figures.missed))
    } else {
        String::new()
    };
    let right = [Span::styled(missed, palette.notable()), Span::styled(verdict, verdict_style)];
    let right = Line::from_iter(right).right_aligned();
    let left = format!("{}{length}  ", time(standing.at));
    let taken = left.len() + state.len() + 2 + right.width() + 1;
    let name = fit(&figures.subject.workload, usize::from(area.width).saturating_sub(taken));
    let spans = [Span::styled(left, TITLE), Span::styled(state, style), Span::raw(format!("  {name}"))];
    frame.render_widget(Line::from_iter(spans), area);
    frame.render_widget(right, area);
}
