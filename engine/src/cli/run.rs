//! `throng run` and `throng simulate`.

use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU32;

use throng_components::clock::Nanos;
use throng_components::run::Verdict;
use throng_components::workload::{UnitMistake, parse_duration};

use super::diagnostics::Format;
use super::inputs::Outside;
use super::interrupts::count_interrupts;
use super::terminal_view::{Session, Subject, check_terminal};
use super::{complain, final_summary, is_dumb, style};
use crate::app::App;
use crate::exit_code::ExitCode;
use crate::loader::{Loaded, Overrides, Refused, Secrets, Severity, load_file};
use crate::run::{RunError, RunOptions, check_virtual, default_threads};
use crate::summary::{Summary, conservation};

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
}

/// What every command takes that runs something.
#[derive(Debug, clap::Args)]
pub(super) struct Common {
    #[command(flatten)]
    pub(super) outside: Outside,
    /// Writes the summary as JSON; `-` is standard output, and the text then goes to standard error
    #[arg(long, value_name = "FILE", env = "THRONG_SUMMARY")]
    summary: Option<PathBuf>,
    /// Records the run, for `throng replay` and the law `empirical`: as `--out record=FILE`, but relative to where you are
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
    /// Adds a listener: `file=out/samples.jsonl` (beside the workload; directories that are missing are made),
    /// `otlp=http://127.0.0.1:4318`, `console`
    #[arg(long = "out", value_name = "KIND=TARGET", value_parser = out)]
    outs: Vec<(String, String)>,
    /// Ends the run after this time: `30s`, `5m`, `1h30m`; at most `15250w`
    #[arg(long, value_parser = duration, env = "THRONG_DURATION")]
    duration: Option<Nanos>,
    /// How problems of the workload are shown, on standard error
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    diagnostics: Format,
    /// Prints nothing but errors, and a warning where steps failed and no rule looks at failures
    #[arg(long, short, env = "THRONG_QUIET", value_parser = clap::builder::FalseyValueParser::new())]
    pub(super) quiet: bool,
}

impl Common {
    /// What is said over the file.
    pub(super) fn overrides(&self) -> Result<Overrides, ExitCode> {
        let mut overrides = Overrides { outs: self.outs.clone(), ..self.outside.overrides()? };
        if let Some(path) = &self.record {
            // The listener's own paths are relative to the workload.
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            overrides.outs.push(("record".to_owned(), path.display().to_string()));
        }
        Ok(overrides)
    }

    /// Whether standard output belongs to the JSON.
    fn prints_json(&self) -> bool {
        self.summary.as_deref() == Some(Path::new("-"))
    }
}

fn out(text: &str) -> Result<(String, String), String> {
    let (kind, target) = text.split_once('=').unwrap_or((text, ""));
    if kind.is_empty() { Err("write KIND=TARGET".to_owned()) } else { Ok((kind.into(), target.into())) }
}

/// The longest duration in whole weeks: 292 years.
const LONGEST: &str = "15250w";

fn duration(text: &str) -> Result<Nanos, String> {
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
    let stderr = std::io::stderr();
    // Virtual time has one thread in any case.
    let cores = live.then(default_threads);
    let mut overrides = Overrides { cores, ..overrides };
    let shows = live && consoles && stderr.is_terminal();
    let loaded = read(&overrides).and_then(|loaded| {
        let has_console = loaded.workload.listeners.iter().any(|plan| plan.listener.kind == "console");
        if shows && !has_console {
            // On a terminal a run behaves as if it had a console listener.
            overrides.outs.push(("console".to_owned(), String::new()));
            return read(&overrides);
        }
        Ok(loaded)
    });
    let tell = |text: String| {
        let _ = stderr.lock().write_all(text.as_bytes());
    };
    match loaded {
        Ok(mut loaded) => {
            if !consoles {
                loaded.workload.listeners.retain(|plan| plan.listener.kind != "console");
            }
            if !common.quiet && !loaded.warnings.is_empty() {
                let (warnings, sources) = (&loaded.warnings, &loaded.sources);
                tell(common.diagnostics.render(warnings, sources, Severity::Warning, style(&stderr)));
            }
            Ok(loaded)
        }
        Err(refused) => {
            let (problems, sources) = (&refused.problems, &refused.sources);
            tell(common.diagnostics.render(problems, sources, Severity::Error, style(&stderr)));
            Err(ExitCode::BadWorkload)
        }
    }
}

