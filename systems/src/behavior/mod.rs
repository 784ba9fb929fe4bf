//! Behaviours: compiled once, run by machines that do no I/O.

mod compiler;
mod expression;
mod machine;
mod program;
mod template;
mod value;

pub use compiler::{Compiler, TargetNames};
pub use expression::{Constants, FUNCTIONS, FunctionSpec, Parameter};
pub use machine::{Action, Event, Machine, Strand, Surroundings};
pub use program::{Capture, Expectations, Instruction, Perform, Program, RequestTemplate, Save};
pub use template::{Escape, EvaluationError, Frame, Name, Resolve, Template};
pub use value::{Kind, Value};
