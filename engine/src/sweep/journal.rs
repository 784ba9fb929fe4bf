//! `runs.jsonl`: what a sweep has done so far, one line a run, so that it can be interrupted and gone on with.
//!
//! The first line says what the sweep is of. A line is written in one piece as soon as its run has ended, in whatever order
//! runs end; tables are made from it in the order of the design.

use std::fs::{File, TryLockError};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::design::{Design, Run};
use super::row::Row;

/// The form of the file.
const VERSION: u32 = 1;

/// What a sweep is of. Runs of two sweeps can stand in one file only when all of this is the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Heading {
    /// The file's form.
    sweep: u32,
    /// throng's version: another one may simulate otherwise.
    throng: String,
    /// The SHA-256 of the workload's texts.
    pub(crate) workload_sha256: String,
    /// What the replications' seeds follow from.
    pub(crate) seed: u64,
    /// Parameters that are not varied, and their values.
    pub(crate) params: Vec<(String, String)>,
    /// What was set from outside.
    pub(crate) sets: Vec<(String, String)>,
    /// What is varied.
    pub(crate) vary: Vec<(String, Vec<String>)>,
}

impl Heading {
    /// The heading of a sweep by this throng.
    pub(crate) fn new(
        workload_sha256: String,
        design: &Design,
        params: Vec<(String, String)>,
        sets: Vec<(String, String)>,
    ) -> Self {
        let values = |varied: &crate::loader::Varied| varied.values.iter().map(ToString::to_string).collect();
        let vary = design.vary.iter().map(|varied| (varied.name.clone(), values(varied))).collect();
        let throng = env!("CARGO_PKG_VERSION").to_owned();
        Self { sweep: VERSION, throng, workload_sha256, seed: design.seed, params, sets, vary }
    }

    /// What of another heading differs from this one, in words.
    fn difference(&self, found: &Self) -> Option<String> {
        if self.sweep != found.sweep || self.throng != found.throng {
            return Some(format!("was made by throng {}, and this is {}", found.throng, self.throng));
        }
        if self.workload_sha256 != found.workload_sha256 {
            return Some("is of another workload, or this one has changed since".to_owned());
        }
        if self.seed != found.seed {
            return Some(format!("has the base seed {}, and not {}", found.seed, self.seed));
        }
        if self.vary != found.vary {
            return Some(format!("varies {}, and not {}", shown(&found.vary), shown(&self.vary)));
        }
        (self != found).then(|| "has other parameters, or other values that were set from outside".to_owned())
    }
}

/// What is varied, as options would say it.
fn shown(vary: &[(String, Vec<String>)]) -> String {
    let all: Vec<String> =
        vary.iter().map(|(name, values)| format!("`{name}={}`", values.join(","))).collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join(" ") }
}

/// What came of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The point, from 0.
    pub(crate) point: usize,
    /// The replication, from 1.
    pub(crate) replication: u32,
    /// The run's seed.
    pub(crate) seed: u64,
    /// Its measures.
    pub(crate) rows: Vec<Row>,
}

impl Record {
    fn run(&self) -> Run {
        Run { point: self.point, replication: self.replication }
    }
}

/// Why there is no journal to write to, or to read from.
#[derive(Debug)]
pub(crate) enum JournalError {
    /// It cannot be read or written.
    Io(io::Error),
    /// Another process writes to it.
    Busy,
    /// It is of another sweep: how they differ.
    Differs(String),
    /// A line that is none of a sweep, from 1.
    Broken(usize),
}

impl From<io::Error> for JournalError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl std::fmt::Display for JournalError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::Busy => write!(f, "another sweep is writing to it"),
            Self::Differs(how) => write!(f, "it {how}; choose another `--out`"),
            Self::Broken(line) => write!(f, "line {line} is none that a sweep has written"),
        }
    }
}

/// Where a line begins and how long it is.
type Place = (u64, usize);

/// The file, and where in it each run stands.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    /// The file's length, as far as it is whole.
    end: u64,
    /// By [`Design::index`].
    places: Vec<Option<Place>>,
}

impl Journal {
    /// The name of the file in a sweep's directory.
    pub(crate) const NAME: &str = "runs.jsonl";

    /// The path of the file.
    pub(crate) fn path(directory: &Path) -> PathBuf {
        directory.join(Self::NAME)
    }

    /// The base seed of a sweep that has been begun.
    ///
    /// # Errors
    /// The file is there and is none of a sweep, or cannot be read.
    pub(crate) fn seed(path: &Path) -> Result<Option<u64>, JournalError> {
        let mut line = String::new();
        match File::open(path) {
            Ok(file) => BufReader::new(file).read_line(&mut line)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if !line.ends_with('\n') {
            return Ok(None);
        }
        let heading: Heading = serde_json::from_str(&line).map_err(|_| JournalError::Broken(1))?;
        Ok(Some(heading.seed))
    }

    /// Opens the file of a sweep, or makes it; what was written in part is taken off.
    ///
    /// # Errors
    /// See [`JournalError`].
    pub(crate) fn open(path: &Path, heading: &Heading, design: &Design) -> Result<Self, JournalError> {
        let file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::Busy),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let places = vec![None; design.points() * design.replications as usize];
        let mut journal = Self { file, end: 0, places };
        journal.read(heading, design)?;
        journal.file.set_len(journal.end)?;
        if journal.end == 0 {
            journal.append_line(heading)?;
        }
        Ok(journal)
    }

    fn read(&mut self, heading: &Heading, design: &Design) -> Result<(), JournalError> {
        let mut reader = BufReader::new(&self.file);
        let (mut line, mut number, mut end) = (Vec::new(), 0, 0);
        loop {
            line.clear();
            let length = reader.read_until(b'\n', &mut line)?;
            if !line.ends_with(b"\n") {
                break;
            }
            number += 1;
            let broken = |_| JournalError::Broken(number);
            if number == 1 {
                let found: Heading = serde_json::from_slice(&line).map_err(broken)?;
                if let Some(how) = heading.difference(&found) {
                    return Err(JournalError::Differs(how));
                }
            } else {
                let run = serde_json::from_slice::<Record>(&line).map_err(broken)?.run();
                // Runs beyond those that are asked for today stay for another day.
                if design.has(run) {
                    self.places[design.index(run)].get_or_insert((end, length));
                }
            }
            end += length as u64;
        }
        self.end = end;
        Ok(())
    }

    fn append_line(&mut self, content: &impl Serialize) -> io::Result<Place> {
        let mut line = serde_json::to_vec(content)?;
        line.push(b'\n');
        self.file.write_all_at(&line, self.end)?;
        self.file.flush()?;
        let place = (self.end, line.len());
        self.end += line.len() as u64;
        Ok(place)
    }

    /// Adds a run.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn append(&mut self, record: &Record, design: &Design) -> io::Result<()> {
        let place = self.append_line(record)?;
        self.places[design.index(record.run())] = Some(place);
        Ok(())
    }

    /// How many runs it has.
    pub(crate) fn done(&self) -> usize {
        self.places.iter().flatten().count()
    }

    /// Whether it has that run.
    pub(crate) fn has(&self, index: usize) -> bool {
        self.places.get(index).is_some_and(Option::is_some)
    }

    /// The run of that index in the design, when it has been done.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn record(&self, index: usize) -> io::Result<Option<Record>> {
        let Some((start, length)) = self.places.get(index).copied().flatten() else { return Ok(None) };
        let mut line = vec![0; length];
        self.file.read_exact_at(&mut line, start)?;
        Ok(Some(serde_json::from_slice(&line)?))
    }
}
