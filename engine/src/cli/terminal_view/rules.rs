//! Rules: what they last compared. A requirement is judged when the run is over.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use throng_components::clock::Nanos;
use throng_components::exit_condition::{RuleResult, RuleRole, TooFew};
use throng_components::run::Outcome;

use super::cells::{Cells, Section, fit};
use super::figures::Figures;
use super::palette::{Palette, QUIET};
use super::subject::RuleSubject;
use crate::cli::final_summary::quantity::{count, duration, per_second, share};

/// Columns of what was last compared.
const VALUE: u16 = 12;

/// Draws the list.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, figures: &Figures, palette: Palette) {
    let rows = figures.subject.rules.iter().enumerate().map(|(index, rule)| {
        let result = figures.standing.rules.get(index).copied().unwrap_or_default();
        let (mark, style) = mark(rule, result, palette);
        let room = usize::from(area.width.saturating_sub(VALUE)).saturating_sub(2);
        Cells {
            name: format!("{mark} {}", shortened(&rule.text, room)),
            numbers: vec![value(rule, result)],
            style,
        }
    });
    let title = if figures.subject.rules.is_empty() { "no rules" } else { "rules" };
    Section { title, columns: &[("", VALUE)], rows: rows.collect(), first: 0 }.draw(frame, area);
}

/// A rule in so many columns: what it compares, and with what, goes last.
///
/// First go quotes, then windows and the like, then whether it stops or is required, then what it looks at.
fn shortened(text: &str, width: usize) -> String {
    let rank = |(index, word): (usize, &str)| match (index, word.split_once('=').map(|(name, _)| name)) {
        (1, _) | (_, Some("above" | "below" | "at-least" | "at-most")) => 3,
        (0, _) => 1,
        (_, Some("p" | "of" | "step" | "group" | "scenario")) => 2,
        _ => 0,
    };
    let mut words: Vec<(u8, &str)> = text.split(' ').enumerate().map(|word| (rank(word), word.1)).collect();
    let joined = |words: &[(u8, &str)]| words.iter().map(|(_, word)| *word).collect::<Vec<_>>().join(" ");
    let mut shown = joined(&words);
    if shown.chars().count() <= width {
        return shown;
    }
    // Quotes say nothing here.
    let bare = text.replace('"', "");
    words = bare.split(' ').enumerate().map(|word| (rank(word), word.1)).collect();
    shown = joined(&words);
    while shown.chars().count() > width
        && let Some(lowest) = words.iter().map(|(rank, _)| *rank).min().filter(|rank| *rank < 3)
    {
        let last = words.iter().rposition(|(rank, _)| *rank == lowest).unwrap_or_default();
        words.remove(last);
        shown = joined(&words) + "…";
    }
    fit(&shown, width)
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
    if let Some(TooFew { count: found, needed }) = result.too_few.filter(|_| result.value.is_none()) {
        return format!("{} of {}", count(found), count(needed));
    }
    match (result.value, rule.unit) {
        (None, _) if rule.role == RuleRole::Require => "at the end".to_owned(),
        (None, _) => "no data yet".to_owned(),
        (Some(value), "ns") => duration(Nanos::from_f64(value).0),
        (Some(value), "share") => share(value),
        (Some(value), "per_s") => format!("{}/s", per_second(value)),
        (Some(value), _) => count(Nanos::from_f64(value).0),
    }
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn a_rule_that_is_cut_keeps_what_it_compares_with() {
        let check = |width: usize, expected: &str| {
            let rule = "stop-when failures above=\"20%\" step=login window=\"5s\" min-count=50";
            assert_eq!(shortened(rule, width), expected);
        };
        check(80, "stop-when failures above=\"20%\" step=login window=\"5s\" min-count=50");
        check(60, "stop-when failures above=20% step=login window=5s…");
        check(46, "stop-when failures above=20% step=login…");
        check(34, "failures above=20% step=login…");
        check(24, "failures above=20%…");
        check(9, "failures…");
    }
}
