//! Replays: a recording read, and the workload it was made from planned anew by it.
//!
//! The program is the recorded one, with the recorded seed. What an iteration draws follows from the seed and from its own
//! key, so that it makes the same choices and builds the same requests, at whatever speed and against whatever target.

mod origin;
mod plan;
mod recorded;

pub(crate) use origin::origin;
pub(crate) use plan::replan;
pub(crate) use recorded::{Recorded, RecordedMistake};
