//! Virtual time: the instants of modelled events, one after the other, as fast as they can be computed.

mod answerers;
mod calls;
mod deadlines;
mod driver;
mod event_log;
mod job;
mod pending;
mod service;
mod services;
mod sharing;
mod spans;
mod station;
mod traps;

pub use driver::{Halt, Simulation, SimulationSettings};
pub use event_log::EventLog;
pub use service::{Episode, EpisodeKind, Service, ServiceCall, ServiceStep, USUAL_RANK};
