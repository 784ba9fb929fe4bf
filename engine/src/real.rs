//! A run in real time: threads, the tick, signals.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use bevy_ecs::prelude::*;
use crossbeam_channel::bounded;
use throng_components::clock::{Nanos, RunClock, TimeSource};
use throng_components::exchange::Order;
use throng_components::run::{RunHeader, RunState, VerdictBounds};
use throng_components::scenario::Scenario;
use throng_components::stalls::Stalls;
use throng_components::state::{NotRestored, State, StateReader};
use throng_components::target::Target;
use throng_components::thread::ThreadId;
use throng_systems::drivers::thread::{Bell, ThreadSettings};
use throng_systems::links::{Link, Links, Placement};
use throng_systems::plugins::protocols::TlsClients;
use throng_systems::run_state::Interrupts;
use throng_systems::schedules::{Judgement, Tick};
use throng_systems::shard::Shard;

use crate::app::App;
use crate::clock::RealClock;
use crate::loader::Workload;
use crate::pulse::Pulse;
use crate::world::shard_settings;

/// Blocks of orders that may wait for a thread: a second of ticks at their shortest useful length.
const ORDER_BLOCKS: usize = 128;
/// Reports that may wait for the world: a thousand samples each.
const REPORT_BLOCKS: usize = 1_024;
/// Emptied blocks that may lie ready for a thread: what it fills in a tick of flat-out load.
const SPENT_BLOCKS: usize = 16;
/// Between two looks at whether all is at rest.
const LOOK: Duration = Duration::from_millis(1);
/// Between the threads' taking the first orders and the run's start: long enough for all of them to wait for it.
const START_LEAD: Nanos = Nanos::from_millis(5);

/// The threads of a run that are not started yet.
pub(crate) struct Threads {
    clock: Arc<RealClock>,
    settings: Vec<ThreadSettings>,
}

/// The threads of a run.
pub(crate) struct Started {
    clock: Arc<RealClock>,
    handles: Vec<JoinHandle<std::io::Result<Option<Vec<u8>>>>>,
}

impl Threads {
    /// A thread for each shard, for a run that begins, or goes on, at an instant.
    pub(crate) fn made(
        world: &mut World,
        app: &App,
        workload: &Workload,
        targets: &[Target],
        tls: &TlsClients,
        (threads, since): (u16, Nanos),
    ) -> Self {
        let clock = Arc::new(RealClock::of_speed(workload.speed).standing_at(since));
        let trace = world.resource::<RunHeader>().trace;
        let mut all = Vec::new();
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
                held: false,
                ended: false,
            });
            all.push(ThreadSettings {
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
            });
        }
        Self { clock, settings: all }
    }

    /// Gives each the users that it had when the run was saved.
    ///
    /// # Errors
    /// When what was saved is the state of other threads.
    pub(crate) fn restore(&mut self, shards: &[Vec<u8>]) -> Result<(), NotRestored> {
        if shards.len() != self.settings.len() {
            return Err(NotRestored::Other("it has more threads than the run, or fewer"));
        }
        for (settings, shard) in self.settings.iter_mut().zip(shards) {
            let mut reader = StateReader::new(shard);
            settings.shard.restore(&mut reader)?;
            reader.end()?;
        }
        Ok(())
    }

    /// Starts them. They wait for the run's start.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub(crate) fn started(self) -> std::io::Result<Started> {
        let mut handles = Vec::new();
        for settings in self.settings {
            let builder = std::thread::Builder::new().name(format!("throng {}", settings.id.0));
            handles.push(builder.spawn(move || throng_systems::drivers::thread::run(settings))?);
        }
        Ok(Started { clock: self.clock, handles })
    }
}

/// Runs the world until its scenarios have ended and every thread has said farewell, or until all is at rest from an
/// instant on at which the run is to be saved: then it gives what each thread has come to.
///
/// `interrupts` counts how often somebody asked the run to end.
///
/// # Errors
/// When a thread cannot write down what it has come to.
pub(crate) fn run(
    world: &mut World,
    mut threads: Started,
    resumed: bool,
    hold_at: Option<Nanos>,
    interrupts: &AtomicU32,
) -> std::io::Result<Option<Vec<Vec<u8>>>> {
    if !resumed {
        *world.resource_mut::<RunState>() = RunState::Ready;
    }
    if let Some(at) = hold_at {
        for link in &mut world.resource_mut::<Links>().links {
            link.pending.orders.push(Order::Hold { at });
        }
    }
    // The first tick plans and hands out before time begins, so that nothing is late from the start.
    world.run_schedule(Tick);
    await_threads(world, &threads);
    threads.clock.start_in(START_LEAD);
    if !resumed {
        *world.resource_mut::<RunState>() = RunState::Running;
    }
    let mut pulse = Pulse::begin(&threads.clock, world.resource::<VerdictBounds>());
    while *world.resource::<RunState>() < RunState::Flushing {
        if let Some(at) = hold_at.filter(|at| next_tick(world) >= *at) {
            return rest(world, threads, at, interrupts).map(Some);
        }
        step(world, &threads.clock, &mut pulse, hold_at, interrupts);
        find_dead(&mut threads.handles)?;
    }
    for link in &mut world.resource_mut::<Links>().links {
        link.pending.shut_down = true;
    }
    while !all_ended(world, &threads) {
        step(world, &threads.clock, &mut pulse, None, interrupts);
    }
    // One more, so that the last reports are observed and the requirements see them.
    step(world, &threads.clock, &mut pulse, None, interrupts);
    Ok(None)
}

