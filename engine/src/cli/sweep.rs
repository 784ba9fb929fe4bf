//! `throng sweep`: a workload over the values of its parameters, in virtual time.

mod progress;
mod report;

use std::io::{IsTerminal, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use self::progress::Progress;
use super::diagnostics::Format;
use super::inputs::Inputs;
use super::interrupts::count_interrupts;
use super::{complain, is_dumb, outputs, style};
use crate::app::App;
use crate::exit_code::ExitCode;
use crate::loader::{Loaded, Overrides, Refused, Severity, SweepOptions, load, read};
use crate::run::{drawn_seed, sha256};
use crate::sweep::{
    Design, Experiment, FILES, Failure, Figures, Heading, Journal, JournalError, Record, Run, Selector, deal,
    write_all,
};

/// Simulates a workload for each combination of its parameters' values, several times each, on all cores
#[derive(Debug, clap::Args)]
pub(super) struct Sweep {
    #[command(flatten)]
    inputs: Inputs,
    /// A parameter and its values, instead of the workload's own `vary` of that name or beside them: `rate=50/s,80/s`
    #[arg(long = "vary", value_name = "NAME=VALUE,…", value_parser = vary)]
    vary: Vec<(String, String)>,
    /// How often each combination is simulated; replication 3 has the same seed in all of them
    #[arg(long, value_name = "N")]
    replications: Option<u64>,
    /// How many runs go on at one time; one a core without it
    #[arg(long, short, value_name = "N")]
    jobs: Option<NonZero<u16>>,
    /// What the seeds of the replications follow from
    #[arg(long, env = "THRONG_SEED")]
    seed: Option<u64>,
    /// A measure for the table, the summary and the plot: `step:response_ns.p99`, or without a scope `failures`;
    /// `results.csv` has all of them
    #[arg(long = "measure", value_name = "[SCOPE:]MEASURE")]
    measures: Vec<String>,
    /// Where results go: a directory of its own, by default `FILE-sweep` here, FILE without its ending
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Goes on with a sweep that was interrupted: simulates what its directory lacks
    #[arg(long)]
    resume: bool,
    /// How problems of the workload are shown, on standard error
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    diagnostics: Format,
    /// Prints nothing but errors
    #[arg(long, short, env = "THRONG_QUIET", value_parser = clap::builder::FalseyValueParser::new())]
    quiet: bool,
}

fn vary(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, values)) if !name.is_empty() && !values.is_empty() => Ok((name.into(), values.into())),
        _ => Err("write NAME=VALUE,VALUE".to_owned()),
    }
}

/// Sweeps.
pub(super) fn sweep(app: &App, args: &Sweep) -> ExitCode {
    execute(app, args).unwrap_or_else(|code| code)
}

fn execute(app: &App, args: &Sweep) -> Result<ExitCode, ExitCode> {
    let mut overrides = args.inputs.overrides()?;
    overrides.sweep = SweepOptions { vary: args.vary.clone(), replications: args.replications };
    let file = &args.inputs.file;
    let with_seed = Overrides { seed: args.seed, ..overrides.clone() };
    let loaded = read(file).and_then(|text| Ok((load(file, &text, app.registry(), &with_seed)?, text)));
    let (loaded, text) = loaded.map_err(|refused| refuse(args, &refused))?;
    if !args.quiet && !loaded.warnings.is_empty() {
        let style = style(&std::io::stderr());
        tell(&args.diagnostics.render(&loaded.warnings, &loaded.sources, Severity::Warning, style));
    }
    let directory = args.out.clone().unwrap_or_else(|| usual_directory(file));
    let begun = begun(args, &directory)?;
    let plan = loaded.workload.sweep.clone().unwrap_or_default();
    if let Some((name, _)) =
        overrides.sets.iter().find(|(name, _)| plan.vary.iter().any(|varied| varied.name == *name))
    {
        complain(&format!(
            "`{name}` is varied, and `--set {name}` would set it to one value: leave one of the two"
        ));
        return Err(ExitCode::Usage);
    }
    let seed = loaded.workload.seed.or(begun).unwrap_or_else(drawn_seed);
    let sha256 = sha256(&loaded);
    let design = Design::new(plan, seed);
    let heading = heading(&loaded, &overrides, &design, sha256.clone());
    let experiment = Experiment { app, path: file.clone(), text, overrides, design, sha256 };
    for point in 0..experiment.design.points() {
        experiment.check(point).map_err(|failure| say(args, &experiment.design.label(point), failure))?;
    }
    let journal = std::fs::create_dir_all(&directory)
        .map_err(JournalError::Io)
        .and_then(|()| Journal::open(&Journal::path(&directory), &heading, &experiment.design));
    let journal = journal.map_err(|error| unusable(&directory, &error))?;
    finish(args, &experiment, journal, &directory)
}

