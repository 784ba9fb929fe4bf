//! An application: the tree's plug-ins, and what a program of one's own adds to them.

use bevy_ecs::prelude::*;
use bevy_ecs::schedule::{IntoScheduleConfigs, ScheduleConfigs};
use bevy_ecs::system::ScheduleSystem;
use throng_components::phase::Phase;
use throng_systems::plugins::{NameTaken, Named, Plugin, Registry};
use throng_systems::schedules::{Custom, shuffle};

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
    /// Plug-ins that were registered under a name that was taken.
    refused: Vec<NameTaken>,
    systems: Vec<(Phase, AddSystem)>,
    prepare: Vec<Prepare>,
    shuffle: Option<u64>,
}

impl App {
    /// throng as it is.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a plug-in of one's own: an arrival law, an exit condition, a law of time, a listener, a protocol or a step.
    ///
    /// A workload then names it, and `list`, `explain` and "did you mean" know it, as they do the tree's own. Two plug-ins
    /// of one family and name are refused when the application starts.
    ///
    /// The second parameter is the family, which the compiler finds by itself: leave it to it with `_`. It stands there
    /// because a type may belong to several families, and then says which one is meant.
    ///
    /// # Examples
    /// ```
    /// use throng::components::clock::Nanos;
    /// use throng::components::workload::{Fields, NodeSpec, Problems};
    /// use throng::systems::behavior::Files;
    /// use throng::systems::plugins::laws::{Draws, Law, LawKind};
    ///
    /// /// `think coin "2s"`: all of the time or none of it.
    /// #[derive(Debug)]
    /// struct Coin(Nanos);
    ///
    /// impl Law for Coin {
    ///     fn draw(&self, draws: &mut Draws) -> Nanos {
    ///         if draws.next() % 2 == 0 { self.0 } else { Nanos::ZERO }
    ///     }
    ///
    ///     fn mean(&self) -> f64 {
    ///         self.0.0 as f64 / 2.0
    ///     }
    /// }
    ///
    /// impl LawKind for Coin {
    ///     const SPEC: NodeSpec = NodeSpec { name: "coin", sample: "think coin \"2s\"", ..NodeSpec::EMPTY };
    ///
    ///     fn read(mut fields: Fields<'_>, _: &dyn Files) -> Result<Self, Problems> {
    ///         let time = fields.duration_argument(0);
    ///         fields.finish(time.map(Self))
    ///     }
    /// }
    ///
    /// let app = throng::App::new().register::<Coin, _>();
    /// assert!(app.registry().laws.find("coin").is_some());
    /// ```
    #[must_use]
    pub fn register<P: Plugin<E>, E: Named>(mut self) -> Self {
        self.refused.extend(self.registry.add::<P, E>().err());
        self
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

    /// Lets systems whose order is free run in an order drawn from a seed. A simulation comes to the same results for every
    /// seed and without one: where it does not, two systems need an order that nobody has given them.
    #[must_use]
    pub fn shuffle_systems(mut self, seed: u64) -> Self {
        self.shuffle = Some(seed);
        self
    }

    /// Its plug-ins.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The plug-ins that could not be registered: nothing runs while there are any.
    pub fn refused(&self) -> &[NameTaken] {
        &self.refused
    }

    /// Whether it has systems of its own.
    pub(crate) fn has_systems(&self) -> bool {
        !self.systems.is_empty()
    }

    /// Adds its systems to the tick.
    pub(crate) fn extend(&self, schedule: &mut Schedule) {
        self.systems.iter().for_each(|(_, add)| add(schedule));
    }

    /// Puts a whole schedule in its order.
    pub(crate) fn arrange(&self, mut schedule: Schedule) -> Schedule {
        if let Some(seed) = self.shuffle {
            shuffle(&mut schedule, seed);
        }
        schedule
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
    fn a_name_that_is_taken_is_said() {
        struct Mine;

        impl throng_systems::plugins::steps::Step for Mine {
            const SPEC: throng_components::workload::NodeSpec = throng_components::workload::NodeSpec {
                name: "mine",
                ..throng_components::workload::NodeSpec::EMPTY
            };

            fn compile(
                _: &throng_components::workload::Node,
                _: &mut throng_systems::behavior::Compiler<'_>,
            ) {
            }
        }

        let app = App::new().register::<Mine, _>();
        assert!(app.refused().is_empty() && app.registry().steps.find("mine").is_some());
        let app = app.register::<Mine, _>();
        let said: Vec<String> = app.refused().iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 1);
        assert!(said[0].starts_with("the steps have a `mine` already: `throng::app::tests::"), "{said:?}");
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

    #[test]
    fn systems_whose_order_is_free_are_shuffled() {
        let order = |seed| {
            let mut schedule = Schedule::default();
            schedule.add_systems((see::<1>, see::<2>, see::<3>, see::<4>));
            let mut world = World::new();
            world.insert_resource(Seen::default());
            App::new().shuffle_systems(seed).arrange(schedule).run(&mut world);
            world.resource::<Seen>().0.clone()
        };
        let orders: Vec<Vec<u8>> = (0..8).map(order).collect();
        assert!(orders.iter().any(|other| *other != orders[0]), "{orders:?}");
        assert_eq!(order(3), orders[3]);
    }
}
