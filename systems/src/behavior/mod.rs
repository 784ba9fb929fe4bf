//! Behaviours: compiled once, run by machines that do no I/O.

mod answer;
mod compiler;
mod expression;
mod files;
mod machine;
mod program;
mod session;
mod template;
mod value;

pub use answer::{BodyExpectation, Capture, Comparison, Expectations, HeaderExpectation, Save, Source};
pub use compiler::{Compiler, TargetNames};
pub use expression::{Constants, FUNCTIONS, FunctionSpec, Parameter};
pub use files::Files;
pub use machine::{Action, Event, Machine, Strand, Surroundings};
pub use program::{Instruction, Perform, Program, RequestTemplate};
pub(crate) use session::resolve;
pub use session::{Conduct, Session};
pub use template::{Escape, EvaluationError, Frame, Name, Resolve, Template};
pub use value::{Kind, Value};
