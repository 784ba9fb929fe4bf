//! Times as they were measured: `think empirical "waits.csv"`.
//!
//! ```kdl
//! think empirical "waits.csv" column=wait unit=ms
//! time empirical "shop.recording" step=cart
//! ```

mod recorded;

use std::sync::Arc;

use throng_components::clock::Nanos;
use throng_components::seed::below;
use throng_components::workload::{
    ArgumentSpec, FieldSpec, Fields, Label, Mistake, NodeSpec, Problems, Span, Spanned, UnitMistake,
    ValueKind, did_you_mean, parse_duration,
};

use super::settings::LONGEST;
use super::{Draws, Files, Law, LawKind};
use crate::recording::BEGINS;

/// The largest file that is read.
const BYTES_MOST: usize = 16 << 20;
/// Mistakes in one file that are told one by one: more than anybody mends at one time.
const MISTAKES_MOST: usize = 10;
/// Units of numbers without one, and their nanoseconds.
pub(in crate::plugins) const UNITS: &[(&str, f64)] = &[
    ("ns", 1.0),
    ("us", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 6e10),
    ("h", 3.6e12),
    ("d", 8.64e13),
    ("w", 6.048e14),
];

/// Times of a file, drawn by inverse transform of their distribution.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Empirical {
    /// Sorted, at least one.
    times: Arc<[u64]>,
    /// Whether what lies between two times is drawn as well.
    interpolates: bool,
    /// In nanoseconds.
    mean: f64,
}

/// What is wrong with one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RowMistake {
    /// Its row has no such column.
    Short,
    Unit(UnitMistake),
    /// The file does not keep to the form of CSV.
    Text,
}

/// A mistake in the file of an empirical law.
#[derive(Debug)]
enum FileMistake {
    Unreadable {
        path: String,
        span: Span,
        reason: String,
    },
    Row {
        path: String,
        span: Span,
        line: u64,
        found: String,
        mistake: RowMistake,
        unit: Option<&'static str>,
    },
    MoreRows {
        path: String,
        span: Span,
        count: usize,
    },
    UnknownColumn {
        path: String,
        span: Span,
        column: String,
        known: Vec<String>,
    },
    Empty {
        path: String,
        span: Span,
    },
}

impl Mistake for FileMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "T0250",
            Self::Row { .. } | Self::MoreRows { .. } => "T0251",
            Self::UnknownColumn { .. } => "T0252",
            Self::Empty { .. } => "T0253",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Unreadable { path, .. } => format!("the times in `{path}` cannot be read"),
            Self::Row { path, line, found, mistake, .. } => match mistake {
                RowMistake::Short => format!("`{path}`, line {line} has no value in the column"),
                RowMistake::Text => format!("`{path}`, line {line} is no UTF-8 text"),
                RowMistake::Unit(UnitMistake::NoUnit) => {
                    format!("`{path}`, line {line}: `{found}` has no unit")
                }
                RowMistake::Unit(UnitMistake::Negative) => {
                    format!("`{path}`, line {line}: `{found}` is negative")
                }
                RowMistake::Unit(UnitMistake::TooLarge) => {
                    format!("`{path}`, line {line}: `{found}` is above 292 years")
                }
                RowMistake::Unit(_) => format!("`{path}`, line {line}: `{found}` is no time"),
            },
            Self::MoreRows { path, count, .. } => format!("`{path}` has {count} more rows that are no times"),
            Self::UnknownColumn { path, column, .. } => format!("`{path}` has no column `{column}`"),
            Self::Empty { path, .. } => format!("`{path}` holds no time"),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::Unreadable { span, reason, .. } => vec![Label::new(*span, reason.clone())],
            Self::Row { span, .. } | Self::MoreRows { span, .. } => vec![Label::new(*span, "in this file")],
            Self::UnknownColumn { span, .. } => vec![Label::new(*span, "not in the file's first line")],
            Self::Empty { span, .. } => vec![Label::new(*span, "nothing to draw from")],
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Unreadable { .. } => Some("paths are relative to the workload".to_owned()),
            Self::Row { mistake: RowMistake::Unit(UnitMistake::NoUnit), .. } => {
                Some("say what the numbers count: `unit=ms`".to_owned())
            }
            Self::Row { unit: Some(unit), .. } => {
                Some(format!("with `unit={unit}`, a plain number, as in `12.5`"))
            }
            Self::Row { .. } => {
                Some("a time with its unit, as in `12.5ms`, or a number and `unit=`".to_owned())
            }
            Self::MoreRows { .. } => None,
            Self::UnknownColumn { column, known, .. } => {
                did_you_mean(column, &known.iter().map(String::as_str).collect::<Vec<_>>())
            }
            Self::Empty { .. } => Some("one time a line, as in `12.5ms`".to_owned()),
        }
    }
}

