//! `plot.svg`: the chosen measures over the first parameter, a line for each combination of the others.
//!
//! One panel a measure. Points are means over replications, their bars the 95 % intervals.

use std::fmt::Write as _;

use super::design::Design;
use super::figures::{Figures, Series};
use super::scale::{Scale, number, unit_for};

/// Panels that are drawn: a page that can still be read.
const MOST_PANELS: usize = 12;
/// Beside each other.
const COLUMNS: usize = 2;
/// A panel's width and height.
///
/// # Units
/// Pixels, as all that follows.
const PANEL: (f64, f64) = (470.0, 310.0);
/// Around its axes: left, right, above, below.
const MARGIN: (f64, f64, f64, f64) = (64.0, 18.0, 34.0, 52.0);
/// The page's own margin.
const PAGE: f64 = 16.0;
/// A line of the legend.
const LINE: f64 = 20.0;
/// About a letter's width.
const LETTER: f64 = 6.6;
/// Letters of a title that fit above a panel.
const MOST_LETTERS: usize = 68;

/// Colours that people with any kind of sight can tell apart.
///
/// # Source
/// Okabe and Ito, "Color Universal Design", 2008; without their yellow, which is too light on white.
const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];
/// When the colours are used up, lines differ in their strokes.
const STROKES: [&str; 3] = ["", "7 4", "2 3"];

/// Draws all panels.
pub(super) fn draw(design: &Design, figures: &Figures) -> String {
    let all = figures.series();
    let shown = &all[..all.len().min(MOST_PANELS)];
    let lines = Lines::of(design);
    let columns = shown.len().clamp(1, COLUMNS);
    let width = columns as f64 * PANEL.0 + 2.0 * PAGE;
    let (legend, legend_height) = legend(&lines, width);
    let top = PAGE + 2.0 * LINE + legend_height;
    let rows = shown.len().div_ceil(COLUMNS);
    let left_out = all.len() - shown.len();
    let height = top + rows as f64 * PANEL.1 + PAGE + if left_out > 0 { LINE } else { 0.0 };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#222\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    let replications = design.replications;
    let heading = match replications {
        1 => "One replication of each point".to_owned(),
        _ => format!("Means of {replications} replications, with their 95 % intervals of confidence"),
    };
    text(&mut svg, (PAGE, PAGE + 10.0), "start", &heading);
    svg.push_str(&legend);
    for (number, series) in shown.iter().enumerate() {
        let corner = (PAGE + (number % COLUMNS) as f64 * PANEL.0, top + (number / COLUMNS) as f64 * PANEL.1);
        panel(&mut svg, corner, design, &lines, series);
    }
    if left_out > 0 {
        let note = format!("{left_out} more measures are not drawn: choose with --measure");
        text(&mut svg, (PAGE, height - PAGE), "start", &note);
    }
    svg.push_str("</svg>\n");
    svg
}

/// The horizontal axis and the lines: what the parameters come to.
struct Lines {
    axis: Scale,
    /// The axis' name and unit.
    name: String,
    /// Where each value of the first parameter stands.
    places: Vec<f64>,
    /// What each line is of; a single one without a name when only one parameter is varied.
    names: Vec<String>,
}

impl Lines {
    fn of(design: &Design) -> Self {
        let Some(first) = design.vary.first() else {
            let axis = Scale::of_words(&[String::new()]);
            return Self { axis, name: String::new(), places: vec![0.0], names: vec![String::new()] };
        };
        let numbers: Option<Vec<(f64, &str)>> = first.values.iter().map(number).collect();
        let (axis, places, unit) = if let Some(numbers) = numbers {
            let most = numbers.iter().map(|(value, _)| value.abs()).fold(0.0, f64::max);
            let (size, unit) = unit_for(numbers.first().map_or("", |(_, unit)| unit), most);
            let places: Vec<f64> = numbers.iter().map(|(value, _)| value / size).collect();
            let least = places.iter().copied().fold(f64::INFINITY, f64::min);
            let most = places.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (Scale::around(least, most), places, unit.to_owned())
        } else {
            let words: Vec<String> = first.values.iter().map(ToString::to_string).collect();
            let places = (0..words.len()).map(|place| place as f64).collect();
            (Scale::of_words(&words), places, String::new())
        };
        let name = if unit.is_empty() { first.name.clone() } else { format!("{} ({unit})", first.name) };
        let lines = design.points() / first.values.len().max(1);
        let label = |line: usize| {
            let values = design.vary.iter().zip(design.values(line)).skip(1);
            let parts: Vec<String> =
                values.map(|(varied, value)| format!("{} = {value}", varied.name)).collect();
            parts.join(", ")
        };
        Self { axis, name, places, names: (0..lines).map(label).collect() }
    }

