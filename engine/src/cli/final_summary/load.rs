//! The load: what was asked for, what came of it, and what did not go as planned.

use super::paint::{Colour, Paint};
use super::quantity::{count, duration, per_second};
use super::table::{Column, Table};
use super::{NOTHING, section};
use crate::summary::{ScenarioSummary, Summary};

/// What was asked for and what came of it. What was lost has a line of its own, where something was.
pub(super) fn load(text: &mut String, summary: &Summary, paint: Paint) {
    section(text, "load", paint);
    let mut table = Table::new(&[
        Column::name(""),
        Column::number("planned", 10),
        Column::number("started", 10),
        Column::number("asked/s", 9),
        Column::number("kept/s", 9),
        Column::number("failed", 9),
        Column::number("cut", 8),
        Column::number("users", 8),
    ]);
    for (name, scenario) in summary.scenarios.iter() {
        let iterations = &scenario.iterations;
        let rate = |rate: Option<f64>| rate.map_or(NOTHING.to_owned(), per_second);
        table.row(&[
            name,
            &scenario.tokens.map_or(NOTHING.to_owned(), |tokens| count(tokens.planned)),
            &count(iterations.started),
            &rate(scenario.rate.expected_per_s),
            &rate(scenario.rate.achieved_per_s),
            &count(iterations.failed),
            &count(iterations.cut),
            &count(scenario.users.peak),
        ]);
        if scenario.warm_up.iterations > 0 {
            table.note(&format!(
                "{} of them started in the warm-up: not in the rates",
                count(scenario.warm_up.iterations)
            ));
        }
        if let Some(gaps) = &scenario.gaps {
            let told = format!(
                "{} gaps fit their law with p = {:.3}, as planned with {:.3}",
                count(gaps.count),
                gaps.p_value,
                gaps.planned_p_value
            );
            table.note(&if gaps.is_bent() { paint.coloured(Colour::Yellow, &told) } else { told });
        }
        for note in load_notes(scenario) {
            table.note(&paint.coloured(Colour::Yellow, &note));
        }
    }
    text.push_str(&table.render());
}

/// What did not go as planned in one scenario.
fn load_notes(scenario: &ScenarioSummary) -> Vec<String> {
    let named = |parts: &[(u64, &str)]| {
        let there = parts.iter().filter(|(number, _)| *number > 0);
        there.map(|(number, word)| format!("{} {word}", count(*number))).collect::<Vec<_>>().join(", ")
    };
    let mut notes = Vec::new();
    if let Some(at) = scenario.stopped_at_ns {
        notes.push(format!("stopped by a step of its own at {}", duration(at)));
    }
    if let Some(tokens) = &scenario.tokens {
        let lost = named(&[
            (tokens.dropped, "dropped"),
            (tokens.expired, "expired"),
            (tokens.cancelled, "cancelled"),
            (tokens.waiting, "still waiting"),
        ]);
        if !lost.is_empty() {
            notes.push(format!("not started: {lost}"));
        }
    }
    let broken = named(&[
        (scenario.iterations.crashed, "iterations crashed"),
        (scenario.iterations.pace_missed.unwrap_or(0), "began later than the pace asked for"),
        (scenario.cookies_dropped.unwrap_or(0), "cookies dropped, for users had no room for them"),
    ]);
    if !broken.is_empty() {
        notes.push(broken);
    }
    notes
}