/// One cell as nanoseconds: with its own unit, or a number of those.
fn cell_time(cell: &str, unit: Option<f64>) -> Result<u64, UnitMistake> {
    let Some(unit) = unit else { return parse_duration(cell).map(|time| time.0) };
    let number: f64 = cell.parse().map_err(|_| UnitMistake::Malformed)?;
    // What was measured may have more digits than nanoseconds: it is rounded, where a workload's own quantity is not.
    let nanos = number * unit;
    if nanos.is_nan() || nanos < 0.0 {
        return Err(if nanos < 0.0 { UnitMistake::Negative } else { UnitMistake::Malformed });
    }
    if nanos < LONGEST.0 as f64 { Ok(Nanos::from_f64(nanos).0) } else { Err(UnitMistake::TooLarge) }
}

/// The line of a row, counted from 1: a row is said to start before the empty lines in front of it.
pub(in crate::plugins) fn line_of(start: &csv::Position, content: &[u8]) -> u64 {
    let from = usize::try_from(start.byte()).map_or(content.len(), |byte| byte.min(content.len()));
    let before = content[from..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    start.line() + before.filter(|byte| **byte == b'\n').count() as u64
}

/// A file of times, while it is read.
struct Reader<'a> {
    path: Spanned<&'a str>,
    column: Option<Spanned<&'a str>>,
    unit: Option<(&'static str, f64)>,
    problems: Problems,
    mistakes: usize,
    /// Whether the file is none of CSV at all.
    is_recording: bool,
}

impl Reader<'_> {
    fn wrong(&mut self, line: u64, found: &str, mistake: RowMistake) {
        self.mistakes += 1;
        if self.mistakes <= MISTAKES_MOST {
            let (path, span) = (self.path.value.to_owned(), self.path.span);
            let found = found.chars().take(40).collect();
            let unit = self.unit.map(|(name, _)| name);
            self.problems.push(FileMistake::Row { path, span, line, found, mistake, unit });
        }
    }

    /// All times of the file, in its order; empty lines are none.
    fn times(&mut self, content: &[u8]) -> Vec<u64> {
        let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        let mut rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(content);
        let mut row = csv::ByteRecord::new();
        let (mut times, mut index, mut is_first) = (Vec::new(), 0, true);
        // Bytes in memory can always be read, and rows of any length are taken: there is no error.
        while rows.read_byte_record(&mut row).unwrap_or(false) {
            let line = row.position().map_or(0, |start| line_of(start, content));
            let first = std::mem::replace(&mut is_first, false);
            let Some(cells) = row.iter().map(|cell| str::from_utf8(cell).ok()).collect::<Option<Vec<_>>>()
            else {
                self.wrong(line, "", RowMistake::Text);
                continue;
            };
            if first && let Some(column) = self.column {
                let Some(found) = cells.iter().position(|cell| *cell == column.value) else {
                    let (path, span) = (self.path.value.to_owned(), column.span);
                    let known = cells.iter().map(|cell| (*cell).to_owned()).collect();
                    let column = column.value.to_owned();
                    self.problems.push(FileMistake::UnknownColumn { path, span, column, known });
                    return Vec::new();
                };
                index = found;
                continue;
            }
            match cells.get(index) {
                // A header begins with no digit, and nothing else may.
                Some(cell) if first && cell.starts_with(|c: char| c.is_alphabetic() || c == '_') => {}
                None | Some(&"") => self.wrong(line, "", RowMistake::Short),
                Some(cell) => match cell_time(cell, self.unit.map(|(_, scale)| scale)) {
                    Ok(time) => times.push(time),
                    Err(mistake) => self.wrong(line, cell, RowMistake::Unit(mistake)),
                },
            }
        }
        times
    }

    /// All times of the file, or what is wrong with them.
    fn read(mut self, files: &dyn Files) -> Result<Vec<u64>, Problems> {
        let (path, span) = (self.path.value.to_owned(), self.path.span);
        let times = match files.read(self.path.value, BYTES_MOST) {
            Ok(content) if content.starts_with(BEGINS) => {
                self.is_recording = true;
                Vec::new()
            }
            Ok(content) => self.times(&content),
            Err(reason) => {
                self.problems.push(FileMistake::Unreadable { path, span, reason });
                return self.problems.or(Vec::new());
            }
        };
        if self.is_recording {
            self.problems.push(recorded::without_a_step(path, span));
        } else if self.mistakes > MISTAKES_MOST {
            let count = self.mistakes - MISTAKES_MOST;
            self.problems.push(FileMistake::MoreRows { path, span, count });
        } else if times.is_empty() && self.problems.is_empty() {
            self.problems.push(FileMistake::Empty { path, span });
        }
        self.problems.or(times)
    }
}

