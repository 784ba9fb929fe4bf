//! Hands telemetry to listeners, each behind a bounded queue of its own.

use std::sync::Arc;

use bevy_ecs::prelude::*;
use crossbeam_channel::{Sender, TrySendError};
use throng_components::clock::{Nanos, RunClock};
use throng_components::listener::ListenerFigures;
use throng_components::run::{RunDuration, RunState};
use throng_components::scenario::{Scenario, ScenarioPhase, ScenarioProgress, ShardCounts};

use crate::links::{Incoming, Wake};
use crate::observer::IntervalStatistics;
use crate::plugins::listeners::{
    Delivery, ListenerEvent, Progress, RecordCounter, ScenarioStanding, Subscription,
};

/// The rate that a scenario's plan asks for.
#[derive(Component, Clone, Debug)]
pub struct AskedRate {
    /// Its rate curve.
    pub curve: throng_components::curve::Curve,
}

/// A listener's queue and what it wants.
#[derive(Component)]
pub struct ListenerQueue {
    /// Where events go; bounded.
    pub sender: Sender<ListenerEvent>,
    /// What it wants to be told.
    pub subscription: Subscription,
    /// How many records an event stands for, for the count of what finds no room.
    pub records_in: RecordCounter,
    /// What the listener has delivered and lost.
    pub delivery: Arc<Delivery>,
    /// When it is next told how the run stands.
    pub next_progress: Nanos,
}

/// Forwards this tick's samples to the listeners that want them.
///
/// A listener that cannot keep up loses raw records, which are counted; it never holds the load or the run.
///
/// Reads: `Incoming`. Writes: `ListenerQueue`, `ListenerFigures`. Runs in: `Phase::Export`.
pub fn export_samples(
    incoming: Res<'_, Incoming>,
    mut listeners: Query<'_, '_, (&ListenerQueue, &mut ListenerFigures)>,
) {
    for (queue, mut figures) in &mut listeners {
        if queue.subscription.samples {
            for block in &incoming.samples {
                send(queue, ListenerEvent::Samples(Arc::clone(block)));
            }
            let folded: u64 = incoming.folded.iter().map(|folded| folded.count).sum();
            queue.delivery.add_lost(folded);
        }
        let (delivered, lost) = queue.delivery.read();
        *figures = ListenerFigures { delivered, lost };
    }
}

fn send(queue: &ListenerQueue, event: ListenerEvent) {
    if let Err(TrySendError::Full(event) | TrySendError::Disconnected(event)) = queue.sender.try_send(event) {
        queue.delivery.add_lost((queue.records_in)(&event));
    }
}

/// Tells listeners how the run stands, as often as each wants.
///
/// Reads: `RunClock`, `ShardCounts`, `IntervalStatistics`. Writes: `ListenerQueue`, `IntervalStatistics`. Runs in: `Phase::Export`.
pub fn export_progress(
    clock: Res<'_, RunClock>,
    state: Res<'_, RunState>,
    duration: Res<'_, RunDuration>,
    mut wake: ResMut<'_, Wake>,
    mut interval: ResMut<'_, IntervalStatistics>,
    mut told_at: Local<'_, Nanos>,
    mut listeners: Query<'_, '_, &mut ListenerQueue>,
    scenarios: Query<'_, '_, (&Scenario, &ScenarioProgress, &ShardCounts, Option<&AskedRate>)>,
) {
    let due = listeners
        .iter()
        .any(|queue| queue.subscription.progress.is_some() && clock.now >= queue.next_progress);
    if due {
        let progress = Arc::new(standing(&clock, *state, &duration, &mut interval, *told_at, &scenarios));
        *told_at = clock.now;
        for mut queue in &mut listeners {
            let Some(every) = queue.subscription.progress else { continue };
            if clock.now >= queue.next_progress {
                send(&queue, ListenerEvent::Progress(Arc::clone(&progress)));
                let passed = (clock.now - queue.next_progress).0 / every.0.max(1);
                queue.next_progress += Nanos((passed + 1).saturating_mul(every.0));
            }
        }
    }
    for queue in &listeners {
        if queue.subscription.progress.is_some() {
            wake.at_tick(queue.next_progress.0.div_ceil(clock.tick.0));
        }
    }
}

/// How the run stands now; begins a new interval.
fn standing(
    clock: &RunClock,
    state: RunState,
    duration: &RunDuration,
    interval: &mut IntervalStatistics,
    told_at: Nanos,
    scenarios: &Query<'_, '_, (&Scenario, &ScenarioProgress, &ShardCounts, Option<&AskedRate>)>,
) -> Progress {
    let mut standings: Vec<_> = scenarios
        .iter()
        .map(|(scenario, progress, counts, asked)| {
            (scenario.id, scenario_standing(clock.now, scenario, progress, counts, asked))
        })
        .collect();
    standings.sort_unstable_by_key(|(id, _)| *id);
    let ends = scenarios.iter().map(|(scenario, ..)| scenario.end()).max();
    let length = duration.0.into_iter().chain(ends.filter(|end| *end != Nanos::MAX)).min();
    let quantile = |q| interval.response.quantile(q);
    let response = quantile(0.5).zip(quantile(0.99)).zip(interval.response.max());
    let progress = Progress {
        at: clock.now,
        interval: clock.now - told_at,
        length,
        scenarios: standings.into_iter().map(|(_, standing)| standing).collect(),
        steps: interval.steps,
        failures: interval.failures,
        response: response.map(|((p50, p99), max)| [p50, p99, max]),
        lateness_max: interval.lateness_max,
        draining: state >= RunState::Draining,
    };
    interval.response.clear();
    (interval.steps, interval.failures, interval.lateness_max) = (0, 0, Nanos::ZERO);
    progress
}

fn scenario_standing(
    now: Nanos,
    scenario: &Scenario,
    progress: &ScenarioProgress,
    counts: &ShardCounts,
    asked: Option<&AskedRate>,
) -> ScenarioStanding {
    let total = counts.total();
    let playing = progress.phase == ScenarioPhase::Playing;
    let rate = |asked: &AskedRate| {
        let level = if playing { asked.curve.level_at(now - scenario.delay) } else { 0.0 };
        level / throng_components::workload::Rate::PER_SECOND as f64
    };
    ScenarioStanding {
        users: total.users(),
        running: total.running(),
        backlog: total.waiting,
        started: total.started,
        lost_tokens: total.dropped + total.expired,
        asked_per_s: asked.map(rate),
    }
}
