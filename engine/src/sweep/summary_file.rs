//! `summary.csv`: means over replications, and differences from the first point, with their intervals.

use std::io::Write;

use throng_systems::estimators::Estimate;

use super::design::Design;
use super::figures::Figures;

/// Writes one row a point and chosen measure.
pub(super) fn write(design: &Design, figures: &Figures, output: impl Write) -> csv::Result<()> {
    let mut writer = csv::Writer::from_writer(output);
    let head = ["scope", "name", "measure", "unit", "n", "mean", "half_width_95"];
    let difference = ["difference", "difference_half_width_95", "difference_n"];
    let params = design.columns();
    let params = params.iter().map(String::as_str);
    writer.write_record(["point"].into_iter().chain(params).chain(head).chain(difference))?;
    for series in figures.series() {
        for point in 0..design.points() {
            let Some(own) = series.at(point) else { continue };
            let mut record = vec![(point + 1).to_string()];
            record.extend(design.values(point).iter().map(ToString::to_string));
            record.extend([&series.scope, &series.name, &series.measure, &series.unit].map(Clone::clone));
            record.push(own.count.to_string());
            record.extend(numbers(Some(own)));
            let difference = series.against_first(point);
            record.extend(numbers(difference));
            record.push(difference.map(|difference| difference.count.to_string()).unwrap_or_default());
            writer.write_record(&record)?;
        }
    }
    writer.flush()?;
    Ok(())
}

/// A mean and its half-width; empty where there is none.
fn numbers(estimate: Option<Estimate>) -> [String; 2] {
    let mean = estimate.map(|estimate| estimate.mean.to_string());
    let half = estimate.and_then(|estimate| estimate.half_width).map(|half| half.to_string());
    [mean.unwrap_or_default(), half.unwrap_or_default()]
}
