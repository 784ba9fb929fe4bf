//! Goes on with a run that was saved.

use std::sync::atomic::AtomicU32;

use throng_components::clock::{ClockKind, Nanos};

use super::part::Part;
use super::run::SavedRun;
use crate::app::App;
use crate::loader::Loaded;
use crate::run::{RunEnd, RunError, RunOptions};
use crate::{real_run, virtual_run};

/// Goes on with a saved run, whose workload is loaded again, to its end or until it is saved once more.
///
/// # Errors
/// See [`RunError`].
pub fn resume(
    app: &App,
    saved: &SavedRun,
    loaded: Loaded,
    options: RunOptions,
    interrupts: &AtomicU32,
    save_at: Option<Nanos>,
) -> Result<RunEnd, RunError> {
    let part = Part { from: Some(saved), until: save_at.map(|at| (at, saved.origin().clone())) };
    match saved.clock() {
        ClockKind::Real => real_run::run_part(app, loaded, &options, interrupts, part),
        ClockKind::Virtual => virtual_run::run_part(app, loaded, options, interrupts, part),
    }
}
