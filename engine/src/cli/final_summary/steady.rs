//! Whether response times were steady, and what they are worth.

use super::paint::{Colour, Paint};
use super::quantity::{count, duration};
use super::table::{Column, Table};
use super::{NOTHING, section};
use crate::summary::Summary;

/// Adds the section, where the run was long enough to tell.
pub(super) fn steady(text: &mut String, summary: &Summary, paint: Paint) {
    let mut rows =
        summary.steps.iter().filter_map(|(name, step)| Some((name, step, step.steady?))).peekable();
    if rows.peek().is_none() {
        return;
    }
    section(text, "over time", paint);
    let mut table = Table::new(&[
        Column::name("steady by MSER-5; how far neighbouring times are alike"),
        Column::number("count", 10),
        Column::number("worth", 10),
        Column::number("alike", 8),
        Column::number("steady from", 13),
    ]);
    for (name, step, steady) in rows {
        let since = steady.since_ns.map_or(NOTHING.to_owned(), duration);
        let alike = format!("{:.2}", steady.autocorrelation);
        table.row(&[name, &count(step.response_ns.count), &count(steady.effective_count), &alike, &since]);
        if steady.since_ns.is_none() {
            table.note(
                &paint
                    .coloured(Colour::Yellow, "not steady: response times still changed in the second half"),
            );
        }
    }
    text.push_str(&table.render());
}
