//! Hands telemetry to listeners, each behind a bounded queue of its own.

use std::sync::Arc;
use std::time::Duration;

use bevy_ecs::prelude::*;
use crossbeam_channel::{SendTimeoutError, Sender, TrySendError};
use serde::{Deserialize, Serialize};
use throng_components::clock::{Nanos, RunClock};
use throng_components::curve::Curve;
use throng_components::listener::ListenerFigures;
use throng_components::measures::Measures;
use throng_components::run::{RunDuration, RunState, RunUntil};
use throng_components::scenario::{Scenario, ScenarioProgress, ShardCounts};
use throng_components::steering::Steering;
use throng_components::workload::Rate;

use crate::links::{Incoming, Wake};
use crate::observer::{IntervalFigures, IntervalStatistics};
use crate::plugins::listeners::{
    Delivery, ListenerEvent, Progress, RecordCounter, ScenarioStanding, Subscription,
};

/// The rate that a scenario's plan asks for.
#[derive(Component, Clone, Debug)]
pub struct AskedRate {
    /// Its rate curve.
    pub curve: Curve,
}

/// After so long the listener that is waited for is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// How long a listener is waited for whose queue is full.
#[derive(Clone, Copy, Debug, Default)]
pub struct Patience {
    /// As long as it delivers nothing; zero in real time, which waits for nobody.
    pub limit: Duration,
    /// Whether it has run out: nothing is waited for then, until there is room again.
    exhausted: bool,
}

impl Patience {
    /// Waits so long.
    pub fn of(limit: Duration) -> Self {
        Self { limit, exhausted: false }
    }
}

/// A listener's queue and what it wants.
#[derive(Component)]
pub struct ListenerQueue {
    /// Where events go; bounded.
    pub sender: Sender<ListenerEvent>,
    /// What it wants to be told.
    pub subscription: Subscription,
    /// Whether it keeps traces.
    pub traces: bool,
    /// How many records an event stands for, for the count of what finds no room.
    pub records_in: RecordCounter,
    /// What the listener has delivered and lost.
    pub delivery: Arc<Delivery>,
    /// How long it is waited for.
    pub patience: Patience,
    /// When it is next told how the run stands.
    pub next_progress: Nanos,
    /// Where its present interval began, and what has happened in it.
    pub told: Told,
}

/// What a listener has been told already, and what has gathered for it since. Of one size, however long its interval.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Told {
    /// When it was last told.
    at: Nanos,
    /// Iterations begun by then, by scenario.
    started: Vec<u64>,
    /// What has happened since, but for the shared block.
    figures: IntervalFigures,
}

/// Where a listener of a saved run stood: when it was to be told next, and what had gathered for it.
#[derive(Component, Clone, Debug, Serialize, Deserialize)]
pub struct ListenerStanding {
    next_progress: Nanos,
    told: Told,
}

impl ListenerQueue {
    /// Where it stands.
    pub fn standing(&self) -> ListenerStanding {
        ListenerStanding { next_progress: self.next_progress, told: self.told.clone() }
    }

    /// Goes on where one of a saved run stood, if it has to be told anything at all.
    pub fn resume(&mut self, standing: ListenerStanding) {
        if self.subscription.progress.is_some() {
            (self.next_progress, self.told) = (standing.next_progress, standing.told);
        }
    }
}

/// Forwards this tick's samples to the listeners that want them, and what services did to those that keep traces.
///
/// A listener that cannot keep up loses raw records, which are counted; it never holds the load or the run. In virtual time
/// nobody is held by a wait: there it loses none, as long as it delivers anything.
///
/// Reads: `Incoming`. Writes: `ListenerQueue`, `ListenerFigures`. Runs in: `Phase::Export`.
pub fn export_samples(
    incoming: Res<'_, Incoming>,
    mut listeners: Query<'_, '_, (&mut ListenerQueue, &mut ListenerFigures)>,
) {
    for (mut queue, mut figures) in &mut listeners {
        let queue = &mut *queue;
        if queue.subscription.samples {
            for block in &incoming.samples {
                send(queue, ListenerEvent::Samples(Arc::clone(block)));
            }
            let folded: u64 = incoming.folded.iter().map(|folded| folded.count).sum();
            queue.delivery.add_lost(folded);
        }
        if queue.traces {
            for spans in &incoming.spans {
                send(queue, ListenerEvent::Spans(Arc::clone(spans)));
            }
        }
        let (delivered, lost) = queue.delivery.read();
        *figures = ListenerFigures { delivered, lost };
    }
}

