//! Reads the instants of a trace: CSV or JSON lines, times since a start or of a calendar.

use throng_components::workload::{
    Label, Mistake, Problems, Span, Spanned, UnitMistake, did_you_mean, parse_duration,
};

use crate::behavior::Files;
use crate::plugins::laws::{UNITS, line_of};

/// The largest file that is read.
const BYTES_MOST: usize = 256 << 20;
/// Mistakes in one file that are told one by one: more than anybody mends at one time.
const MISTAKES_MOST: usize = 10;
/// The latest instant there is, 292 years, in nanoseconds.
const LATEST: u128 = i64::MAX.unsigned_abs() as u128;

/// What is wrong with one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RowMistake {
    /// It has no such column, or nothing in it.
    Short,
    /// It is no UTF-8 text.
    Text,
    /// It is no JSON object.
    Json,
    Unit(UnitMistake),
    /// It is a time of a calendar among others that are not, or the other way round.
    OtherKind,
}

/// A mistake in the file of a trace.
#[derive(Debug)]
enum TraceMistake {
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
    NoField {
        path: String,
        span: Span,
        known: Vec<String>,
    },
    Empty {
        path: String,
        span: Span,
    },
}

impl Mistake for TraceMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "T0268",
            Self::Row { .. } | Self::MoreRows { .. } => "T0269",
            Self::UnknownColumn { .. } | Self::NoField { .. } => "T0270",
            Self::Empty { .. } => "T0271",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Unreadable { path, .. } => format!("the arrivals in `{path}` cannot be read"),
            Self::Row { path, line, found, mistake, .. } => {
                let found = match mistake {
                    RowMistake::Short => return format!("`{path}`, line {line} has no value in the column"),
                    RowMistake::Text => return format!("`{path}`, line {line} is no UTF-8 text"),
                    RowMistake::Json => return format!("`{path}`, line {line} is no JSON object"),
                    _ => found,
                };
                let wrong = match mistake {
                    RowMistake::Unit(UnitMistake::NoUnit) => "has no unit",
                    RowMistake::Unit(UnitMistake::Negative) => "is negative",
                    RowMistake::Unit(UnitMistake::TooLarge) => "is above 292 years",
                    RowMistake::OtherKind => "is a time of another kind than the first one",
                    _ => "is no time",
                };
                format!("`{path}`, line {line}: `{found}` {wrong}")
            }
            Self::MoreRows { path, count, .. } => format!("`{path}` has {count} more rows that are no times"),
            Self::UnknownColumn { path, column, .. } => format!("`{path}` has no column `{column}`"),
            Self::NoField { path, .. } => format!("`{path}` holds JSON, and no field of it is named"),
            Self::Empty { path, .. } => format!("`{path}` holds no arrival"),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::Unreadable { span, reason, .. } => vec![Label::new(*span, reason.clone())],
            Self::Row { span, .. } | Self::MoreRows { span, .. } => vec![Label::new(*span, "in this file")],
            Self::UnknownColumn { span, .. } => vec![Label::new(*span, "not in the file's first line")],
            Self::NoField { span, .. } => vec![Label::new(*span, "which one is the time?")],
            Self::Empty { span, .. } => vec![Label::new(*span, "nobody arrives")],
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Unreadable { .. } => Some("paths are relative to the workload".to_owned()),
            Self::Row { mistake: RowMistake::Unit(UnitMistake::NoUnit), .. } => {
                Some("say what the numbers count: `unit=s`".to_owned())
            }
            Self::Row { unit: Some(unit), .. } => Some(format!("with `unit={unit}`, a plain number, as in `12.5`")),
            Self::Row { .. } => Some(
                "a time with its unit (`12.5ms`), a number and `unit=`, or an instant (`2026-01-31T12:00:00.5Z`)"
                    .to_owned(),
            ),
            Self::MoreRows { .. } => None,
            Self::UnknownColumn { column, known, .. } => {
                did_you_mean(column, &known.iter().map(String::as_str).collect::<Vec<_>>())
            }
            Self::NoField { known, .. } => {
                let first = known.first().map_or("time", String::as_str);
                Some(format!("name it: `column={first}`"))
            }
            Self::Empty { .. } => Some("one instant a line, as in `12.5ms`".to_owned()),
        }
    }
}

