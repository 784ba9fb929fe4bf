//! `throng man [DIR]`: the manual's pages.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap_mangen::{Man, generate_to};

use super::complain;
use crate::exit_code::ExitCode;

/// What `man` is asked.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Args {
    /// Where to write a page for throng and one for each command; without it, throng's page goes to standard output
    #[arg(value_hint = clap::ValueHint::DirPath)]
    directory: Option<PathBuf>,
}

/// Writes the pages.
pub(super) fn run(args: &Args, command: clap::Command, out: &mut dyn Write) -> ExitCode {
    let mut page = Vec::new();
    let written = match &args.directory {
        Some(directory) => write_all(command, directory),
        None => Man::new(command).render(&mut page).and_then(|()| out.write_all(&page)),
    };
    match written {
        Ok(()) => ExitCode::Passed,
        Err(error) => {
            complain(&format!("cannot write the manual: {error}"));
            ExitCode::Output
        }
    }
}

fn write_all(command: clap::Command, directory: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(directory)?;
    generate_to(command, directory)
}
