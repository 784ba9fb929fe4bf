//! Which part of a run a process runs.

use bevy_ecs::world::World;
use throng_components::clock::Nanos;
use throng_systems::saved_world;

use super::origin::Origin;
use super::run::{Facts, SavedRun};
use crate::app::App;
use crate::loader::Workload;
use crate::run::{Birth, RunError, drawn_seed};

/// A part of a run: from its beginning or from where it was saved, to its end or to where it is saved.
pub(crate) struct Part<'a> {
    pub(crate) from: Option<&'a SavedRun>,
    pub(crate) until: Option<(Nanos, Origin)>,
}

impl Part<'_> {
    /// All of it.
    pub(crate) const WHOLE: Self = Self { from: None, until: None };

    /// What is known of a run that was saved.
    pub(crate) fn facts(&self) -> Option<&Facts> {
        self.from.map(SavedRun::facts)
    }

    /// The run's birth, and its seed.
    pub(crate) fn identity(&self, workload: &Workload) -> (Birth, u64) {
        self.facts().map_or_else(
            || (Birth::now(), workload.seed.unwrap_or_else(drawn_seed)),
            |facts| (Birth { run_id: facts.run_id, epoch_unix_ns: facts.epoch_unix_ns }, facts.seed),
        )
    }
}

/// Whether all of a run's state can be saved: asked before anything happens.
pub(crate) fn check_saved(app: &App, world: &mut World) -> Result<(), RunError> {
    let mut reasons = Vec::new();
    if app.has_systems() {
        reasons.push("the application has systems of its own, whose state nobody knows".to_owned());
    }
    reasons.extend(saved_world::not_saved(world, app.registry()));
    if reasons.is_empty() { Ok(()) } else { Err(RunError::NotSaved(reasons)) }
}
