//! What a sweep came to, as a person reads it.

use std::fmt::Write as _;
use std::path::Path;

use throng_components::workload::nearest_first;

use crate::cli::final_summary::quantity::{bytes, duration, per_second, plain, share};
use crate::cli::final_summary::table::{Column, Table};
use crate::sweep::{Design, Estimate, FILES, Figures, Journal, Selector};

/// Points of one measure that are shown: the files have all of them.
const MOST_POINTS: usize = 50;
/// Measures that are named when somebody asks for one that there is not.
const MOST_NAMED: usize = 6;
/// What stands where there is nothing.
const NOTHING: &str = "–";

/// The report.
pub(super) fn render(
    workload: &Path,
    design: &Design,
    figures: &Figures,
    done: usize,
    directory: &Path,
) -> String {
    let (points, replications) = (design.points(), design.replications);
    let mut text = format!(
        "{}: {}, {} each, seed {}\n",
        workload.display(),
        counted(points, "point"),
        counted(replications as usize, "replication"),
        design.seed
    );
    let all = points * replications as usize;
    if done < all {
        let _ = writeln!(text, "{done} of {all} runs are done; `--resume` goes on with the others");
    }
    if figures.failed() > 0 {
        let _ = writeln!(
            text,
            "{} of {done} runs failed: a requirement did not hold, or a rule ended them",
            figures.failed()
        );
    }
    for series in figures.series() {
        let _ = writeln!(text, "\n{}", series.title());
        let mut table = Table::new(&[
            Column::name(""),
            Column::number("mean", 10),
            Column::number("± 95%", 10),
            Column::number("n", 7),
            Column::number("vs first", 11),
            Column::number("± 95%", 10),
        ]);
        let shown = |value: f64| quantity(value, &series.unit);
        for point in 0..points.min(MOST_POINTS) {
            let (own, difference) = (series.at(point), series.against_first(point));
            let mean = own.map(|own| shown(own.mean));
            let half = |estimate: Option<Estimate>| estimate.and_then(|it| it.half_width).map(shown);
            let count = own.map(|own| own.count.to_string());
            let signed = difference.map(|it| format!("{}{}", sign(it.mean), shown(it.mean.abs())));
            let cells = [mean, half(own), count, signed, half(difference)];
            let cells = cells.map(|cell| cell.unwrap_or_else(|| NOTHING.to_owned()));
            let label = if design.vary.is_empty() { "all".to_owned() } else { design.label(point) };
            let row: Vec<&str> = std::iter::once(&label).chain(&cells).map(String::as_str).collect();
            table.row(&row);
        }
        if points > MOST_POINTS {
            table.note(&format!("… {} points more: see summary.csv", points - MOST_POINTS));
        }
        text.push_str(&table.render());
    }
    let _ = writeln!(text, "\n{} and {} are in {}", FILES.join(", "), Journal::NAME, directory.display());
    text
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn sign(value: f64) -> &'static str {
    if value < 0.0 {
        "−"
    } else if value > 0.0 {
        "+"
    } else {
        ""
    }
}

/// A value in its unit.
fn quantity(value: f64, unit: &str) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
    let whole = value.round() as u64;
    match unit {
        "ns" if value >= 0.0 => duration(whole),
        "bytes" if value >= 0.0 => bytes(whole),
        "1/s" if value >= 0.0 => per_second(value),
        "share" => share(value),
        _ => plain(value),
    }
}

/// What is said of a measure that no run has.
pub(super) fn no_such_measure(selector: &Selector, figures: &Figures) -> String {
    let measures = figures.measures();
    let known: Vec<&str> = measures.iter().map(String::as_str).collect();
    let asked = selector.to_string();
    let near: Vec<String> =
        nearest_first(&asked, &known).into_iter().take(MOST_NAMED).map(|name| format!("`{name}`")).collect();
    format!("no run has a measure `{asked}`; nearest: {}", near.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_in_their_unit() {
        let check = |value: f64, unit: &str, expected: &str| assert_eq!(quantity(value, unit), expected);
        check(20_000_000.4, "ns", "20.0ms");
        check(79.96, "1/s", "80.0");
        check(0.5, "share", "50%");
        check(2.25, "", "2.25");
        check(1_024.0, "bytes", "1.00KiB");
        assert_eq!([sign(-1.0), sign(0.0), sign(2.0)], ["−", "", "+"]);
    }
}
