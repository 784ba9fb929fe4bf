//! Files that a workload names.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use throng_components::workload::Node;
use throng_systems::behavior::Files;

use super::shelf::Shelf;
use super::source::Sources;

/// Files beside the workload.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beside<'a> {
    pub(super) directory: &'a Path,
    pub(super) shelf: &'a Shelf,
}

impl<'a> Beside<'a> {
    /// Those that a node names: beside the file that it stands in.
    pub(super) fn of(self, sources: &'a Sources, node: &Node) -> Self {
        Self { directory: sources.included_directory(node.span).unwrap_or(self.directory), ..self }
    }
}

impl Files for Beside<'_> {
    fn read(&self, path: &str, most: usize) -> Result<Vec<u8>, String> {
        let path = self.directory.join(path);
        self.shelf.read(
            &path,
            || from_disk(&path, most),
            || "there is no such file in the saved run".to_owned(),
        )
    }
}

fn from_disk(path: &Path, most: usize) -> Result<Vec<u8>, String> {
    if path.is_dir() {
        return Err("it is a directory".to_owned());
    }
    let reason = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    };
    let file = File::open(path).map_err(reason)?;
    let mut content = Vec::new();
    // One byte more than is taken tells a file that is too large, whatever its size is said to be.
    file.take(most as u64 + 1).read_to_end(&mut content).map_err(reason)?;
    if content.len() > most {
        return Err(format!("it is larger than {} MiB", most >> 20));
    }
    Ok(content)
}
