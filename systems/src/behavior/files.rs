//! Files that a workload names, read while it is loaded.

/// Reads files for steps. The engine gives it; a step reaches for none by itself.
pub trait Files: std::fmt::Debug {
    /// The content of a file, beside the workload where the path is relative.
    ///
    /// # Errors
    /// Why it cannot be had, in a few words; also when it has more than `most` bytes.
    fn read(&self, path: &str, most: usize) -> Result<Vec<u8>, String>;
}
