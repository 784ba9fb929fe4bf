//! A run in virtual time: from event to event, with a tick where the world has something to do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bevy_ecs::change_detection::Tick as ChangeTick;
use bevy_ecs::prelude::*;
use crossbeam_channel::bounded;
use serde::{Deserialize, Serialize};
use throng_components::clock::{Nanos, RunClock};
use throng_components::run::{Outcome, RunHeader, RunState, RunStop, Stop};
use throng_components::service::{ServiceFigures, ServiceId};
use throng_systems::drivers::simulated::{EventLog, Halt, Service, Simulation, SimulationSettings};
use throng_systems::exit_condition::{NextJudgement, Tripwires};
use throng_systems::links::{Link, Links, Wake, Waker};
use throng_systems::run_state::Interrupts;
use throng_systems::schedules::{Judgement, Tick};
use throng_systems::shard::Shard;

use crate::loader::Workload;
use crate::world::shard_settings;

/// Virtual time needs no waking: the driver runs when the world has run.
struct NoWaker;

impl Waker for NoWaker {
    fn wake(&self) {}
}

/// Joins a world and a simulation.
pub(crate) fn connect(
    world: &mut World,
    workload: &Workload,
    services: Vec<Service>,
    log: Option<EventLog>,
) -> Simulation {
    // Either side takes what the other gave before it gives anything itself. A tick gives two blocks at most: what it
    // planned, and what follows from a stop, which must not wait for the next tick.
    let (order_sender, orders) = bounded(2);
    let (reports, report_receiver) = bounded(1);
    // One block is filled while the other is looked at.
    let (spent_sender, spent) = bounded(2);
    world.resource_mut::<Links>().links.push(Link {
        pending: throng_components::exchange::OrderBlock::default(),
        orders: order_sender,
        reports: report_receiver,
        waker: Arc::new(NoWaker),
        spent: spent_sender,
        held: false,
        ended: false,
    });
    for service in &services {
        world.spawn((service.clone(), ServiceFigures::default()));
    }
    let shard = Shard::new(shard_settings(world, workload, 0, 1));
    let targets = workload.targets.clone();
    let trace = world.resource::<RunHeader>().trace;
    let trace = trace.propagate.then_some(trace);
    Simulation::new(SimulationSettings { shard, targets, services, orders, reports, spent, log, trace })
}

/// Events between two updates of the world, about: fewer, and the updates are what a simulation costs; many more, and what
/// they leave behind does not stay in the cache.
const EVENTS_PER_UPDATE: u64 = 2_048;

/// Ticks that one update stands for, at most.
const LONGEST_STRIDE: u64 = 1 << 20;

/// How many ticks the next update stands for, after one that stood for so many and saw so many events.
fn next_stride(stride: u64, events: u64) -> u64 {
    if events < EVENTS_PER_UPDATE / 2 {
        (stride * 2).min(LONGEST_STRIDE)
    } else if events > EVENTS_PER_UPDATE * 2 {
        (stride / 2).max(1)
    } else {
        stride
    }
}

/// Where a simulation stands between two steps of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Course {
    /// The last tick.
    number: u64,
    /// Events before it.
    before: u64,
    /// The tick up to which events happen now; `None` when one is to come at once.
    next: Option<u64>,
}

/// How a simulation is run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner<'a> {
    /// Whether no tick is left out.
    pub(crate) every_tick: bool,
    /// When it is to be saved, and goes no further.
    pub(crate) save_at: Option<Nanos>,
    /// How often somebody asked it to end.
    pub(crate) interrupts: &'a AtomicU32,
}

/// How far a simulation went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reached {
    /// All is over.
    End,
    /// The instant at which it is to be saved: all before it has happened, and nothing else.
    Save,
}

/// Runs world and simulation to the end, or to where they are to be saved.
pub(crate) fn run(
    world: &mut World,
    simulation: &mut Simulation,
    course: &mut Course,
    manner: Manner<'_>,
) -> Result<Reached, NoEnd> {
    let tick = world.resource::<RunClock>().tick;
    let mut changed_since = world.change_tick();
    loop {
        if course.next.is_none() {
            if course.number == 0 {
                *world.resource_mut::<RunState>() = RunState::Running;
            }
            update(world, Tick, Nanos(course.number * tick.0), manner.interrupts);
            if course.number == 0 {
                simulation.arm(&world.resource::<Tripwires>().0.clone());
            }
            if manner.every_tick {
                changed_since = change_services(world, simulation, changed_since);
            }
            simulation.take_orders();
            cut_at_once(world, simulation);
            if *world.resource::<RunState>() >= RunState::Flushing {
                break;
            }
            course.before = simulation.events();
        }
        let number = course.number;
        if advance(world, simulation, course, manner)? == Reached::Save {
            return Ok(Reached::Save);
        }
        if !manner.every_tick {
            let mut clock = world.resource_mut::<RunClock>();
            // Where a tick was asked for earlier, as for a rule that looks each second, the next one is likely to be, too: what is
            // planned beyond it would pile up.
            let passed = clock.stride.min(course.number - number);
            clock.stride = next_stride(passed, simulation.events() - course.before);
        }
    }
    simulation.end();
    simulation.report();
    update(world, Tick, Nanos((course.number + 1) * tick.0), manner.interrupts);
    Ok(Reached::End)
}

