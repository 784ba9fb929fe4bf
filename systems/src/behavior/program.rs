//! A behaviour, compiled: flat instructions, names resolved to slots.

use std::sync::Arc;

use throng_components::clock::Nanos;
use throng_components::run::StepHeader;
use throng_components::sample::{ErrorType, StepId};
use throng_components::target::TargetId;

use super::template::{EvaluationError, Frame, Template};
use crate::plugins::laws::Law;
use crate::plugins::protocols::Request;

/// One instruction. Jumps name the index of the next one.
#[derive(Debug)]
pub enum Instruction {
    /// A step that reaches for a target.
    Perform(Box<Perform>),
    /// A declared wait.
    Think(Arc<dyn Law>),
    /// Sets a variable.
    Set {
        /// The variable.
        slot: u16,
        /// Its value.
        value: Template,
    },
    /// Begins a loop: evaluates how often, goes to `end` when never.
    Repeat {
        /// The variable that counts what is left.
        counter: u16,
        /// How often.
        times: Template,
        /// Behind the loop.
        end: u32,
    },
    /// Ends a loop's body: goes back to `body` while something is left.
    Again {
        /// The variable that counts what is left.
        counter: u16,
        /// The body's first instruction.
        body: u32,
    },
    /// Draws one of several ways.
    Choose {
        /// For each way: the sum of all weights up to it, and its first instruction.
        branches: Vec<(u64, u32)>,
    },
    /// Goes on elsewhere.
    Jump(u32),
}

/// A request that may hold variables.
pub trait RequestTemplate: Send + Sync + std::fmt::Debug {
    /// The request with this user's values.
    ///
    /// # Errors
    /// When a variable is unset or a value does not fit its place: the step fails unsent.
    fn render(&self, frame: &mut Frame<'_>) -> Result<Arc<dyn Request>, EvaluationError>;
}

/// A step that reaches for a target.
#[derive(Debug)]
pub struct Perform {
    /// The measured step.
    pub step: StepId,
    /// Where to.
    pub target: TargetId,
    /// What.
    pub request: Box<dyn RequestTemplate>,
    /// How long an attempt may take.
    pub timeout: Nanos,
    /// What the answer has to be.
    pub expect: Expectations,
    /// What is kept of the answer.
    pub saves: Vec<Save>,
    /// What later steps ask of this one's result.
    pub captures: Vec<Capture>,
    /// Whether its failure ends the iteration.
    pub stop_on_failure: bool,
}

/// What an answer has to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectations {
    /// Statuses that pass; without any, all below 400 do.
    pub statuses: Vec<u16>,
}

impl Expectations {
    /// The failure that a status means.
    pub fn judge(&self, status: u16) -> ErrorType {
        let passes = if self.statuses.is_empty() { status < 400 } else { self.statuses.contains(&status) };
        match (passes, status) {
            (true, _) => ErrorType::NONE,
            (false, 400..=599) => ErrorType::status(status),
            (false, _) => ErrorType::UNEXPECTED_STATUS,
        }
    }
}

/// A value taken out of an answer.
#[derive(Debug)]
pub struct Save {
    /// The variable it goes to.
    pub slot: u16,
    /// Where it stands in a JSON body (RFC 9535). The first match is taken.
    pub path: serde_json_path::JsonPath,
}

/// A figure of a step's result that an expression names: `login.status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capture {
    /// The variable it goes to.
    pub slot: u16,
    /// Which figure.
    pub field: ResultField,
}

/// A figure of a step's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultField {
    /// The protocol's status.
    Status,
    /// Due until end.
    Response,
    /// Start until end.
    Service,
    /// Bytes received.
    Bytes,
    /// Whether it failed.
    Failed,
}

impl ResultField {
    /// All figures by the names that expressions use.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("status", Self::Status),
        ("response", Self::Response),
        ("service", Self::Service),
        ("bytes", Self::Bytes),
        ("failed", Self::Failed),
    ];
}

/// A compiled behaviour.
#[derive(Debug, Default)]
pub struct Program {
    /// The behaviour's name.
    pub name: String,
    /// What it does.
    pub instructions: Vec<Instruction>,
    /// Names of its variables; a user has one value for each.
    pub variables: Vec<String>,
    /// The measured steps in it, and what listeners are told of them.
    pub headers: Vec<(StepId, StepHeader)>,
}

impl Program {
    /// The targets that its steps reach for, one entry a step.
    pub fn targets(&self) -> impl Iterator<Item = TargetId> + '_ {
        self.instructions.iter().filter_map(|instruction| match instruction {
            Instruction::Perform(perform) => Some(perform.target),
            _ => None,
        })
    }

    /// What listeners are told of its measured steps.
    pub fn step_headers(&self) -> impl Iterator<Item = &(StepId, StepHeader)> {
        self.headers.iter()
    }
}
