//! Behaviours: compiled once, run by machines that do no I/O.

mod answer;
mod attempt;
mod budget;
mod calls;
mod compiler;
mod conversion;
mod emitter;
mod expression;
mod files;
mod flow;
mod group;
mod machine;
mod parallel;
mod program;
mod retry;
mod session;
mod step_mistake;
mod strand;
mod template;
mod value;
mod visits;
mod wish;

pub use answer::{
    BodyExpectation, Capture, Comparison, Expectations, HeaderExpectation, ResultField, Save, Source,
};
pub use budget::{Budget, NoExpression};
pub use calls::CallGraph;
pub use compiler::{Chain, Compiler, Declared};
pub use emitter::Emitter;
pub use expression::{Constants, FUNCTIONS, FunctionSpec, Parameter};
pub use files::Files;
pub use group::Group;
pub use machine::{Event, Machine, Surroundings};
pub use program::{Instruction, Perform, Program, RequestTemplate, Stopped};
pub use retry::{Failure, Retry};
pub(crate) use session::resolve;
pub use session::{Conduct, Session};
pub use strand::{Part, PartState, Parts, Progress, Strand};
pub use template::{Escape, EvaluationError, Frame, Name, Resolve, Template};
pub use value::{Kind, Value};
pub use visits::Visits;
pub use wish::{Driver, DriverAction, Upshot, Wish};
