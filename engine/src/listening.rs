//! Opens listeners, gives each a thread and a bounded queue, and closes them at the end.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use bevy_ecs::prelude::*;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use throng_components::clock::{ClockKind, Nanos, TimeSource};
use throng_components::listener::{Listener, ListenerFailure, ListenerFigures};
use throng_components::measures::Measures;
use throng_components::run::RunHeader;
use throng_systems::exporter::{ListenerQueue, ListenerStanding, Patience, Told};
use throng_systems::observer::IntervalStatistics;
use throng_systems::plugins::Registry;
use throng_systems::plugins::listeners::{CannotOpen, Delivery, ListenerEvent, Outlets, Worker};

use crate::clock::RealClock;

/// Events that may wait for a listener: blocks of up to a thousand samples each, with their phases 130 MB at the most.
const QUEUE: usize = 1_024;

/// The same in virtual time, which waits for listeners: blocks of a few thousand samples each, some 20 MB.
const QUEUE_VIRTUAL: usize = 64;

/// How long virtual time waits for a listener that delivers nothing: as long as the last flush may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a listener that hears nothing waits before it looks after what it has gathered.
const IDLE: Duration = Duration::from_millis(200);

/// How long all listeners together may take to deliver what is left, at the end.
pub(crate) const FLUSH: Nanos = Nanos::from_secs(10);

/// What a listener's paths are relative to, where that is not the workload's own file.
#[derive(Component, Clone, Debug)]
pub(crate) struct OutputDirectory(pub(crate) PathBuf);

/// The threads of open listeners.
#[derive(Default)]
pub(crate) struct Listening {
    threads: Vec<Open>,
    /// Whether listeners are waited for, as in virtual time.
    waits: bool,
}

struct Open {
    entity: Entity,
    delivery: Arc<Delivery>,
    /// Says how long the listener may take to flush; sent when its queue is closed.
    limit: Sender<Duration>,
    thread: JoinHandle<()>,
}

/// Opens all listeners of a world.
///
/// # Errors
/// All that cannot be opened.
pub(crate) fn open(
    world: &mut World,
    registry: &Registry,
    outlets: &Outlets,
) -> Result<Listening, Vec<CannotOpen>> {
    let header = world.resource::<RunHeader>().clone();
    let mut query = world.query::<(Entity, &Listener)>();
    let mut all: Vec<(Entity, Listener)> =
        query.iter(world).map(|(entity, listener)| (entity, listener.clone())).collect();
    all.sort_unstable_by_key(|(_, listener)| listener.order);
    let waits = header.clock == ClockKind::Virtual;
    let (room, patience) = if waits { (QUEUE_VIRTUAL, PATIENCE) } else { (QUEUE, Duration::ZERO) };
    let (mut listening, mut failed) = (Listening { threads: Vec::new(), waits }, Vec::new());
    for (entity, listener) in all {
        let Some(entry) = registry.listeners.find(listener.kind) else { continue };
        let delivery = Arc::new(Delivery::default());
        // What it delivered before the run was saved.
        if let Some(figures) = world.get::<ListenerFigures>(entity) {
            delivery.add_delivered(figures.delivered);
            delivery.add_lost(figures.lost);
        }
        let mut outlets = Outlets { delivery: Arc::clone(&delivery), ..outlets.clone() };
        if let Some(OutputDirectory(directory)) = world.get(entity) {
            outlets.directory.clone_from(directory);
        }
        let subscription = (entry.subscription)(world.entity(entity)).unwrap_or_default();
        match (entry.open)(world.entity(entity), &header, outlets) {
            None => {}
            Some(Err(error)) => failed.push(error),
            Some(Ok(worker)) => {
                let (sender, events) = bounded(room);
                let (limit, limits) = bounded(1);
                let mut queue = ListenerQueue {
                    sender,
                    subscription,
                    traces: (entry.trace_ratio)(world.entity(entity)).is_some(),
                    records_in: worker.counter(),
                    delivery: Arc::clone(&delivery),
                    patience: Patience::of(patience),
                    next_progress: subscription.progress.unwrap_or(Nanos::MAX),
                    told: Told::default(),
                };
                if let Some(standing) = world.entity_mut(entity).take::<ListenerStanding>() {
                    queue.resume(standing);
                }
                world.resource_mut::<IntervalStatistics>().wanted |= subscription.progress.is_some();
                world.resource_mut::<Measures>().listened_to |= subscription.samples;
                world.entity_mut(entity).insert(queue);
                let builder = std::thread::Builder::new().name(format!("listener {}", listener.name));
                match builder.spawn(move || listen(worker, &events, &limits)) {
                    Ok(thread) => listening.threads.push(Open { entity, delivery, limit, thread }),
                    Err(source) => failed.push(CannotOpen { what: listener.name, source }),
                }
            }
        }
    }
    if failed.is_empty() { Ok(listening) } else { Err(failed) }
}

/// A listener's thread: events until the queue is closed, then the flush.
fn listen(mut worker: Box<dyn Worker>, events: &Receiver<ListenerEvent>, limits: &Receiver<Duration>) {
    loop {
        match events.recv_timeout(IDLE) {
            Ok(event) => {
                worker.receive(&event);
                worker.tick();
            }
            Err(RecvTimeoutError::Timeout) => worker.tick(),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    worker.close(limits.recv().unwrap_or_default());
}

impl Listening {
    /// Closes all queues, waits for what is left to be delivered, and reads the final counts. Whoever asks a second time for
    /// the end while it waits is not kept waiting.
    pub(crate) fn close(self, world: &mut World, interrupts: &AtomicU32) {
        let asked = interrupts.load(Ordering::Relaxed).max(1);
        let is_waited_for = || interrupts.load(Ordering::Relaxed) <= asked;
        let clock = RealClock::new();
        clock.start_in(Nanos::ZERO);
        for open in &self.threads {
            // Where it stood, for a run that is saved.
            if let Some(queue) = world.entity_mut(open.entity).take::<ListenerQueue>() {
                world.entity_mut(open.entity).insert(queue.standing());
            }
            // The channel holds one message and this is the only one.
            let _ = open.limit.send(FLUSH.to_duration());
        }
        let mut deadline = FLUSH + Nanos::from_secs(2);
        for open in self.threads {
            let mut done = open.delivery.read();
            // A listener that hangs beyond its limit is left behind; what it holds is not known to be delivered.
            while !open.thread.is_finished() && clock.now() < deadline && is_waited_for() {
                clock.sleep_until(clock.now() + Nanos::MILLISECOND);
                // What waits in the queue is delivered before the last flush begins.
                let before = std::mem::replace(&mut done, open.delivery.read());
                if self.waits && before != done {
                    deadline = clock.now() + FLUSH + Nanos::from_secs(2);
                }
            }
            let (delivered, lost) = open.delivery.read();
            world.entity_mut(open.entity).insert(ListenerFigures { delivered, lost });
            if let Some(why) = open.delivery.failure() {
                world.entity_mut(open.entity).insert(ListenerFailure(why.to_owned()));
            }
        }
    }
}
