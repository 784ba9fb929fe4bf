//! The whole screen, part by part.

use ratatui::Frame;
use ratatui::widgets::{Paragraph, Wrap};

use super::controls::Controls;
use super::figures::Figures;
use super::layout::{Wanted, areas};
use super::palette::Palette;
use super::{charts, errors, footer, heading, help, rules, scenarios, steps, threads};

/// Columns and rows below which numbers would run into each other.
const LEAST: (u16, u16) = (72, 14);

/// Draws all of it.
pub(super) fn draw(frame: &mut Frame<'_>, figures: &Figures, controls: &Controls, palette: Palette) {
    let screen = frame.area();
    if screen.width < LEAST.0 || screen.height < LEAST.1 {
        let text = format!(
            "{}x{} is too small: the view needs {}x{}\nthe run goes on   q quit",
            screen.width, screen.height, LEAST.0, LEAST.1
        );
        return frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }), screen);
    }
    let rows = |number: usize| u16::try_from(number + 1).unwrap_or(u16::MAX);
    let subject = &figures.subject;
    let wanted = Wanted {
        scenarios: rows(subject.scenarios.len()),
        steps: rows(subject.steps.len()),
        rules: rows(subject.rules.len()),
        errors: rows(figures.errors.len()),
        threads: rows(figures.standing.threads.len()) + threads::LINES,
    };
    let areas = areas(frame.area(), wanted);
    heading::draw(frame, areas.heading, figures, palette);
    charts::draw_rate(frame, areas.rate, figures, controls.chosen(), palette);
    charts::draw_response(frame, areas.response, figures, controls.chosen(), palette);
    scenarios::draw(frame, areas.scenarios, figures, controls, palette);
    steps::draw(frame, areas.steps, figures, controls, palette);
    rules::draw(frame, areas.rules, figures, palette);
    errors::draw(frame, areas.errors, figures, palette);
    threads::draw(frame, areas.threads, figures, palette);
    footer::draw(frame, areas.footer, figures, controls, palette);
    if controls.help {
        help::draw(frame, frame.area());
    }
}
