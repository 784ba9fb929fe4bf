//! Tells a live view how the run stands, behind a bounded queue. A view that does not keep up misses something; it never
//! holds the load or the run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bevy_ecs::prelude::*;
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use throng_components::clock::{Nanos, RunClock};
use throng_components::control::Factor;
use throng_components::exit_condition::{ExitCondition, RuleResult};
use throng_components::run::{RunDuration, RunState, RunStop, RunUntil};
use throng_components::sample_block::SampleBlock;
use throng_components::scenario::{Scenario, ScenarioPhase, ScenarioProgress, ShardCounts};
use throng_components::speed::Speed;
use throng_components::statistics::ScenarioStatistics;
use throng_components::steering::Steering;
use throng_components::thread::{Thread, ThreadFigures, ThreadId};

use crate::exporter::{AskedRate, earlier_end, scenario_standing};
use crate::links::Incoming;
use crate::live_control::LiveControl;
use crate::plugins::listeners::ScenarioStanding;

/// Events that may wait for the view: blocks of up to a thousand samples each, 40 MB at the most.
const QUEUE: usize = 512;

/// What a view is told.
#[derive(Clone, Debug)]
pub enum ViewEvent {
    /// What happened, in blocks; shared with listeners.
    Samples(Arc<SampleBlock>),
    /// How the run stands.
    Standing(Box<Standing>),
}

/// How the run stands at one moment.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// When.
    pub at: Nanos,
    /// The time since the last one.
    pub interval: Nanos,
    /// Where the run is in its life.
    pub state: RunState,
    /// What stopped it, if anything did.
    pub stopped_by: Option<String>,
    /// Whether shapes stand still by command.
    pub paused: bool,
    /// Commands that were carried out, and those that were not.
    pub commands: (u64, u64),
    /// When it ends by itself, where that is known.
    pub length: Option<Nanos>,
    /// By [`ScenarioId`](throng_components::scenario::ScenarioId).
    pub scenarios: Vec<ScenarioNow>,
    /// By number.
    pub threads: Vec<ThreadNow>,
    /// In file order.
    pub rules: Vec<RuleResult>,
    /// Steps begun, and of these the late ones.
    pub starts: (u64, u64),
    /// The latest start of a step of all.
    pub lateness_max: Nanos,
}

/// How a scenario stands.
#[derive(Clone, Debug, Default)]
pub struct ScenarioNow {
    /// Counts, levels and rates.
    pub standing: ScenarioStanding,
    /// Where it is in its life.
    pub phase: ScenarioPhase,
    /// By what its curve is multiplied.
    pub factor: Factor,
}

/// How a thread stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThreadNow {
    /// Its number.
    pub id: ThreadId,
    /// Operations under way.
    pub in_flight: u64,
    /// Users at home here.
    pub users: u64,
    /// The share of a core that it used over the last whole second.
    pub busy_share: f64,
    /// The largest such share.
    pub busy_share_max: f64,
    /// How much later than asked its reactor woke at the worst, in the last whole second.
    pub loop_lag: Nanos,
    /// Blocks of orders that arrived after something in them was due.
    pub underruns: u64,
}

/// The world's end of a view.
#[derive(Resource, Clone, Debug)]
pub struct LiveView {
    sender: Sender<ViewEvent>,
    every: Nanos,
    next: Nanos,
    told_at: Nanos,
    started: Vec<u64>,
    missed: Arc<AtomicU64>,
}

/// The view's end.
#[derive(Clone, Debug)]
pub struct ViewFeed {
    /// What comes in; disconnected when the run is over.
    pub events: Receiver<ViewEvent>,
    missed: Arc<AtomicU64>,
}

impl ViewFeed {
    /// Samples that the view was not told of, because it did not keep up.
    pub fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }
}

impl LiveView {
    /// The same view of a run whose time passes so fast: it is told as often of wall time.
    #[must_use]
    pub fn at(self, speed: Speed) -> Self {
        Self { every: speed.to_run(self.every), ..self }
    }

    /// A view that is told so often how the run stands, and its other end.
    pub fn open(every: Nanos) -> (Self, ViewFeed) {
        let (sender, events) = bounded(QUEUE);
        let missed = Arc::new(AtomicU64::new(0));
        let feed = ViewFeed { events, missed: Arc::clone(&missed) };
        let (next, told_at) = (Nanos::ZERO, Nanos::ZERO);
        (Self { sender, every, next, told_at, started: Vec::new(), missed }, feed)
    }

