//! `throng completions SHELL`: what a shell needs to complete throng's commands, options and names.

use std::io::Write;

use clap::builder::PossibleValuesParser;
use clap_complete::{Shell, generate};
use throng_systems::plugins::Registry;

use super::list;
use super::reference;
use crate::exit_code::ExitCode;

/// What `completions` is asked.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

/// Writes the shell's script.
pub(super) fn run(args: &Args, command: clap::Command, registry: &Registry, out: &mut dyn Write) -> ExitCode {
    let mut command = with_names(command, registry);
    let mut script = Vec::new();
    generate(args.shell, &mut command, "throng", &mut script);
    if args.shell == Shell::Fish {
        // What is generated for fish leaves out the values of arguments without a dash.
        for (command, names) in [("list", list::known(registry)), ("explain", names(registry))] {
            let condition = format!("__fish_throng_using_subcommand {command}");
            let line = format!("complete -c throng -n \"{condition}\" -f -a \"{}\"\n", names.join(" "));
            script.extend(line.bytes());
        }
    }
    if out.write_all(&script).is_ok() { ExitCode::Passed } else { ExitCode::Output }
}

/// The names that `explain` knows and a shell can complete: those of a single word. An apostrophe would open a text.
fn names(registry: &Registry) -> Vec<&'static str> {
    let mut names = reference::names(registry);
    names.retain(|name| !name.contains([' ', '\'']));
    names
}

/// The command with the names that `list` and `explain` know: what an application registered is completed too.
fn with_names(command: clap::Command, registry: &Registry) -> clap::Command {
    let one_of = |names: Vec<&'static str>| PossibleValuesParser::new(names);
    command
        .mut_subcommand("list", |list| {
            list.mut_arg("family", |family| family.value_parser(one_of(list::known(registry))))
        })
        .mut_subcommand("explain", |explain| {
            explain.mut_arg("name", |name| name.value_parser(one_of(names(registry))))
        })
}
