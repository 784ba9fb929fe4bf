//! The behaviour of throng: systems over the world, shards and machines, and every plug-in of the tree.

pub mod behavior;
pub mod drivers;
pub mod exit_condition;
pub mod plugins;
pub mod scheduler;
pub mod shard;
