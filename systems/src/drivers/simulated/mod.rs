//! Virtual time: the instants of modelled events, one after the other, as fast as they can be computed.

mod driver;
mod event_log;
mod pending;
mod service;

pub use driver::{Halt, Simulation, SimulationSettings};
pub use event_log::EventLog;
pub use service::{Discipline, Service};
