//! The behaviour of throng: systems over the world, shards and machines, and every plug-in of the tree.
//!
//! ```text
//! Collect ─► Allocate ─► Schedule ─► Execute ─► Observe ─► Judge ─► Export
//! collector  allocator   scheduler   executor   observer   exit_condition, run_state   exporter
//! ```
//! [`schedules`] puts them in order. [`shard`] and [`behavior`] are the other half: pure, and driven by [`drivers`].

pub mod allocator;
mod arithmetic;
pub mod behavior;
pub mod collector;
pub mod drivers;
pub mod estimators;
pub mod executor;
pub mod exit_condition;
pub mod exporter;
pub mod gap_observer;
mod json;
pub mod links;
pub mod live_control;
pub mod live_view;
pub mod observer;
pub mod plugins;
pub mod recorded_arrivals;
pub mod recording;
pub mod run_state;
pub mod saved_world;
pub mod scheduler;
pub mod schedules;
pub mod shard;
pub mod start_after;
pub mod token_tables;