/// Ends the run with a thread that has ended before it was told to: what it had would never be done, and be waited for.
///
/// # Errors
/// What the thread ended with.
///
/// # Panics
/// As the thread did: that is a defect of throng, and the program ends with its message.
fn find_dead<T>(handles: &mut Vec<JoinHandle<std::io::Result<T>>>) -> std::io::Result<()> {
    while let Some(dead) = handles.iter().position(JoinHandle::is_finished) {
        match handles.swap_remove(dead).join() {
            Ok(ended) => ended.map(drop)?,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
    Ok(())
}

/// Lets all come to rest from an instant on: nothing more is planned or judged, but what still ends is recorded. What its
/// scenario's drain does not suffice for is cut, and all with an interrupt.
fn rest(
    world: &mut World,
    threads: Started,
    at: Nanos,
    interrupts: &AtomicU32,
) -> std::io::Result<Vec<Vec<u8>>> {
    let mut scenarios = world.query::<(&Scenario, &Placement)>();
    let mut cuts: Vec<_> = scenarios
        .iter(world)
        .map(|(scenario, placement)| (at + scenario.drain, scenario.id, placement.shards.clone()))
        .collect();
    let asked = interrupts.load(Ordering::Relaxed);
    threads.clock.sleep_until(at);
    let mut shut_down = false;
    while !all_ended(world, &threads) {
        look(world, at);
        let links = &mut world.resource_mut::<Links>().links;
        let now = threads.clock.now();
        let at_once = interrupts.load(Ordering::Relaxed) > asked;
        for (_, scenario, shards) in cuts.extract_if(.., |(end, ..)| at_once || now >= *end) {
            for shard in shards {
                if let Some(link) = links.get_mut(usize::from(shard)) {
                    link.pending.orders.push(Order::CutHeld { scenario, at: now });
                }
            }
        }
        if !shut_down && links.iter().all(|link| link.held) {
            shut_down = true;
            for link in links {
                link.pending.shut_down = true;
            }
        }
        std::thread::park_timeout(LOOK);
    }
    look(world, at);
    let states = threads.handles.into_iter().map(|handle| match handle.join() {
        Ok(state) => state.map(Option::unwrap_or_default),
        Err(panic) => std::panic::resume_unwind(panic),
    });
    states.collect()
}

/// Takes in what shards tell, and sends them what is pending; the run's time stands still.
fn look(world: &mut World, at: Nanos) {
    world.resource_mut::<RunClock>().move_to(at);
    world.run_schedule(Judgement);
    world.clear_trackers();
}

/// Waits until every thread is up and has taken its first orders: on a busy machine that may take longer than any lead.
fn await_threads(world: &World, threads: &Started) {
    let links = &world.resource::<Links>().links;
    let is_up = |(link, handle): (&Link, &JoinHandle<_>)| link.orders.is_empty() || handle.is_finished();
    while !links.iter().zip(&threads.handles).all(is_up) {
        std::thread::park_timeout(LOOK);
    }
}

/// The instant of the next tick.
fn next_tick(world: &World) -> Nanos {
    let clock = world.resource::<RunClock>();
    Nanos((clock.number + 1).saturating_mul(clock.tick.0))
}

/// Sleeps until the next tick and runs it. A world that was away runs one long tick over the gap.
///
/// A run that is to be saved is told of no instant beyond that.
fn step(
    world: &mut World,
    clock: &RealClock,
    pulse: &mut Pulse,
    hold_at: Option<Nanos>,
    interrupts: &AtomicU32,
) {
    let next = next_tick(world);
    clock.sleep_until(next);
    let now = clock.now().max(next).min(hold_at.unwrap_or(Nanos::MAX));
    pulse.beat(clock, (next, now), &mut world.resource_mut::<Stalls>());
    let mut run_clock = world.resource_mut::<RunClock>();
    run_clock.overruns += u64::from(now >= next + run_clock.tick);
    run_clock.ticks += 1;
    run_clock.move_to(now);
    world.resource_mut::<Interrupts>().count = interrupts.load(Ordering::Relaxed);
    world.run_schedule(Tick);
    // Without bevy_app nobody else does, and the buffers of removals grow with each user that leaves.
    world.clear_trackers();
}

fn all_ended(world: &World, threads: &Started) -> bool {
    world.resource::<Links>().links.iter().all(|link| link.ended)
        || threads.handles.iter().all(JoinHandle::is_finished)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thread that ends so; it has ended when this returns.
    fn ended(how: fn() -> std::io::Result<()>) -> Vec<JoinHandle<std::io::Result<()>>> {
        let handle = std::thread::Builder::new().spawn(how).expect("there is a thread");
        while !handle.is_finished() {
            std::thread::park_timeout(LOOK);
        }
        vec![handle]
    }

    #[test]
    fn a_thread_that_dies_is_no_silent_end() {
        let failed = || Err(std::io::Error::other("no reactor"));
        assert!(find_dead(&mut ended(failed)).is_err_and(|error| error.to_string() == "no reactor"));
        let mut broken = ended(|| panic!("a defect"));
        let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| find_dead(&mut broken)));
        assert!(unwound.is_err_and(|panic| panic.downcast_ref() == Some(&"a defect")));
        assert!(find_dead::<()>(&mut Vec::new()).is_ok());
    }
}
