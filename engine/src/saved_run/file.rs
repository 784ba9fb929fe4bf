//! The file of a saved run.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `throng` and two zeros |
//! | 4 | the format's version |
//! | 16 | throng's version, filled up with zeros |
//! | 8 | length of the manifest |
//! | 8 | length of the state |
//! | 32 | SHA-256 of all the other bytes |
//! | … | the manifest: what the run was made from, and what is known of it |
//! | … | the state |
//!
//! Numbers have their lowest byte first. Nothing behind the head is looked at before its sum is right.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use throng_components::state::{StateReader, StateWriter};

use super::origin::Origin;
use super::run::{Facts, SavedRun};

const MAGIC: [u8; 8] = *b"throng\0\0";

/// The format's version: raised whenever the state of anything is written otherwise.
pub const FORMAT_VERSION: u32 = 2;

/// Bytes of the head: up to the sum, and with it.
const UP_TO_SUM: usize = 44;
const HEAD: usize = UP_TO_SUM + 32;

/// Why bytes are no saved run that can be taken up again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotASavedRun {
    /// It does not begin as one.
    Foreign,
    /// It has another format.
    OtherVersion {
        /// Which format.
        format: u32,
        /// Which throng wrote it.
        throng: String,
    },
    /// It is shorter than it says.
    Truncated {
        /// How many bytes there are to be.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// Its bytes are not those that were written.
    Damaged,
    /// It cannot be read.
    Unreadable(String),
}

impl fmt::Display for NotASavedRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => f.write_str("it is no saved run of throng"),
            Self::OtherVersion { format, throng } => write!(
                f,
                "throng {throng} saved it in format {format}, and this one ({}) reads format {FORMAT_VERSION}: resume \
                 it with throng {throng}",
                env!("CARGO_PKG_VERSION")
            ),
            Self::Truncated { expected, found } => {
                write!(f, "it is cut off: {found} bytes are there, and it had at least {expected}")
            }
            Self::Damaged => f.write_str("it is damaged: what it holds is not what was written"),
            Self::Unreadable(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for NotASavedRun {}

fn sum(head: &[u8], rest: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(head);
    digest.update(rest);
    digest.finalize().into()
}

fn number(bytes: &[u8], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(number)
}

impl SavedRun {
    /// The bytes of its file.
    ///
    /// # Errors
    /// When the workload's path, or that of a file of it, is no text.
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let mut writer = StateWriter::default();
        writer.put(&self.origin);
        writer.put(&self.facts);
        let manifest = writer.finish().map_err(|error| io::Error::other(error.to_string()))?;
        let mut bytes = Vec::with_capacity(HEAD + manifest.len() + self.state.len());
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        let mut version = [0; 16];
        let own = env!("CARGO_PKG_VERSION").as_bytes();
        let length = own.len().min(version.len());
        version[..length].copy_from_slice(&own[..length]);
        bytes.extend_from_slice(&version);
        bytes.extend_from_slice(&(manifest.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&(self.state.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&[0; 32]);
        bytes.extend_from_slice(&manifest);
        bytes.extend_from_slice(&self.state);
        let sum = sum(&bytes[..UP_TO_SUM], &bytes[HEAD..]);
        bytes[UP_TO_SUM..HEAD].copy_from_slice(&sum);
        Ok(bytes)
    }

    /// Reads a saved run's file.
    ///
    /// # Errors
    /// See [`NotASavedRun`].
    pub fn read(path: &Path) -> Result<Self, NotASavedRun> {
        let unreadable = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => NotASavedRun::Unreadable("there is no such file".to_owned()),
            _ => NotASavedRun::Unreadable(error.to_string()),
        };
        // A device or a pipe might never end.
        if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(NotASavedRun::Unreadable("it is no regular file".to_owned()));
        }
        Self::from_bytes(&std::fs::read(path).map_err(unreadable)?)
    }

    /// A saved run from the bytes of its file.
    ///
    /// # Errors
    /// See [`NotASavedRun`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotASavedRun> {
        let start = bytes.len().min(MAGIC.len());
        if bytes[..start] != MAGIC[..start] || bytes.is_empty() {
            return Err(NotASavedRun::Foreign);
        }
        let found = bytes.len() as u64;
        if bytes.len() < HEAD {
            return Err(NotASavedRun::Truncated { expected: HEAD as u64, found });
        }
        let (format, throng) = versions(bytes);
        if format != FORMAT_VERSION {
            return Err(NotASavedRun::OtherVersion { format, throng });
        }
        let (manifest, state) = (number(bytes, 28), number(bytes, 36));
        let expected = (HEAD as u64).saturating_add(manifest).saturating_add(state);
        if found < expected {
            return Err(NotASavedRun::Truncated { expected, found });
        }
        if found > expected || sum(&bytes[..UP_TO_SUM], &bytes[HEAD..]) != bytes[UP_TO_SUM..HEAD] {
            return Err(NotASavedRun::Damaged);
        }
        // It is as long as the bytes at most.
        let manifest = usize::try_from(manifest).map_err(|_| NotASavedRun::Damaged)?;
        let (manifest, state) = bytes[HEAD..].split_at(manifest);
        let mut reader = StateReader::new(manifest);
        let mut read =
            || Some((reader.take::<Origin>().ok()?, reader.take::<Facts>().ok()?, reader.end().ok()?));
        let (origin, facts, ()) = read().ok_or(NotASavedRun::Damaged)?;
        Ok(Self { origin, facts, state: state.to_vec() })
    }
}

/// The format's version and throng's.
fn versions(bytes: &[u8]) -> (u32, String) {
    let mut format = [0; 4];
    format.copy_from_slice(&bytes[8..12]);
    let throng = String::from_utf8_lossy(&bytes[12..28]);
    let shown = throng.trim_end_matches('\0').chars().filter(|letter| !letter.is_control());
    (u32::from_le_bytes(format), shown.collect())
}

/// A file that a run is to be saved in. It takes its name when it is whole, and another one of that name stays until then.
#[derive(Debug)]
pub struct SaveFile {
    path: PathBuf,
    part: tempfile::NamedTempFile,
}

impl SaveFile {
    /// Makes sure that the file can be written, before the run begins. Only its owner may read it: what users have saved of
    /// answers stands in it.
    ///
    /// # Errors
    /// When there is no such directory, or nothing may be written there.
    pub fn create(path: &Path) -> io::Result<Self> {
        if path.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = directory.unwrap_or(Path::new("."));
        let part = tempfile::Builder::new().prefix(".throng-").suffix(".part").tempfile_in(directory)?;
        Ok(Self { path: path.to_owned(), part })
    }

    /// Where the run is saved.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the run.
    ///
    /// # Errors
    /// When it cannot be written: the disk is full. Nothing of it is left then, and a file of that name is as it was.
    pub fn write(mut self, run: &SavedRun) -> io::Result<()> {
        self.part.write_all(&run.to_bytes()?)?;
        self.part.as_file().sync_all()?;
        self.part.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }
}
