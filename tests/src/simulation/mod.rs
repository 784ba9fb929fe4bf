//! Whole runs in virtual time: a workload drawn from one seed, the run, and checkers that look at what came of it.
//!
//! ```text
//! seed ──► Plan (drawn options) ──► KDL ──► the engine, in process ──► Case { plan, summary, event log }
//!                                                                        │
//!                                                        checks::ALL, one rule of the model a file
//! ```

pub mod checks;
mod dice;
mod event;
mod fingerprint;
mod flow;
mod law;
mod model;
mod plan;
mod run;
mod seeds;
mod shape;

pub use dice::Dice;
pub use event::{Event, Record, read_log};
pub use fingerprint::fingerprint;
pub use flow::Uses;
pub use model::{ModelPlan, ServicePlan};
pub use plan::{Load, OverflowPlan, Plan, ScenarioPlan, StopRule};
pub use run::{Case, FirstPart, Observed, Run, comparable, resume, run, run_until, run_with};
pub use seeds::for_each_seed;
pub use shape::{Shape, Stage};
