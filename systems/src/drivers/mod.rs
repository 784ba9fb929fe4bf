//! Drivers: what makes a shard run. A thread drives one with a reactor, against sockets; the simulation drives one with
//! modelled services, in virtual time. The shard is the same.

pub mod simulated;
pub mod thread;
