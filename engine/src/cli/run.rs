//! `throng run` and `throng simulate`.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use throng_components::clock::Nanos;
use throng_components::workload::{UnitMistake, parse_duration};

use super::files::Files;
use super::inputs::Outside;
use super::outputs::{Outputs, attempt, create, emptied, lacks_console, told};
use super::save_at::{SaveTo, Saving};
use super::terminal_view::{Session, Subject, check_terminal};
use super::{complain, is_dumb, style};
use crate::app::App;
use crate::exit_code::ExitCode;
use crate::loader::{Loaded, Overrides, Refused, Shelf, load_file};
use crate::real_run;
use crate::run::{RunEnd, RunError, RunOptions, default_threads};
use crate::saved_run::Origin;
use crate::virtual_run::{self, check_virtual};

/// Runs a workload against its targets
#[derive(Debug, clap::Args)]
pub(super) struct Run {
    #[command(flatten)]
    file: WorkloadFile,
    #[command(flatten)]
    common: Common,
    /// Shows the run on the whole terminal, with keys to pause, scale and stop it; `?` there says which
    #[arg(long, conflicts_with = "quiet")]
    tui: bool,
}

/// Runs a workload in virtual time, against its services
#[derive(Debug, clap::Args)]
pub(super) struct Simulate {
    #[command(flatten)]
    file: WorkloadFile,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    virtual_time: VirtualTime,
}

/// What a simulation takes.
#[derive(Debug, clap::Args)]
pub(super) struct VirtualTime {
    /// Writes one line of JSON an event
    #[arg(long, value_name = "FILE", env = "THRONG_EVENTS")]
    pub(super) events: Option<PathBuf>,
    /// Ends the simulation at this instant: `90s`, `1h30m`. All before it has happened, nothing of it or after it has, and
    /// nothing is drained: what is under way is cut (`--duration` lets it end). What has ended before stays as it is
    #[arg(long, value_name = "INSTANT", value_parser = duration, env = "THRONG_UNTIL")]
    pub(super) until: Option<Nanos>,
}

/// The workload, and what it is run with.
#[derive(Debug, clap::Args)]
struct WorkloadFile {
    /// The workload
    file: PathBuf,
    /// The seed of all that is random
    #[arg(long, env = "THRONG_SEED")]
    seed: Option<u64>,
    #[command(flatten)]
    saving: Saving,
}

/// What every command takes that runs something.
#[derive(Debug, clap::Args)]
pub(super) struct Common {
    #[command(flatten)]
    pub(super) outside: Outside,
    /// Records the run, for `throng replay` and the law `empirical`: as `--out record=FILE`, but relative to where you are
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
    /// Ends the run after this time: `30s`, `5m`, `1h30m`; at most `15250w`
    #[arg(long, value_parser = duration, env = "THRONG_DURATION")]
    duration: Option<Nanos>,
    #[command(flatten)]
    pub(super) outputs: Outputs,
}

impl Common {
    /// What is said over the file.
    pub(super) fn overrides(&self) -> Result<Overrides, ExitCode> {
        let mut overrides = Overrides { outs: self.outputs.outs.clone(), ..self.outside.overrides()? };
        if let Some(path) = &self.record {
            // The listener's own paths are relative to the workload.
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            overrides.outs.push(("record".to_owned(), path.display().to_string()));
        }
        Ok(overrides)
    }
}

/// The longest duration in whole weeks: 292 years.
const LONGEST: &str = "15250w";

pub(super) fn duration(text: &str) -> Result<Nanos, String> {
    match parse_duration(text) {
        Ok(Nanos::ZERO) => Err(format!("a run needs some time: from 1ns to {LONGEST}")),
        Ok(duration) => Ok(duration),
        Err(UnitMistake::TooLarge) => Err(format!("too long: at most {LONGEST}, which is 292 years")),
        Err(UnitMistake::TooFine) => Err("too fine: a nanosecond is the least that is kept".to_owned()),
        Err(_) => Err(format!(
            "write numbers with their units (ns us ms s m h d w): 30s, 5m, 1h30m; at most {LONGEST}"
        )),
    }
}

/// What is loaded: whatever gives a workload for what is said over it.
pub(super) type Loader<'a> = &'a dyn Fn(&Overrides) -> Result<Loaded, Refused>;

/// Loads a workload and shows what is wrong in it. Without `consoles`, none of its console listeners says anything.
pub(super) fn load(
    read: Loader<'_>,
    overrides: Overrides,
    common: &Common,
    live: bool,
    consoles: bool,
) -> Result<Loaded, ExitCode> {
    // Virtual time has one thread in any case.
    let cores = live.then(default_threads);
    let mut overrides = Overrides { cores, ..overrides };
    let mut loaded = read(&overrides);
    if live && consoles && lacks_console(&loaded) {
        // On a terminal a run behaves as if it had a console listener.
        overrides.outs.push(("console".to_owned(), String::new()));
        loaded = read(&overrides);
    }
    common.outputs.loaded(loaded, consoles)
}

/// Loads the workload of a file; gives it, and what it was made from.
fn load_workload(
    app: &App,
    file: &WorkloadFile,
    common: &Common,
    live: bool,
    consoles: bool,
) -> Result<(Loaded, Origin), ExitCode> {
    let files = if file.saving.is_asked() { Shelf::keeping() } else { Shelf::default() };
    let overrides = Overrides { seed: file.seed, files, ..common.overrides()? };
    let read = |overrides: &Overrides| load_file(&file.file, app.registry(), overrides);
    let loaded = load(&read, overrides.clone(), common, live, consoles)?;
    let origin = Origin::of(&file.file, &loaded, &overrides);
    Ok((loaded, origin))
}