/// Forwards the values of measures of one's own to the listeners that want samples.
///
/// Writes: `Measures`. Runs in: `Phase::Export`.
pub fn export_measurements(
    mut measures: ResMut<'_, Measures>,
    mut listeners: Query<'_, '_, &mut ListenerQueue>,
) {
    if !measures.listened_to {
        return;
    }
    let (values, lost) = measures.take_untold();
    if values.is_empty() {
        return;
    }
    let values = Arc::new(values);
    for mut queue in listeners.iter_mut().filter(|queue| queue.subscription.samples) {
        send(&mut queue, ListenerEvent::Measurements(Arc::clone(&values)));
        queue.delivery.add_lost(lost);
    }
}

fn send(queue: &mut ListenerQueue, event: ListenerEvent) {
    let sent = match queue.sender.try_send(event) {
        Ok(()) => Ok(()),
        Err(TrySendError::Full(event)) => wait_for_room(queue, event),
        Err(TrySendError::Disconnected(event)) => Err(event),
    };
    queue.patience.exhausted = sent.is_err();
    if let Err(event) = sent {
        queue.delivery.add_lost((queue.records_in)(&event));
    }
}

/// Waits until there is room, as long as the listener gets anything done; gives the event back when there is none.
fn wait_for_room(queue: &ListenerQueue, mut event: ListenerEvent) -> Result<(), ListenerEvent> {
    let Patience { limit, exhausted } = queue.patience;
    let (mut done, mut idle) = (queue.delivery.read(), Duration::ZERO);
    while !exhausted && idle < limit {
        event = match queue.sender.send_timeout(event, LOOK.min(limit)) {
            Ok(()) => return Ok(()),
            Err(SendTimeoutError::Timeout(event) | SendTimeoutError::Disconnected(event)) => event,
        };
        let before = std::mem::replace(&mut done, queue.delivery.read());
        idle = if done == before { idle + LOOK } else { Duration::ZERO };
    }
    Err(event)
}

/// Tells listeners how the run stands, as often as each wants, with the figures of its own interval.
///
/// All figures gather in one shared block. When a listener is due, the block is added to every listener's own and begins
/// anew, so that a tick in which nobody is due costs nothing.
///
/// Reads: `RunClock`, `ShardCounts`, `ScenarioProgress`. Writes: `ListenerQueue`, `IntervalStatistics`. Runs in: `Phase::Export`.
pub fn export_progress(
    clock: Res<'_, RunClock>,
    state: Res<'_, RunState>,
    (duration, until): (Res<'_, RunDuration>, Res<'_, RunUntil>),
    mut wake: ResMut<'_, Wake>,
    mut interval: ResMut<'_, IntervalStatistics>,
    mut listeners: Query<'_, '_, &mut ListenerQueue>,
    scenarios: Query<'_, '_, Standing<'_>>,
) {
    let due = listeners.iter().any(|queue| queue.is_due(clock.now));
    if due {
        let mut by_id: Vec<Standing<'_>> = scenarios.iter().collect();
        by_id.sort_unstable_by_key(|(scenario, ..)| scenario.id);
        for mut queue in &mut listeners {
            let Some(every) = queue.subscription.progress else { continue };
            queue.told.figures.merge(&interval.figures);
            if queue.is_due(clock.now) {
                let progress = queue.told.progress(clock.now, *state, earlier_end(*duration, *until), &by_id);
                send(&mut queue, ListenerEvent::Progress(Arc::new(progress)));
                let passed = (clock.now - queue.next_progress).0 / every.0.max(1);
                queue.next_progress += Nanos((passed + 1).saturating_mul(every.0));
            }
        }
        interval.figures.clear();
    }
    for queue in &listeners {
        if queue.subscription.progress.is_some() {
            wake.at_tick(queue.next_progress.0.div_ceil(clock.tick.0));
        }
    }
}

