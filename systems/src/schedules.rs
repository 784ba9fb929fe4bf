//! The one place that orders the phases and the systems in them. It reads like the picture of the tick:
//!
//! ```text
//! Collect ─► Allocate ─► Schedule ─► Execute ─► Observe ─► Judge ─► Export
//! ```

use bevy_ecs::prelude::*;
use bevy_ecs::schedule::{
    IntoScheduleConfigs, LogLevel, ScheduleBuildSettings, ScheduleLabel, SingleThreadedExecutor,
};
use bevy_ecs::system::ScheduleSystem;
use throng_components::clock::RunClock;
use throng_components::phase::Phase;

use crate::exit_condition::{Arming, Judging, NextJudgement, wake_for_rules};
use crate::links::Wake;
use crate::plugins::Registry;
use crate::scheduler::Planning;
use crate::{
    allocator, collector, executor, exporter, gap_observer, live_control, live_view, observer,
    recorded_arrivals, run_state, start_after,
};

/// All seven phases.
#[derive(ScheduleLabel, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tick;

/// Collect, Observe and Judge alone, for an instant of virtual time at which a rule is asked between two ticks.
/// Custom systems run at ticks only: what they decide depends on the declared tick and on nothing else.
#[derive(ScheduleLabel, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Judgement;

/// Systems that an application adds to a phase.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Custom(pub Phase);

/// Places an application's systems among the phases' own.
fn place_custom(schedule: &mut Schedule) {
    for phase in Phase::ALL {
        schedule.configure_sets(Custom(phase).in_set(phase));
    }
    schedule.configure_sets((
        Custom(Phase::Collect).after(collector::collect_reports),
        Custom(Phase::Allocate).after(allocator::finish_shapes),
        Custom(Phase::Schedule).after(Planning),
        Custom(Phase::Execute).before(executor::hand_out_tokens),
        Custom(Phase::Observe).after(gap_observer::observe_gaps),
        Custom(Phase::Judge).after(Judging).before(run_state::decide_stop),
        Custom(Phase::Export).before(exporter::export_samples),
    ));
}

fn ordered(label: impl ScheduleLabel) -> Schedule {
    let mut schedule = Schedule::new(label);
    schedule.set_executor(SingleThreadedExecutor::new());
    schedule.configure_sets(
        (
            Phase::Collect,
            Phase::Allocate,
            Phase::Schedule,
            Phase::Execute,
            Phase::Observe,
            Phase::Judge,
            Phase::Export,
        )
            .chain(),
    );
    schedule
}

/// Makes an ambiguous order between two systems an error, for tests.
pub fn refuse_ambiguity(schedule: &mut Schedule) {
    let settings =
        ScheduleBuildSettings { ambiguity_detection: LogLevel::Error, ..ScheduleBuildSettings::default() };
    schedule.set_build_settings(settings);
}

/// Lets systems whose order is free run in an order drawn from a seed.
pub fn shuffle(schedule: &mut Schedule, seed: u64) {
    let settings = ScheduleBuildSettings { shuffle_seed: Some(seed), ..schedule.get_build_settings() };
    schedule.set_build_settings(settings);
}

fn forget_wishes(mut wake: ResMut<'_, Wake>, mut next: ResMut<'_, NextJudgement>) {
    *wake = Wake::default();
    *next = NextJudgement::default();
}

/// The ticks that were asked for still are; only the rules are asked anew.
fn forget_judgement(mut next: ResMut<'_, NextJudgement>) {
    *next = NextJudgement::default();
}

/// What both schedules do with rules and what follows from them.
fn add_judging(schedule: &mut Schedule, registry: &Registry) {
    for entry in registry.exit_conditions.entries() {
        (entry.add_system)(schedule);
    }
    let follow = (
        run_state::decide_stop,
        run_state::stop_scenarios,
        run_state::advance_scenarios,
        start_after::begin_dependents,
        wake_for_rules,
        executor::send_orders,
    );
    schedule.configure_sets(Arming.in_set(Phase::Allocate).ambiguous_with(Arming));
    schedule.configure_sets(Judging.in_set(Phase::Judge).ambiguous_with(Judging));
    schedule.add_systems(follow.chain().in_set(Phase::Judge).after(Judging));
    // Whether the run is over is known before rules are asked: no window is judged that ends after it.
    schedule.add_systems(run_state::advance_scenarios.in_set(Phase::Judge).before(Judging));
}

/// Lets the clock know of the tick.
///
/// Writes: `RunClock`. Runs in: `Phase::Collect`, of ticks only.
fn begin_tick(mut clock: ResMut<'_, RunClock>) {
    clock.begin_tick();
}

/// What both schedules do with samples.
fn observing() -> impl IntoScheduleConfigs<ScheduleSystem, ()> {
    (observer::observe_samples, gap_observer::observe_gaps).chain().in_set(Phase::Observe)
}

/// The schedule of a whole tick.
pub fn tick(registry: &Registry) -> Schedule {
    let mut schedule = ordered(Tick);
    let begin = (begin_tick, forget_wishes).chain();
    schedule.add_systems(begin.in_set(Phase::Collect).before(collector::collect_reports));
    schedule.add_systems(collector::collect_reports.in_set(Phase::Collect));
    let allocate = (
        live_control::take_commands,
        allocator::grant_iterations,
        allocator::allocate_users,
        allocator::finish_shapes,
    );
    schedule.add_systems(allocate.chain().in_set(Phase::Allocate));
    schedule.add_systems(
        allocator::announce_end.in_set(Phase::Allocate).after(Arming).after(allocator::finish_shapes),
    );
    for entry in registry.arrivals.entries() {
        (entry.add_system)(&mut schedule);
    }
    schedule.add_systems(recorded_arrivals::plan_recorded.in_set(Phase::Schedule).in_set(Planning));
    schedule.configure_sets(Planning.in_set(Phase::Schedule).ambiguous_with(Planning));
    schedule.add_systems((executor::hand_out_tokens, executor::send_orders).chain().in_set(Phase::Execute));
    schedule.add_systems(observing());
    add_judging(&mut schedule, registry);
    place_custom(&mut schedule);
    let export = (
        exporter::export_samples,
        exporter::export_measurements,
        exporter::export_progress,
        live_view::export_view,
    );
    schedule.add_systems(export.chain().in_set(Phase::Export));
    schedule
}

/// The schedule of a judgement between two ticks.
pub fn judgement(registry: &Registry) -> Schedule {
    let mut schedule = ordered(Judgement);
    schedule.add_systems(forget_judgement.in_set(Phase::Collect).before(collector::collect_reports));
    schedule.add_systems(collector::collect_reports.in_set(Phase::Collect));
    schedule.add_systems(observing());
    add_judging(&mut schedule, registry);
    schedule.add_systems((exporter::export_samples, live_view::export_view).chain().in_set(Phase::Export));
    schedule
}
