//! What a run was made from.

use std::sync::Arc;

use throng_components::run::{Origin, ReplayOf};

use crate::loader::{Loaded, REDACTED, variable_of_parameter};

/// What a workload was made from, and the seed that its run goes by. What `env(…)` gave is no part of it, nor what was set in
/// its place.
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
    let is_secret = |name: &str| {
        let mut params = loaded.workload.params.iter();
        params.any(|(param, shown)| param == name && shown == REDACTED)
    };
    let outside = outside.filter(|(name, _)| !is_secret(name));
    Arc::new(Origin { seed, files: files.collect(), set: outside.collect(), replay_of })
}
