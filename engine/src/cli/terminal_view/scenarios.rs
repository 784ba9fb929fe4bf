//! What is asked of each scenario and what came of it.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use throng_components::scenario::ScenarioPhase;
use throng_systems::live_view::ScenarioNow;

use super::cells::{Cells, Section};
use super::controls::Controls;
use super::figures::Figures;
use super::palette::{CHOSEN, Palette, QUIET};
use crate::cli::final_summary::quantity::{count, per_second};

const COLUMNS: &[(&str, u16)] = &[
    ("asked/s", 9),
    ("begun/s", 9),
    ("scale", 7),
    ("busy", 8),
    ("users", 8),
    ("backlog", 8),
    ("lost", 7),
    ("started", 9),
];

/// Draws the table; the chosen scenario is always in sight.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    figures: &Figures,
    controls: &Controls,
    palette: Palette,
) {
    let rows = figures.subject.scenarios.iter().enumerate().map(|(index, name)| {
        let now = figures.standing.scenarios.get(index);
        let chosen = index == controls.chosen();
        Cells {
            name: format!("{} {name}{}", if chosen { "▶" } else { " " }, now.map_or("", phase)),
            numbers: now.map(|now| numbers(figures, index, now)).unwrap_or_default(),
            style: if chosen { CHOSEN } else { style(now, palette) },
        }
    });
    let room = usize::from(area.height).saturating_sub(2).max(1);
    let first =
        if figures.subject.scenarios.len() > room { controls.chosen().saturating_sub(room - 1) } else { 0 };
    Section { title: "scenarios", columns: COLUMNS, rows: rows.collect(), first }.draw(frame, area);
}

fn style(now: Option<&ScenarioNow>, palette: Palette) -> Style {
    match now {
        Some(now) if now.standing.lost_tokens > 0 => palette.notable(),
        Some(now) if now.phase == ScenarioPhase::Ended => QUIET,
        _ => Style::new(),
    }
}

/// What there is to say of a scenario that does not play.
fn phase(now: &ScenarioNow) -> &'static str {
    match now.phase {
        ScenarioPhase::Delayed => " (to come)",
        ScenarioPhase::Playing => "",
        ScenarioPhase::Draining | ScenarioPhase::Cutting => " (draining)",
        ScenarioPhase::Ended => " (over)",
    }
}

fn numbers(figures: &Figures, index: usize, now: &ScenarioNow) -> Vec<String> {
    let standing = &now.standing;
    let begun =
        figures.histories.get(index).and_then(|history| history.points.back()).map(|point| point.begun);
    vec![
        standing.asked_per_s.map_or("–".to_owned(), per_second),
        begun.map_or("–".to_owned(), per_second),
        now.factor.to_string(),
        count(standing.running),
        count(standing.users),
        count(standing.backlog),
        count(standing.lost_tokens),
        count(standing.started),
    ]
}