impl Empirical {
    fn of(mut times: Vec<u64>, interpolates: bool) -> Self {
        times.sort_unstable();
        let sum: u128 = times.iter().map(|time| u128::from(*time)).sum();
        let (first, last) = (times[0], times[times.len() - 1]);
        let mean = if interpolates && times.len() > 1 {
            // The two ends have half the weight of the others.
            (sum as f64 - f64::midpoint(first as f64, last as f64)) / (times.len() - 1) as f64
        } else {
            sum as f64 / times.len() as f64
        };
        Self { times: times.into(), interpolates, mean }
    }
}

impl LawKind for Empirical {
    const SPEC: NodeSpec = NodeSpec {
        name: "empirical",
        summary: "Takes times as they were measured: each value of a CSV file, or of a recording's step, is as likely.",
        sample: "think empirical \"waits.csv\"",
        arguments: &[ArgumentSpec::of(
            "file",
            ValueKind::Text,
            "A CSV file beside the workload, of 16 MiB at most, with one time a line; a first line of names is skipped. Or, with \
             `step=`, a recording of 256 MiB at most.",
        )],
        properties: &[
            FieldSpec::of(
                "column",
                ValueKind::Name,
                "The column, by its name in the first line; the first one without it.",
            ),
            FieldSpec::of(
                "unit",
                ValueKind::Word(&["ns", "us", "ms", "s", "m", "h", "d", "w"]),
                "What plain numbers count, rounded to the nanosecond; without it each value has its own unit.",
            ),
            FieldSpec::of(
                "step",
                ValueKind::Name,
                "The step of a recording whose service times are drawn: of all tries that went well, out of the warm-up.",
            ),
            FieldSpec {
                name: "interpolate",
                kind: ValueKind::Word(&["on", "off"]),
                default: "off",
                summary: "Whether times between two neighbours are drawn as well, each as likely.",
            },
        ],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>, files: &dyn Files) -> Result<Self, Problems> {
        let path = fields.text_argument(0);
        let column = fields.text("column");
        let word = fields.word("unit");
        let unit = word.and_then(|word| UNITS.iter().find(|(name, _)| *name == word)).copied();
        let interpolates = fields.word("interpolate") == Some("on");
        // A unit that could not be read would make every row wrong: its mistake comes first.
        let is_whole = unit.is_some() || fields.node().property("unit").is_none();
        let step = fields.text("step");
        let Some(path) = path.filter(|_| is_whole) else { return fields.finish(None) };
        let times = if let Some(step) = step {
            for what in ["column", "unit"] {
                if let Some(entry) = fields.node().property(what) {
                    fields.problem(recorded::of_csv(what, entry, step.span));
                }
            }
            recorded::times(path, step, files)
        } else {
            Reader { path, column, unit, problems: Problems::new(), mistakes: 0, is_recording: false }
                .read(files)
        };
        let times = fields.take(times);
        fields.finish(times.map(|times| Self::of(times, interpolates)))
    }
}

