//! One run in real time: to its end, or to an instant at which it is saved; from its beginning, or from where it was saved.

use std::sync::atomic::AtomicU32;

use bevy_ecs::prelude::*;
use throng_components::clock::{ClockKind, Nanos};
use throng_components::run::{Gap, Gaps, RunDuration, RunHeader, RunState, RunUntil};
use throng_components::seed::RunSeed;
use throng_components::state::{NotRestored, StateReader, StateWriter};
use throng_components::target::{ConnectionPolicy, Target, TargetAddress, TlsSettings};
use throng_systems::executor::HoldAt;
use throng_systems::plugins::protocols::TlsClients;
use throng_systems::saved_world;

use crate::app::App;
use crate::clock::RealClock;
use crate::loader::{Loaded, Workload};
use crate::real::Threads;
use crate::results::{ProcessFigures, summarise};
use crate::run::{
    Birth, RunEnd, RunError, RunOptions, attach, default_threads, header, outlets, refuse, set_tracing,
    sha256,
};
use crate::saved_run::{Facts, Origin, Part, SavedRun, check_saved};
use crate::simulated::Course;
use crate::summary::Summary;
use crate::world::RunFrame;
use crate::{demo, listening, real, world};

/// Runs a workload in real time.
///
/// `interrupts` counts how often somebody asked the run to end: once drains it, twice cuts it.
///
/// # Errors
/// See [`RunError`]; nothing was sent then.
pub fn run(
    app: &App,
    loaded: Loaded,
    options: &RunOptions,
    interrupts: &AtomicU32,
) -> Result<Summary, RunError> {
    run_part(app, loaded, options, interrupts, Part::WHOLE).map(RunEnd::whole)
}

/// Runs a workload in real time up to an instant and saves it there: nothing begins at that instant or after it, what was begun
/// comes to its end, for as long as its scenario's drain lasts.
///
/// # Errors
/// See [`RunError`]; [`RunError::NotSaved`] before anything has happened.
pub fn run_until(
    app: &App,
    loaded: Loaded,
    origin: Origin,
    options: &RunOptions,
    interrupts: &AtomicU32,
    at: Nanos,
) -> Result<RunEnd, RunError> {
    run_part(app, loaded, options, interrupts, Part { from: None, until: Some((at, origin)) })
}

/// Runs a part of a run.
pub(crate) fn run_part(
    app: &App,
    mut loaded: Loaded,
    options: &RunOptions,
    interrupts: &AtomicU32,
    part: Part<'_>,
) -> Result<RunEnd, RunError> {
    refuse(app)?;
    let sha256 = sha256(&loaded);
    let facts = part.facts();
    let (birth, seed) = part.identity(&loaded.workload);
    let header = header(&loaded, options, ClockKind::Real, (told_birth(birth, facts), seed));
    let workload = &mut loaded.workload;
    let threads = facts.map_or_else(|| thread_count(workload), |facts| facts.threads);
    // A tick is a time of this machine's: it takes as long however fast the run's time passes.
    workload.tick = workload.speed.to_run(workload.tick).max(Nanos(1));
    let duration = facts.map_or(options.duration, |facts| facts.duration);
    let frame = RunFrame {
        clock: ClockKind::Real,
        seed: RunSeed(seed),
        threads,
        duration: RunDuration(duration),
        until: RunUntil::default(),
    };
    let since = facts.map_or(Nanos::ZERO, |facts| facts.at);
    let mut world = world::build(app, workload, frame, header);
    set_tracing(&mut world, app);
    attach(&mut world, options, workload.speed);
    let (targets, _demos) = start_demos(&workload.targets, seed)?;
    let tls = tls_clients(&targets)?;
    let mut threads = Threads::made(&mut world, app, workload, &targets, &tls, (threads, since));
    if let Some(saved) = part.from {
        restore(app, &mut world, &mut threads, saved).map_err(RunError::NotRestored)?;
    }
    if let Some((at, _)) = &part.until {
        check_saved(app, &mut world)?;
        world.insert_resource(HoldAt(*at));
    }
    let listening = listening::open(&mut world, app.registry(), &outlets(options, facts.is_some()));
    let listening = listening.map_err(RunError::CannotOpen)?;
    let before = ProcessFigures::read();
    let threads = threads.started().map_err(RunError::Threads)?;
    let hold_at = part.until.as_ref().map(|(at, _)| *at);
    let held = real::run(&mut world, threads, facts.is_some(), hold_at, interrupts);
    let process = ProcessFigures::read().since(before);
    let process = facts.map_or(process, |facts| facts.process.and(process));
    listening.close(&mut world, interrupts);
    if let (Some(shards), Some((at, origin))) = (held.map_err(RunError::Threads)?, part.until) {
        let state = save(app, &mut world, &shards)?;
        let facts = Facts {
            run_id: birth.run_id,
            clock: ClockKind::Real,
            epoch_unix_ns: birth.epoch_unix_ns,
            saved_unix_ns: RealClock::unix_now(),
            seed,
            duration,
            until: None,
            threads: frame.threads,
            at,
            course: Course::default(),
            process,
        };
        return Ok(RunEnd::Saved(Box::new(SavedRun::new(origin, facts, state))));
    }
    *world.resource_mut::<RunState>() = RunState::Ended;
    world.resource_mut::<RunHeader>().epoch_unix_ns = birth.epoch_unix_ns;
    Ok(RunEnd::Over(Box::new(summarise(&mut world, workload, &sha256, process))))
}

