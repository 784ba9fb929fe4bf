//! A behaviour, compiled: flat instructions, names resolved to slots.

use std::sync::Arc;

use throng_components::clock::Nanos;
use throng_components::run::StepHeader;
use throng_components::sample::StepId;
use throng_components::speed::Speed;
use throng_components::target::TargetId;

use super::answer::{Capture, Expectations, Save};
use super::group::Group;
use super::retry::Retry;
use super::session::Conduct;
use super::template::{EvaluationError, Frame, Template};
use crate::plugins::laws::{Draws, Law};
use crate::plugins::protocols::{Keep, Rendered};

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
    /// Begins a loop's round while something holds, at most so often; goes to `end` when it does not.
    While {
        /// The variable that counts the rounds.
        counter: u16,
        /// What has to hold.
        condition: Template,
        /// Rounds, at most.
        most: u32,
        /// Behind the loop.
        end: u32,
    },
    /// Goes on where something holds, and elsewhere where it does not.
    When {
        /// What has to hold.
        condition: Template,
        /// Where to go on when it does not.
        otherwise: u32,
        /// Where to go on when nobody can tell.
        after: u32,
    },
    /// Goes on elsewhere.
    Jump(u32),
    /// Begins a pass through a group.
    Enter(Group),
    /// Ends it.
    Leave(Group),
    /// Begins several strands at one time, and goes on when all have ended.
    Parallel {
        /// The first instruction of each.
        first: Vec<u32>,
        /// Behind all of them.
        after: u32,
    },
    /// Ends a strand.
    Join,
    /// Ends the iteration.
    Stop(Stopped),
}

/// What a `stop` ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The iteration alone.
    Iteration,
    /// Its user, too, which leaves.
    User,
    /// Its whole scenario, too: nothing of it begins any more.
    Scenario,
}

/// A request that may hold variables.
pub trait RequestTemplate: Send + Sync + std::fmt::Debug {
    /// The request with this user's values.
    ///
    /// # Errors
    /// When a variable is unset or a value does not fit its place: the step fails unsent.
    fn render(&self, frame: &mut Frame<'_>) -> Result<Rendered<'_>, EvaluationError>;
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
    /// What of the answer is looked at for these, or for the user's cookies.
    pub keep: Keep,
    /// How it deals with cookies and redirects; `None` for a protocol without them.
    pub conduct: Option<Box<Conduct>>,
    /// What later steps ask of this one's result.
    pub captures: Vec<Capture>,
    /// Whether its failure ends the iteration.
    pub stop_on_failure: bool,
    /// Whether it is tried again.
    pub retry: Option<Retry>,
    /// The groups that it stands in, by their first variable, outermost first.
    pub groups: Vec<u16>,
}

impl Perform {
    /// A step of which nothing is asked but that it is done: no expectation, nothing kept, one try.
    pub fn plain(step: StepId, target: TargetId, request: Box<dyn RequestTemplate>, timeout: Nanos) -> Self {
        Self {
            step,
            target,
            request,
            timeout,
            expect: Expectations::default(),
            saves: Vec::new(),
            keep: Keep::default(),
            conduct: None,
            captures: Vec::new(),
            stop_on_failure: false,
            retry: None,
            groups: Vec::new(),
        }
    }
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
    /// The groups in it; those around others come first.
    pub groups: Vec<Group>,
    /// The variable that counts passes through groups, where there are any.
    pub group_counter: u16,
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

    /// How many redirects its steps follow, with their targets.
    pub fn follows(&self) -> impl Iterator<Item = (TargetId, u8)> + '_ {
        self.instructions.iter().filter_map(|instruction| match instruction {
            Instruction::Perform(perform) => Some((perform.target, perform.conduct.as_ref()?.follow)),
            _ => None,
        })
    }

    /// Makes its waits shorter by a factor, or longer: those of a replay that is faster, or slower, than what it replays.
    pub fn quicken(&mut self, speed: Speed) {
        for instruction in &mut self.instructions {
            if let Instruction::Think(law) = instruction {
                *law = Arc::new(Quickened { law: Arc::clone(law), speed });
            }
        }
    }

    /// What listeners are told of its measured steps.
    pub fn step_headers(&self) -> impl Iterator<Item = &(StepId, StepHeader)> {
        self.headers.iter()
    }
}

/// A law of time whose every draw is shorter by a factor.
#[derive(Debug)]
struct Quickened {
    law: Arc<dyn Law>,
    speed: Speed,
}

impl Law for Quickened {
    fn draw(&self, draws: &mut Draws) -> Nanos {
        self.speed.to_wall(self.law.draw(draws))
    }

    fn mean(&self) -> f64 {
        self.law.mean() / f64::from(self.speed)
    }
}
