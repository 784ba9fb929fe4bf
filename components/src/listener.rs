//! Listeners: where telemetry leaves the run.

use bevy_ecs::component::Component;
use serde::{Deserialize, Serialize};

/// One listener. Its settings are a component of its own, defined by its plug-in.
#[derive(Component, Clone, Debug)]
pub struct Listener {
    /// Its name, unique in the run.
    pub name: String,
    /// The plug-in's name.
    pub kind: &'static str,
    /// Its place among the listeners.
    pub order: u16,
}

/// Why what a listener wrote is of no use; absent where it is.
#[derive(Component, Clone, Debug, PartialEq, Eq)]
pub struct ListenerFailure(pub String);

/// What became of the records meant for a listener.
///
/// # Units
/// Records: what one of them is (a line, a span, a data point) is the listener's to say.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenerFigures {
    /// Records that reached the receiver.
    pub delivered: u64,
    /// Records that did not and never will.
    pub lost: u64,
}
