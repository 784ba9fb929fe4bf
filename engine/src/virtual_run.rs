//! One run in virtual time: to its end, or to an instant at which it is saved; from its beginning, or from where it was saved.

use std::sync::atomic::AtomicU32;

use bevy_ecs::prelude::*;
use throng_components::clock::{ClockKind, Nanos};
use throng_components::run::{RunDuration, RunHeader, RunState, RunUntil};
use throng_components::seed::RunSeed;
use throng_components::speed::Speed;
use throng_components::state::{State, StateReader, StateWriter};
use throng_systems::drivers::simulated::{EventLog, Simulation};
use throng_systems::saved_world;

use crate::app::App;
use crate::clock::RealClock;
use crate::loader::{Loaded, Workload};
use crate::results::{ProcessFigures, summarise};
use crate::run::{RunEnd, RunError, RunOptions, attach, header, outlets, refuse, set_tracing, sha256};
use crate::saved_run::{Facts, Origin, Part, SavedRun, check_saved};
use crate::simulated::{self, Course, Manner, NoEnd, Reached};
use crate::summary::Summary;
use crate::world::RunFrame;
use crate::{listening, world};

/// Whether a workload can run in virtual time: asked before any output is opened.
///
/// # Errors
/// [`RunError::NoService`] when a target has nobody that answers for it.
pub(crate) fn check_virtual(workload: &Workload) -> Result<(), RunError> {
    let unanswered = workload.unanswered();
    if unanswered.is_empty() { Ok(()) } else { Err(RunError::NoService(unanswered)) }
}

/// Runs a workload in virtual time, against its services.
///
/// # Errors
/// See [`RunError`].
pub fn simulate(
    app: &App,
    loaded: Loaded,
    options: RunOptions,
    interrupts: &AtomicU32,
) -> Result<Summary, RunError> {
    run_part(app, loaded, options, interrupts, Part::WHOLE).map(RunEnd::whole)
}

/// Runs a workload in virtual time up to an instant and saves it there: all before has happened, and nothing else.
///
/// # Errors
/// See [`RunError`]; [`RunError::NotSaved`] before anything has happened.
pub fn simulate_until(
    app: &App,
    loaded: Loaded,
    origin: Origin,
    options: RunOptions,
    interrupts: &AtomicU32,
    at: Nanos,
) -> Result<RunEnd, RunError> {
    run_part(app, loaded, options, interrupts, Part { from: None, until: Some((at, origin)) })
}

/// Runs a part of a run.
pub(crate) fn run_part(
    app: &App,
    mut loaded: Loaded,
    mut options: RunOptions,
    interrupts: &AtomicU32,
    part: Part<'_>,
) -> Result<RunEnd, RunError> {
    refuse(app)?;
    check_virtual(&loaded.workload)?;
    let sha256 = sha256(&loaded);
    let facts = part.facts();
    let (birth, seed) = part.identity(&loaded.workload);
    let header = header(&loaded, &options, ClockKind::Virtual, (birth, seed));
    let workload = &mut loaded.workload;
    let resumed = facts.is_some();
    let duration = facts.map_or(options.duration, |facts| facts.duration);
    let until = facts.map_or(options.until, |facts| facts.until);
    let frame = RunFrame {
        clock: ClockKind::Virtual,
        seed: RunSeed(seed),
        threads: 1,
        duration: RunDuration(duration),
        until: RunUntil(until),
    };
    let (mut world, mut simulation) = build(app, workload, frame, header, &mut options);
    let names = world.resource::<RunHeader>().services.clone();
    if part.until.is_some() {
        check_saved(app, &mut world)?;
    }
    if let Some(saved) = part.from {
        restore(app, &mut world, &mut simulation, saved.state()).map_err(RunError::NotRestored)?;
    }
    let (mut course, before): (Course, ProcessFigures) =
        facts.map_or_else(Default::default, |facts| (facts.course, facts.process));
    let listening = listening::open(&mut world, app.registry(), &outlets(&options, resumed));
    let listening = listening.map_err(RunError::CannotOpen)?;
    let since = ProcessFigures::read();
    let save_at = part.until.as_ref().map(|(at, _)| *at);
    let manner = Manner { every_tick: app.has_systems(), save_at, interrupts };
    let reached = simulated::run(&mut world, &mut simulation, &mut course, manner);
    let process = before.and(ProcessFigures::read().since(since));
    listening.close(&mut world, interrupts);
    let reached = reached.map_err(|no_end| match no_end {
        NoEnd::StandsStill(at) => RunError::StandsStill(at),
        NoEnd::Overrun(service, at) => {
            RunError::Overrun { service: names.get(service.index()).cloned().unwrap_or_default(), at }
        }
    })?;
    simulation.take_log().map_or(Ok(()), EventLog::close).map_err(RunError::Events)?;
    if let (Reached::Save, Some((at, origin))) = (reached, part.until) {
        let facts = Facts {
            run_id: birth.run_id,
            clock: ClockKind::Virtual,
            epoch_unix_ns: birth.epoch_unix_ns,
            saved_unix_ns: RealClock::unix_now(),
            seed,
            duration,
            until,
            threads: 1,
            at,
            course,
            process,
        };
        let state = save(app, &mut world, &mut simulation)?;
        return Ok(RunEnd::Saved(Box::new(SavedRun::new(origin, facts, state))));
    }
    *world.resource_mut::<RunState>() = RunState::Ended;
    Ok(RunEnd::Over(Box::new(summarise(&mut world, workload, &sha256, process))))
}

/// A world and a simulation before anything has happened.
fn build(
    app: &App,
    workload: &mut Workload,
    frame: RunFrame,
    header: RunHeader,
    options: &mut RunOptions,
) -> (World, Simulation) {
    let services = std::mem::take(&mut workload.services);
    let names = services.iter().map(|service| service.name.clone()).collect();
    let header = RunHeader { services: names, ..header };
    let log = options.events.take().map(|sink| EventLog::new(sink, &header.scenarios, &workload.steps));
    let mut world = world::build(app, workload, frame, header);
    set_tracing(&mut world, app);
    attach(&mut world, options, Speed::ONE);
    let simulation = simulated::connect(&mut world, workload, services, log);
    (world, simulation)
}

fn save(app: &App, world: &mut World, simulation: &mut Simulation) -> Result<Vec<u8>, RunError> {
    let mut writer = StateWriter::default();
    simulation.save(&mut writer);
    saved_world::save(world, app.registry(), &mut writer);
    writer.finish().map_err(|error| RunError::NotSaved(vec![error.to_string()]))
}

fn restore(
    app: &App,
    world: &mut World,
    simulation: &mut Simulation,
    state: &[u8],
) -> Result<(), throng_components::state::NotRestored> {
    let mut reader = StateReader::new(state);
    simulation.restore(&mut reader)?;
    saved_world::restore(world, app.registry(), &mut reader)?;
    reader.end()
}
