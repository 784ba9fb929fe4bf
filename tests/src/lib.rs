//! What the tests of throng share. The tests themselves see only the public API.

pub mod simulation;
pub mod support;
