//! A recording, as far as a replay needs it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use throng_components::clock::Nanos;
use throng_components::speed::Speed;
use throng_systems::recording::{Header, LATEST, Reader, RecordingMistake};

/// Iterations that are replayed, at most: half a gigabyte of them.
const ITERATIONS_MOST: u64 = 20_000_000;
/// Users and iterations have lower numbers in every run whose recording can be read.
const NUMBER_MOST: u32 = 1 << 30;

/// A recording that has been read.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// Whose recording it is.
    pub(crate) header: Header,
    /// The iterations of each scenario, in the order in which they ended.
    pub(crate) scenarios: BTreeMap<String, Vec<Iteration>>,
    /// Lines that were lost while it was written.
    pub(crate) lost: u64,
}

/// One iteration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Iteration {
    /// When it was due.
    pub(crate) due: Nanos,
    /// Its line, from 1.
    pub(crate) line: u64,
    /// The number of its user.
    pub(crate) user: u32,
    /// Its own number: the token's, or that of the user's iteration.
    pub(crate) number: u32,
}

/// Why a recording cannot be replayed.
#[derive(Debug)]
pub(crate) enum RecordedMistake {
    /// It is not as it should be.
    Recording(RecordingMistake),
    /// It has more iterations than fit.
    TooMany,
    /// It is of a replay, and who did what in this closed scenario stands in the recording that was replayed.
    OfReplay(String),
    /// It is of a workload without this scenario.
    UnknownScenario(String),
}

impl fmt::Display for RecordedMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recording(mistake) => mistake.fmt(f),
            Self::TooMany => {
                write!(f, "it has more than {ITERATIONS_MOST} iterations, which is as many as are replayed")
            }
            Self::OfReplay(name) => write!(
                f,
                "it is the recording of a replay, in which the closed scenario `{name}` was open, so that its iterations are \
                 nobody's: replay the recording that it replayed"
            ),
            Self::UnknownScenario(name) => {
                write!(
                    f,
                    "it has iterations of `{}`, which is no scenario of the workload in its first line",
                    name.escape_debug()
                )
            }
        }
    }
}

impl From<RecordingMistake> for RecordedMistake {
    fn from(mistake: RecordingMistake) -> Self {
        Self::Recording(mistake)
    }
}

impl RecordedMistake {
    /// What is wrong in a line.
    pub(crate) fn line(line: u64, reason: impl Into<String>) -> Self {
        Self::Recording(RecordingMistake::Line { line, reason: reason.into() })
    }
}

/// A number of a user or an iteration.
fn numbered(line: u64, number: u64) -> Result<u32, RecordedMistake> {
    let known = u32::try_from(number).ok().filter(|number| (1..=NUMBER_MOST).contains(number));
    known.ok_or_else(|| {
        let reason =
            format!("users and iterations are numbered from 1 to {NUMBER_MOST}, and this is {number}");
        RecordedMistake::line(line, reason)
    })
}

impl Recorded {
    /// Reads a recording that is to be replayed at this speed.
    ///
    /// # Errors
    /// It cannot be read, is not as it should be, or would take longer than a run may.
    pub(crate) fn read(path: &Path, speed: Speed) -> Result<Self, RecordedMistake> {
        let file = File::open(path).map_err(RecordingMistake::from)?;
        let (header, mut reader) = Reader::open(BufReader::with_capacity(1 << 18, file))?;
        let mut scenarios: BTreeMap<String, Vec<Iteration>> = BTreeMap::new();
        let (mut count, mut line) = (0, 1);
        while let Some(record) = reader.read()? {
            line += 1;
            let (user, number) = (numbered(line, record.user)?, numbered(line, record.iteration)?);
            if record.step.is_some() {
                continue;
            }
            count += 1;
            if count > ITERATIONS_MOST {
                return Err(RecordedMistake::TooMany);
            }
            let iteration = Iteration { due: Nanos(record.due_ns), line, user, number };
            if speed.to_wall(iteration.due) > LATEST {
                let reason =
                    format!("at speed {speed} it is due behind 15250w, which is as long as a run may be");
                return Err(RecordedMistake::line(line, reason));
            }
            match scenarios.get_mut(record.scenario.as_ref()) {
                Some(known) => known.push(iteration),
                None => {
                    scenarios.insert(record.scenario.into_owned(), vec![iteration]);
                }
            }
        }
        Ok(Self { header, scenarios, lost: reader.lost() })
    }

    /// How many iterations there are.
    pub(crate) fn iterations(&self) -> usize {
        self.scenarios.values().map(Vec::len).sum()
    }
}
