//! The command line. Summary to standard output; progress, logs and errors to standard error.

mod check;
mod completions;
mod diagnostics;
mod error_types;
mod explain;
mod expression_names;
mod files;
mod final_summary;
mod fmt;
mod glossary;
mod init;
mod inputs;
mod interrupts;
mod language;
mod list;
mod lsp;
mod man;
mod outputs;
mod reference;
mod replay;
mod resume;
mod run;
mod save_at;
mod serve_demo;
mod sweep;
mod terminal_view;
mod width;

use std::io::{IsTerminal, Write};

use clap::{CommandFactory, Parser};

use crate::app::App;
use crate::exit_code::ExitCode;
use crate::loader::Style;

/// Sets a population loose on a system: load tests in real time, simulations in virtual time
#[derive(Debug, Parser)]
#[command(name = "throng", version, arg_required_else_help = true, term_width = width::of_standard_output())]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Run(run::Run),
    Simulate(run::Simulate),
    Replay(replay::Replay),
    Resume(resume::Resume),
    Sweep(sweep::Sweep),
    /// Reads workloads and shows every problem in them; starts nothing
    Check(check::Args),
    /// Writes workloads in the form that all of them have: indentation, blanks, empty lines
    Fmt(fmt::Args),
    /// Lists what a workload may hold: nodes, and the kinds of each family of plug-ins
    List(list::Args),
    /// Explains a node, a kind or an error code
    Explain(explain::Args),
    ServeDemo(serve_demo::ServeDemo),
    /// Writes a workload to begin with
    Init(init::Args),
    /// Writes what a shell needs to complete commands, options and names
    Completions(completions::Args),
    /// Writes the manual's pages
    Man(man::Args),
    /// Serves an editor: diagnostics, completion, hover, formatting, over standard input and output
    Lsp,
}

/// Whether a terminal can do no more than show text, line by line, as far as `TERM` says.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

/// How messages may look: colours only for a terminal that has them and wants them.
fn style(stream: &impl IsTerminal) -> Style {
    let color = stream.is_terminal()
        && !is_dumb()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    Style { color, unicode: true, width: 100 }
}

/// Runs the command line with an application's plug-ins and systems; gives what the process returns.
pub fn cli(app: App) -> std::process::ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to standard output and are no error.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::Usage } else { ExitCode::Passed }.into();
        }
    };
    if !app.refused().is_empty() {
        app.refused().iter().for_each(|taken| complain(&taken.to_string()));
        return ExitCode::Internal.into();
    }
    let mut stdout = std::io::stdout().lock();
    let code = match arguments.command {
        Command::Run(run) => run::run(&app, &run),
        Command::Simulate(simulate) => run::simulate(&app, &simulate),
        Command::Replay(args) => replay::replay(&app, &args),
        Command::Resume(args) => resume::resume(&app, &args),
        Command::Sweep(args) => {
            // Its report and its runs write while this would be held.
            drop(stdout);
            return sweep::sweep(&app, &args).into();
        }
        Command::Check(args) => {
            let mut stderr = std::io::stderr();
            let style = style(&stderr);
            let streams = check::Streams { out: &mut stdout, err: &mut stderr, style };
            check::run(&args, app.registry(), streams)
        }
        Command::Fmt(args) => {
            let mut stderr = std::io::stderr();
            let style = style(&stderr);
            let streams = check::Streams { out: &mut stdout, err: &mut stderr, style };
            fmt::run(&args, std::io::stdin().lock(), streams)
        }
        Command::List(args) => list::run(&args, app.registry(), &mut stdout),
        Command::Explain(args) => explain::run(&args, app.registry(), &mut stdout),
        Command::Init(args) => init::run(&args, &mut stdout).unwrap_or_else(|error| {
            complain(&error.to_string());
            ExitCode::Output
        }),
        Command::Completions(args) => {
            completions::run(&args, Arguments::command(), app.registry(), &mut stdout)
        }
        Command::Lsp => {
            // The protocol has standard output for itself.
            drop(stdout);
            return lsp::run(app.registry()).into();
        }
        Command::Man(args) => man::run(&args, Arguments::command(), &mut stdout),
        Command::ServeDemo(args) => match serve_demo::serve_demo(&args, &mut stdout) {
            Ok(()) => ExitCode::Passed,
            Err(error) => {
                complain(&error.to_string());
                error.exit_code()
            }
        },
    };
    code.into()
}

/// Says on standard error what went wrong.
fn complain(message: &str) {
    // Nobody can be told when standard error is gone.
    let _ = writeln!(std::io::stderr().lock(), "error: {message}");
}

/// Says something on standard error that is no error.
fn note(message: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{message}");
}
