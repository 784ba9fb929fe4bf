//! `--save-at TIME FILE`: a run stops at an instant and is saved in a file, from which `throng resume` goes on.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use throng_components::clock::Nanos;

use super::complain;
use super::run::duration;
use crate::exit_code::ExitCode;
use crate::saved_run::{SaveFile, SavedRun};
use crate::summary::Summary;

/// Whether a run is to be saved.
#[derive(Debug, clap::Args)]
pub(super) struct Saving {
    /// Stops at this time since the run's start and saves the run in a file, from which `throng resume FILE` goes on as if
    /// it had not been stopped
    #[arg(long, num_args = 2, value_names = ["TIME", "FILE"])]
    save_at: Vec<OsString>,
}

/// Where and when a run is saved.
pub(super) struct SaveTo {
    pub(super) at: Nanos,
    file: SaveFile,
}

impl Saving {
    /// Whether it is.
    pub(super) fn is_asked(&self) -> bool {
        !self.save_at.is_empty()
    }

    /// The file, where one is asked for.
    pub(super) fn path(&self) -> Option<&Path> {
        self.save_at.get(1).map(Path::new)
    }

    /// Opens the file, before anything starts.
    pub(super) fn open(&self) -> Result<Option<SaveTo>, ExitCode> {
        let (at, path) = match self.save_at.as_slice() {
            [] => return Ok(None),
            [at, path] => (at, Path::new(path)),
            _ => {
                complain("a run is saved once: give one `--save-at TIME FILE`");
                return Err(ExitCode::Usage);
            }
        };
        let at = at.to_str().ok_or_else(|| "it is no text".to_owned()).and_then(duration).map_err(|why| {
            complain(&format!("`--save-at {}`: {why}", at.display()));
            ExitCode::Usage
        })?;
        let file = SaveFile::create(path).map_err(|error| not_written(path, &error))?;
        Ok(Some(SaveTo { at, file }))
    }
}

fn not_written(path: &Path, error: &std::io::Error) -> ExitCode {
    complain(&format!("cannot write `{}`: {error}", path.display()));
    ExitCode::Output
}

impl SaveTo {
    /// Writes the file and says how the run goes on.
    pub(super) fn write(self, saved: &SavedRun, quiet: bool) -> Result<ExitCode, ExitCode> {
        let path = self.file.path().to_owned();
        self.file.write(saved).map_err(|error| not_written(&path, &error))?;
        if !quiet {
            let (at, path) = (saved.at(), path.display());
            let _ = writeln!(std::io::stdout().lock(), "saved at {at}; go on with `throng resume {path}`");
        }
        Ok(ExitCode::Passed)
    }

    /// Warns that there was nothing left to be saved.
    pub(super) fn tell_over(self, summary: &Summary) {
        let (ended, at, path) = (Nanos(summary.duration_ns), self.at, self.file.path().display());
        let _ = writeln!(
            std::io::stderr().lock(),
            "warning: the run was over after {ended}, before {at}: nothing was saved in `{path}`"
        );
    }
}