/// Where results go that nobody says a place for.
fn usual_directory(file: &Path) -> PathBuf {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    PathBuf::from(format!("{stem}-sweep"))
}

fn tell(text: &str) {
    // Nobody can be told when standard error is gone.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

fn refuse(args: &Sweep, refused: &Refused) -> ExitCode {
    let (style, (problems, sources)) = (style(&std::io::stderr()), (&refused.problems, &refused.sources));
    tell(&args.diagnostics.render(problems, sources, Severity::Error, style));
    ExitCode::BadWorkload
}

/// The base seed of what the directory holds. Nothing is overwritten that nobody asked to go on with.
fn begun(args: &Sweep, directory: &Path) -> Result<Option<u64>, ExitCode> {
    let journal = Journal::path(directory);
    let shown = directory.display();
    let has_journal = journal.exists();
    if has_journal && !args.resume {
        complain(&format!("`{shown}` holds a sweep: go on with it by `--resume`, or choose another `--out`"));
        return Err(ExitCode::Output);
    }
    if let Some(name) = FILES.iter().find(|name| !has_journal && directory.join(name).exists()) {
        complain(&format!("`{shown}` holds a `{name}` that would be overwritten: choose another `--out`"));
        return Err(ExitCode::Output);
    }
    Journal::seed(&journal).map_err(|error| unusable(directory, &error))
}

fn unusable(directory: &Path, error: &JournalError) -> ExitCode {
    complain(&format!("`{}` cannot be used: {error}", Journal::path(directory).display()));
    match error {
        JournalError::Io(_) | JournalError::Busy => ExitCode::Output,
        JournalError::Differs(_) | JournalError::Broken(_) => ExitCode::BadWorkload,
    }
}

/// What the sweep is of. Secrets are left out, and so is what is varied.
fn heading(loaded: &Loaded, overrides: &Overrides, design: &Design, sha256: String) -> Heading {
    let varied = |name: &str| design.vary.iter().any(|varied| varied.name == name);
    let params = loaded.workload.params.iter().filter(|(name, _)| !varied(name)).cloned().collect();
    let sets = overrides.sets.iter().map(|(name, value)| (name.clone(), loaded.secrets.redact(value)));
    Heading::new(sha256, design, params, sets.collect())
}

/// Says why a point cannot be simulated; gives the code of it.
fn say(args: &Sweep, label: &str, failure: Failure) -> ExitCode {
    let code = match failure {
        Failure::Refused(refused) => refuse(args, &refused),
        Failure::Run(error, secrets) => outputs::told(&error, &secrets),
        Failure::Changed => {
            complain("the workload has changed while it was swept");
            ExitCode::BadWorkload
        }
        Failure::Books(violations) => {
            for violation in violations {
                complain(&format!("throng's own books do not add up: {violation}"));
            }
            ExitCode::Internal
        }
    };
    if !label.is_empty() && args.diagnostics == Format::Text {
        tell(&format!("with {label}\n"));
    }
    code
}

/// Simulates what is missing, and writes the results of all that is there then.
fn finish(
    args: &Sweep,
    experiment: &Experiment<'_>,
    mut journal: Journal,
    directory: &Path,
) -> Result<ExitCode, ExitCode> {
    let ended = simulate_missing(args, experiment, &mut journal);
    let design = &experiment.design;
    let selectors = if args.measures.is_empty() {
        Selector::usual()
    } else {
        args.measures.iter().map(|text| Selector::read(text)).collect()
    };
    let mut figures = Figures::new(selectors, design);
    write_all(directory, design, &journal, &mut figures).map_err(|error| {
        complain(&format!("cannot write to `{}`: {error}", directory.display()));
        ExitCode::Output
    })?;
    if !args.quiet {
        let text = report::render(&experiment.path, design, &figures, journal.done(), directory);
        let written = std::io::stdout().lock().write_all(text.as_bytes());
        // A reader that has gone away has seen what it wanted.
        if written.is_err_and(|error| error.kind() != std::io::ErrorKind::BrokenPipe) {
            return Err(ExitCode::Output);
        }
    }
    let code = ended?;
    let unmatched = figures.unmatched();
    if !args.measures.is_empty() && !unmatched.is_empty() && journal.done() > 0 {
        for selector in unmatched {
            complain(&report::no_such_measure(selector, &figures));
        }
        return Ok(ExitCode::Usage);
    }
    Ok(code)
}

fn simulate_missing(
    args: &Sweep,
    experiment: &Experiment<'_>,
    journal: &mut Journal,
) -> Result<ExitCode, ExitCode> {
    let design = &experiment.design;
    let missing: Vec<Run> = design.runs().filter(|run| !journal.has(design.index(*run))).collect();
    let interrupts = count_interrupts().map_err(|error| {
        complain(&format!("cannot listen for Ctrl-C: {error}"));
        ExitCode::Internal
    })?;
    let cores = || std::thread::available_parallelism().map_or(1, NonZero::get);
    let jobs = args.jobs.map_or_else(cores, |jobs| jobs.get().into());
    let cut = AtomicU32::new(0);
    let stderr = std::io::stderr();
    let terminal = stderr.is_terminal() && !is_dumb();
    let mut progress = Progress::new(journal.done(), missing.len(), terminal, args.quiet);
    let mut ended = ExitCode::Passed;
    let work = |run: &Run| (*run, experiment.simulate(*run, &cut));
    let watch = |result: Option<(Run, Result<Option<Record>, Failure>)>| {
        let asked = interrupts.load(Ordering::Relaxed);
        if asked > 0 && ended == ExitCode::Passed {
            progress.interrupted();
            ended = ExitCode::Interrupted;
        }
        match result {
            Some((_, Ok(Some(record)))) => match journal.append(&record, design) {
                Ok(()) => progress.one_more(),
                Err(error) => {
                    progress.clear();
                    complain(&format!("cannot write the runs: {error}"));
                    ended = ExitCode::Output;
                }
            },
            // Of several runs that go wrong at one time the first says it.
            Some((run, Err(failure))) if matches!(ended, ExitCode::Passed | ExitCode::Interrupted) => {
                progress.clear();
                ended = say(args, &design.label(run.point), failure);
            }
            _ => {}
        }
        // A sweep that has gone wrong does not wait for its other runs.
        if asked > 1 || !matches!(ended, ExitCode::Passed | ExitCode::Interrupted) {
            cut.store(2, Ordering::Relaxed);
        } else {
            progress.show();
        }
        ended == ExitCode::Passed
    };
    let dealt = deal(&missing, jobs, work, watch);
    progress.clear();
    dealt.map_err(|error| {
        complain(&format!("no thread to be had: {error}"));
        ExitCode::Internal
    })?;
    if ended == ExitCode::Passed || ended == ExitCode::Interrupted { Ok(ended) } else { Err(ended) }
}
