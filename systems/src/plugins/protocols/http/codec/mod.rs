//! HTTP/1.1 as a client reads it: bytes in, an answer out. Nothing in here does I/O, so that every way in which bytes can
//! come is a test.
//!
//! ```text
//! bytes ──► answer ──► head, or a known one ──► length: so many bytes · chunks · until the close
//!              └─────► body ──► chunked
//! ```
//!
//! However the bytes are parted, what becomes of them is the same.

mod answer;
mod body;
mod chunked;
mod head;
mod known;
mod length;

pub(crate) use self::answer::{Answer, AnswerReader, BODY_MOST, Progress};
pub(crate) use self::known::KnownHeads;
pub(crate) use self::length::Asked;
