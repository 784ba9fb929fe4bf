//! Service times out of a recording: `time empirical "shop.recording" step=cart`.

use throng_components::workload::{Entry, Label, Mistake, Problem, Problems, Span, Spanned, did_you_mean};

use super::super::Files;
use super::super::settings::LONGEST;
use super::FileMistake;
use crate::recording::{Reader, RecordingMistake};

/// The largest recording that is drawn from: about a million tries.
const BYTES_MOST: usize = 256 << 20;

/// A mistake in a recording that an empirical law draws from.
#[derive(Debug)]
enum RecordedMistake {
    Broken { path: String, span: Span, mistake: RecordingMistake },
    UnknownStep { path: String, span: Span, step: String, known: Vec<String> },
    NoTimes { path: String, span: Span, step: String, tries: u64 },
    NoStep { path: String, span: Span },
    OfCsv { what: &'static str, span: Span, step: Span },
}

impl Mistake for RecordedMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::Broken { .. } => "T0274",
            Self::UnknownStep { .. } => "T0275",
            Self::NoTimes { .. } => "T0276",
            Self::NoStep { .. } => "T0277",
            Self::OfCsv { .. } => "T0278",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Broken { path, mistake: RecordingMistake::Foreign, .. } => {
                format!("`{path}` is no recording")
            }
            Self::Broken { path, mistake, .. } => format!("the recording `{path}` cannot be used: {mistake}"),
            Self::UnknownStep { path, step, .. } => format!("the recording `{path}` has no step `{step}`"),
            Self::NoTimes { path, step, .. } => format!("the recording `{path}` has no time of `{step}`"),
            Self::NoStep { path, .. } => format!("`{path}` is a recording, and no step of it is named"),
            Self::OfCsv { what, .. } => format!("`{what}=` says nothing of a recording"),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::Broken { span, mistake: RecordingMistake::Foreign, .. } => {
                vec![Label::new(*span, "its first line does not begin with `{\"recording\":`")]
            }
            Self::Broken { span, .. } => vec![Label::new(*span, "in this file")],
            Self::UnknownStep { span, .. } => vec![Label::new(*span, "no line of it has this step")],
            Self::NoTimes { span, tries, .. } => {
                vec![Label::new(*span, format!("none of its {tries} tries went well, out of the warm-up"))]
            }
            Self::NoStep { span, .. } => vec![Label::new(*span, "whose times?")],
            Self::OfCsv { span, step, .. } => {
                vec![Label::new(*span, "of a CSV file"), Label::new(*step, "of a recording")]
            }
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Broken { mistake: RecordingMistake::Foreign, .. } => {
                "leave out `step=` for a CSV file; `throng run FILE --record RESULT` makes a recording"
                    .to_owned()
            }
            Self::Broken { .. } => "record the run once more".to_owned(),
            Self::UnknownStep { step, known, .. } => {
                return did_you_mean(step, &known.iter().map(String::as_str).collect::<Vec<_>>());
            }
            Self::NoTimes { .. } => "record a run in which it is answered".to_owned(),
            Self::NoStep { .. } => "name one: `step=home`".to_owned(),
            Self::OfCsv { what, .. } => format!("leave out `{what}=`: times of a recording are nanoseconds"),
        })
    }
}

/// The service times of one step, in the order in which its tries ended.
///
/// # Errors
/// The file is no recording, or none with such times.
pub(super) fn times(
    path: Spanned<&str>,
    step: Spanned<&str>,
    files: &dyn Files,
) -> Result<Vec<u64>, Problems> {
    let (name, span) = (path.value.to_owned(), path.span);
    let content = files.read(path.value, BYTES_MOST).map_err(|reason| {
        Problems::from(Problem::from(FileMistake::Unreadable { path: name.clone(), span, reason }))
    })?;
    let broken = |mistake| {
        Problems::from(Problem::from(RecordedMistake::Broken { path: name.clone(), span, mistake }))
    };
    let (_, mut reader) = Reader::open(content.as_slice()).map_err(broken)?;
    let (mut times, mut tries, mut known) = (Vec::new(), 0, Vec::<String>::new());
    while let Some(record) = reader.read().map_err(broken)? {
        let Some(of) = &record.step else { continue };
        if of == step.value {
            tries += 1;
            times.extend(
                record.is_served().then(|| record.ended_ns.saturating_sub(record.started_ns).min(LONGEST.0)),
            );
        } else if !known.iter().any(|known| known == of) {
            known.push(of.clone().into_owned());
        }
    }
    if times.is_empty() {
        let (path, span, step) = (name, step.span, step.value.to_owned());
        return Err(Problems::from(Problem::from(if tries == 0 {
            RecordedMistake::UnknownStep { path, span, step, known }
        } else {
            RecordedMistake::NoTimes { path, span, step, tries }
        })));
    }
    Ok(times)
}

/// The problem of a recording without a step.
pub(super) fn without_a_step(path: String, span: Span) -> Problem {
    RecordedMistake::NoStep { path, span }.into()
}

/// The problem of a property that only a CSV file has.
pub(super) fn of_csv(what: &'static str, entry: &Entry, step: Span) -> Problem {
    RecordedMistake::OfCsv { what, span: entry.span, step }.into()
}
