//! `throng init [DIR]`: writes a workload to begin with.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::exit_code::ExitCode;

/// The smallest workload that shows something.
const MINIMAL: &str = include_str!("init/minimal.kdl");

/// Each thing once, with a comment.
const FULL: &str = include_str!("init/full.kdl");

/// What the file is called.
const NAME: &str = "workload.kdl";

/// What `init` is asked.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Args {
    /// Where to; made when it is not there
    #[arg(default_value = ".", value_hint = clap::ValueHint::DirPath)]
    directory: PathBuf,
    /// Writes a workload that shows each thing with a comment
    #[arg(long)]
    full: bool,
    /// Writes over a file that is there
    #[arg(long)]
    force: bool,
}

/// Why there is no new workload.
#[derive(Debug)]
pub(super) enum InitError {
    /// There is one.
    Exists(PathBuf),
    /// It cannot be written.
    Write(PathBuf, io::Error),
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists(path) => {
                write!(f, "`{}` is there already; `--force` writes over it", path.display())
            }
            Self::Write(path, error) => write!(f, "cannot write `{}`: {error}", path.display()),
        }
    }
}

/// Writes the workload and names the next command.
///
/// # Errors
/// See [`InitError`].
pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<ExitCode, InitError> {
    let path = args.directory.join(NAME);
    // `./` in front says nothing.
    let path = path.strip_prefix(".").map(Path::to_owned).unwrap_or(path);
    let failed = |error| InitError::Write(path.clone(), error);
    std::fs::create_dir_all(&args.directory).map_err(failed)?;
    let mut options = std::fs::File::options();
    let options = options.write(true).truncate(true).create(args.force).create_new(!args.force);
    let mut file = options.open(&path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => InitError::Exists(path.clone()),
        _ => failed(error),
    })?;
    file.write_all(if args.full { FULL } else { MINIMAL }.as_bytes()).map_err(failed)?;
    let shown = path.display();
    // The file is there, whoever reads this or does not.
    let _ = writeln!(out, "wrote {shown}\nnext: throng run {shown}");
    Ok(ExitCode::Passed)
}