/// Lets a cut that has come take effect before anything else of its instant.
fn cut_at_once(world: &World, simulation: &mut Simulation) {
    if world.resource::<RunStop>().cut {
        simulation.obey();
    }
}

/// Hands on the services that systems have changed since the last time; gives the time for the next one.
fn change_services(world: &mut World, simulation: &mut Simulation, since: ChangeTick) -> ChangeTick {
    let now = world.change_tick();
    let mut services = world.query::<Ref<'_, Service>>();
    for service in services.iter(world).filter(|service| service.last_changed().is_newer_than(since, now)) {
        simulation.change_service(&service);
    }
    now
}

/// Why a simulation comes to no end.
#[derive(Debug)]
pub(crate) enum NoEnd {
    /// Simulated time does not move on: users repeat and nothing they do takes any time.
    StandsStill(Nanos),
    /// A service's queue grows beyond all bounds.
    Overrun(ServiceId, Nanos),
}

fn update(
    world: &mut World,
    label: impl bevy_ecs::schedule::ScheduleLabel,
    at: Nanos,
    interrupts: &AtomicU32,
) {
    let mut clock = world.resource_mut::<RunClock>();
    clock.move_to(at);
    clock.ticks += 1;
    world.resource_mut::<Interrupts>().count = interrupts.load(Ordering::Relaxed);
    world.run_schedule(label);
    world.clear_trackers();
}

/// Lets the simulation run up to the next tick that is needed, with judgements at their instants in between; notes its number.
fn advance(
    world: &mut World,
    simulation: &mut Simulation,
    course: &mut Course,
    manner: Manner<'_>,
) -> Result<Reached, NoEnd> {
    let tick = world.resource::<RunClock>().tick;
    loop {
        let number = course.number;
        let next =
            course.next.unwrap_or_else(|| next_tick(world, simulation, tick, number, manner.every_tick));
        course.next = Some(next);
        let end = Nanos(next.saturating_mul(tick.0));
        let judgement = world.resource::<NextJudgement>().0;
        let limit = end.min(judgement);
        let save_at = manner.save_at.filter(|at| *at <= limit);
        let halt = simulation.run_until(save_at.unwrap_or(limit));
        if halt == Halt::Limit && save_at.is_some() {
            return Ok(Reached::Save);
        }
        simulation.report();
        let at = match halt {
            Halt::StandsStill(at) => return Err(NoEnd::StandsStill(at)),
            Halt::Overrun(service, at) => return Err(NoEnd::Overrun(service, at)),
            Halt::Limit if judgement >= end => {
                (course.number, course.next) = (next, None);
                return Ok(Reached::End);
            }
            Halt::Limit => judgement,
            Halt::Tripped(at) => at,
        };
        course.next = None;
        update(world, Judgement, at, manner.interrupts);
        simulation.take_orders();
        cut_at_once(world, simulation);
    }
}

/// The number of the next tick at which the world has something to do.
///
/// Ticks are left out: one is needed when a system asked for it, and after events so many ticks on as the last one stood for.
fn next_tick(
    world: &mut World,
    simulation: &mut Simulation,
    tick: Nanos,
    number: u64,
    every_tick: bool,
) -> u64 {
    if every_tick {
        return number + 1;
    }
    let asked = world.resource::<Wake>().tick;
    let after = number + world.resource::<RunClock>().stride;
    let event = simulation.next_event().map_or(u64::MAX, |at| (at.0 / tick.0).saturating_add(1).max(after));
    let next = asked.min(event);
    let nothing_is_left = next == u64::MAX && world.resource::<NextJudgement>().0 == Nanos::MAX;
    if nothing_is_left {
        // Nobody asks for anything and nothing will happen: the run ends here, for lack of events.
        let at = world.resource::<RunClock>().now;
        let by = "nothing left to happen".to_owned();
        let mut stop = world.resource_mut::<RunStop>();
        stop.stop.get_or_insert(Stop { at, by, outcome: Outcome::Passed });
        return number + 1;
    }
    next.max(number + 1)
}