/// The options of a run of a workload with this path.
pub(super) fn options(common: &Common, workload: &Path) -> RunOptions {
    RunOptions {
        workload: workload.display().to_string(),
        directory: workload.parent().unwrap_or(Path::new("")).to_owned(),
        duration: common.duration,
        terminal: std::io::stderr().is_terminal() && !is_dumb(),
        ..RunOptions::default()
    }
}

/// The files of a run of what has been loaded, but for those of options that not all runs have.
pub(super) fn files(loaded: &Loaded, common: &Common, options: &RunOptions) -> Files {
    Files::of(loaded, &options.directory, &common.outputs, common.record.as_deref())
}

/// Runs a workload in real time.
pub(super) fn run(app: &App, run: &Run) -> ExitCode {
    let common = &run.common;
    if run.tui
        && let Err(why) = check_terminal()
    {
        complain(&why);
        return ExitCode::Usage;
    }
    let consoles = !common.outputs.quiet && !run.tui;
    finish(load_workload(app, &run.file, common, true, consoles).and_then(|(loaded, origin)| {
        let secrets = loaded.secrets.clone();
        let mut session = None;
        files(&loaded, common, &options(common, &run.file.file))
            .writing("--save-at", run.file.saving.path())
            .check()?;
        let save = run.file.saving.open()?;
        let at = save.as_ref().map(|save| save.at);
        attempt(&common.outputs, &secrets, save, |interrupts| {
            let mut options = options(common, &run.file.file);
            if run.tui {
                session = Some(view(&loaded, &mut options)?);
            }
            let end = match at {
                Some(at) => real_run::run_until(app, loaded, origin, &options, interrupts, at),
                None => real_run::run(app, loaded, &options, interrupts).map(RunEnd::over),
            };
            // The results are printed on the terminal as it was before.
            session.iter_mut().for_each(Session::close);
            end
        })
    }))
}

/// Opens a view of a run, and joins the run to it.
fn view(loaded: &Loaded, options: &mut RunOptions) -> Result<Session, RunError> {
    let subject = Subject::of(loaded, &options.workload);
    let colour = style(&std::io::stderr()).color;
    let (session, commands, view) = Session::open(subject, colour).map_err(RunError::View)?;
    (options.commands, options.view) = (Some(commands), Some(view));
    Ok(session)
}

/// Runs a workload in virtual time.
pub(super) fn simulate(app: &App, simulate: &Simulate) -> ExitCode {
    let common = &simulate.common;
    let options = options(common, &simulate.file.file);
    finish(load_workload(app, &simulate.file, common, false, !common.outputs.quiet).and_then(
        |(loaded, origin)| {
            files(&loaded, common, &options)
                .writing("--events", simulate.virtual_time.events.as_deref())
                .writing("--save-at", simulate.file.saving.path())
                .check()?;
            let save = simulate.file.saving.open()?.map(|save| (save, origin));
            in_virtual_time(app, loaded, common, &simulate.virtual_time, options, save)
        },
    ))
}

/// Runs what has been loaded in virtual time, and saves it where that is asked for.
pub(super) fn in_virtual_time(
    app: &App,
    loaded: Loaded,
    common: &Common,
    asked: &VirtualTime,
    options: RunOptions,
    save: Option<(SaveTo, Origin)>,
) -> Result<ExitCode, ExitCode> {
    // A workload that is refused leaves no empty files behind.
    check_virtual(&loaded.workload).map_err(|error| told(&error, &loaded.secrets))?;
    let events = asked.events.as_deref().map(create).transpose()?;
    let secrets = loaded.secrets.clone();
    let (save, origin) = save.unzip();
    let part = save.as_ref().map(|save| save.at).zip(origin);
    attempt(&common.outputs, &secrets, save, |interrupts| {
        let options = RunOptions { until: asked.until, events: events.map(emptied), ..options };
        match part {
            Some((at, origin)) => virtual_run::simulate_until(app, loaded, origin, options, interrupts, at),
            None => virtual_run::simulate(app, loaded, options, interrupts).map(RunEnd::over),
        }
    })
}

pub(super) fn finish(result: Result<ExitCode, ExitCode>) -> ExitCode {
    result.unwrap_or_else(|code| code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<u64, &str>) {
        match (duration(text), expected) {
            (Ok(found), Ok(nanos)) => assert_eq!(found.0, nanos, "{text}"),
            (Err(said), Err(part)) => assert!(said.contains(part), "{text}: {said}"),
            (found, expected) => panic!("{text}: {found:?}, not {expected:?}"),
        }
    }

    #[test]
    fn a_duration_is_read_or_shown_how_to_write() {
        check("1m30s", Ok(90_000_000_000));
        check(LONGEST, Ok(15_250 * 7 * 86_400_000_000_000));
        check("15251w", Err("at most 15250w"));
        check("99999999999999999999999999h", Err("at most 15250w"));
        check("5", Err("30s, 5m, 1h30m; at most 15250w"));
        check("soon", Err("30s, 5m, 1h30m"));
        check("0s", Err("from 1ns to 15250w"));
        check("0.5ns", Err("a nanosecond is the least"));
    }
}
