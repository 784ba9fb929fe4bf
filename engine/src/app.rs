//! An application: the tree's plug-ins, and what a program of one's own adds to them.

use bevy_ecs::prelude::*;
use bevy_ecs::schedule::{IntoScheduleConfigs, ScheduleConfigs};
use bevy_ecs::system::ScheduleSystem;
use throng_components::phase::Phase;
use throng_systems::plugins::Registry;
use throng_systems::schedules::Custom;

/// Adds something to a schedule.
type AddSystem = Box<dyn Fn(&mut Schedule) + Send + Sync>;
/// A system's place among an application's own in one phase, from 1.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Place(Phase, usize);
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
    systems: Vec<(Phase, AddSystem)>,
    prepare: Vec<Prepare>,
}

impl App {
    /// throng as it is.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a system to a phase of the tick. Those of one phase run in the order in which they are added.
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
        let before = self.systems.iter().filter(|(known, _)| *known == phase).count();
        let add = move |schedule: &mut Schedule| {
            let configs: ScheduleConfigs<ScheduleSystem> = system.clone().into_configs();
            let place = Place(phase, before + 1);
            schedule.add_systems(configs.in_set(Custom(phase)).in_set(place).after(Place(phase, before)));
        };
        self.systems.push((phase, Box::new(add)));
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
        self.systems.iter().for_each(|(_, add)| add(schedule));
    }

    /// Prepares a world for its systems.
    pub(crate) fn prepare(&self, world: &mut World) {
        self.prepare.iter().for_each(|prepare| prepare(world));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Resource, Clone, Default)]
    struct Seen(Vec<u8>);

    fn see<const NUMBER: u8>(mut seen: ResMut<'_, Seen>) {
        seen.0.push(NUMBER);
    }

    #[test]
    fn systems_of_a_phase_run_in_the_order_in_which_they_are_added() {
        let app = App::new()
            .insert_resource(Seen::default())
            .add_system(Phase::Export, see::<4>)
            .add_system(Phase::Schedule, see::<1>)
            .add_system(Phase::Schedule, see::<2>)
            .add_system(Phase::Schedule, see::<3>);
        let mut schedule = Schedule::default();
        schedule.configure_sets((Custom(Phase::Schedule), Custom(Phase::Export)).chain());
        app.extend(&mut schedule);
        let mut world = World::new();
        app.prepare(&mut world);
        schedule.run(&mut world);
        assert_eq!(world.resource::<Seen>().0, [1, 2, 3, 4]);
    }
}
