//! An application: the tree's plug-ins, and what a program of one's own adds to them.

use bevy_ecs::prelude::*;
use bevy_ecs::schedule::{IntoScheduleConfigs, ScheduleConfigs};
use bevy_ecs::system::ScheduleSystem;
use throng_components::phase::Phase;
use throng_systems::plugins::Registry;
use throng_systems::schedules::Custom;

/// Adds something to a schedule.
type AddSystem = Box<dyn Fn(&mut Schedule) + Send + Sync>;
/// Prepares a world.
type Prepare = Box<dyn Fn(&mut World) + Send + Sync>;

/// throng, with plug-ins and systems of one's own.
///
/// # Examples
/// ```
/// use bevy_ecs::prelude::*;
/// use throng::components::{phase::Phase, token::Token};
///
/// fn look_at_tokens(tokens: Query<&Token>) {
///     let _planned = tokens.iter().count();
/// }
///
/// let app = throng::App::new().add_system(Phase::Schedule, look_at_tokens);
/// ```
#[derive(Default)]
pub struct App {
    registry: Registry,
    systems: Vec<AddSystem>,
    prepare: Vec<Prepare>,
}

impl App {
    /// throng as it is.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a system to a phase of the tick.
    ///
    /// It runs after the phase's own systems, but for two phases in which it runs before what they do cannot be taken back:
    /// `Execute` (tokens are handed out) and `Export` (listeners are told). In `Judge` it runs between the rules and the
    /// stop that follows from them. In virtual time no tick is left out while an application has systems of its own.
    #[must_use]
    pub fn add_system<M>(
        mut self,
        phase: Phase,
        system: impl IntoScheduleConfigs<ScheduleSystem, M> + Clone + Send + Sync + 'static,
    ) -> Self {
        self.systems.push(Box::new(move |schedule| {
            let configs: ScheduleConfigs<ScheduleSystem> = system.clone().into_configs();
            schedule.add_systems(configs.in_set(Custom(phase)));
        }));
        self
    }

    /// Gives each world a resource.
    #[must_use]
    pub fn insert_resource<R: Resource + Clone>(mut self, resource: R) -> Self {
        self.prepare.push(Box::new(move |world| {
            world.insert_resource(resource.clone());
        }));
        self
    }

    /// Its plug-ins.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Its plug-ins, to add some.
    pub fn registry_mut(&mut self) -> &mut Registry {
        &mut self.registry
    }

    /// Whether it has systems of its own.
    pub(crate) fn has_systems(&self) -> bool {
        !self.systems.is_empty()
    }

    /// Adds its systems to the tick.
    pub(crate) fn extend(&self, schedule: &mut Schedule) {
        self.systems.iter().for_each(|add| add(schedule));
    }

    /// Prepares a world for its systems.
    pub(crate) fn prepare(&self, world: &mut World) {
        self.prepare.iter().for_each(|prepare| prepare(world));
    }
}
