//! What a run was made from.

use std::sync::Arc;

use throng_components::run::{Origin, ReplayOf};

use crate::loader::{Loaded, variable_of_parameter};

/// What a workload was made from, and the seed that its run goes by. What `env(…)` gave is no part of it.
pub(crate) fn origin(loaded: &Loaded, seed: u64, replay_of: Option<ReplayOf>) -> Arc<Origin> {
    let files = loaded.sources.files().map(|file| (file.name.clone(), file.text.clone()));
    let outside = loaded.sources.others().filter_map(|source| match source.name.as_str() {
        "--set" => source.text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())),
        // A parameter that the environment set.
        variable => {
            let mut names = loaded.workload.params.iter().map(|(name, _)| name);
            let name = names.find(|name| variable_of_parameter(name) == variable)?;
            Some((name.clone(), source.text.clone()))
        }
    });
    Arc::new(Origin { seed, files: files.collect(), set: outside.collect(), replay_of })
}
