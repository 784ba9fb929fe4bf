//! `throng sweep`: one workload over the values of its parameters, each combination simulated several times.
//!
//! ```text
//! workload ── design ──► runs ── dealing ──► rows of each ── journal ──► results.csv, results.parquet
//!                                (threads)                       └─────► figures ──► summary.csv, plot.svg, table
//! ```
//!
//! Replication r has the same seed at every point, so that points are compared in pairs (common random numbers: Law,
//! "Simulation Modeling and Analysis", chapter 11). A run is one whole simulation; its result depends on its point and its
//! seed, never on the thread, the order or the other runs.

mod dealing;
mod design;
mod experiment;
mod figures;
mod journal;
mod outputs;
mod parquet_file;
mod plot;
mod row;
mod scale;
mod summary_file;

pub(crate) use throng_systems::estimators::Estimate;

pub(crate) use self::dealing::deal;
pub(crate) use self::design::{Design, Run};
pub(crate) use self::experiment::{Experiment, Failure};
pub(crate) use self::figures::{Figures, Selector};
pub(crate) use self::journal::{Heading, Journal, JournalError, Record};
pub(crate) use self::outputs::{FILES, write_all};