impl ListenerQueue {
    fn is_due(&self, now: Nanos) -> bool {
        self.subscription.progress.is_some() && now >= self.next_progress
    }
}

/// The end of the run that is asked for from outside.
pub(crate) fn earlier_end(duration: RunDuration, until: RunUntil) -> Option<Nanos> {
    duration.0.into_iter().chain(until.0).min()
}

/// What says how a scenario stands.
pub(crate) type Standing<'a> =
    (&'a Scenario, &'a ScenarioProgress, &'a ShardCounts, &'a Steering, Option<&'a AskedRate>);

impl Told {
    /// How the run stands now; begins a new interval.
    fn progress(
        &mut self,
        now: Nanos,
        state: RunState,
        asked_end: Option<Nanos>,
        by_id: &[Standing<'_>],
    ) -> Progress {
        let ends = by_id.iter().map(|(scenario, ..)| scenario.end()).max();
        let length = asked_end.into_iter().chain(ends.filter(|end| *end != Nanos::MAX)).min();
        self.started.resize(by_id.len(), 0);
        let scenarios: Vec<ScenarioStanding> = by_id
            .iter()
            .zip(&self.started)
            .map(|(standing, started)| scenario_standing(self.at, now, *started, standing))
            .collect();
        let figures = &self.figures;
        let quantile = |q| figures.response.quantile(q);
        let response = quantile(0.5).zip(quantile(0.99)).zip(figures.response.max());
        let progress = Progress {
            at: now,
            interval: now - self.at,
            length,
            scenarios,
            steps: figures.steps,
            failures: figures.failures,
            response: response.map(|((p50, p99), max)| [p50, p99, max]),
            lateness_max: figures.lateness_max,
            draining: state >= RunState::Draining,
        };
        self.at = now;
        self.started = progress.scenarios.iter().map(|scenario| scenario.started).collect();
        self.figures.clear();
        progress
    }
}

/// How a scenario stands now, and what it began since it was last asked.
pub(crate) fn scenario_standing(
    since: Nanos,
    now: Nanos,
    started: u64,
    (scenario, progress, counts, steering, asked): &Standing<'_>,
) -> ScenarioStanding {
    let total = counts.total();
    ScenarioStanding {
        users: total.users(),
        running: total.running(),
        backlog: total.waiting,
        started: total.started,
        begun: total.started.saturating_sub(started),
        ended: total.started - total.running(),
        iterations: scenario.iterations,
        lost_tokens: total.dropped + total.expired + progress.dropped,
        asked_per_s: asked.map(|asked| mean_rate((&asked.curve, steering), since, now, scenario, progress)),
    }
}

/// The mean rate that a plan asked for between two instants: the area under its curve, as far as it was played.
///
/// # Units
/// Iterations a second.
fn mean_rate(
    (curve, steering): (&Curve, &Steering),
    since: Nanos,
    now: Nanos,
    scenario: &Scenario,
    progress: &ScenarioProgress,
) -> f64 {
    /// Twice the area of one event: rate units × nanoseconds × 2.
    const EVENT: f64 = 2.0 * Rate::PER_SECOND as f64 * 1e9;
    let capped = scenario.iterations.is_some_and(|cap| progress.planned >= cap);
    let end = if capped { progress.last_due } else { progress.stopped_at.unwrap_or(Nanos::MAX) };
    let area = |at: Nanos| steering.area_doubled_until(curve, at.min(end) - scenario.delay);
    let events = area(now).saturating_sub(area(since)) as f64 / EVENT;
    let seconds = (now - since).as_secs_f64();
    if seconds > 0.0 { events / seconds } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use throng_components::clock::ClockKind;
    use throng_components::curve::Stage;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    /// A queue that wants to be told every so many seconds, and its other end.
    fn queue(every: u64) -> (ListenerQueue, crossbeam_channel::Receiver<ListenerEvent>) {
        let (sender, events) = crossbeam_channel::bounded(64);
        let progress = Some(Nanos::from_secs(every));
        let queue = ListenerQueue {
            sender,
            subscription: Subscription { progress, ..Subscription::default() },
            traces: false,
            records_in: Box::new(|_| 1),
            delivery: Arc::default(),
            patience: Patience::default(),
            next_progress: Nanos::from_secs(every),
            told: Told::default(),
        };
        (queue, events)
    }

    fn told(events: &crossbeam_channel::Receiver<ListenerEvent>) -> Vec<(Nanos, u64)> {
        let progress = events.try_iter().filter_map(|event| match event {
            ListenerEvent::Progress(progress) => Some((progress.interval, progress.steps)),
            ListenerEvent::Samples(_) | ListenerEvent::Measurements(_) | ListenerEvent::Spans(_) => None,
        });
        progress.collect()
    }

    #[test]
    fn each_listener_has_the_figures_of_its_own_interval() {
        let mut world = World::new();
        world.insert_resource(RunClock::new(ClockKind::Virtual, Nanos::SECOND, 2));
        world.insert_resource(RunState::Running);
        world.init_resource::<RunDuration>();
        world.init_resource::<RunUntil>();
        world.init_resource::<Wake>();
        world.init_resource::<IntervalStatistics>();
        let ((often, of_often), (seldom, of_seldom)) = (queue(2), queue(5));
        world.spawn(often);
        world.spawn(seldom);
        let mut schedule = Schedule::default();
        schedule.add_systems(export_progress);
        for second in 1..=10 {
            world.resource_mut::<RunClock>().move_to(Nanos::from_secs(second));
            let mut interval = world.resource_mut::<IntervalStatistics>();
            interval.figures.steps += 10;
            interval.figures.response.record(Nanos::MILLISECOND);
            schedule.run(&mut world);
        }
        assert_eq!(told(&of_often), [(Nanos(2 * SECOND), 20); 5]);
        assert_eq!(told(&of_seldom), [(Nanos(5 * SECOND), 50); 2]);
    }

    #[test]
    fn a_listener_that_does_nothing_is_waited_for_once() {
        let (mut queue, events) = queue(1);
        let (sender, full) = crossbeam_channel::bounded(1);
        queue.sender = sender;
        queue.patience = Patience::of(Duration::from_millis(1));
        let mut send_one = || {
            send(&mut queue, ListenerEvent::Progress(Arc::default()));
            (queue.delivery.read().1, queue.patience.exhausted)
        };
        assert_eq!(send_one(), (0, false));
        assert_eq!(send_one(), (1, true));
        assert_eq!(send_one(), (2, true), "not waited for any more");
        assert!(full.try_recv().is_ok() && events.is_empty());
        assert_eq!(send_one(), (2, false), "there is room again");
    }

    #[test]
    fn the_asked_rate_is_the_mean_of_the_interval() {
        let ramp = Stage { from: 0, to: 10 * Rate::PER_SECOND, length: Nanos::from_secs(10) };
        let curve = Curve { stages: vec![ramp] };
        let scenario = Scenario {
            id: throng_components::scenario::ScenarioId(0),
            name: String::new(),
            behavior: 0,
            delay: Nanos::from_secs(1),
            warm_up: Nanos::ZERO,
            drain: Nanos::ZERO,
            pace: None,
            iterations: None,
            length: Nanos::from_secs(10),
            open: true,
            bounds: throng_components::scenario::UserBounds { min: 1, max: 1, on_demand: true },
            overflow: throng_components::scenario::Overflow::Drop,
            stop_on_failure: false,
            replayed: false,
        };
        let check = |stopped: Option<u64>, since: u64, now: u64, expected: f64| {
            let stopped_at = stopped.map(Nanos::from_secs);
            let progress = ScenarioProgress { stopped_at, ..ScenarioProgress::default() };
            let rate = mean_rate(
                (&curve, &Steering::default()),
                Nanos::from_secs(since),
                Nanos::from_secs(now),
                &scenario,
                &progress,
            );
            assert!((rate - expected).abs() < 1e-9, "{since} to {now}: {rate}, not {expected}");
        };
        check(None, 0, 1, 0.0);
        check(None, 1, 3, 1.0);
        check(None, 9, 11, 9.0);
        check(None, 11, 12, 0.0);
        check(Some(3), 1, 5, 0.5);
        check(None, 5, 5, 0.0);
    }
}
