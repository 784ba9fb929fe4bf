//! What commands that run a workload give out: results as text and as JSON, and how they went.

use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU32;

use throng_components::run::Verdict;

use super::diagnostics::Format;
use super::interrupts::count_interrupts;
use super::save_at::SaveTo;
use super::{complain, final_summary, style};
use crate::exit_code::ExitCode;
use crate::loader::{Loaded, Refused, Secrets, Severity};
use crate::run::{RunEnd, RunError};
use crate::summary::{Summary, conservation};

/// Where results go, and what is said beside them.
#[derive(Debug, clap::Args)]
pub(super) struct Outputs {
    /// Writes the summary as JSON; `-` is standard output, and the text then goes to standard error
    #[arg(long, value_name = "FILE", env = "THRONG_SUMMARY")]
    pub(super) summary: Option<PathBuf>,
    /// Adds a listener: `file=out/samples.jsonl` (beside the workload; directories that are missing are made),
    /// `otlp=http://127.0.0.1:4318`, `console`
    #[arg(long = "out", value_name = "KIND=TARGET", value_parser = out)]
    pub(super) outs: Vec<(String, String)>,
    /// How problems of the workload are shown, on standard error
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(super) diagnostics: Format,
    /// Prints nothing but errors, and a warning where steps failed and no rule looks at failures
    #[arg(long, short, env = "THRONG_QUIET", value_parser = clap::builder::FalseyValueParser::new())]
    pub(super) quiet: bool,
}

impl Outputs {
    /// Shows what is wrong in a workload, or may not be meant so. Without `consoles`, none of its console listeners says
    /// anything.
    pub(super) fn loaded(&self, loaded: Result<Loaded, Refused>, consoles: bool) -> Result<Loaded, ExitCode> {
        let stderr = std::io::stderr();
        let tell = |text: String| {
            let _ = stderr.lock().write_all(text.as_bytes());
        };
        match loaded {
            Ok(mut loaded) => {
                if !consoles {
                    loaded.workload.listeners.retain(|plan| plan.listener.kind != "console");
                }
                if !self.quiet && !loaded.warnings.is_empty() {
                    let (warnings, sources) = (&loaded.warnings, &loaded.sources);
                    tell(self.diagnostics.render(warnings, sources, Severity::Warning, style(&stderr)));
                }
                Ok(loaded)
            }
            Err(refused) => {
                let (problems, sources) = (&refused.problems, &refused.sources);
                tell(self.diagnostics.render(problems, sources, Severity::Error, style(&stderr)));
                Err(ExitCode::BadWorkload)
            }
        }
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

/// Whether a run that shows itself on a terminal has no listener that does.
pub(super) fn lacks_console(loaded: &Result<Loaded, Refused>) -> bool {
    let has_console =
        |loaded: &Loaded| loaded.workload.listeners.iter().any(|plan| plan.listener.kind == "console");
    std::io::stderr().is_terminal() && loaded.as_ref().is_ok_and(|loaded| !has_console(loaded))
}

/// A file that is written anew from its beginning.
pub(super) fn emptied(file: std::fs::File) -> Box<dyn Write + Send> {
    let _ = file.set_len(0);
    Box::new(BufWriter::new(file))
}

/// Opens a file that results go to, before anything starts. What it held stays until there is something to put in its place.
pub(super) fn create(path: &Path) -> Result<std::fs::File, ExitCode> {
    std::fs::File::options().write(true).create(true).truncate(false).open(path).map_err(|error| {
        complain(&format!("cannot write `{}`: {error}", path.display()));
        ExitCode::Output
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
        RunError::NotSaved(_) => ExitCode::Usage,
        RunError::NotRestored(_)
        | RunError::NoRoots
        | RunError::NoService(_)
        | RunError::StandsStill(_)
        | RunError::Overrun { .. } => ExitCode::BadWorkload,
    }
}

/// Runs, shows and writes the results.
pub(super) fn attempt(
    outputs: &Outputs,
    secrets: &Secrets,
    save: Option<SaveTo>,
    run: impl FnOnce(&AtomicU32) -> Result<RunEnd, RunError>,
) -> Result<ExitCode, ExitCode> {
    let file = outputs.summary.as_deref().filter(|_| !outputs.prints_json()).map(create).transpose()?;
    let interrupts = count_interrupts().map_err(|error| {
        complain(&format!("cannot listen for Ctrl-C: {error}"));
        ExitCode::Internal
    })?;
    let summary = match (run(&interrupts).map_err(|error| told(&error, secrets))?, save) {
        (RunEnd::Over(summary), save) => {
            if let Some(save) = save {
                save.tell_over(&summary);
            }
            summary
        }
        (RunEnd::Saved(saved), Some(save)) => {
            discard_empty(outputs, file);
            return save.write(&saved, outputs.quiet || outputs.prints_json());
        }
        (RunEnd::Saved(_), None) => unreachable!("nobody asked for it"),
    };
    let code = show(outputs, &summary);
    if let Some(file) = file {
        // A device or a pipe has no length to set, and needs none.
        let _ = file.set_len(0);
        written(write_json(&summary, file), "the summary")?;
    }
    if outputs.prints_json() {
        written(
            as_far_as_read(write_json(&summary, std::io::stdout().lock())),
            "the summary to standard output",
        )?;
    }
    tell_failed(&summary)?;
    Ok(code)
}

/// Says which listeners wrote what is of no use.
fn tell_failed(summary: &Summary) -> Result<(), ExitCode> {
    let mut told = Ok(());
    for (name, listener) in summary.listeners.iter() {
        if let Some(error) = &listener.error {
            complain(&format!("listener `{name}` could not write what it is for: {error}"));
            told = Err(ExitCode::Output);
        }
    }
    told
}

/// A run that was saved has no summary yet: a file that was made for it goes.
fn discard_empty(outputs: &Outputs, file: Option<std::fs::File>) {
    let is_empty = |file: std::fs::File| file.metadata().is_ok_and(|file| file.is_file() && file.len() == 0);
    if let Some(path) = outputs.summary.as_deref().filter(|_| file.is_some_and(is_empty)) {
        let _ = std::fs::remove_file(path);
    }
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
fn show(outputs: &Outputs, summary: &Summary) -> ExitCode {
    for violation in conservation(summary) {
        complain(&format!("throng's own books do not add up: {violation}"));
    }
    // Also where nobody reads the results: exit code 0 alone would say that all went well.
    let is_shown_there = outputs.prints_json() && !outputs.quiet;
    if let Some(warning) = final_summary::unjudged_failures(summary).filter(|_| !is_shown_there) {
        let _ = writeln!(std::io::stderr().lock(), "{warning}");
    }
    if !outputs.quiet {
        let shown = if outputs.prints_json() {
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
