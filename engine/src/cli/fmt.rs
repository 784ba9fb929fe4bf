//! `throng fmt FILE…`: writes workloads in the form that all of them have.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::check::Streams;
use super::complain;
use super::diagnostics::Format;
use crate::exit_code::ExitCode;
use crate::loader::{FormatError, Refused, Severity, format, read};

/// What `fmt` is asked.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Args {
    /// The workloads; `-` reads standard input and writes to standard output
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Changes nothing, and names the files that it would change; exit code 99 when there are any
    #[arg(long, conflicts_with = "stdout")]
    check: bool,
    /// Writes to standard output and leaves the files as they are
    #[arg(long)]
    stdout: bool,
    /// How problems are shown
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// What became of a file.
enum Formatted {
    /// It was right as it is, or is now.
    Done,
    /// It would be changed.
    WouldChange,
}

/// Formats each file; one that cannot be does not keep the others from it.
pub(super) fn run(args: &Args, mut input: impl Read, mut streams: Streams<'_>) -> ExitCode {
    let mut code = ExitCode::Passed;
    for file in &args.files {
        match format_one(args, file, &mut input, &mut streams) {
            Ok(Formatted::WouldChange) if code == ExitCode::Passed => code = ExitCode::Failed,
            Ok(_) => {}
            Err(worse) => code = worse,
        }
    }
    code
}

fn format_one(
    args: &Args,
    file: &Path,
    input: &mut impl Read,
    streams: &mut Streams<'_>,
) -> Result<Formatted, ExitCode> {
    let is_input = file == Path::new("-");
    let path = if is_input { Path::new("<stdin>") } else { file };
    let bytes = if is_input {
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes).map_err(|error| {
            complain(&format!("cannot read standard input: {error}"));
            ExitCode::BadWorkload
        })?;
        bytes
    } else {
        read(file).map_err(|refused| refuse(args, &refused, streams))?
    };
    let text = format(path, &bytes).map_err(|error| match error {
        FormatError::Refused(refused) => refuse(args, &refused, streams),
        FormatError::MeaningLost => {
            let shown = path.display();
            complain(&format!("`{shown}` is left as it is: formatted it would mean something else"));
            ExitCode::Internal
        }
    })?;
    let changed = text.as_bytes() != bytes;
    let written = if args.check {
        if changed { writeln!(streams.out, "{}", path.display()) } else { Ok(()) }
    } else if is_input || args.stdout {
        streams.out.write_all(text.as_bytes())
    } else if changed {
        replace(file, &text)
    } else {
        Ok(())
    };
    written.map_err(|error| {
        complain(&format!("cannot write `{}`: {error}", path.display()));
        ExitCode::Output
    })?;
    Ok(if args.check && changed { Formatted::WouldChange } else { Formatted::Done })
}

fn refuse(args: &Args, refused: &Refused, streams: &mut Streams<'_>) -> ExitCode {
    let text = args.format.render(&refused.problems, &refused.sources, Severity::Error, streams.style);
    // Nobody can be told when standard error is gone.
    let _ = streams.err.write_all(text.as_bytes());
    ExitCode::BadWorkload
}

/// Puts the new text in the old one's place at once: nobody sees half of it, and a full disk loses nothing.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    // A link stays one: what it points to is replaced.
    let file = std::fs::canonicalize(file)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let fresh = file.with_file_name(format!(".{name}.{}", std::process::id()));
    let permissions = std::fs::metadata(&file)?.permissions();
    let written = std::fs::write(&fresh, text)
        .and_then(|()| std::fs::set_permissions(&fresh, permissions))
        .and_then(|()| std::fs::rename(&fresh, &file));
    if written.is_err() {
        let _ = std::fs::remove_file(&fresh);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loader::Style;

    /// What `fmt -` with these settings writes of a text, and returns.
    fn formatted(text: &str, check: bool) -> (String, String, ExitCode) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let streams = Streams { out: &mut out, err: &mut err, style: Style::PLAIN };
        let args = Args { files: vec!["-".into()], check, stdout: false, format: Format::Text };
        let code = run(&args, text.as_bytes(), streams);
        (String::from_utf8_lossy(&out).into_owned(), String::from_utf8_lossy(&err).into_owned(), code)
    }

    #[test]
    fn standard_input_is_formatted_to_standard_output() {
        let (out, err, code) = formatted("a  1;b\n\n\n\n", false);
        assert_eq!((out.as_str(), err.as_str(), code), ("a 1\nb\n", "", ExitCode::Passed));
    }

    #[test]
    fn a_check_names_what_would_change() {
        let (out, err, code) = formatted("a  1", true);
        assert_eq!((out.as_str(), err.as_str(), code), ("<stdin>\n", "", ExitCode::Failed));
        let (out, err, code) = formatted("a 1\n", true);
        assert_eq!((out.as_str(), err.as_str(), code), ("", "", ExitCode::Passed));
    }

    #[test]
    fn what_does_not_parse_is_refused() {
        let (out, err, code) = formatted("a {", false);
        assert_eq!((out.as_str(), code), ("", ExitCode::BadWorkload));
        assert!(err.contains("T0010"), "{err}");
    }
}
