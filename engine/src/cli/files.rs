//! The files that a run reads and writes: none is written over another.

use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use super::complain;
use super::outputs::Outputs;
use crate::exit_code::ExitCode;
use crate::loader::{ListenerPlan, Loaded};

/// More links than a system follows.
const MOST_LINKS: usize = 40;

/// What a path stands for, however it is written.
#[derive(Debug, PartialEq, Eq)]
enum Identity {
    /// A file that is there.
    Known { device: u64, inode: u64 },
    /// A place where none is yet.
    Place(PathBuf),
}

/// What `path` stands for; `None` for standard output and for what is no regular file: nothing is lost in these.
fn identity(path: &Path) -> Option<Identity> {
    if path == Path::new("-") {
        return None;
    }
    match std::fs::metadata(path) {
        Ok(file) => file.is_file().then(|| Identity::Known { device: file.dev(), inode: file.ino() }),
        Err(_) => Some(Identity::Place(place(path))),
    }
}

/// An absolute path, without links and detours as far as it exists.
fn place(path: &Path) -> PathBuf {
    let mut path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    // A link may lead to what is not there yet.
    for _ in 0..MOST_LINKS {
        let Ok(target) = std::fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("/")).join(target);
    }
    let known = path.ancestors().find_map(|known| Some((known, std::fs::canonicalize(known).ok()?)));
    let Some((known, mut place)) = known else { return path };
    for component in path.strip_prefix(known).unwrap_or(Path::new("")).components() {
        match component {
            Component::ParentDir => {
                place.pop();
            }
            Component::CurDir => {}
            name => place.push(name),
        }
    }
    place
}

/// A file of a run, and what messages call it.
struct Named {
    shown: String,
    identity: Identity,
}

/// The files of a run.
#[derive(Default)]
pub(super) struct Files {
    read: Vec<Named>,
    written: Vec<Named>,
}

impl Files {
    /// Those that a workload was read from, and those that its listeners and the options of all runs write. Paths of listeners
    /// are relative to `directory`, where `record` is what `--record` says.
    pub(super) fn of(loaded: &Loaded, directory: &Path, outputs: &Outputs, record: Option<&Path>) -> Self {
        let mut files = Self::default();
        for source in loaded.sources.files() {
            files = files.reading("workload", Path::new(&source.name));
        }
        let record = record.map(|path| (path, std::path::absolute(path).unwrap_or_else(|_| path.to_owned())));
        for ListenerPlan { directory: own, output, listener, .. } in &loaded.workload.listeners {
            let Some(output) = output else { continue };
            let of_option =
                record.as_ref().filter(|(_, path)| listener.kind == "record" && *path == output.path);
            let shown = match of_option {
                Some((path, _)) => format!("--record {}", path.display()),
                None => output.shown.clone(),
            };
            files.write(shown, &own.as_deref().unwrap_or(directory).join(&output.path));
        }
        files.writing("--summary", outputs.summary.as_deref())
    }

    /// Adds one that is read.
    pub(super) fn reading(mut self, what: &str, path: &Path) -> Self {
        let shown = format!("the {what} `{}`", path.display());
        self.read.extend(identity(path).map(|identity| Named { shown, identity }));
        self
    }

    /// Adds what an option writes.
    pub(super) fn writing(mut self, option: &str, path: Option<&Path>) -> Self {
        if let Some(path) = path {
            self.write(format!("{option} {}", path.display()), path);
        }
        self
    }

    fn write(&mut self, shown: String, path: &Path) {
        self.written.extend(identity(path).map(|identity| Named { shown, identity }));
    }

    /// Refuses to write over what is read, or one output over another.
    ///
    /// # Errors
    /// After all of them have been said.
    pub(super) fn check(&self) -> Result<(), ExitCode> {
        let mistakes = self.mistakes();
        for mistake in &mistakes {
            complain(mistake);
        }
        if mistakes.is_empty() { Ok(()) } else { Err(ExitCode::Usage) }
    }

    fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        for (place, output) in self.written.iter().enumerate() {
            let shown = &output.shown;
            if let Some(read) = self.read.iter().find(|read| read.identity == output.identity) {
                mistakes.push(format!("`{shown}` would write over {}", read.shown));
            } else if let Some(other) =
                self.written[..place].iter().find(|one| one.identity == output.identity)
            {
                mistakes.push(format!("`{}` and `{shown}` are one file: give each its own", other.shown));
            }
        }
        mistakes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One file is read and two are written, by these names in a directory that holds `there`.
    fn check(read: &str, first: &str, second: &str, expected: &[&str]) {
        let directory = tempfile::tempdir().expect("a directory");
        let at =
            |name: &str| if name.starts_with(['/', '-']) { name.into() } else { directory.path().join(name) };
        std::fs::write(at("there"), "").expect("it can be written");
        std::fs::create_dir(at("deep")).expect("it can be made");
        std::fs::hard_link(at("there"), at("twin")).expect("it can be linked");
        std::os::unix::fs::symlink("there", at("link")).expect("it can be linked");
        std::os::unix::fs::symlink("deep/missing", at("ahead")).expect("it can be linked");
        let files = Files::default().reading("workload", &at(read));
        let files = files.writing("--events", Some(&at(first))).writing("--summary", Some(&at(second)));
        let found = files.mistakes();
        assert_eq!(found.len(), expected.len(), "{read} {first} {second}: {found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.contains(expected), "{read} {first} {second}: {found}");
        }
    }

    #[test]
    fn no_file_is_written_over_another() {
        let over = ["would write over the workload"];
        let same = ["are one file"];
        check("there", "a", "b", &[]);
        check("there", "there", "b", &over);
        check("there", "a", "deep/../there", &over);
        check("there", "twin", "a", &over);
        check("there", "link", "twin", &[over[0], over[0]]);
        check("there", "a", "a", &same);
        check("there", "a", "new/../a", &same);
        check("there", "deep/missing", "ahead", &same);
        check("there", "deep/a", "a", &[]);
        check("a", "there", "link", &same);
        check("there", "/dev/null", "/dev/null", &[]);
        check("there", "-", "-", &[]);
    }
}
