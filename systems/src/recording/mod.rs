//! Recordings: what a run did, in a file that can be read by people and programs, replayed, and drawn from.
//!
//! A recording is JSON, an object a line. Members that say nothing are left out.
//!
//! The first line is the header; `recording` is its first member:
//!
//! | member | type | meaning |
//! |---|---|---|
//! | `recording` | integer | the format's version: 1 |
//! | `throng`, `run_id` | string | whose recording it is |
//! | `workload` | string | the workload's path as it was given |
//! | `clock` | string | `real` or `virtual` |
//! | `speed` | number | seconds of the run's time in one of wall time |
//! | `seed` | integer | the seed of all that was random |
//! | `replay_of` | object | for a replay: the run that it did again, `run_id`, and how many times as fast, `speed` |
//! | `set` | array | what was said over the file: names and values, as with `--set` |
//! | `files` | array | the texts of the workload and of what it includes: `name` and `text` |
//!
//! Each line behind it is an iteration, or with a `step` one try of it, as soon as that has ended:
//!
//! | member | type | meaning |
//! |---|---|---|
//! | `scenario`, `step` | string | names as in the workload |
//! | `user` | integer | the user's number within its scenario, from 1 |
//! | `iteration` | integer | the token's number (open) or the user's own iteration number (closed), from 1 |
//! | `ordinal`, `attempt` | integer | a try's: which operation of the iteration, from 0; which try of it, from 1, and 0 for one that failed unsent |
//! | `retried` | boolean | whether another try of the step followed |
//! | `outcome` | string | `succeeded`, `failed`, `cut` or `crashed` |
//! | `status`, `error` | integer, string | the protocol's status; why it failed |
//! | `due_ns`, `started_ns`, `ended_ns` | integer | since the run's start, in its time; an iteration starts when it has a user |
//! | `bytes_sent`, `bytes_received` | integer | a try's sizes, heads included |
//! | `warm_up` | boolean | whether results leave it out |
//!
//! The last line is the end: `{"end":true,"iterations":…,"tries":…,"lost":…}`, with how many lines of either kind there are
//! and how many are missing because the disk did not keep up. A recording without it is cut off.

mod mistake;
mod reader;
mod record;

pub use mistake::RecordingMistake;
pub use reader::{BEGINS, LATEST, Reader};
pub use record::{End, FORMAT, Header, HeaderText, Record};
