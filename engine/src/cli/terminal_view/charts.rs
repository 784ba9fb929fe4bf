//! The load and the response times of the chosen scenario over the last minutes.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType};
use throng_components::clock::Nanos;

use super::figures::Figures;
use super::heading::time;
use super::history::Point;
use super::palette::{Palette, QUIET, TITLE};
use crate::cli::final_summary::quantity::{duration, per_second};

/// The time that charts show, at the least and at the most.
const WINDOW: (Nanos, Nanos) = (Nanos::from_secs(20), Nanos::from_secs(120));

/// One line of a chart.
struct Curve {
    /// What it shows and its last value.
    legend: String,
    style: Style,
    marker: Marker,
    values: Vec<(f64, f64)>,
}

/// What is shown of one scenario.
struct Shown<'a> {
    points: Vec<&'a Point>,
    /// Seconds at the left and at the right edge.
    seconds: [f64; 2],
}

fn shown(figures: &Figures, scenario: usize) -> Shown<'_> {
    let now = figures.standing.at;
    let from = now - WINDOW.1;
    let until = (from + WINDOW.0).max(now);
    let points = figures.histories.get(scenario).map(|history| &history.points);
    let points = points.into_iter().flatten().filter(|point| point.at >= from).collect();
    Shown { points, seconds: [from.as_secs_f64(), until.as_secs_f64()] }
}

/// Draws what was asked for and what was begun.
pub(super) fn draw_rate(
    frame: &mut Frame<'_>,
    area: Rect,
    figures: &Figures,
    scenario: usize,
    palette: Palette,
) {
    let shown = shown(figures, scenario);
    let line = |of: &dyn Fn(&Point) -> Option<f64>| -> Vec<(f64, f64)> {
        let values = shown.points.iter().filter_map(|point| Some((point.at.as_secs_f64(), of(point)?)));
        values.collect()
    };
    let legend = |name: &str, values: &[(f64, f64)]| {
        values.last().map(|(_, value)| format!("{name} {}", per_second(*value))).unwrap_or_default()
    };
    let (asked, begun) = (line(&|point| point.asked), line(&|point| Some(point.begun)));
    let top = asked.iter().chain(&begun).map(|(_, value)| *value).fold(0.0, f64::max);
    // A little air, so that a line at a round figure does not run along the edge.
    let top = nice_above(top * 1.05);
    let curves = [
        Curve {
            legend: legend("asked", &asked),
            style: palette.notable(),
            marker: Marker::Dot,
            values: asked,
        },
        Curve {
            legend: legend("begun", &begun),
            style: palette.good(),
            marker: Marker::Braille,
            values: begun,
        },
    ];
    let labels = [0.0, top / 2.0, top].map(per_second_short).to_vec();
    draw(frame, area, "iterations/s", &curves, (shown.seconds, [0.0, top], labels));
}

/// Draws quantiles of the response time, on a logarithmic axis: a tail is often a hundred times the median.
pub(super) fn draw_response(
    frame: &mut Frame<'_>,
    area: Rect,
    figures: &Figures,
    scenario: usize,
    palette: Palette,
) {
    let shown = shown(figures, scenario);
    let with_data = || shown.points.iter().filter_map(|point| Some((point.at, point.response?)));
    let tens = |nanos: Nanos| (nanos.0.max(1_000) as f64).log10();
    let curve = |index: usize, name: &str, style: Style, marker: Marker| {
        let last = with_data().next_back().map(|(_, response)| response[index]);
        Curve {
            legend: last.map(|value| format!("{name} {}", duration(value.0))).unwrap_or_default(),
            style,
            marker,
            values: with_data().map(|(at, response)| (at.as_secs_f64(), tens(response[index]))).collect(),
        }
    };
    let curves = [
        curve(0, "p50", palette.good(), Marker::Braille),
        curve(1, "p99", palette.notable(), Marker::Braille),
        curve(2, "p99.9", palette.bad(), Marker::Dot),
    ];
    let all = || with_data().flat_map(|(_, response)| response.map(|value| value.0.max(1_000) as f64));
    let bottom = nice_below(all().reduce(f64::min).unwrap_or(1e6));
    let top = nice_above(all().reduce(f64::max).unwrap_or(1e7) * 1.05).max(bottom * 2.0);
    let labels =
        [bottom, (bottom * top).sqrt(), top].map(|value| duration(Nanos::from_f64(value).0)).to_vec();
    let edges = (shown.seconds, [bottom.log10(), top.log10()], labels);
    draw(frame, area, "response", &curves, edges);
}

