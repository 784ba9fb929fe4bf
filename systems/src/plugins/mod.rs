//! Everything that can be added with one file and two lines: a family a folder, a plug-in a file.

pub mod arrivals;
pub mod exit_conditions;
pub mod laws;
pub mod listeners;
pub mod protocols;
pub mod queues;
mod registry;
pub mod steps;

pub use registry::{LendState, Lent, NameTaken, Named, Plugin, Registry, Table};
