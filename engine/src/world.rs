//! Builds the world of a run from its workload.

use bevy_ecs::prelude::*;
use throng_components::clock::{ClockKind, RunClock};
use throng_components::curve::Curve;
use throng_components::exit_condition::RuleResult;
use throng_components::listener::ListenerFigures;
use throng_components::measures::Measures;
use throng_components::run::{Gaps, RunDuration, RunHeader, RunState, RunStop, RunUntil};
use throng_components::scenario::{ScenarioProgress, ShardCounts};
use throng_components::seed::RunSeed;
use throng_components::stalls::Stalls;
use throng_components::statistics::ScenarioStatistics;
use throng_components::steering::Steering;
use throng_components::thread::{Thread, ThreadFigures, ThreadId};
use throng_systems::allocator::{Allocation, FinishOrdered, Grants};
use throng_systems::collector::UserIndex;
use throng_systems::executor::HoldAt;
use throng_systems::exit_condition::{CertainEnd, NextJudgement, StopCandidates, Tripwires, Watch};
use throng_systems::exporter::AskedRate;
use throng_systems::links::{Incoming, Links, Placement, Wake};
use throng_systems::live_control::LiveControl;
use throng_systems::observer::IntervalStatistics;
use throng_systems::run_state::Interrupts;
use throng_systems::scheduler::{ArrivalsAhead, TokenRows};
use throng_systems::schedules;
use throng_systems::shard::{Rhythm, ShardSettings, ShardShare};

use crate::app::App;
use crate::listening::OutputDirectory;
use crate::loader::{ListenerPlan, RulePlan, ScenarioPlan, Workload};

/// An open scenario with fewer users than this for each thread lives on one thread: below it, sharing costs more than it gives.
const USERS_PER_THREAD: u64 = 64;

/// What a run is told from outside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunFrame {
    pub(crate) clock: ClockKind,
    pub(crate) seed: RunSeed,
    pub(crate) threads: u16,
    pub(crate) duration: RunDuration,
    pub(crate) until: RunUntil,
}

/// Spawns all entities and resources; takes the plans out of the workload.
pub(crate) fn build(app: &App, workload: &mut Workload, frame: RunFrame, header: RunHeader) -> World {
    let mut world = World::new();
    world.insert_resource(RunClock::new(frame.clock, workload.tick, workload.look_ahead));
    world.insert_resource(frame.seed);
    world.insert_resource(frame.duration);
    world.insert_resource(frame.until);
    world.insert_resource(workload.bounds);
    world.insert_resource(workload.steps.clone());
    world.insert_resource(header);
    world.init_resource::<RunState>();
    world.init_resource::<RunStop>();
    world.init_resource::<Gaps>();
    world.init_resource::<HoldAt>();
    world.init_resource::<Interrupts>();
    world.init_resource::<LiveControl>();
    world.init_resource::<Links>();
    world.init_resource::<Incoming>();
    world.init_resource::<Measures>();
    world.init_resource::<Stalls>();
    world.init_resource::<Wake>();
    world.init_resource::<UserIndex>();
    world.init_resource::<TokenRows>();
    world.init_resource::<IntervalStatistics>();
    world.init_resource::<StopCandidates>();
    world.init_resource::<NextJudgement>();
    world.init_resource::<Tripwires>();
    world.init_resource::<CertainEnd>();
    for number in 0..frame.threads {
        world.spawn((Thread { id: ThreadId(number) }, ThreadFigures::default()));
    }
    for plan in std::mem::take(&mut workload.scenarios) {
        spawn_scenario(&mut world, plan, workload, frame.threads);
    }
    for RulePlan { condition, install } in std::mem::take(&mut workload.rules) {
        install(&mut world.spawn((condition, RuleResult::default(), Watch::default())));
    }
    for ListenerPlan { listener, install, directory, .. } in std::mem::take(&mut workload.listeners) {
        let mut entity = world.spawn((listener, ListenerFigures::default()));
        if let Some(directory) = directory {
            entity.insert(OutputDirectory(directory));
        }
        install(&mut entity);
    }
    app.prepare(&mut world);
    let mut tick = schedules::tick(app.registry());
    app.extend(&mut tick);
    world.add_schedule(app.arrange(tick));
    world.add_schedule(app.arrange(schedules::judgement(app.registry())));
    world
}

fn spawn_scenario(world: &mut World, plan: ScenarioPlan, workload: &Workload, threads: u16) {
    let ScenarioPlan { scenario, population, arrivals, rhythm, after } = plan;
    let peak = population.as_ref().map_or(u64::MAX, |population| population.curve.peak());
    let alone = scenario.open && scenario.bounds.max < USERS_PER_THREAD * u64::from(threads);
    let shards: Vec<u16> = if alone {
        vec![scenario.id.0 % threads]
    } else {
        // A closed scenario has a part on no more threads than it has users.
        let parts = u16::try_from(peak.max(1)).unwrap_or(u16::MAX).min(threads);
        (0..parts).map(|part| (part + scenario.id.0) % threads).collect()
    };
    let late_over = workload.bounds.over;
    let counts = vec![throng_components::scenario::ScenarioCounts::default(); usize::from(threads)];
    let mut entity = world.spawn((
        scenario,
        ScenarioProgress::default(),
        ShardCounts { by_shard: counts, users_peak: 0 },
        ScenarioStatistics::new(workload.steps.all().len(), late_over),
        Placement { shards },
        Allocation::default(),
        Grants::default(),
        FinishOrdered::default(),
        ArrivalsAhead::default(),
        Steering::default(),
    ));
    if let Some(population) = population {
        entity.insert(population);
    }
    if let Some(after) = after {
        entity.insert(after);
    }
    if let Some(rhythm) = rhythm {
        entity.insert(rhythm);
    }
    if let Some((law, curve)) = arrivals {
        law.install(&mut entity);
        entity.insert(AskedRate { curve });
    }
}

/// What one shard needs to know of its scenarios.
pub(crate) fn shard_settings(
    world: &mut World,
    workload: &Workload,
    index: u16,
    shards: u16,
) -> ShardSettings {
    let seed = *world.resource::<RunSeed>();
    let mut query = world.query::<(&throng_components::scenario::Scenario, &Placement)>();
    let mut scenarios: Vec<_> = query
        .iter(world)
        .map(|(scenario, placement)| {
            let program = std::sync::Arc::clone(&workload.programs[usize::from(scenario.behavior)]);
            let place = placement.shards.iter().position(|shard| *shard == index);
            let place = place.and_then(|place| u16::try_from(place).ok());
            let of = u16::try_from(placement.shards.len()).unwrap_or(u16::MAX);
            let share = place.map_or(ShardShare { place: 0, of: 0 }, |place| ShardShare { place, of });
            (scenario.clone(), program, share)
        })
        .collect();
    scenarios.sort_unstable_by_key(|(scenario, ..)| scenario.id);
    let mut query = world.query::<(&throng_components::scenario::Scenario, &Rhythm)>();
    let rhythms = query.iter(world).map(|(scenario, rhythm)| (scenario.id, rhythm.clone())).collect();
    ShardSettings { seed, index, shards, scenarios, rhythms }
}

/// The expected number of arrivals of a scenario until an instant after its start.
pub(crate) fn area(curve: &Curve, steering: &Steering, until: throng_components::clock::Nanos) -> f64 {
    /// Twice the area of one event: rate units × nanoseconds × 2.
    const EVENT: f64 = 2.0 * 3.6e18;
    steering.area_doubled_until(curve, until) as f64 / EVENT
}
