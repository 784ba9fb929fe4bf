//! A whole world written down, and taken over into one that the same workload has made anew.
//!
//! Entities are written in the order of their own numbers, never of their rows. What is declared is not written, nor is what
//! an update leaves behind for nobody; so a world is saved and restored between two updates.

use bevy_ecs::prelude::*;
use throng_components::arrival_gaps::ArrivalGaps;
use throng_components::clock::RunClock;
use throng_components::exit_condition::{ExitCondition, RuleResult};
use throng_components::listener::{Listener, ListenerFigures};
use throng_components::measures::Measures;
use throng_components::run::{Gaps, RunState, RunStop};
use throng_components::scenario::{Scenario, ScenarioProgress, ShardCounts};
use throng_components::service::ServiceFigures;
use throng_components::stalls::Stalls;
use throng_components::state::{NotRestored, State, StateReader, StateWriter};
use throng_components::statistics::ScenarioStatistics;
use throng_components::steering::Steering;
use throng_components::thread::{Thread, ThreadFigures, ThreadId};
use throng_components::token::Token;
use throng_components::virtual_user::{UserId, VirtualUser};

use crate::allocator::{Allocation, FinishOrdered, Grants};
use crate::collector::restore_users;
use crate::drivers::simulated::Service;
use crate::exit_condition::{CertainEnd, NextJudgement, Watch};
use crate::exporter::ListenerStanding;
use crate::links::{Links, Wake};
use crate::live_control::LiveControl;
use crate::observer::{IntervalFigures, IntervalStatistics};
use crate::plugins::queues::Line;
use crate::plugins::{LendState, Lent, Named, Registry};
use crate::recorded_arrivals::RecordedArrivals;
use crate::run_state::Interrupts;
use crate::scheduler::{ArrivalsAhead, TokenRows};

/// What keeps a world from being saved, a reason each: plug-ins that do not tell their state, listeners that cannot go on.
pub fn not_saved(world: &mut World, registry: &Registry) -> Vec<String> {
    let mut found = Vec::new();
    let entities: Vec<Entity> = world.query::<Entity>().iter(world).collect();
    for entity in entities {
        for lend in lenders(registry) {
            if let Some(Lent::Nothing(name)) = lend.1(&mut world.entity_mut(entity)) {
                found.push(format!("`{name}` of the {} does not tell its state (`fn state`)", lend.0));
            }
        }
        if let Some(service) = world.get::<Service>(entity)
            && let Line::Queue(mut queue) = service.queue.discipline.line()
            && queue.state().is_none()
        {
            found.push(format!(
                "the queue of the service `{}` does not tell its state (`fn state`)",
                service.name
            ));
        }
        if let Some(listener) = world.get::<Listener>(entity)
            && registry.listeners.find(listener.kind).is_some_and(|entry| !entry.goes_on)
        {
            found.push(format!("the listener `{}` writes of whole runs", listener.name));
        }
        if world.get::<RecordedArrivals>(entity).is_some() {
            found.push("it is a replay".to_owned());
        }
    }
    found.sort();
    found.dedup();
    found
}

