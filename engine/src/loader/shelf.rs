//! Where the files come from that a workload names: the disk, or a saved run, which has all of them in it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// A file as it was read.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFile {
    /// Where the workload says it is.
    path: PathBuf,
    /// The same without links and detours, by which two names of one file are known.
    place: PathBuf,
    content: Vec<u8>,
}

/// Says where it was, and nothing of what it holds.
impl std::fmt::Debug for KeptFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptFile").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Files that a workload names. The default is those of the disk, of which none is kept.
#[derive(Clone, Debug, Default)]
pub struct Shelf(From);

#[derive(Clone, Debug, Default)]
enum From {
    #[default]
    Disk,
    /// The disk; each is kept.
    Keeping(Arc<Mutex<Vec<KeptFile>>>),
    /// These and no others.
    Kept(Arc<[KeptFile]>),
}

/// Files are where they come from: two shelves are the same when they hold the same.
impl PartialEq for Shelf {
    fn eq(&self, other: &Self) -> bool {
        let from_disk = |shelf: &Self| !matches!(shelf.0, From::Kept(_));
        from_disk(self) == from_disk(other) && self.kept() == other.kept()
    }
}

impl Eq for Shelf {}

impl Shelf {
    /// The disk's files, of which those that are read are kept.
    pub fn keeping() -> Self {
        Self(From::Keeping(Arc::default()))
    }

    /// Files that were kept, and no others.
    pub fn of(kept: Vec<KeptFile>) -> Self {
        Self(From::Kept(kept.into()))
    }

    /// What was kept so far.
    pub fn kept(&self) -> Vec<KeptFile> {
        match &self.0 {
            From::Disk => Vec::new(),
            From::Keeping(kept) => kept.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            From::Kept(kept) => kept.to_vec(),
        }
    }

    /// A file's content: as it was kept, or as `from_disk` reads it. `missing` says what is wrong when it is not there.
    pub(super) fn read<E>(
        &self,
        path: &Path,
        from_disk: impl FnOnce() -> Result<Vec<u8>, E>,
        missing: impl FnOnce() -> E,
    ) -> Result<Vec<u8>, E> {
        match &self.0 {
            From::Disk => from_disk(),
            From::Keeping(kept) => {
                let content = from_disk()?;
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                if !kept.iter().any(|file| file.path == path) {
                    let place = canonical(path);
                    kept.push(KeptFile { path: path.to_owned(), place, content: content.clone() });
                }
                Ok(content)
            }
            From::Kept(kept) => {
                let file = kept.iter().find(|file| file.path == path);
                file.map(|file| file.content.clone()).ok_or_else(missing)
            }
        }
    }

    /// A path without links and detours.
    pub(super) fn place(&self, path: &Path) -> PathBuf {
        if let From::Kept(kept) = &self.0 {
            let file = kept.iter().find(|file| file.path == path);
            return file.map_or_else(|| path.to_owned(), |file| file.place.clone());
        }
        canonical(path)
    }
}

fn canonical(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(shelf: &Shelf, path: &str, on_disk: Option<&str>) -> Result<Vec<u8>, &'static str> {
        let from_disk = || on_disk.map(|text| text.as_bytes().to_vec()).ok_or("nothing on disk");
        shelf.read(Path::new(path), from_disk, || "not kept")
    }

    #[test]
    fn what_was_read_is_there_without_the_disk() {
        let keeping = Shelf::keeping();
        assert_eq!(read(&keeping, "a", Some("one")), Ok(b"one".to_vec()));
        assert_eq!(read(&keeping, "b", None), Err("nothing on disk"));
        let kept = Shelf::of(keeping.kept());
        assert_eq!(read(&kept, "a", Some("another")), Ok(b"one".to_vec()));
        assert_eq!(read(&kept, "b", Some("another")), Err("not kept"));
        assert_eq!(read(&Shelf::default(), "b", Some("disk")), Ok(b"disk".to_vec()));
        assert!(Shelf::default().kept().is_empty() && !format!("{kept:?}").contains("111"));
    }
}