    fn tell(&self, event: ViewEvent) {
        let records = if let ViewEvent::Samples(block) = &event { block.len() as u64 } else { 0 };
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = self.sender.try_send(event) {
            self.missed.fetch_add(records, Ordering::Relaxed);
        }
    }
}

/// What a view is told of a scenario.
type Row<'a> = (
    &'a Scenario,
    &'a ScenarioProgress,
    &'a ShardCounts,
    &'a Steering,
    Option<&'a AskedRate>,
    &'a ScenarioStatistics,
);

/// Tells the view what happened in this tick and, as often as it wants, how the run stands. Without a view it does nothing.
///
/// Reads: `RunClock`, `Incoming`, the figures of all scenarios, threads and rules. Writes: `LiveView`. Runs in: `Phase::Export`.
pub fn export_view(
    clock: Res<'_, RunClock>,
    run: (Res<'_, RunState>, Res<'_, RunStop>, Res<'_, RunDuration>, Res<'_, RunUntil>, Res<'_, LiveControl>),
    incoming: Res<'_, Incoming>,
    view: Option<ResMut<'_, LiveView>>,
    scenarios: Query<'_, '_, Row<'_>>,
    threads: Query<'_, '_, (&Thread, &ThreadFigures)>,
    rules: Query<'_, '_, (&ExitCondition, &RuleResult)>,
) {
    let Some(mut view) = view else { return };
    for block in &incoming.samples {
        view.tell(ViewEvent::Samples(Arc::clone(block)));
    }
    let folded: u64 = incoming.folded.iter().map(|folded| folded.count).sum();
    view.missed.fetch_add(folded, Ordering::Relaxed);
    if clock.now < view.next {
        return;
    }
    view.next = clock.now + view.every;
    let (state, stop, duration, until, control) = run;
    let mut rows: Vec<Row<'_>> = scenarios.iter().collect();
    rows.sort_unstable_by_key(|row| row.0.id);
    view.started.resize(rows.len(), 0);
    let ends = rows.iter().map(|row| row.0.end()).max();
    let asked_end = earlier_end(*duration, *until);
    let length = asked_end.into_iter().chain(ends.filter(|end| *end != Nanos::MAX)).min();
    let standing = Standing {
        at: clock.now,
        interval: clock.now - view.told_at,
        state: *state,
        stopped_by: stop.stop.as_ref().map(|stop| stop.by.clone()),
        paused: control.is_paused(),
        commands: (control.records().len() as u64, control.refused()),
        length,
        scenarios: rows
            .iter()
            .zip(&view.started)
            .map(|(row, started)| scenario_now(&view, &clock, *started, row))
            .collect(),
        threads: threads_now(&threads),
        rules: rules_now(&rules),
        starts: (rows.iter().map(|row| row.5.starts).sum(), rows.iter().map(|row| row.5.late_starts).sum()),
        lateness_max: rows.iter().filter_map(|row| row.5.lateness.max()).max().unwrap_or_default(),
    };
    view.told_at = clock.now;
    view.started = standing.scenarios.iter().map(|scenario| scenario.standing.started).collect();
    view.tell(ViewEvent::Standing(Box::new(standing)));
}

fn scenario_now(view: &LiveView, clock: &RunClock, started: u64, row: &Row<'_>) -> ScenarioNow {
    let (scenario, progress, counts, steering, asked, _) = *row;
    let row = (scenario, progress, counts, steering, asked);
    ScenarioNow {
        standing: scenario_standing(view.told_at, clock.now, started, &row),
        phase: progress.phase,
        factor: steering.factor(),
    }
}

fn threads_now(threads: &Query<'_, '_, (&Thread, &ThreadFigures)>) -> Vec<ThreadNow> {
    let now = threads.iter().map(|(thread, figures)| ThreadNow {
        id: thread.id,
        in_flight: figures.in_flight,
        users: figures.users,
        busy_share: figures.busy_share,
        busy_share_max: figures.busy_share_max,
        loop_lag: figures.loop_lag_recent,
        underruns: figures.underruns,
    });
    let mut all: Vec<_> = now.collect();
    all.sort_unstable_by_key(|thread| thread.id);
    all
}

fn rules_now(rules: &Query<'_, '_, (&ExitCondition, &RuleResult)>) -> Vec<RuleResult> {
    let mut all: Vec<_> = rules.iter().map(|(condition, result)| (condition.order, *result)).collect();
    all.sort_unstable_by_key(|(order, _)| *order);
    all.into_iter().map(|(_, result)| result).collect()
}
