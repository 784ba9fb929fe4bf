//! Measures of one's own, as a table.

use super::paint::{Colour, Paint};
use super::quantity::{bytes, count, duration, plain, share};
use super::table::{Column, Table, wrap};
use super::{NOTHING, refused, section};
use crate::summary::{MeasureSummary, Summary};

/// Adds the section, where there is something to show.
pub(super) fn show(text: &mut String, summary: &Summary, paint: Paint) {
    if summary.measures.is_empty() && summary.measures_overflow.is_none() {
        return;
    }
    section(text, "measures", paint);
    let mut table = Table::new(&[
        Column::name(""),
        Column::number("count", 10),
        Column::number("mean", 10),
        Column::number("p50", 10),
        Column::number("p90", 10),
        Column::number("p99", 10),
        Column::number("max", 10),
    ]);
    for (name, measure) in summary.measures.iter() {
        let too_few = &measure.too_few;
        let quantile = |value, needed: Option<u64>| needed.map_or_else(|| cell(measure, value), refused);
        let [mean, max] = [measure.mean, measure.max].map(|value| cell(measure, value));
        let p50 = quantile(measure.p50, too_few.p50);
        let p90 = quantile(measure.p90, too_few.p90);
        let p99 = quantile(measure.p99, too_few.p99);
        table.row(&[&title(name, &measure.unit), &count(measure.count), &mean, &p50, &p90, &p99, &max]);
        if measure.refused > 0 {
            let note = format!("refused, of another unit or no numbers: {}", count(measure.refused));
            table.note(&paint.coloured(Colour::Yellow, &note));
        }
    }
    text.push_str(&table.render());
    if let Some(overflow) = &summary.measures_overflow {
        let told = format!(
            "{} values under more names than are kept apart, `{}` the first of them",
            count(overflow.count),
            overflow.first
        );
        wrap(text, &told, "  ");
    }
}

/// A name, and the unit where the values do not show it themselves.
fn title(name: &str, unit: &str) -> String {
    match unit {
        "" | "ns" | "share" | "bytes" => name.to_owned(),
        unit => format!("{name}, {unit}"),
    }
}

fn cell(measure: &MeasureSummary, value: Option<f64>) -> String {
    let Some(value) = value else { return NOTHING.to_owned() };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
    let whole = value as u64;
    match measure.unit.as_str() {
        "ns" if value >= 0.0 => duration(whole),
        "share" if (0.0..=1.0).contains(&value) => share(value),
        "bytes" if value >= 0.0 => bytes(whole),
        _ => plain(value),
    }
}
