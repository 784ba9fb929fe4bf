//! A run's results: the JSON of `--summary`, how it is made, and what is checked of it.
//!
//! [`Summary`] is the one documented schema: what reads results (CI, bars, reports) reads this. [`build`] makes it from
//! what the world holds at the run's end, [`verdict`] says whether the generator's own numbers can be trusted, and
//! [`conservation`] finds what does not add up.

mod build;
mod conservation;
mod durations;
mod gaps;
mod inputs;
mod measures;
mod ordered;
mod page;
mod schema;
mod services;
mod steady;
#[cfg(test)]
mod tests;
mod too_few;
mod verdict;

pub use build::build;
pub use conservation::conservation;
pub use durations::DurationsSummary;
pub use gaps::GapsSummary;
pub use inputs::{
    Expected, GeneratorInput, ListenerInput, RuleInput, ScenarioInput, ServiceInput, SummaryInput,
};
pub use measures::{MeasureSummary, MeasuresOverflowSummary};
pub use ordered::Ordered;
pub use page::{SummaryField, fields};
pub use schema::{
    ConnectionsSummary, ControlSummary, GapSummary, GeneratorSummary, GroupSummary, IterationsSummary,
    ListenerSummary, PhasesSummary, RateSummary, RuleSummary, ScenarioSummary, StepSummary, Summary,
    TokensSummary, UsersSummary, VERSION, WarmUpSummary,
};
pub use services::{ServiceRequestsSummary, ServiceSummary};
pub use steady::SteadySummary;
pub use too_few::TooFewSummary;
pub use verdict::{GeneratorFacts, Judged, ThreadBusy, verdict};