/// Loads the workload of a file.
fn load_workload(
    app: &App,
    file: &WorkloadFile,
    common: &Common,
    live: bool,
    consoles: bool,
) -> Result<Loaded, ExitCode> {
    let overrides = Overrides { seed: file.seed, ..common.overrides()? };
    let read = |overrides: &Overrides| load_file(&file.file, app.registry(), overrides);
    load(&read, overrides, common, live, consoles)
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

/// Opens a file that results go to, before anything starts. What it held stays until there is something to put in its place.
fn create(path: &Path) -> Result<std::fs::File, ExitCode> {
    std::fs::File::options().write(true).create(true).truncate(false).open(path).map_err(|error| {
        complain(&format!("cannot write `{}`: {error}", path.display()));
        ExitCode::Output
    })
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
    finish(load_workload(app, &run.file, common, true, !common.quiet && !run.tui).and_then(|loaded| {
        let secrets = loaded.secrets.clone();
        let mut session = None;
        attempt(common, &secrets, |interrupts| {
            let mut options = options(common, &run.file.file);
            if run.tui {
                session = Some(view(&loaded, &mut options)?);
            }
            let summary = crate::run::run(app, loaded, &options, interrupts);
            // The results are printed on the terminal as it was before.
            session.iter_mut().for_each(Session::close);
            summary
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
    let loaded = load_workload(app, &simulate.file, common, false, !common.quiet);
    let options = options(common, &simulate.file.file);
    finish(loaded.and_then(|loaded| in_virtual_time(app, loaded, common, &simulate.virtual_time, options)))
}

/// Runs what has been loaded in virtual time.
pub(super) fn in_virtual_time(
    app: &App,
    loaded: Loaded,
    common: &Common,
    asked: &VirtualTime,
    options: RunOptions,
) -> Result<ExitCode, ExitCode> {
    // A workload that is refused leaves no empty files behind.
    check_virtual(&loaded.workload).map_err(|error| told(&error, &loaded.secrets))?;
    let events = asked.events.as_deref().map(create).transpose()?;
    let secrets = loaded.secrets.clone();
    attempt(common, &secrets, |interrupts| {
        let events = events.map(|file| {
            let _ = file.set_len(0);
            Box::new(BufWriter::new(file)) as Box<dyn Write + Send>
        });
        crate::run::simulate(app, loaded, RunOptions { until: asked.until, events, ..options }, interrupts)
    })
}

/// Says why there was no run; gives the code of it.
pub(super) fn told(error: &RunError, secrets: &Secrets) -> ExitCode {
    complain(&secrets.redact(&error.to_string()));
    match error {
        RunError::CannotOpen(_) | RunError::Demo(_) | RunError::Events(_) | RunError::View(_) => {
            ExitCode::Output
        }
        RunError::Threads(_) | RunError::Tls(_) | RunError::NameTaken(_) => ExitCode::Internal,
        RunError::NoRoots | RunError::NoService(_) | RunError::StandsStill(_) | RunError::Overrun { .. } => {
            ExitCode::BadWorkload
        }
    }
}

pub(super) fn finish(result: Result<ExitCode, ExitCode>) -> ExitCode {
    result.unwrap_or_else(|code| code)
}

/// Runs, shows and writes the results.
pub(super) fn attempt(
    common: &Common,
    secrets: &Secrets,
    run: impl FnOnce(&AtomicU32) -> Result<Summary, RunError>,
) -> Result<ExitCode, ExitCode> {
    let file = common.summary.as_deref().filter(|_| !common.prints_json()).map(create).transpose()?;
    let interrupts = count_interrupts().map_err(|error| {
        complain(&format!("cannot listen for Ctrl-C: {error}"));
        ExitCode::Internal
    })?;
    let summary = run(&interrupts).map_err(|error| told(&error, secrets))?;
    let code = show(common, &summary);
    if let Some(file) = file {
        // A device or a pipe has no length to set, and needs none.
        let _ = file.set_len(0);
        written(write_json(&summary, file), "the summary")?;
    }
    if common.prints_json() {
        written(
            as_far_as_read(write_json(&summary, std::io::stdout().lock())),
            "the summary to standard output",
        )?;
    }
    Ok(code)
}

fn write_json(summary: &Summary, output: impl Write) -> std::io::Result<()> {
    let mut writer = BufWriter::new(output);
    serde_json::to_writer_pretty(&mut writer, summary)?;
    writer.write_all(b"\n")?;
    writer.flush()
}

/// Says what could not be written.
fn written(result: std::io::Result<()>, what: &str) -> Result<(), ExitCode> {
    result.map_err(|error| {
        complain(&format!("cannot write {what}: {error}"));
        ExitCode::Output
    })
}

/// A reader that has gone away has seen what it wanted.
pub(super) fn as_far_as_read(result: std::io::Result<()>) -> std::io::Result<()> {
    result.or_else(|error| if error.kind() == std::io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
}

/// Writes the text summary, coloured where the stream is a terminal.
fn write_text(summary: &Summary, mut output: impl Write + IsTerminal) -> std::io::Result<()> {
    let text = final_summary::render(summary, style(&output).color);
    output.write_all(text.as_bytes())?;
    output.flush()
}

/// Prints the summary; says on standard error what makes the exit code worse than it looks.
fn show(common: &Common, summary: &Summary) -> ExitCode {
    for violation in conservation(summary) {
        complain(&format!("throng's own books do not add up: {violation}"));
    }
    // Also where nobody reads the results: exit code 0 alone would say that all went well.
    let is_shown_there = common.prints_json() && !common.quiet;
    if let Some(warning) = final_summary::unjudged_failures(summary).filter(|_| !is_shown_there) {
        let _ = writeln!(std::io::stderr().lock(), "{warning}");
    }
    if !common.quiet {
        let shown = if common.prints_json() {
            written(
                as_far_as_read(write_text(summary, std::io::stderr().lock())),
                "the summary to standard error",
            )
        } else {
            written(
                as_far_as_read(write_text(summary, std::io::stdout().lock())),
                "the summary to standard output",
            )
        };
        if let Err(code) = shown {
            return code;
        }
        for (name, listener) in summary.listeners.iter().filter(|(_, listener)| listener.lost > 0) {
            let _ = writeln!(
                std::io::stderr().lock(),
                "warning: listener `{name}` lost {} records and delivered {}",
                listener.lost,
                listener.delivered
            );
        }
        if summary.verdict == Verdict::Degraded {
            let _ = writeln!(
                std::io::stderr().lock(),
                "warning: the verdict is `degraded`: {}",
                summary.verdict_reasons.join("; ")
            );
        }
    }
    ExitCode::of(summary)
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