/// All that lends the state of a plug-in, with its family.
fn lenders(registry: &Registry) -> impl Iterator<Item = (&'static str, LendState)> + '_ {
    use crate::plugins::{arrivals, exit_conditions};
    let laws = registry.arrivals.entries().iter().map(|entry| (arrivals::Entry::FAMILY, entry.state));
    let rules = registry.exit_conditions.entries().iter();
    laws.chain(rules.map(|entry| (exit_conditions::Entry::FAMILY, entry.state)))
}

/// Writes a world down.
pub fn save(world: &mut World, registry: &Registry, writer: &mut StateWriter) {
    resources(world, &mut Pass::Save(writer)).unwrap_or_else(|_| unreachable!("nothing is read"));
    put_tokens(world, writer);
    put_users(world, writer);
    entities(world, registry, &mut Pass::Save(writer)).unwrap_or_else(|_| unreachable!("nothing is read"));
}

/// Takes a world over into one that the same workload has made anew.
///
/// # Errors
/// When what was written is the state of another workload, or none.
pub fn restore(
    world: &mut World,
    registry: &Registry,
    reader: &mut StateReader<'_>,
) -> Result<(), NotRestored> {
    resources(world, &mut Pass::Restore(reader))?;
    for token in reader.take::<Vec<Token>>()? {
        let row = world.spawn(token).id();
        world.resource_mut::<TokenRows>().planned.push(row);
    }
    let users = reader.take::<Vec<(UserId, ThreadId)>>()?;
    restore_users(world, users.into_iter().map(|(id, home)| VirtualUser { id, home }).collect());
    entities(world, registry, &mut Pass::Restore(reader))
}

/// Goes over all that is saved, in one order for both ways.
enum Pass<'a, 'b> {
    Save(&'a mut StateWriter),
    Restore(&'a mut StateReader<'b>),
}

impl Pass<'_, '_> {
    /// A value.
    fn value<T: serde::Serialize + serde::de::DeserializeOwned>(
        &mut self,
        value: &mut T,
    ) -> Result<(), NotRestored> {
        match self {
            Self::Save(writer) => writer.put(&*value),
            Self::Restore(reader) => *value = reader.take()?,
        }
        Ok(())
    }

    /// What has state of its own.
    fn state(&mut self, state: &mut dyn State) -> Result<(), NotRestored> {
        match self {
            Self::Save(writer) => state.save(writer),
            Self::Restore(reader) => state.restore(reader)?,
        }
        Ok(())
    }

    /// A component that an entity carries.
    fn component<T>(&mut self, entity: &mut EntityWorldMut<'_>) -> Result<(), NotRestored>
    where
        T: Component<Mutability = bevy_ecs::component::Mutable>
            + serde::Serialize
            + serde::de::DeserializeOwned,
    {
        entity.get_mut::<T>().map_or(Ok(()), |component| self.value(component.into_inner()))
    }

    /// The states of the plug-ins of one family that an entity carries.
    fn plugins(
        &mut self,
        entity: &mut EntityWorldMut<'_>,
        lenders: impl Iterator<Item = LendState>,
    ) -> Result<(), NotRestored> {
        for lend in lenders {
            if let Some(Lent::State(state)) = lend(entity) {
                self.state(state)?;
            }
        }
        Ok(())
    }
}

/// What stands beside the entities.
fn resources(world: &mut World, pass: &mut Pass<'_, '_>) -> Result<(), NotRestored> {
    pass.value(&mut *world.resource_mut::<RunClock>())?;
    pass.value(&mut *world.resource_mut::<RunState>())?;
    pass.value(&mut *world.resource_mut::<RunStop>())?;
    pass.value(&mut *world.resource_mut::<Gaps>())?;
    pass.value(&mut world.resource_mut::<Interrupts>().commands)?;
    pass.state(&mut *world.resource_mut::<LiveControl>())?;
    pass.value(&mut *world.resource_mut::<Measures>())?;
    pass.value(&mut *world.resource_mut::<Stalls>())?;
    pass.value(&mut world.resource_mut::<Wake>().tick)?;
    pass.value(&mut world.resource_mut::<NextJudgement>().0)?;
    pass.value(&mut *world.resource_mut::<CertainEnd>())?;
    pass.value::<IntervalFigures>(&mut world.resource_mut::<IntervalStatistics>().figures)?;
    for link in &mut world.resource_mut::<Links>().links {
        pass.value(&mut link.pending)?;
    }
    Ok(())
}

/// The tokens that are planned, in the order of the plan. Rows that are free are made when they are needed.
fn put_tokens(world: &mut World, writer: &mut StateWriter) {
    let mut tokens = world.query::<&Token>();
    let planned = &world.resource::<TokenRows>().planned;
    let planned: Vec<Token> =
        planned.iter().filter_map(|row| tokens.get(world, *row).ok()).copied().collect();
    writer.put(&planned);
}

fn put_users(world: &mut World, writer: &mut StateWriter) {
    let mut users = world.query::<&VirtualUser>();
    let mut users: Vec<(UserId, ThreadId)> = users.iter(world).map(|user| (user.id, user.home)).collect();
    users.sort_unstable();
    writer.put(&users);
}

/// Entities that carry a component, in the order of its number.
fn ordered<C: Component, K: Ord>(world: &mut World, number: impl Fn(&C) -> K) -> Vec<Entity> {
    let mut query = world.query::<(Entity, &C)>();
    let mut found: Vec<(K, Entity)> = query.iter(world).map(|(entity, of)| (number(of), entity)).collect();
    found.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    found.into_iter().map(|(_, entity)| entity).collect()
}

fn entities(world: &mut World, registry: &Registry, pass: &mut Pass<'_, '_>) -> Result<(), NotRestored> {
    let scenarios = ordered(world, |scenario: &Scenario| scenario.id);
    count(&scenarios, pass)?;
    for entity in scenarios {
        scenario(&mut world.entity_mut(entity), registry, pass)?;
    }
    let rules = ordered(world, |rule: &ExitCondition| rule.order);
    count(&rules, pass)?;
    for entity in rules {
        let entity = &mut world.entity_mut(entity);
        pass.component::<RuleResult>(entity)?;
        pass.component::<Watch>(entity)?;
        pass.plugins(entity, registry.exit_conditions.entries().iter().map(|entry| entry.state))?;
    }
    let services = ordered(world, |service: &Service| service.id);
    count(&services, pass)?;
    for entity in services {
        pass.component::<ServiceFigures>(&mut world.entity_mut(entity))?;
    }
    let threads = ordered(world, |thread: &Thread| thread.id);
    count(&threads, pass)?;
    for entity in threads {
        pass.component::<ThreadFigures>(&mut world.entity_mut(entity))?;
    }
    listeners(world, pass)
}

/// As many entities as were saved.
fn count(entities: &[Entity], pass: &mut Pass<'_, '_>) -> Result<(), NotRestored> {
    let mut count = entities.len() as u64;
    pass.value(&mut count)?;
    if count == entities.len() as u64 {
        return Ok(());
    }
    Err(NotRestored::Other("it has more scenarios, rules, services or threads than the workload, or fewer"))
}

fn scenario(
    entity: &mut EntityWorldMut<'_>,
    registry: &Registry,
    pass: &mut Pass<'_, '_>,
) -> Result<(), NotRestored> {
    // A shape that was paused or scaled lasts longer than it was declared.
    entity.get_mut::<Scenario>().map_or(Ok(()), |scenario| {
        let scenario = scenario.into_inner();
        pass.value(&mut scenario.length)?;
        // One that waited for another begins at an instant that was not declared.
        pass.value(&mut scenario.delay)
    })?;
    pass.component::<ScenarioProgress>(entity)?;
    pass.component::<ShardCounts>(entity)?;
    pass.component::<ScenarioStatistics>(entity)?;
    pass.component::<Allocation>(entity)?;
    pass.component::<Grants>(entity)?;
    pass.component::<FinishOrdered>(entity)?;
    pass.component::<ArrivalsAhead>(entity)?;
    pass.component::<ArrivalGaps>(entity)?;
    pass.component::<Steering>(entity)?;
    pass.plugins(entity, registry.arrivals.entries().iter().map(|entry| entry.state))
}

/// A run that goes on may have other listeners than before: they are told apart by their names.
fn listeners(world: &mut World, pass: &mut Pass<'_, '_>) -> Result<(), NotRestored> {
    let entities = ordered(world, |listener: &Listener| listener.order);
    let mut all: Vec<(String, ListenerFigures, Option<ListenerStanding>)> = Vec::new();
    for entity in &entities {
        let Some(listener) = world.get::<Listener>(*entity) else { continue };
        let figures = world.get::<ListenerFigures>(*entity).copied().unwrap_or_default();
        all.push((listener.name.clone(), figures, world.get::<ListenerStanding>(*entity).cloned()));
    }
    pass.value(&mut all)?;
    if let Pass::Save(_) = pass {
        return Ok(());
    }
    for entity in entities {
        let Some(name) = world.get::<Listener>(entity).map(|listener| listener.name.clone()) else {
            continue;
        };
        let Some((_, figures, standing)) = all.iter().find(|(of, ..)| *of == name) else { continue };
        world.entity_mut(entity).insert(*figures);
        if let Some(standing) = standing.clone() {
            world.entity_mut(entity).insert(standing);
        }
    }
    Ok(())
}
