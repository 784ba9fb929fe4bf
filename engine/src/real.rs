//! A run in real time: threads, the tick, signals.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use bevy_ecs::prelude::*;
use crossbeam_channel::bounded;
use throng_components::clock::{Nanos, RunClock, TimeSource};
use throng_components::run::{RunHeader, RunState};
use throng_components::target::Target;
use throng_components::thread::ThreadId;
use throng_systems::drivers::thread::{Bell, ThreadSettings};
use throng_systems::links::{Link, Links};
use throng_systems::plugins::protocols::TlsClients;
use throng_systems::run_state::Interrupts;
use throng_systems::schedules::Tick;
use throng_systems::shard::Shard;

use crate::app::App;
use crate::clock::RealClock;
use crate::loader::Workload;
use crate::world::shard_settings;

/// Blocks of orders that may wait for a thread: a second of ticks at their shortest useful length.
const ORDER_BLOCKS: usize = 128;
/// Reports that may wait for the world: a thousand samples each.
const REPORT_BLOCKS: usize = 1_024;
/// Emptied blocks that may lie ready for a thread: what it fills in a tick of flat-out load.
const SPENT_BLOCKS: usize = 16;
/// Between the threads' taking the first orders and the run's start: long enough for all of them to wait for it.
const START_LEAD: Nanos = Nanos::from_millis(5);

/// The threads of a run.
pub(crate) struct Threads {
    clock: Arc<RealClock>,
    handles: Vec<JoinHandle<std::io::Result<()>>>,
}

/// Starts a thread for each shard. They wait for the run's start.
///
/// # Errors
/// When the operating system gives no thread.
pub(crate) fn start_threads(
    world: &mut World,
    app: &App,
    workload: &Workload,
    targets: &[Target],
    tls: &TlsClients,
    threads: u16,
) -> std::io::Result<Threads> {
    let clock = Arc::new(RealClock::of_speed(workload.speed));
    let trace = world.resource::<RunHeader>().trace;
    let mut handles = Vec::new();
    for number in 0..threads {
        let (order_sender, orders) = bounded(ORDER_BLOCKS);
        let (reports, report_receiver) = bounded(REPORT_BLOCKS);
        let (spent_sender, spent) = bounded(SPENT_BLOCKS);
        let bell = Arc::new(Bell::default());
        world.resource_mut::<Links>().links.push(Link {
            pending: throng_components::exchange::OrderBlock::default(),
            orders: order_sender,
            reports: report_receiver,
            waker: Arc::clone(&bell) as _,
            spent: spent_sender,
            ended: false,
        });
        let settings = ThreadSettings {
            id: ThreadId(number),
            shard: Shard::new(shard_settings(world, workload, number, threads)),
            targets: targets.to_vec(),
            protocols: app.registry().protocols.clone(),
            clock: Arc::clone(&clock) as _,
            orders,
            reports,
            spent,
            bell,
            trace: trace.propagate.then_some(trace),
            tls: tls.clone(),
            threads,
            step_count: workload.steps.all().len(),
            late_over: workload.bounds.over,
        };
        let builder = std::thread::Builder::new().name(format!("throng {number}"));
        handles.push(builder.spawn(move || throng_systems::drivers::thread::run(settings))?);
    }
    Ok(Threads { clock, handles })
}

/// Runs the world until its scenarios have ended and every thread has said farewell.
///
/// `interrupts` counts how often somebody asked the run to end.
pub(crate) fn run(world: &mut World, threads: Threads, interrupts: &AtomicU32) {
    *world.resource_mut::<RunState>() = RunState::Ready;
    // The first tick plans and hands out before time begins, so that nothing is late from the start.
    world.run_schedule(Tick);
    await_threads(world, &threads);
    threads.clock.start_in(START_LEAD);
    *world.resource_mut::<RunState>() = RunState::Running;
    let tick = world.resource::<RunClock>().tick;
    while *world.resource::<RunState>() < RunState::Flushing {
        step(world, &threads.clock, tick, interrupts);
    }
    for link in &mut world.resource_mut::<Links>().links {
        link.pending.shut_down = true;
    }
    while !all_ended(world, &threads) {
        step(world, &threads.clock, tick, interrupts);
    }
    // One more, so that the last reports are observed and the requirements see them.
    step(world, &threads.clock, tick, interrupts);
}

/// Waits until every thread is up and has taken its first orders: on a busy machine that may take longer than any lead.
fn await_threads(world: &World, threads: &Threads) {
    let links = &world.resource::<Links>().links;
    let is_up = |(link, handle): (&Link, &JoinHandle<_>)| link.orders.is_empty() || handle.is_finished();
    while !links.iter().zip(&threads.handles).all(is_up) {
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

/// Sleeps until the next tick and runs it. A world that was away runs one long tick over the gap.
fn step(world: &mut World, clock: &RealClock, tick: Nanos, interrupts: &AtomicU32) {
    let next = Nanos((world.resource::<RunClock>().number + 1).saturating_mul(tick.0));
    clock.sleep_until(next);
    let now = clock.now().max(next);
    let mut run_clock = world.resource_mut::<RunClock>();
    run_clock.overruns += u64::from(now >= next + tick);
    run_clock.ticks += 1;
    run_clock.move_to(now);
    world.resource_mut::<Interrupts>().count = interrupts.load(Ordering::Relaxed);
    world.run_schedule(Tick);
    // Without bevy_app nobody else does, and the buffers of removals grow with each user that leaves.
    world.clear_trackers();
}

fn all_ended(world: &World, threads: &Threads) -> bool {
    world.resource::<Links>().links.iter().all(|link| link.ended)
        || threads.handles.iter().all(JoinHandle::is_finished)
}
