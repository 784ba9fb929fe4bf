//! `throng check FILE`: says what is wrong in a workload, or what it would run.

use std::io::{self, Write};
use std::path::PathBuf;

use throng_systems::plugins::Registry;

use crate::exit_code::ExitCode;
use crate::loader::{Loaded, Overrides, Refused, Severity, Style, Workload, load_file, render, render_json};

/// What `check` is asked.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Args {
    /// The workload
    pub(super) file: PathBuf,
    /// How problems are shown
    #[arg(long, value_enum, default_value = "text")]
    pub(super) format: Format,
}

/// How problems are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// For programs: one JSON object a line
    Json,
}

/// Loads the workload and says what came of it.
pub(super) fn run(args: &Args, registry: &Registry, style: Style, out: &mut dyn Write) -> ExitCode {
    let (written, code) = match load_file(&args.file, registry, &Overrides::default()) {
        Ok(loaded) => (show_loaded(args, &loaded, style, out), ExitCode::Passed),
        Err(refused) => (show_refused(args, &refused, style, out), ExitCode::BadWorkload),
    };
    if written.is_ok() { code } else { ExitCode::Output }
}

fn show_loaded(args: &Args, loaded: &Loaded, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let (warnings, sources) = (&loaded.warnings, &loaded.sources);
    match args.format {
        Format::Json => out.write_all(render_json(warnings, sources, Severity::Warning).as_bytes()),
        Format::Text => {
            out.write_all(render(warnings, sources, Severity::Warning, style).as_bytes())?;
            writeln!(out, "ok: {}", summary(&loaded.workload))
        }
    }
}

fn show_refused(args: &Args, refused: &Refused, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let (problems, sources) = (&refused.problems, &refused.sources);
    match args.format {
        Format::Json => out.write_all(render_json(problems, sources, Severity::Error).as_bytes()),
        Format::Text => {
            out.write_all(render(problems, sources, Severity::Error, style).as_bytes())?;
            writeln!(out, "{} in {}", counted(problems.len(), "problem"), args.file.display())
        }
    }
}

/// What would run, in one line.
fn summary(workload: &Workload) -> String {
    let scenarios: Vec<String> = workload.scenarios.iter().map(scenario_summary).collect();
    let parts = [
        (workload.targets.len(), "target"),
        (workload.steps.all().len(), "step"),
        (workload.rules.len(), "rule"),
        (workload.listeners.len(), "listener"),
    ];
    let mut text = format!("{}: {}", counted(scenarios.len(), "scenario"), scenarios.join(", "));
    for (number, what) in parts.into_iter().filter(|(number, _)| *number > 0) {
        text.push_str("; ");
        text.push_str(&counted(number, what));
    }
    text
}

fn scenario_summary(plan: &crate::loader::ScenarioPlan) -> String {
    let scenario = &plan.scenario;
    let load = if scenario.open { "open" } else { "closed" };
    let length = if scenario.length == throng_components::clock::Nanos::MAX {
        "without an end of its own".to_owned()
    } else {
        scenario.length.to_string()
    };
    format!("{} ({load}, {length})", scenario.name)
}

fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