/// Instants of a file, in its order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Instants {
    /// In nanoseconds.
    pub(super) nanos: Vec<u64>,
    /// Whether they are those of a calendar, and so count from no start of the file's own.
    pub(super) of_calendar: bool,
}

/// A whole or decimal number of a unit, to the nanosecond: digits that are finer are cut off.
fn number_of(text: &str, unit: u128) -> Result<u64, UnitMistake> {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if text.starts_with('-') {
        return Err(UnitMistake::Negative);
    }
    let nanos = if !whole.is_empty() && digits(whole) && digits(fraction) {
        // More digits than these are below a nanosecond of the longest unit.
        let fraction = &fraction[..fraction.len().min(18)];
        let places = 10_u128.pow(u32::try_from(fraction.len()).unwrap_or(0));
        let part = fraction.parse::<u128>().unwrap_or(0) * unit / places;
        let whole = whole.parse::<u128>().ok().and_then(|whole| whole.checked_mul(unit));
        whole.map_or(u128::MAX, |whole| whole.saturating_add(part))
    } else {
        let number: f64 = text.parse().map_err(|_| UnitMistake::Malformed)?;
        if !number.is_finite() || number < 0.0 {
            return Err(UnitMistake::Malformed);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
        let nanos = (number * unit as f64) as u128;
        nanos
    };
    if nanos > LATEST {
        return Err(UnitMistake::TooLarge);
    }
    u64::try_from(nanos).map_err(|_| UnitMistake::TooLarge)
}

/// An instant of a calendar (RFC 3339), as nanoseconds since 1970.
fn calendar(text: &str) -> Option<u64> {
    let instant: jiff::Timestamp = text.parse().ok()?;
    u64::try_from(instant.as_nanosecond()).ok()
}

/// A file of instants, while it is read.
pub(super) struct Reader<'a> {
    path: Spanned<&'a str>,
    column: Option<Spanned<&'a str>>,
    unit: Option<(&'static str, u128)>,
    problems: Problems,
    mistakes: usize,
    instants: Instants,
}

impl<'a> Reader<'a> {
    /// Reads that file; `unit`: what plain numbers count.
    pub(super) fn new(
        path: Spanned<&'a str>,
        column: Option<Spanned<&'a str>>,
        unit: Option<&'static str>,
    ) -> Self {
        let unit = unit.and_then(|word| UNITS.iter().find(|(name, _)| *name == word));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole numbers of nanoseconds"
        )]
        let unit = unit.map(|(name, scale)| (*name, *scale as u128));
        let (problems, instants) = (Problems::new(), Instants::default());
        Self { path, column, unit, problems, mistakes: 0, instants }
    }

    fn wrong(&mut self, line: u64, found: &str, mistake: RowMistake) {
        self.mistakes += 1;
        if self.mistakes <= MISTAKES_MOST {
            let (path, span) = (self.path.value.to_owned(), self.path.span);
            let found = found.chars().take(40).collect();
            let unit = self.unit.map(|(name, _)| name);
            self.problems.push(TraceMistake::Row { path, span, line, found, mistake, unit });
        }
    }

    /// Takes one value.
    fn take(&mut self, line: u64, text: &str) {
        let read = match self.unit {
            Some((_, unit)) => number_of(text, unit),
            None => parse_duration(text).map(|time| time.0),
        };
        let (nanos, of_calendar) = match read {
            Ok(nanos) => (nanos, false),
            Err(mistake) => match calendar(text).filter(|_| self.unit.is_none()) {
                Some(nanos) => (nanos, true),
                None => return self.wrong(line, text, RowMistake::Unit(mistake)),
            },
        };
        if self.instants.nanos.is_empty() {
            self.instants.of_calendar = of_calendar;
        }
        if self.instants.of_calendar == of_calendar {
            self.instants.nanos.push(nanos);
        } else {
            self.wrong(line, text, RowMistake::OtherKind);
        }
    }

    /// All rows of a CSV file; empty lines are none.
    fn csv(&mut self, content: &[u8]) {
        let mut rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(content);
        let mut row = csv::ByteRecord::new();
        let (mut index, mut is_first) = (0, true);
        // Bytes in memory can always be read, and rows of any length are taken: there is no error.
        while rows.read_byte_record(&mut row).unwrap_or(false) {
            let line = row.position().map_or(0, |start| line_of(start, content));
            let first = std::mem::replace(&mut is_first, false);
            if first && let Some(column) = self.column {
                let Some(found) = row.iter().position(|cell| cell == column.value.as_bytes()) else {
                    let known = row.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
                    return self.unknown_column(column, known);
                };
                index = found;
                continue;
            }
            match row.get(index).map(str::from_utf8) {
                // A header begins with a letter, and nothing else may.
                Some(Ok(cell)) if first && cell.starts_with(|c: char| c.is_alphabetic() || c == '_') => {}
                None | Some(Ok("")) => self.wrong(line, "", RowMistake::Short),
                Some(Err(_)) => self.wrong(line, "", RowMistake::Text),
                Some(Ok(cell)) => self.take(line, cell),
            }
        }
    }

    /// All lines of JSON objects; empty lines are none.
    fn json(&mut self, content: &[u8]) {
        for (line, text) in (1..).zip(content.split(|byte| *byte == b'\n')) {
            if text.trim_ascii().is_empty() {
                continue;
            }
            let Ok(row) = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(text) else {
                let found = if str::from_utf8(text).is_ok() { RowMistake::Json } else { RowMistake::Text };
                self.wrong(line, "", found);
                continue;
            };
            let Some(column) = self.column else {
                let known = row.keys().cloned().collect();
                let (path, span) = (self.path.value.to_owned(), self.path.span);
                return self.problems.push(TraceMistake::NoField { path, span, known });
            };
            match row.get(column.value) {
                None if self.instants.nanos.is_empty() && self.mistakes == 0 => {
                    return self.unknown_column(column, row.keys().cloned().collect());
                }
                None | Some(serde_json::Value::Null) => self.wrong(line, "", RowMistake::Short),
                Some(serde_json::Value::String(text)) => self.take(line, text),
                Some(other) => self.take(line, &other.to_string()),
            }
        }
    }

    fn unknown_column(&mut self, column: Spanned<&str>, known: Vec<String>) {
        let (path, span) = (self.path.value.to_owned(), column.span);
        self.problems.push(TraceMistake::UnknownColumn {
            path,
            span,
            column: column.value.to_owned(),
            known,
        });
    }

    /// All instants of the file.
    ///
    /// # Errors
    /// It cannot be read, has none, or has rows that are none.
    pub(super) fn read(mut self, files: &dyn Files) -> Result<Instants, Problems> {
        let (path, span) = (self.path.value.to_owned(), self.path.span);
        match files.read(self.path.value, BYTES_MOST) {
            Ok(content) => {
                let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&content);
                let is_json = content.trim_ascii_start().starts_with(b"{");
                if is_json {
                    self.json(content);
                } else {
                    self.csv(content);
                }
                if self.mistakes > MISTAKES_MOST {
                    let count = self.mistakes - MISTAKES_MOST;
                    self.problems.push(TraceMistake::MoreRows { path, span, count });
                } else if self.instants.nanos.is_empty() && self.problems.is_empty() {
                    self.problems.push(TraceMistake::Empty { path, span });
                }
            }
            Err(reason) => self.problems.push(TraceMistake::Unreadable { path, span, reason }),
        }
        self.problems.or(self.instants)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::laws::tests::Given;

    fn read(
        content: &str,
        column: Option<&str>,
        unit: Option<&'static str>,
    ) -> Result<Instants, Vec<String>> {
        let spanned = |value| Spanned::new(value, Span::default());
        let files = Given("a.csv", content.as_bytes());
        let read = Reader::new(spanned("a.csv"), column.map(spanned), unit).read(&files);
        read.map_err(|problems| {
            problems.iter().map(|problem| format!("{} {}", problem.code, problem.message)).collect()
        })
    }

    fn check(content: &str, column: Option<&str>, unit: Option<&'static str>, expected: &[u64]) {
        let instants =
            read(content, column, unit).unwrap_or_else(|problems| panic!("{content}: {problems:?}"));
        assert_eq!(instants.nanos, expected, "{content}");
    }

    #[test]
    fn every_form_is_read() {
        check("1ms\n\n2.5ms\r\n1s\n", None, None, &[1_000_000, 2_500_000, 1_000_000_000]);
        check("at\n0\n0.000000001\n3e-9\n", None, Some("s"), &[0, 1, 3]);
        check("user,at\nann,1.5\nbob,2\n", Some("at"), Some("ms"), &[1_500_000, 2_000_000]);
        // To the nanosecond, where a number of 53 bits would be off by a hundred.
        check("1767225600.123456789\n", None, Some("s"), &[1_767_225_600_123_456_789]);
        check(
            "{\"at\": 0.25}\n{\"at\": \"7\", \"x\": []}\n",
            Some("at"),
            Some("s"),
            &[250_000_000, 7_000_000_000],
        );
        let instants = read("2026-01-01T00:00:00Z\n2026-01-01T01:00:00.5+01:00\n", None, None);
        let expected = vec![1_767_225_600_000_000_000, 1_767_225_600_500_000_000];
        assert_eq!(instants, Ok(Instants { nanos: expected, of_calendar: true }));
    }

    fn refuse(content: &str, column: Option<&str>, unit: Option<&'static str>, expected: &[&str]) {
        assert_eq!(read(content, column, unit).expect_err(content), expected);
    }

    #[test]
    fn mistakes_are_told_with_their_lines() {
        refuse("at\n1ms\n\n12\n", None, None, &["T0269 `a.csv`, line 4: `12` has no unit"]);
        refuse(
            "1\n-2\nx\n1e300\n",
            None,
            Some("s"),
            &[
                "T0269 `a.csv`, line 2: `-2` is negative",
                "T0269 `a.csv`, line 3: `x` is no time",
                "T0269 `a.csv`, line 4: `1e300` is above 292 years",
            ],
        );
        refuse(
            "1ms\n2026-01-01T00:00:00Z\n",
            None,
            None,
            &["T0269 `a.csv`, line 2: `2026-01-01T00:00:00Z` is a time of another kind than the first one"],
        );
        refuse("a,b\n1ms,2ms\n1ms\n", Some("b"), None, &["T0269 `a.csv`, line 3 has no value in the column"]);
        refuse("a,b\n1ms,2ms\n", Some("c"), None, &["T0270 `a.csv` has no column `c`"]);
        refuse("{\"at\":1}\n", None, Some("s"), &["T0270 `a.csv` holds JSON, and no field of it is named"]);
        refuse("{\"at\":1}\n", Some("t"), Some("s"), &["T0270 `a.csv` has no column `t`"]);
        refuse(
            "{\"at\":1}\n[2]\n{\"at\":null}\n",
            Some("at"),
            Some("s"),
            &["T0269 `a.csv`, line 2 is no JSON object", "T0269 `a.csv`, line 3 has no value in the column"],
        );
        refuse("at\n", None, None, &["T0271 `a.csv` holds no arrival"]);
        refuse("", None, None, &["T0271 `a.csv` holds no arrival"]);
        let many = read(&"x1\n".repeat(31), None, Some("s")).expect_err("no times");
        assert_eq!(many.len(), MISTAKES_MOST + 1);
        assert_eq!(many[MISTAKES_MOST], "T0269 `a.csv` has 20 more rows that are no times");
    }
}
