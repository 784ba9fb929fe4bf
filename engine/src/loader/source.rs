//! Source texts: the workload file itself and what is added from outside.

use std::io::Read;
use std::path::Path;

use throng_components::workload::{Label, Mistake, Problem, SourceId, Span};
use throng_systems::recording::BEGINS;

/// A file beyond that is no workload, nor are several of them together: it would be some ten thousand lines. The parser needs
/// up to a second for it.
pub const MOST_BYTES: usize = 512 << 10;

/// One text that nodes were read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What messages call it: the path as given, or the option it came from.
    pub name: String,
    /// The text.
    pub text: String,
    /// Whether it is a file of the workload, and not an option.
    pub is_file: bool,
}

/// All texts of a workload, by [`SourceId`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Adds the text of an option; `None` beyond 65,536 of them.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> Option<SourceId> {
        self.push(Source { name: name.into(), text: text.into(), is_file: false })
    }

    /// Adds the text of a file; `None` beyond 65,536 of them.
    pub fn add_file(&mut self, name: impl Into<String>, text: impl Into<String>) -> Option<SourceId> {
        self.push(Source { name: name.into(), text: text.into(), is_file: true })
    }

    fn push(&mut self, source: Source) -> Option<SourceId> {
        let id = u16::try_from(self.0.len()).ok()?;
        self.0.push(source);
        Some(SourceId(id))
    }

    /// The texts of the workload's files: the file itself, then what it includes, in the order in which they were read.
    pub fn files(&self) -> impl Iterator<Item = &Source> {
        self.0.iter().filter(|source| source.is_file)
    }

    /// The texts of options and of variables that set a parameter.
    pub fn others(&self) -> impl Iterator<Item = &Source> {
        self.0.iter().filter(|source| !source.is_file)
    }

    /// The text of that number.
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.0.get(usize::from(id.0))
    }

    /// What relative paths are relative to that stand in an included file; `None` in the workload's own file and in options.
    pub(super) fn included_directory(&self, span: Span) -> Option<&Path> {
        let source = self.get(span.source).filter(|source| source.is_file && span.source != SourceId(0))?;
        Some(Path::new(&source.name).parent().unwrap_or(Path::new("")))
    }

    /// What stands in a span; empty when it lies outside.
    pub fn slice(&self, span: Span) -> &str {
        let (start, length) = (span.start as usize, span.length as usize);
        self.get(span.source).and_then(|source| source.text.get(start..start + length)).unwrap_or("")
    }
}

/// Why a workload is not run: every problem found, and the texts their spans lie in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The texts.
    pub sources: Sources,
    /// What is wrong, in the order of the texts.
    pub problems: Vec<Problem>,
}

/// A file that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileMistake {
    path: String,
    reason: Reason,
    /// Where it is included.
    at: Option<Span>,
}

impl FileMistake {
    /// The mistake of a file that is not there.
    pub(super) fn missing(path: &Path) -> Self {
        Self { path: path.display().to_string(), reason: Reason::Missing, at: None }
    }

    /// The mistake of a file that is included there.
    pub(super) fn included_at(self, span: Span) -> Self {
        Self { at: Some(span), ..self }
    }
}

/// Why a file cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reason {
    Missing,
    Unreadable(String),
    Directory,
    Recording,
    TooLarge,
}

impl Mistake for FileMistake {
    fn code(&self) -> &'static str {
        match self.reason {
            Reason::Missing | Reason::Unreadable(_) | Reason::Recording => "T0001",
            Reason::Directory => "T0002",
            Reason::TooLarge => "T0005",
        }
    }

    fn message(&self) -> String {
        let path = &self.path;
        match &self.reason {
            Reason::Missing => format!("there is no file `{path}`"),
            Reason::Unreadable(reason) => format!("`{path}` cannot be read: {reason}"),
            Reason::Directory => format!("`{path}` is a directory"),
            Reason::Recording => format!("`{path}` is a recording, and no workload"),
            Reason::TooLarge if self.at.is_some() => {
                format!("with `{path}`, the workload is larger than {} KiB", MOST_BYTES >> 10)
            }
            Reason::TooLarge => format!("`{path}` is larger than {} KiB", MOST_BYTES >> 10),
        }
    }

    fn labels(&self) -> Vec<Label> {
        self.at.map(|span| Label::new(span, "included here")).into_iter().collect()
    }

    fn help(&self) -> Option<String> {
        match self.reason {
            Reason::Missing if self.at.is_some() => {
                Some("paths are relative to the file that includes".to_owned())
            }
            Reason::Missing => Some("check the path".to_owned()),
            Reason::Unreadable(_) => None,
            Reason::Directory => Some("name the `.kdl` file in it".to_owned()),
            Reason::Recording => Some(format!("`throng replay {}` does what was recorded", self.path)),
            Reason::TooLarge => Some("keep data in files of their own".to_owned()),
        }
    }
}

impl From<FileMistake> for Refused {
    fn from(mistake: FileMistake) -> Self {
        Self { sources: Sources::default(), problems: vec![mistake.into()] }
    }
}

/// Reads a workload's bytes.
///
/// # Errors
/// The file is missing, unreadable, a directory or larger than [`MOST_BYTES`].
pub fn read(path: &Path) -> Result<Vec<u8>, Refused> {
    Ok(read_bytes(path, MOST_BYTES)?)
}

/// Reads a file that another one includes. Only the workload itself may come from a pipe: opening one may wait for ever.
pub(super) fn read_included(path: &Path, most: usize) -> Result<Vec<u8>, FileMistake> {
    match std::fs::metadata(path) {
        Ok(found) if !found.is_file() && !found.is_dir() => {
            let reason = Reason::Unreadable("it is no regular file".to_owned());
            Err(FileMistake { path: path.display().to_string(), reason, at: None })
        }
        _ => read_bytes(path, most),
    }
}

/// Reads a file of at most `most` bytes.
fn read_bytes(path: &Path, most: usize) -> Result<Vec<u8>, FileMistake> {
    let mistake = |reason| FileMistake { path: path.display().to_string(), reason, at: None };
    let refused = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => mistake(Reason::Missing),
        _ => mistake(Reason::Unreadable(error.to_string())),
    };
    let file = std::fs::File::open(path).map_err(refused)?;
    if file.metadata().map_err(refused)?.is_dir() {
        return Err(mistake(Reason::Directory));
    }
    let mut bytes = Vec::new();
    file.take(most as u64 + 1).read_to_end(&mut bytes).map_err(refused)?;
    if bytes.starts_with(BEGINS) {
        return Err(mistake(Reason::Recording));
    }
    if bytes.len() > most { Err(mistake(Reason::TooLarge)) } else { Ok(bytes) }
}

/// The mistake of bytes that are no file's.
pub(super) fn too_large(name: String) -> FileMistake {
    FileMistake { path: name, reason: Reason::TooLarge, at: None }
}
