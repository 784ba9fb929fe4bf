//! One workload and what is simulated of it.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU32;

use throng_components::run::Outcome;

use super::design::{Design, Run};
use super::journal::Record;
use super::row::rows_of;
use crate::app::App;
use crate::loader::{Loaded, Overrides, Refused, Secrets, SweepOptions, load};
use crate::run::{RunError, RunOptions, sha256};
use crate::summary::conservation;
use crate::virtual_run::{check_virtual, simulate};

/// Why a point cannot be simulated.
pub(crate) enum Failure {
    /// The workload is wrong with its values.
    Refused(Refused),
    /// There was no run, or not to its end.
    Run(RunError, Secrets),
    /// The workload is not what it was when the sweep began.
    Changed,
    /// throng's own books do not add up.
    Books(Vec<String>),
}

/// A workload that is simulated over and over.
pub(crate) struct Experiment<'a> {
    pub(crate) app: &'a App,
    /// What messages call the workload.
    pub(crate) path: PathBuf,
    /// Its bytes, read once.
    pub(crate) text: Vec<u8>,
    /// What is said over it, in every run.
    pub(crate) overrides: Overrides,
    pub(crate) design: Design,
    /// The SHA-256 of all its texts when the sweep began.
    pub(crate) sha256: String,
}

impl Experiment<'_> {
    /// The workload with the values of a point.
    fn load(&self, point: usize, seed: u64) -> Result<Loaded, Failure> {
        let mut overrides =
            Overrides { seed: Some(seed), sweep: SweepOptions::default(), ..self.overrides.clone() };
        // Of several values for one parameter the last holds.
        let values = self.design.vary.iter().zip(self.design.values(point));
        overrides.sets.extend(values.map(|(varied, value)| (varied.name.clone(), value.to_string())));
        load(&self.path, &self.text, self.app.registry(), &overrides).map_err(Failure::Refused)
    }

    /// Checks that a point can be simulated.
    ///
    /// # Errors
    /// The workload is refused with its values, or nobody answers for a target.
    pub(crate) fn check(&self, point: usize) -> Result<(), Failure> {
        let loaded = self.load(point, 0)?;
        check_virtual(&loaded.workload).map_err(|error| Failure::Run(error, loaded.secrets))
    }

    /// Simulates one run. `None` when `cut` has ended it before its time.
    ///
    /// # Errors
    /// See [`Failure`].
    pub(crate) fn simulate(&self, run: Run, cut: &AtomicU32) -> Result<Option<Record>, Failure> {
        let seed = self.design.seed_of(run.replication);
        let mut loaded = self.load(run.point, seed)?;
        if sha256(&loaded) != self.sha256 {
            return Err(Failure::Changed);
        }
        // Listeners would all write to one place.
        loaded.workload.listeners.clear();
        let options = RunOptions {
            workload: self.path.display().to_string(),
            directory: self.path.parent().unwrap_or(Path::new("")).to_owned(),
            ..RunOptions::default()
        };
        let secrets = loaded.secrets.clone();
        let summary =
            simulate(self.app, loaded, options, cut).map_err(|error| Failure::Run(error, secrets))?;
        let violations = conservation(&summary);
        if !violations.is_empty() {
            return Err(Failure::Books(violations.iter().map(ToString::to_string).collect()));
        }
        if summary.outcome == Outcome::Interrupted {
            return Ok(None);
        }
        let Run { point, replication } = run;
        Ok(Some(Record { point, replication, seed, rows: rows_of(&summary) }))
    }
}