/// A label of the rate's axis, without what it does not need.
fn per_second_short(rate: f64) -> String {
    if rate.fract() == 0.0 && rate < 1_000.0 { format!("{rate:.0}") } else { per_second(rate) }
}

/// A round figure not below the value, and not far above.
fn nice_above(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(value.log10().floor());
    [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0]
        .into_iter()
        .map(|times| times * power)
        .find(|nice| *nice >= value)
        .unwrap_or(value)
}

/// One, two or five times a power of ten, not above the value.
fn nice_below(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    [5.0, 2.0, 1.0].into_iter().map(|times| times * power).find(|nice| *nice <= value).unwrap_or(value)
}

/// Where a chart's edges are: seconds, values, and what stands beside the values.
type Edges = ([f64; 2], [f64; 2], Vec<String>);

fn draw(frame: &mut Frame<'_>, area: Rect, title: &str, curves: &[Curve], edges: Edges) {
    let (seconds, values, mut labels) = edges;
    let mut spans = vec![Span::styled(title.to_owned(), TITLE)];
    for curve in curves.iter().filter(|curve| !curve.legend.is_empty()) {
        // As the curve is drawn: not every terminal has colours, nor every eye.
        let sign = if curve.marker == Marker::Dot { '•' } else { '─' };
        spans.push(Span::raw("  "));
        spans.push(Span::styled(format!("{sign}{}", curve.legend), curve.style));
    }
    if curves.iter().all(|curve| curve.values.is_empty()) {
        spans.push(Span::styled("  nothing yet", QUIET));
    }
    let fits = |spans: &[Span<'_>]| spans.iter().map(Span::width).sum::<usize>() <= usize::from(area.width);
    if !fits(&spans) {
        // The figures say what they are of.
        spans.drain(..2);
    }
    while !fits(&spans) && spans.len() > 1 {
        // No figure is cut within.
        spans.truncate(spans.len() - 2);
    }
    // The rows that the title and the time's axis leave; a label a row at most, and always the outer two.
    let rows = usize::from(area.height.saturating_sub(3)).max(2);
    if labels.len() > rows {
        labels = vec![labels[0].clone(), labels[labels.len() - 1].clone()];
    }
    let sets = curves.iter().map(|curve| {
        Dataset::default()
            .marker(curve.marker)
            .graph_type(GraphType::Line)
            .style(curve.style)
            .data(&curve.values)
    });
    let times = seconds.map(|second| time(Nanos::from_f64(second * 1e9)));
    let chart = Chart::new(sets.collect())
        .block(Block::new().title(Line::from(spans)))
        .x_axis(Axis::default().bounds(seconds).labels(times).style(QUIET))
        .y_axis(Axis::default().bounds(values).labels(labels).style(QUIET))
        .legend_position(None);
    frame.render_widget(chart, area);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_figures() {
        let nice = |round: fn(f64) -> f64, values: &[f64]| {
            let figures: Vec<_> = values.iter().map(|value| format!("{:.1}", round(*value))).collect();
            figures.join(" ")
        };
        assert_eq!(
            nice(nice_above, &[0.0, 0.3, 1.0, 7.0, 20.0, 21.0, 4e4]),
            "1.0 0.3 1.0 8.0 20.0 25.0 40000.0"
        );
        assert_eq!(nice(nice_below, &[0.3, 1.0, 7.0, 20.0, 49_999.0]), "0.2 1.0 5.0 20.0 20000.0");
        assert_eq!([0.0, 2.5, 50.0, 20_000.0].map(per_second_short), ["0", "2.50", "50", "20,000"]);
    }
}
