//! `throng resume FILE`: goes on with a run that was saved.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use super::files::Files;
use super::outputs::{Outputs, attempt, create, emptied};
use super::save_at::Saving;
use super::{complain, inputs, is_dumb};
use crate::app::App;
use crate::exit_code::ExitCode;
use crate::loader::Loaded;
use crate::run::RunOptions;
use crate::saved_run::{self, SavedRun};

/// Goes on with a run that `--save-at` has saved, as if it had not been stopped
#[derive(Debug, clap::Args)]
pub(super) struct Resume {
    /// The saved run
    file: PathBuf,
    #[command(flatten)]
    secrets: inputs::Variables,
    /// Writes one line of JSON an event from here on, in virtual time
    #[arg(long, value_name = "FILE", env = "THRONG_EVENTS")]
    events: Option<PathBuf>,
    #[command(flatten)]
    saving: Saving,
    #[command(flatten)]
    outputs: Outputs,
}

/// Goes on with a saved run.
pub(super) fn resume(app: &App, args: &Resume) -> ExitCode {
    execute(app, args).unwrap_or_else(|code| code)
}

fn execute(app: &App, args: &Resume) -> Result<ExitCode, ExitCode> {
    let saved = SavedRun::read(&args.file).map_err(|why| {
        complain(&format!("cannot resume `{}`: {why}", args.file.display()));
        ExitCode::BadWorkload
    })?;
    let (origin, environment) = (saved.origin(), args.secrets.environment()?);
    let loaded = origin.load(app.registry(), &args.outputs.outs, environment);
    // What may not be meant so was told when the run began.
    let loaded = loaded.map(|loaded| Loaded { warnings: Vec::new(), ..loaded });
    let loaded = args.outputs.loaded(loaded, !args.outputs.quiet)?;
    let directory = origin.path().parent().unwrap_or(Path::new(""));
    let files =
        || Files::of(&loaded, directory, &args.outputs, None).writing("--events", args.events.as_deref());
    files().reading("saved run", &args.file).check()?;
    // What is saved now may take the place of what was: that has been read.
    files().writing("--save-at", args.saving.path()).check()?;
    let events = args.events.as_deref().map(create).transpose()?;
    let secrets = loaded.secrets.clone();
    let save = args.saving.open()?;
    let at = save.as_ref().map(|save| save.at);
    if at.is_some_and(|at| at <= saved.at()) {
        complain(&format!("the run was saved at {} already: `--save-at` needs a later time", saved.at()));
        return Err(ExitCode::Usage);
    }
    attempt(&args.outputs, &secrets, save, |interrupts| {
        let options = RunOptions {
            workload: origin.path().display().to_string(),
            directory: directory.to_owned(),
            terminal: std::io::stderr().is_terminal() && !is_dumb(),
            events: events.map(emptied),
            ..RunOptions::default()
        };
        saved_run::resume(app, &saved, loaded, options, interrupts, at)
    })
}
