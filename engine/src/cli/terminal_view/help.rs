//! What the keys do, over all else.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::palette::TITLE;

const LINES: &[(&str, &str)] = &[
    ("space", "pause, or resume: the plan stands still, what runs goes on"),
    ("↑ ↓ tab", "choose the scenario of the charts and of + and -"),
    ("+ -", "10 % of the plan more or less, from the next tick on"),
    ("PgUp PgDn", "scroll the steps"),
    ("s  Ctrl-C", "stop: what runs may end; once more cuts it"),
    ("q", "stop, after a question"),
    ("? h", "this help; any key closes it"),
];

/// Columns and rows, its frame included.
const SIZE: (u16, u16) = (74, 13);

/// Draws it in the middle of the screen.
pub(super) fn draw(frame: &mut Frame<'_>, screen: Rect) {
    let area = screen.centered(Constraint::Length(SIZE.0), Constraint::Length(SIZE.1));
    let mut text: Vec<Line<'_>> = LINES
        .iter()
        .map(|(keys, does)| Line::from_iter([Span::styled(format!("{keys:<11}"), TITLE), Span::raw(*does)]))
        .collect();
    text.push(Line::default());
    text.push(Line::raw("Charts show the chosen scenario; steps count from the end of the"));
    text.push(Line::raw("warm-up on. What is asked here stands in the results: a run that was"));
    text.push(Line::raw("steered is another run."));
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(text).block(Block::bordered().title(" keys ")), area);
}
