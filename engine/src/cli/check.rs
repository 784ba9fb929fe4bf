//! `throng check FILE`: says what is wrong in a workload, or what it would run.
//!
//! Problems and warnings go to standard error, what it would run to standard output. With `--format json` or `github`
//! the problems are what was asked for: they go to standard output.

use std::io::{self, Write};

use throng_components::workload::Problem;
use throng_systems::plugins::Registry;

use super::diagnostics::Format;
use super::inputs::Inputs;
use crate::exit_code::ExitCode;
use crate::loader::{Loaded, Overrides, Refused, Severity, Sources, Style, Workload, load_file};
use crate::run::default_threads;

/// What `check` is asked.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) inputs: Inputs,
    /// How problems are shown; those not for people go to standard output
    #[arg(long, value_enum, default_value = "text")]
    pub(super) format: Format,
}

/// Where what is said goes.
pub(super) struct Streams<'a> {
    /// Standard output.
    pub(super) out: &'a mut dyn Write,
    /// Standard error.
    pub(super) err: &'a mut dyn Write,
    /// How messages on standard error may look.
    pub(super) style: Style,
}

/// Loads the workload and says what came of it.
pub(super) fn run(args: &Args, registry: &Registry, mut streams: Streams<'_>) -> ExitCode {
    let overrides = match args.inputs.overrides() {
        Ok(overrides) => Overrides { cores: Some(default_threads()), ..overrides },
        Err(code) => return code,
    };
    let (written, code) = match load_file(&args.inputs.file, registry, &overrides) {
        Ok(loaded) => (show_loaded(args, &loaded, &mut streams), ExitCode::Passed),
        Err(refused) => (show_refused(args, &refused, &mut streams), ExitCode::BadWorkload),
    };
    if written.is_ok() { code } else { ExitCode::Output }
}

fn show_loaded(args: &Args, loaded: &Loaded, streams: &mut Streams<'_>) -> io::Result<()> {
    show(args.format, &loaded.warnings, &loaded.sources, Severity::Warning, streams)?;
    match args.format {
        Format::Text => writeln!(streams.out, "ok: {}", summary(&loaded.workload)),
        Format::Json | Format::Github => Ok(()),
    }
}

fn show_refused(args: &Args, refused: &Refused, streams: &mut Streams<'_>) -> io::Result<()> {
    show(args.format, &refused.problems, &refused.sources, Severity::Error, streams)?;
    match args.format {
        Format::Text => {
            let problems = counted(refused.problems.len(), "problem");
            writeln!(streams.err, "{problems} in {}", args.inputs.file.display())
        }
        Format::Json | Format::Github => Ok(()),
    }
}

fn show(
    format: Format,
    problems: &[Problem],
    sources: &Sources,
    severity: Severity,
    streams: &mut Streams<'_>,
) -> io::Result<()> {
    let text = format.render(problems, sources, severity, streams.style);
    match format {
        Format::Text => streams.err.write_all(text.as_bytes()),
        Format::Json | Format::Github => streams.out.write_all(text.as_bytes()),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What `check` of a file with this text writes to standard output and standard error, and returns.
    fn checked(name: &str, text: &str, format: Format) -> (String, String, ExitCode) {
        let file = std::env::temp_dir().join(format!("throng-check-{}-{name}.kdl", std::process::id()));
        std::fs::write(&file, text).expect("the file can be written");
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let streams = Streams { out: &mut out, err: &mut err, style: Style::PLAIN };
        let code =
            run(&Args { inputs: Inputs::of_file(file.clone()), format }, &Registry::default(), streams);
        std::fs::remove_file(file).expect("it can be removed");
        (String::from_utf8_lossy(&out).into_owned(), String::from_utf8_lossy(&err).into_owned(), code)
    }

    const GOOD: &str = "throng 1\ntarget t noop\nbehavior b { noop name=x }\n\
                        scenario s { behavior b; population { hold 1 for=\"1s\" } }\n";

    #[test]
    fn what_would_run_goes_to_standard_output() {
        let (out, err, code) = checked("good", GOOD, Format::Text);
        assert_eq!(out, "ok: 1 scenario: s (closed, 1.00 s); 1 target; 1 step\n");
        assert_eq!((err.as_str(), code), ("", ExitCode::Passed));
    }

    #[test]
    fn problems_go_to_standard_error() {
        let (out, err, code) = checked("bad", &GOOD.replace("hold", "hodl"), Format::Text);
        assert_eq!((out.as_str(), code), ("", ExitCode::BadWorkload));
        assert!(err.contains("hodl") && err.contains("1 problem in "), "{err}");
    }

    #[test]
    fn programs_read_problems_from_standard_output() {
        let (out, err, code) = checked("json", &GOOD.replace("hold", "hodl"), Format::Json);
        assert_eq!((err.as_str(), code), ("", ExitCode::BadWorkload));
        assert!(out.starts_with('{') && out.lines().count() == 1, "{out}");
        let (out, err, code) = checked("github", &GOOD.replace("hold", "hodl"), Format::Github);
        assert_eq!((err.as_str(), code), ("", ExitCode::BadWorkload));
        assert!(out.starts_with("::error file=") && out.lines().count() == 1, "{out}");
    }
}
