//! What can be wrong with a recording.

use std::fmt;
use std::io;

use super::FORMAT;

/// What is wrong with a recording.
#[derive(Debug)]
pub enum RecordingMistake {
    /// The file does not begin as one.
    Foreign,
    /// It is of another version of the format.
    Version {
        /// Which.
        found: u64,
    },
    /// A line is not as it should be.
    Line {
        /// Which, from 1.
        line: u64,
        /// Why.
        reason: String,
    },
    /// It ends before its end.
    CutOff {
        /// Whole lines.
        lines: u64,
    },
    /// Something stands behind its end.
    BehindEnd {
        /// Where, from 1.
        line: u64,
    },
    /// Its end tells of more or fewer lines than there are.
    Count {
        /// What is counted.
        what: &'static str,
        /// What its end says.
        told: u64,
        /// What there is.
        found: u64,
    },
    /// It cannot be read.
    Unreadable(io::Error),
}

impl fmt::Display for RecordingMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => write!(
                f,
                "it is no recording: line 1 does not begin with `{{\"recording\":`; `throng run FILE --record RESULT` makes one"
            ),
            Self::Version { found } => {
                write!(
                    f,
                    "line 1: version {found} of the format is not known; this throng reads version {FORMAT}"
                )
            }
            Self::Line { line, reason } => write!(f, "line {line}: {reason}"),
            Self::CutOff { lines } => write!(
                f,
                "it is cut off behind line {lines}: its run was killed, or its disk was full, before its end was written"
            ),
            Self::BehindEnd { line } => write!(f, "line {line}: something follows the recording's end"),
            Self::Count { what, told, found } => {
                write!(
                    f,
                    "its end tells of {told} {what}, and it holds {found}: lines were taken out or put in"
                )
            }
            Self::Unreadable(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RecordingMistake {}

impl From<io::Error> for RecordingMistake {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}
