//! Tests of the whole client on a wire that no network is needed for.

mod conformance;
mod talk;
mod wire;
