//! throng sets a population loose on a system: as a load test in real time, or as a simulation in virtual time.
//!
//! A workload is a KDL file. [`loader`] reads it, `world` builds an ECS world from it, [`run()`] and [`simulate`] advance
//! it to its end, and [`summary`] says what it came to. [`App`] is the door for plug-ins and systems of one's own, and
//! [`cli()`] gives them the whole command line.

mod app;
pub mod cli;
mod clock;
pub mod demo;
pub mod exit_code;
mod listening;
pub mod loader;
pub mod lsp;
pub mod nodes;
pub mod places;
mod pulse;
mod real;
mod real_run;
mod replay;
mod results;
mod run;
mod saved_run;
mod simulated;
pub mod summary;
mod sweep;
mod virtual_run;
mod world;

pub use app::App;
pub use cli::cli;
pub use real_run::{run, run_until};
pub use run::{RunEnd, RunError, RunOptions};
pub use saved_run::{FORMAT_VERSION, NotASavedRun, Origin, SaveFile, SavedRun, resume};
/// The data of the world: what custom systems query.
pub use throng_components as components;
/// The tree's own systems and plug-ins: what custom ones build on.
pub use throng_systems as systems;
pub use virtual_run::{simulate, simulate_until};
