//! What a saved run was made from: its workload's texts, and what was said over them.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::loader::{Environment, KeptFile, Loaded, Overrides, Refused, Registry, Shelf, load};

/// All that a workload is loaded from once more, without the files that it was loaded from.
///
/// What `env("NAME")` gives is not among it: these may be secrets. Nor are private keys. Both are read where the run goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    path: PathBuf,
    text: String,
    /// Included files and files of data.
    files: Vec<KeptFile>,
    sets: Vec<(String, String)>,
    outs: Vec<(String, String)>,
    /// Variables of the environment that set parameters.
    parameters: Vec<(String, String)>,
    seed: Option<u64>,
}

impl Origin {
    /// That of a workload, which was loaded so from a shelf that keeps what is read.
    pub fn of(path: &Path, loaded: &Loaded, overrides: &Overrides) -> Self {
        let text = loaded.sources.files().next().map(|source| source.text.clone()).unwrap_or_default();
        Self {
            path: path.to_owned(),
            text,
            files: overrides.files.kept(),
            sets: overrides.sets.clone(),
            outs: overrides.outs.clone(),
            parameters: overrides.environment.set_parameters(),
            seed: overrides.seed,
        }
    }

    /// The workload's path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Loads the workload again, with more listeners where some are asked for.
    ///
    /// # Errors
    /// When it needs a variable of the environment, a private key or a plug-in that is not there.
    pub fn load(
        &self,
        registry: &Registry,
        outs: &[(String, String)],
        environment: Environment,
    ) -> Result<Loaded, Refused> {
        let overrides = Overrides {
            seed: self.seed,
            outs: self.outs.iter().chain(outs).cloned().collect(),
            sets: self.sets.clone(),
            environment: environment.with_parameters_only_of(&self.parameters),
            files: Shelf::of(self.files.clone()),
            ..Overrides::default()
        };
        load(&self.path, self.text.as_bytes(), registry, &overrides)
    }
}
