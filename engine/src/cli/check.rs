//! `throng check FILE…`: says what is wrong in workloads, or what they would run.
//!
//! Problems and warnings go to standard error, what it would run to standard output. With `--format json` or `github`
//! the problems are what was asked for: they go to standard output.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use throng_components::workload::Problem;
use throng_systems::plugins::Registry;

use super::diagnostics::Format;
use super::inputs::Outside;
use super::outputs::as_far_as_read;
use crate::exit_code::ExitCode;
use crate::loader::{Loaded, Overrides, Refused, Severity, Sources, Style, Workload, load_file};
use crate::run::default_threads;

/// What `check` is asked.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Args {
    /// Workloads, each by itself
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) outside: Outside,
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

/// Loads each workload and says what came of it. One that is wrong does not keep the others from being looked at.
pub(super) fn run(args: &Args, registry: &Registry, mut streams: Streams<'_>) -> ExitCode {
    let overrides = match args.outside.overrides() {
        Ok(overrides) => Overrides { cores: Some(default_threads()), ..overrides },
        Err(code) => return code,
    };
    let mut worst = ExitCode::Passed;
    for file in &args.files {
        let written = match load_file(file, registry, &overrides) {
            Ok(loaded) => show_loaded(args, file, &loaded, &mut streams),
            Err(refused) => {
                worst = ExitCode::BadWorkload;
                show_refused(args, file, &refused, &mut streams)
            }
        };
        // Whoever reads the first lines alone still learns how it ended.
        if as_far_as_read(written).is_err() {
            return ExitCode::Output;
        }
    }
    worst
}

fn show_loaded(args: &Args, file: &Path, loaded: &Loaded, streams: &mut Streams<'_>) -> io::Result<()> {
    show(args.format, &loaded.warnings, &loaded.sources, Severity::Warning, streams)?;
    match args.format {
        Format::Text if args.files.len() > 1 => {
            writeln!(streams.out, "ok: {}: {}", file.display(), summary(&loaded.workload))
        }
        Format::Text => writeln!(streams.out, "ok: {}", summary(&loaded.workload)),
        Format::Json | Format::Github => Ok(()),
    }
}

fn show_refused(args: &Args, file: &Path, refused: &Refused, streams: &mut Streams<'_>) -> io::Result<()> {
    show(args.format, &refused.problems, &refused.sources, Severity::Error, streams)?;
    match args.format {
        Format::Text => {
            let problems = counted(refused.problems.len(), "problem");
            writeln!(streams.err, "{problems} in {}", file.display())
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

    /// A file with this text, of this process and test alone.
    fn written(name: &str, text: &str) -> PathBuf {
        let file = std::env::temp_dir().join(format!("throng-check-{}-{name}.kdl", std::process::id()));
        std::fs::write(&file, text).expect("the file can be written");
        file
    }

    fn removed(files: &[PathBuf]) {
        for file in files {
            std::fs::remove_file(file).expect("it can be removed");
        }
    }

    /// What `check` of a file with this text writes to standard output and standard error, and returns.
    fn checked(name: &str, text: &str, format: Format) -> (String, String, ExitCode) {
        let file = written(name, text);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let streams = Streams { out: &mut out, err: &mut err, style: Style::PLAIN };
        let args = Args { files: vec![file.clone()], outside: Outside::default(), format };
        let code = run(&args, &Registry::default(), streams);
        removed(&[file]);
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

    #[test]
    fn each_of_several_files_is_looked_at() {
        let files = vec![written("bad-of-two", &GOOD.replace("hold", "hodl")), written("good-of-two", GOOD)];
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let streams = Streams { out: &mut out, err: &mut err, style: Style::PLAIN };
        let args = Args { files, outside: Outside::default(), format: Format::Text };
        assert_eq!(run(&args, &Registry::default(), streams), ExitCode::BadWorkload);
        removed(&args.files);
        let (out, err) = (String::from_utf8_lossy(&out), String::from_utf8_lossy(&err));
        assert!(out.starts_with("ok: ") && out.contains("good-of-two.kdl: 1 scenario"), "{out}");
        assert!(err.contains("1 problem in ") && err.contains("bad-of-two.kdl"), "{err}");
    }

    #[test]
    fn a_reader_that_goes_away_changes_nothing() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let file = written("bad-unread", &GOOD.replace("hold", "hodl"));
        let args = Args { files: vec![file], outside: Outside::default(), format: Format::Text };
        let streams = Streams { out: &mut Gone, err: &mut Gone, style: Style::PLAIN };
        assert_eq!(run(&args, &Registry::default(), streams), ExitCode::BadWorkload);
        removed(&args.files);
    }
}
