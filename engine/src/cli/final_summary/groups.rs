//! Groups in the results: how long steps took together.

use super::paint::Paint;
use super::quantity::{count, share};
use super::table::{Column, Table};
use super::{quantile, section, time};
use crate::summary::Summary;

/// Steps that were timed together.
pub(super) fn groups(text: &mut String, summary: &Summary, paint: Paint) {
    if summary.groups.is_empty() {
        return;
    }
    section(text, "groups", paint);
    let mut table = Table::new(&[
        Column::name("duration, from the first step's due to the last one's end"),
        Column::number("count", 8),
        Column::number("failed", 8),
        Column::number("p50", 8),
        Column::number("p90", 8),
        Column::number("p99", 8),
        Column::number("p99.9", 8),
        Column::number("max", 8),
    ]);
    for (name, group) in summary.groups.iter() {
        let failed = match group.failures {
            0 => "0".to_owned(),
            failures => share(failures as f64 / group.count.max(1) as f64),
        };
        let duration = &group.duration_ns;
        table.row(&[
            name,
            &count(group.count),
            &failed,
            &quantile(duration.p50, duration.too_few.p50),
            &quantile(duration.p90, duration.too_few.p90),
            &quantile(duration.p99, duration.too_few.p99),
            &quantile(duration.p999, duration.too_few.p999),
            &time(duration.max),
        ]);
        if group.cut > 0 {
            table.note(&format!("{} cut at the end, in no other figure", count(group.cut)));
        }
    }
    text.push_str(&table.render());
}