    /// The point on a line at a value of the first parameter.
    fn point(&self, line: usize, place: usize) -> usize {
        place * self.names.len() + line
    }
}

/// A line's colour and stroke.
fn look(line: usize) -> String {
    let stroke = STROKES[(line / COLOURS.len()) % STROKES.len()];
    let dashes = if stroke.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{stroke}\"") };
    format!("stroke=\"{}\"{dashes}", COLOURS[line % COLOURS.len()])
}

/// The legend and its height.
fn legend(lines: &Lines, width: f64) -> (String, f64) {
    let mut svg = String::new();
    if lines.names.len() < 2 {
        return (svg, 0.0);
    }
    let (mut left, mut middle) = (PAGE, PAGE + 1.6 * LINE);
    let start = middle;
    for (line, name) in lines.names.iter().enumerate() {
        let length = 34.0 + name.chars().count() as f64 * LETTER + 18.0;
        if left > PAGE && left + length > width - PAGE {
            (left, middle) = (PAGE, middle + LINE);
        }
        let (end, centre, colour) = (left + 26.0, left + 13.0, COLOURS[line % COLOURS.len()]);
        let look = look(line);
        let _ = writeln!(
            svg,
            "<path d=\"M{left:.1} {middle:.1}H{end:.1}\" {look} stroke-width=\"2\" fill=\"none\"/>\
             <circle cx=\"{centre:.1}\" cy=\"{middle:.1}\" r=\"3.2\" fill=\"{colour}\"/>"
        );
        text(&mut svg, (left + 34.0, middle + 4.0), "start", name);
        left += length;
    }
    (svg, middle - start + LINE)
}

/// One measure.
fn panel(svg: &mut String, corner: (f64, f64), design: &Design, lines: &Lines, series: &Series) {
    let estimates: Vec<_> = (0..design.points()).map(|point| series.at(point)).collect();
    let ends = estimates.iter().flatten().map(|it| (it.mean, it.half_width.unwrap_or(0.0)));
    let (least, most) = ends.fold((0.0_f64, 0.0_f64), |(least, most), (mean, half)| {
        (least.min(mean - half), most.max(mean + half))
    });
    let (size, unit) = unit_for(&series.unit, most.max(-least));
    let scale = Scale::from_zero(least / size, most / size);
    let frame = Frame {
        left: corner.0 + MARGIN.0,
        right: corner.0 + PANEL.0 - MARGIN.1,
        top: corner.1 + MARGIN.2,
        bottom: corner.1 + PANEL.1 - MARGIN.3,
    };
    let title = if unit.is_empty() { series.title() } else { format!("{} ({unit})", series.title()) };
    let _ = writeln!(svg, "<g>");
    text(svg, (corner.0 + 8.0, corner.1 + 16.0), "start", &shortened(&title));
    frame.axes(svg, &lines.axis, &scale, &lines.name);
    for line in 0..lines.names.len() {
        let at = |place: usize| {
            let estimate = estimates[lines.point(line, place)]?;
            let height = |value: f64| frame.y(scale.place(value / size));
            let bar =
                estimate.half_width.map(|half| (height(estimate.mean - half), height(estimate.mean + half)));
            Some(Dot { x: frame.x(lines.axis.place(lines.places[place])), y: height(estimate.mean), bar })
        };
        // Values may stand in the file in any order; a line goes from left to right.
        let mut dots: Vec<Dot> = (0..lines.places.len()).filter_map(at).collect();
        dots.sort_by(|one, other| one.x.total_cmp(&other.x));
        draw_line(svg, &dots, line);
    }
    let _ = writeln!(svg, "</g>");
}

/// A title that fits above its panel.
fn shortened(title: &str) -> String {
    if title.chars().count() <= MOST_LETTERS {
        return title.to_owned();
    }
    title.chars().take(MOST_LETTERS - 1).chain(['…']).collect()
}

/// A mean and its interval, on the page.
struct Dot {
    x: f64,
    y: f64,
    /// The lower and the upper end.
    bar: Option<(f64, f64)>,
}

