//! The event log, read back.

use serde_json::Value;

/// One attempt of a step, one group, or one iteration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The scenario's name.
    pub scenario: String,
    /// The step's or group's name; empty for an iteration.
    pub step: String,
    /// The user's number.
    pub user: u64,
    /// The iteration's number.
    pub iteration: u64,
    /// Which operation of its iteration it was.
    pub ordinal: u64,
    /// When it was due.
    pub due: u64,
    /// When its user was free.
    pub ready: u64,
    /// When it began.
    pub started: u64,
    /// When it ended.
    pub ended: u64,
    /// How it ended: `succeeded`, `failed`, `cut`.
    pub outcome: String,
    /// The status that came back, or 0.
    pub status: u64,
    /// Why it failed, or nothing.
    pub error: String,
    /// Which try of its step, from 1; 0 for a step that failed unsent.
    pub attempt: u64,
}

impl Record {
    /// The strand of its iteration: 0 but within a `parallel`.
    pub fn strand(&self) -> u64 {
        self.ordinal >> 26
    }
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A user was made: its scenario, its number, when.
    Created(String, u64, u64),
    /// A user went: its scenario, its number, when.
    Retired(String, u64, u64),
    /// A step has ended, with this try.
    Step(Record),
    /// A try failed and is followed by another one.
    Retried(Record),
    /// A group has ended.
    Group(Record),
    /// An iteration ended.
    Iteration(Record),
}

impl Event {
    /// When it happened.
    pub fn at(&self) -> u64 {
        match self {
            Self::Created(_, _, at) | Self::Retired(_, _, at) => *at,
            Self::Step(record) | Self::Retried(record) | Self::Group(record) | Self::Iteration(record) => {
                record.ended
            }
        }
    }
}

/// Reads a whole log.
///
/// # Panics
/// At a line that is not an event.
pub fn read_log(log: &[u8]) -> Vec<Event> {
    let text = std::str::from_utf8(log).expect("the log is text");
    assert!(text.is_empty() || text.ends_with('\n'), "the last line is whole");
    text.lines().map(read_line).collect()
}

fn read_line(line: &str) -> Event {
    let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let number = |name: &str| value[name].as_u64().unwrap_or_else(|| panic!("no {name} in {line}"));
    let record = || Record {
        scenario: text("scenario"),
        step: text("step"),
        user: number("user"),
        iteration: number("iteration"),
        ordinal: number("ordinal"),
        due: number("due_ns"),
        ready: number("ready_ns"),
        started: number("started_ns"),
        ended: number("ended_ns"),
        outcome: text("outcome"),
        status: number("status"),
        error: text("error"),
        attempt: value["attempt"].as_u64().unwrap_or(1),
    };
    let event = match value["event"].as_str() {
        Some("user-created") => Event::Created(text("scenario"), number("user"), number("at_ns")),
        Some("user-retired") => Event::Retired(text("scenario"), number("user"), number("at_ns")),
        Some("step") => Event::Step(record()),
        Some("retried") => Event::Retried(record()),
        Some("group") => Event::Group(record()),
        Some("iteration") => Event::Iteration(record()),
        _ => panic!("no event: {line}"),
    };
    assert_eq!(number("at_ns"), event.at(), "{line}");
    event
}