/// The run's birth as listeners are told it: a run that lay saved counts its instants from so much later, so that what happens
/// now is told to be of now.
fn told_birth(birth: Birth, facts: Option<&Facts>) -> Birth {
    let Some(facts) = facts else { return birth };
    Birth { epoch_unix_ns: RealClock::unix_now().saturating_sub(facts.at.0), ..birth }
}

fn save(app: &App, world: &mut World, shards: &[Vec<u8>]) -> Result<Vec<u8>, RunError> {
    let mut writer = StateWriter::default();
    writer.put(shards);
    saved_world::save(world, app.registry(), &mut writer);
    writer.finish().map_err(|error| RunError::NotSaved(vec![error.to_string()]))
}

fn restore(app: &App, world: &mut World, threads: &mut Threads, saved: &SavedRun) -> Result<(), NotRestored> {
    let mut reader = StateReader::new(saved.state());
    threads.restore(&reader.take::<Vec<Vec<u8>>>()?)?;
    saved_world::restore(world, app.registry(), &mut reader)?;
    reader.end()?;
    let Facts { at, saved_unix_ns, .. } = *saved.facts();
    let gap = Gap { at, saved_unix_ns, resumed_unix_ns: RealClock::unix_now() };
    world.resource_mut::<Gaps>().0.push(gap);
    Ok(())
}

/// How many threads a run may use: what the workload says, else [`default_threads`].
///
/// Never more than the connections that a target's users share: each thread has its own of these, and the bound is exact.
fn thread_count(workload: &Workload) -> u16 {
    let threads = workload.threads.unwrap_or_else(default_threads);
    let shared = workload.targets.iter().filter_map(|target| match target.connections {
        ConnectionPolicy::Shared { limit } => Some(u16::try_from(limit).unwrap_or(u16::MAX)),
        ConnectionPolicy::PerUser | ConnectionPolicy::PerRequest => None,
    });
    shared.fold(threads, u16::min).max(1)
}

/// Starts a demo server for each target that asks for one; gives all targets with their addresses.
fn start_demos(targets: &[Target], seed: u64) -> Result<(Vec<Target>, Vec<demo::Demo>), RunError> {
    let (mut resolved, mut demos) = (targets.to_vec(), Vec::new());
    for target in resolved.iter_mut().filter(|target| target.address == TargetAddress::Demo) {
        let listen = ([127, 0, 0, 1], 0).into();
        let demo = match &mut target.tls {
            None => demo::start(listen, seed).map_err(RunError::Demo)?,
            Some(tls) => {
                // Trusted by this run, and by nobody else.
                let (demo, certificate) = demo::start_with_tls(listen, seed).map_err(RunError::Demo)?;
                tls.roots = vec![certificate];
                demo
            }
        };
        let address = demo.address();
        target.address =
            TargetAddress::Url { host: address.ip().to_string(), port: address.port(), base: String::new() };
        demos.push(demo);
    }
    Ok((resolved, demos))
}

/// What the targets' TLS goes by. The machine's own roots are read only where something is verified against them.
///
/// They are the machine's and not a list of our own, so that what a company's machines trust is trusted here, too.
fn tls_clients(targets: &[Target]) -> Result<TlsClients, RunError> {
    let needed = |tls: &TlsSettings| tls.verify && tls.roots.is_empty();
    let needed = targets.iter().filter_map(Target::any_tls).any(needed);
    // A redirect may lead from plain HTTP to TLS. Where nothing is trusted, it is a redirect that cannot be followed.
    let led = targets.iter().any(|target| target.any_tls().is_none() && target.follow > 0);
    let mut roots = Vec::new();
    if needed || led {
        // A file of them that cannot be read counts as absent: what the others hold may be enough.
        let found = rustls_native_certs::load_native_certs().certs;
        roots.extend(found.into_iter().map(|certificate| certificate.to_vec()));
        if needed && roots.is_empty() {
            return Err(RunError::NoRoots);
        }
    }
    TlsClients::new(targets, &roots).map_err(RunError::Tls)
}
