//! The last line: the keys, or what was just asked.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::cells::fit;
use super::controls::Controls;
use super::figures::Figures;
use super::palette::{CHOSEN, Palette, QUIET, TITLE};

const KEYS: &[(&str, &str)] =
    &[("space", "pause"), ("↑↓", "choose"), ("+ -", "scale"), ("s", "stop"), ("?", "help"), ("q", "quit")];

/// Draws the line.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    figures: &Figures,
    controls: &Controls,
    palette: Palette,
) {
    let width = usize::from(area.width);
    if controls.asks_to_stop {
        let question = fit("stop the run? y stops it, any other key goes on", width);
        frame.render_widget(Line::styled(question, CHOSEN), area);
        return;
    }
    if let Some(said) = controls.said(figures) {
        frame.render_widget(Line::styled(fit(said, width), palette.notable()), area);
        return;
    }
    let mut spans = Vec::new();
    for (key, does) in KEYS {
        // The key that does the opposite now says so.
        let does = if *key == "space" && figures.standing.paused { "resume" } else { does };
        spans.push(Span::styled(*key, TITLE));
        spans.push(Span::styled(format!(" {does}   "), QUIET));
    }
    frame.render_widget(Line::from(spans), area);
}
