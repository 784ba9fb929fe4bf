//! Files that a listener writes: opened without waiting, locked against other runs.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};

/// What becomes of a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exists {
    /// The run does not start.
    Fail,
    /// Its content is replaced.
    Overwrite,
    /// Lines are added at its end.
    Append,
}

/// Opens and locks a file; gives its length, after which lines are added.
pub(super) fn open_locked(path: &Path, exists: Exists) -> io::Result<(fs::File, u64)> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut options = fs::OpenOptions::new();
    match exists {
        Exists::Fail => options.write(true).create_new(true),
        // Truncated only once the lock is held: another run's file stays whole.
        Exists::Overwrite => options.write(true).create(true).truncate(false),
        Exists::Append => options.append(true).create(true),
    };
    let file = open_at_once(&mut options, path)?;
    // A device, such as `/dev/null`, is for all.
    if !file.metadata()?.file_type().is_char_device() {
        lock(&file)?;
    }
    if exists == Exists::Overwrite && file.metadata()?.is_file() {
        file.set_len(0)?;
    }
    let length = file.metadata()?.len();
    Ok((file, length))
}

/// Opens a file without waiting: a pipe that nobody reads would hold up the run until somebody does.
pub(super) fn open_at_once(options: &mut fs::OpenOptions, path: &Path) -> io::Result<fs::File> {
    let file = options.custom_flags(OFlag::O_NONBLOCK.bits()).open(path).map_err(|error| {
        let unread = error.raw_os_error() == Some(Errno::ENXIO as i32)
            && fs::metadata(path).is_ok_and(|file| file.file_type().is_fifo());
        if unread {
            io::Error::new(io::ErrorKind::NotConnected, "nobody reads from this pipe")
        } else {
            error
        }
    })?;
    // Writing waits for a reader that is slow.
    let flags = OFlag::from_bits_retain(fcntl(&file, FcntlArg::F_GETFL)?);
    fcntl(&file, FcntlArg::F_SETFL(flags - OFlag::O_NONBLOCK))?;
    Ok(file)
}

/// Keeps other runs from writing to a file.
fn lock(file: &fs::File) -> io::Result<()> {
    match file.try_lock() {
        Err(fs::TryLockError::WouldBlock) => {
            Err(io::Error::new(io::ErrorKind::AlreadyExists, "another run is writing to it"))
        }
        // A file system without locks is no reason not to write.
        Ok(()) | Err(fs::TryLockError::Error(_)) => Ok(()),
    }
}

/// Opens a file whose content is replaced, unless another run is writing to it.
pub(in super::super) fn open_to_overwrite(path: &Path) -> io::Result<fs::File> {
    open_locked(path, Exists::Overwrite).map(|(file, _)| file)
}