impl Law for Empirical {
    /// By inverse transform: one draw. The sorted values are the quantile function, as steps, or joined by lines (the seventh
    /// of Hyndman and Fan, "Sample quantiles in statistical packages", The American Statistician 50, 1996).
    fn draw(&self, draws: &mut Draws) -> Nanos {
        let bits = draws.next();
        let count = self.times.len() as u64;
        let at = |index: u64| self.times[usize::try_from(index).unwrap_or_default()];
        if !self.interpolates || count == 1 {
            return Nanos(at(below(bits, count)));
        }
        let place = u128::from(bits) * u128::from(count - 1);
        #[expect(clippy::cast_possible_truncation, reason = "the lower and the upper half of a product")]
        let (index, part) = ((place >> 64) as u64, place as u64);
        let (low, high) = (at(index), at(index + 1));
        // Below the length of the gap, up to it: as for a uniform time, both ends belong to it.
        Nanos(low + below(part, high - low + 1))
    }

    fn mean(&self) -> f64 {
        self.mean
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Given, check, check_shape, read_beside};
    use super::*;

    fn law(content: &str, properties: &[(&str, &str)]) -> Result<Empirical, Problems> {
        read_beside::<Empirical>(&["waits.csv"], properties, &Given("waits.csv", content.as_bytes()))
    }

