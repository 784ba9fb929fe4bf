//! Exit conditions: rules that end a run or judge it at its end.

use bevy_ecs::component::Component;
use serde::{Deserialize, Serialize};

use crate::clock::Nanos;
use crate::run::Outcome;

/// When a rule is asked, and what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleRole {
    /// Ends the run with this outcome when it holds.
    StopWhen(Outcome),
    /// Fails the run when it does not hold at the end.
    Require,
}

/// One rule. What it measures is a component of its own, defined by its plug-in.
#[derive(Component, Clone, Debug)]
pub struct ExitCondition {
    /// Its place in the file: the earlier of two that hold at one instant ends the run.
    pub order: u16,
    /// The rule as written: `require response p=99 below="200ms"`.
    pub text: String,
    /// When it is asked.
    pub role: RuleRole,
    /// The unit of its value in results.
    pub unit: &'static str,
    /// For a requirement: from when on it ends the run as failed when it does not hold, after the start of its scenario or of
    /// the run.
    pub abort_after: Option<Nanos>,
}

/// Fewer values than a figure takes: it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TooFew {
    /// Values there were.
    pub count: u64,
    /// Values it takes.
    pub needed: u64,
}

/// What a rule last said.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RuleResult {
    /// The value it compared; `None` without data, and with too little of it.
    pub value: Option<f64>,
    /// Whether there was too little data to compare.
    pub too_few: Option<TooFew>,
    /// Whether it held.
    pub holds: bool,
    /// When it was last asked.
    pub at: Nanos,
}