/// Dots with their bars, joined.
fn draw_line(svg: &mut String, dots: &[Dot], line: usize) {
    let (colour, look) = (COLOURS[line % COLOURS.len()], look(line));
    let mut path = String::new();
    for (number, Dot { x, y, .. }) in dots.iter().enumerate() {
        let _ = write!(path, "{}{x:.1} {y:.1}", if number == 0 { 'M' } else { 'L' });
    }
    if dots.len() > 1 {
        let _ = writeln!(svg, "<path d=\"{path}\" {look} stroke-width=\"1.6\" fill=\"none\"/>");
    }
    for Dot { x, y, bar } in dots {
        if let Some((low, high)) = bar {
            let (left, right) = (x - 4.0, x + 4.0);
            let ends = format!("M{left:.1} {low:.1}H{right:.1}M{left:.1} {high:.1}H{right:.1}");
            let bar = format!("M{x:.1} {low:.1}V{high:.1}{ends}");
            let _ = writeln!(svg, "<path class=\"bar\" d=\"{bar}\" stroke=\"{colour}\" fill=\"none\"/>");
        }
        let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.2\" fill=\"{colour}\"/>");
    }
}

/// Where a panel's axes stand.
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Frame {
    fn x(&self, place: f64) -> f64 {
        self.left + place * (self.right - self.left)
    }

    fn y(&self, place: f64) -> f64 {
        self.bottom - place * (self.bottom - self.top)
    }

    fn axes(&self, svg: &mut String, across: &Scale, up: &Scale, name: &str) {
        let Self { left, right, top, bottom } = self;
        for (value, shown) in &up.ticks {
            let y = self.y(up.place(*value));
            let _ = writeln!(svg, "<path d=\"M{left:.1} {y:.1}H{right:.1}\" stroke=\"#e2e2e2\"/>");
            text(svg, (left - 8.0, y + 4.0), "end", shown);
        }
        for (value, shown) in &across.ticks {
            let x = self.x(across.place(*value));
            let _ = writeln!(svg, "<path d=\"M{x:.1} {bottom:.1}v5\" stroke=\"#888\"/>");
            text(svg, (x, bottom + 19.0), "middle", shown);
        }
        let _ = writeln!(
            svg,
            "<path d=\"M{left:.1} {top:.1}V{bottom:.1}H{right:.1}\" stroke=\"#888\" fill=\"none\"/>"
        );
        text(svg, ((left + right) / 2.0, bottom + 38.0), "middle", name);
    }
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, content: &str) {
    let mut escaped = String::new();
    for letter in content.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // XML has no other control characters than these, and no text of ours needs them.
            letter if letter.is_control() => {}
            letter => escaped.push(letter),
        }
    }
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{escaped}</text>");
}

#[cfg(test)]
mod tests {
    use throng_systems::behavior::{Kind, Value};

    use super::*;
    use crate::loader::{SweepPlan, Varied};
    use crate::sweep::figures::Selector;
    use crate::sweep::row::Row;

    fn varied(name: &str, kind: Kind, values: Vec<Value>) -> Varied {
        Varied { name: name.to_owned(), kind, values }
    }

    /// Draws runs of a measure whose value grows with point and replication; counts dots and bars.
    fn check(vary: Vec<Varied>, replications: u32, dots: usize, bars: usize, said: &[&str]) {
        let design = Design::new(SweepPlan { vary, replications }, 1);
        let mut figures = Figures::new(vec![Selector::read("mean_ns")], &design);
        for (number, run) in design.runs().enumerate() {
            let [scope, name, measure, unit] = ["step", "<a & b>", "mean_ns", "ns"].map(str::to_owned);
            let row = Row { scope, name, measure, value: number as f64 * 1e6, unit };
            figures.take(run, &[row]);
        }
        let svg = draw(&design, &figures);
        assert_eq!(svg.matches("r=\"3.2\"").count(), dots, "{svg}");
        assert_eq!(svg.matches("class=\"bar\"").count(), bars, "{svg}");
        assert!(!svg.contains("NaN") && !svg.contains("inf\""), "{svg}");
        for part in said.iter().chain(&[">step &lt;a &amp; b&gt;, mean_ns"]) {
            assert!(svg.contains(part), "no `{part}` in {svg}");
        }
    }

    #[test]
    fn a_plot_has_a_dot_a_point_and_a_line_a_combination() {
        let whole = |values: &[i64]| values.iter().copied().map(Value::Int).collect::<Vec<_>>();
        let words = ["b", "a"].map(|word| Value::Text(word.into())).to_vec();
        check(Vec::new(), 3, 1, 1, &["Means of 3 replications"]);
        check(Vec::new(), 1, 1, 0, &["One replication of each point"]);
        let n = || varied("n", Kind::Int, whole(&[1, 2, 4]));
        check(vec![n()], 2, 3, 3, &[">n</text>", ">4</text>", "(ms)"]);
        let both = vec![n(), varied("law", Kind::Text, words.clone())];
        // Two dots more in the legend.
        check(both, 2, 8, 6, &["law = a", "law = b", "#d55e00"]);
        check(vec![varied("law", Kind::Text, words), n()], 2, 9, 6, &[">a</text>", "n = 4"]);
    }
}
