//! Source texts: the workload file itself and what is added from outside.

use std::io::Read;
use std::path::Path;

use throng_components::workload::{Label, Mistake, Problem, SourceId, Span};

/// A file beyond that is no workload. The parser needs about a second for each MiB.
pub const MOST_BYTES: usize = 16 << 20;

/// One text that nodes were read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What messages call it: the path as given, or the option it came from.
    pub name: String,
    /// The text.
    pub text: String,
}

/// All texts of a workload, by [`SourceId`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Adds a text; `None` beyond 65,536 of them.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> Option<SourceId> {
        let id = u16::try_from(self.0.len()).ok()?;
        self.0.push(Source { name: name.into(), text: text.into() });
        Some(SourceId(id))
    }

    /// The text of that number.
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.0.get(usize::from(id.0))
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

/// A mistake about the file as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FileMistake {
    /// It cannot be opened or read.
    Unreadable { path: String, missing: bool, reason: String },
    /// It is a directory.
    Directory { path: String },
    /// It is larger than is read.
    TooLarge { path: String },
}

impl Mistake for FileMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "T0001",
            Self::Directory { .. } => "T0002",
            Self::TooLarge { .. } => "T0005",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Unreadable { path, missing: true, .. } => format!("there is no file `{path}`"),
            Self::Unreadable { path, reason, .. } => format!("`{path}` cannot be read: {reason}"),
            Self::Directory { path } => format!("`{path}` is a directory"),
            Self::TooLarge { path } => format!("`{path}` is larger than {} MiB", MOST_BYTES >> 20),
        }
    }

    fn labels(&self) -> Vec<Label> {
        Vec::new()
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Unreadable { missing: true, .. } => Some("check the path".to_owned()),
            Self::Unreadable { .. } => None,
            Self::Directory { .. } => Some("name the `.kdl` file in it".to_owned()),
            Self::TooLarge { .. } => Some("keep data in files of their own".to_owned()),
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
    let shown = path.display().to_string();
    let refused = |error: std::io::Error| FileMistake::Unreadable {
        path: shown.clone(),
        missing: error.kind() == std::io::ErrorKind::NotFound,
        reason: error.to_string(),
    };
    let file = std::fs::File::open(path).map_err(refused)?;
    if file.metadata().map_err(refused)?.is_dir() {
        return Err(FileMistake::Directory { path: shown }.into());
    }
    let mut bytes = Vec::new();
    file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(refused)?;
    if bytes.len() > MOST_BYTES {
        return Err(FileMistake::TooLarge { path: shown }.into());
    }
    Ok(bytes)
}
