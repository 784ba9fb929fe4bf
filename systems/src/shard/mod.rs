//! Shards: users at home, tokens due, and the matcher that joins the two at exact instants.
//!
//! A shard is plain data and code. It does no I/O, opens no socket and reads no clock: a driver hands it orders, answers
//! and the time, and carries out the actions that it gives back. A thread's reactor and the virtual driver drive the same code.
//!
//! At one instant things happen in this order, which is the tie rule of virtual time: answers, then orders, then timers
//! and expiries, then tokens; among equals by user slot, or by scenario and number. Orders come before timers because
//! intervals are half-open: at the instant at which a shape or a run ends, nothing begins any more.

mod advance;
mod agenda;
mod hold;
mod iteration;
mod matcher;
mod orders;
mod roster;
mod settings;
mod slab;
mod users;
mod wheel;

pub use advance::Shard;
pub use matcher::{closed_key, open_key};
pub use settings::{Rhythm, ShardSettings, ShardShare};
pub use slab::{Activity, User};
pub use wheel::{TimerKey, Wheel};