    fn codes(content: &str, properties: &[(&str, &str)]) -> Vec<&'static str> {
        let problems = law(content, properties).expect_err("a mistake");
        problems.iter().map(|problem| problem.code).collect()
    }

    #[test]
    fn keeps_mean_and_variance() {
        let drawn = law("1s\n2s\n2s\n7s\n", &[]).expect("a law");
        check(&drawn, 3e9, 5.5e18, &[2_000_000_000, 2_000_000_000, 1_000_000_000]);
        // From 1 s to 3 s and from 3 s to 7 s, each half of the time: means 2 s and 5 s, variances 4/12 and 16/12.
        let drawn = law("7s\n1s\n3s\n", &[("interpolate", "on")]).expect("a law");
        check(&drawn, 3.5e9, 1e18 * (10.0 / 12.0 + 2.25), &[2_434_079_822, 4_517_421_152, 1_383_411_975]);
        check_shape(&drawn, |x| if x < 3e9 { (x - 1e9) / 4e9 } else { 0.5 + (x - 3e9) / 8e9 });
    }

    #[test]
    fn a_single_time_is_always_the_same() {
        for interpolate in ["on", "off"] {
            check(&law("5ms", &[("interpolate", interpolate)]).expect("a law"), 5e6, 0.0, &[5_000_000; 3]);
        }
    }

    #[test]
    fn columns_headers_units() {
        let times = |content: &str, properties: &[(&str, &str)]| {
            law(content, properties).expect("a law").times.to_vec()
        };
        assert_eq!(times("wait\n1ms\n\n0.5ms\r\n", &[]), [500_000, 1_000_000]);
        assert_eq!(
            times("\u{feff}at,\"the wait\"\n1, 2.5\n3,4\n", &[("column", "the wait"), ("unit", "us")]),
            [2_500, 4_000]
        );
        assert_eq!(times("0.0123456789012\n1e-3\n0", &[("unit", "s")]), [0, 1_000_000, 12_345_679]);
        assert_eq!(times("1ms,anything\n\"2ms\"", &[]), [1_000_000, 2_000_000]);
    }

    #[test]
    fn mistakes_are_told_with_their_lines() {
        assert_eq!(codes("12\n", &[]), ["T0251"]);
        assert_eq!(codes("1ms\n-1ms\n\nabc\n", &[]), ["T0251", "T0251"]);
        assert_eq!(codes("1\n1e30\n-2\ninf\n1ms\n", &[("unit", "s")]), ["T0251"; 4]);
        assert_eq!(codes("a,b\n1ms,2ms\n1ms\n", &[("column", "b")]), ["T0251"]);
        assert_eq!(codes("a,b\n1ms,2ms\n", &[("column", "c")]), ["T0252"]);
        assert_eq!(codes("", &[]), ["T0253"]);
        assert_eq!(codes("wait\n", &[]), ["T0253"]);
        assert_eq!(codes("1ms\n", &[("unit", "years")]), ["T0027"]);
        assert_eq!(codes(&"x1\n".repeat(30), &[]).len(), MISTAKES_MOST + 1);
        let problems = law("wait\n1ms\n\n2msec\n", &[]).expect_err("a mistake");
        let message = problems.iter().next().map(|problem| problem.message.clone());
        assert_eq!(message.as_deref(), Some("`waits.csv`, line 4: `2msec` is no time"));
        let problems =
            read_beside::<Empirical>(&["other.csv"], &[], &Given("waits.csv", b"")).expect_err("no file");
        assert_eq!(problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), ["T0250"]);
    }

    /// A recording of two steps: `home` took 5 and 8 ns where it went well, `cart` went wrong.
    const RECORDING: &str = concat!(
        r#"{"recording":1,"throng":"0.1.0","run_id":"r","workload":"w.kdl","clock":"real","speed":1.0,"seed":7,"set":[],"files":[]}"#,
        "\n",
        r#"{"scenario":"s","step":"home","user":1,"iteration":1,"ordinal":0,"attempt":1,"outcome":"succeeded","due_ns":1,"started_ns":2,"ended_ns":7}"#,
        "\n",
        r#"{"scenario":"s","step":"home","user":1,"iteration":2,"ordinal":0,"attempt":1,"outcome":"succeeded","due_ns":1,"started_ns":2,"ended_ns":10}"#,
        "\n",
        r#"{"scenario":"s","step":"home","user":1,"iteration":3,"ordinal":0,"attempt":1,"outcome":"succeeded","due_ns":1,"started_ns":2,"ended_ns":99,"warm_up":true}"#,
        "\n",
        r#"{"scenario":"s","step":"home","user":1,"iteration":4,"ordinal":0,"attempt":0,"outcome":"failed","due_ns":1,"started_ns":2,"ended_ns":2}"#,
        "\n",
        r#"{"scenario":"s","step":"cart","user":1,"iteration":4,"ordinal":1,"attempt":1,"outcome":"cut","due_ns":1,"started_ns":2,"ended_ns":4}"#,
        "\n",
        r#"{"end":true,"iterations":0,"tries":5,"lost":0}"#,
        "\n",
    );

    #[test]
    fn a_recordings_times_are_those_of_its_step() {
        let drawn = law(RECORDING, &[("step", "home")]).expect("a law");
        assert_eq!(drawn.times.to_vec(), [5, 8]);
        assert!((drawn.mean() - 6.5).abs() < 1e-12);
        assert_eq!(codes(RECORDING, &[("step", "hom")]), ["T0275"]);
        assert_eq!(codes(RECORDING, &[("step", "cart")]), ["T0276"]);
        assert_eq!(codes(RECORDING, &[]), ["T0277"]);
        assert_eq!(
            codes(RECORDING, &[("step", "home"), ("unit", "ms"), ("column", "x")]),
            ["T0278", "T0278"]
        );
        assert_eq!(codes("1ms\n", &[("step", "home")]), ["T0274"]);
        let cut_off = RECORDING.rsplit_once("{\"end\"").expect("an end").0;
        let problems = law(cut_off, &[("step", "home")]).expect_err("it is cut off");
        let message = problems.iter().next().map(|problem| problem.message.clone()).unwrap_or_default();
        assert!(message.contains("cut off behind line 6"), "{message}");
    }
}
