//! Targets: what the load goes to.

use serde::{Deserialize, Serialize};

use crate::clock::Nanos;

/// A target's number: its place in the file, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TargetId(pub u16);

/// Where a target is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetAddress {
    /// `http://host:port/base`.
    Url {
        /// A name or an address, without brackets.
        host: String,
        /// The port.
        port: u16,
        /// What stands in front of every path; no slash at its end, empty for none.
        base: String,
    },
    /// The built-in server, on a free port.
    Demo,
    /// Answers at once, without I/O.
    Noop,
}

/// Who uses which connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionPolicy {
    /// Each user has its own.
    PerUser,
    /// All users of a thread share so many; a user waits until one is free. The bound counts over all threads.
    Shared {
        /// How many.
        limit: u32,
    },
}

/// One target, as declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its number.
    pub id: TargetId,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub address: TargetAddress,
    /// How long an attempt may take, connecting included.
    pub timeout: Nanos,
    /// Who uses which connection.
    pub connections: ConnectionPolicy,
    /// Header fields of every request.
    pub headers: Vec<(String, String)>,
}
