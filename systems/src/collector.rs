//! Takes in what shards report.

use std::sync::Arc;

use bevy_ecs::prelude::*;
use throng_components::clock::{Nanos, RunClock};
use throng_components::exchange::{ReportBlock, UserChange};
use throng_components::scenario::{Scenario, ShardCounts};
use throng_components::service::ServiceFigures;
use throng_components::thread::{SATURATED, Thread, ThreadFigures, ThreadId};
use throng_components::virtual_user::{UserId, VirtualUser};

use crate::drivers::simulated::Service;
use crate::links::{Incoming, Links};

/// Blocks taken from one shard in a tick, at most. Draining until empty would let a shard that runs flat out hold the tick for seconds.
const BLOCKS_PER_TICK: usize = 512;

/// Users' entities by stable id.
#[derive(Resource, Debug, Default)]
pub struct UserIndex {
    /// By scenario and serial number: denser by half than a map.
    entities: Vec<Vec<Entity>>,
}

impl UserIndex {
    /// The entity of a user.
    pub fn entity(&self, id: UserId) -> Option<Entity> {
        let serial = usize::try_from(id.serial()).ok()?;
        let entity = self.entities.get(id.scenario().index())?.get(serial)?;
        (*entity != Entity::PLACEHOLDER).then_some(*entity)
    }

    /// Notes the entity of a user, or that it has gone; gives the one that was noted.
    fn note(&mut self, id: UserId, entity: Entity) -> Entity {
        let (scenario, serial) = (id.scenario().index(), usize::try_from(id.serial()).unwrap_or(0));
        if self.entities.len() <= scenario {
            self.entities.resize_with(scenario + 1, Vec::new);
        }
        let users = &mut self.entities[scenario];
        if users.len() <= serial {
            users.resize(serial + 1, Entity::PLACEHOLDER);
        }
        std::mem::replace(&mut users[serial], entity)
    }
}

/// Takes reports from all shards: samples, counts, users that came and went, and how drivers fare.
///
/// Reads: `RunClock`. Writes: `Incoming`, `ShardCounts`, `ThreadFigures`, `ServiceFigures`, `VirtualUser`. Runs in: `Phase::Collect`.
pub fn collect_reports(
    clock: Res<'_, RunClock>,
    mut links: ResMut<'_, Links>,
    mut incoming: ResMut<'_, Incoming>,
    mut scenarios: Query<'_, '_, (&Scenario, &mut ShardCounts)>,
    mut threads: Query<'_, '_, (&Thread, &mut ThreadFigures)>,
    mut services: Query<'_, '_, (&Service, &mut ServiceFigures)>,
    mut commands: Commands<'_, '_>,
) {
    return_spent(&mut incoming, &links);
    for (shard, link) in links.links.iter_mut().enumerate() {
        let mut latest: Option<ReportBlock> = None;
        for _ in 0..BLOCKS_PER_TICK {
            let Ok(mut block) = link.reports.try_recv() else { break };
            if !block.samples.is_empty() {
                incoming.samples.push(Arc::new(std::mem::take(&mut block.samples)));
                incoming.origins.push(shard);
            }
            incoming.measurements.append(&mut block.measurements);
            if !block.spans.is_empty() {
                incoming.spans.push(Arc::new(std::mem::take(&mut block.spans)));
            }
            incoming.folded.extend(block.folded.take());
            if !block.users.is_empty() {
                let (changes, home) = (std::mem::take(&mut block.users), block.thread);
                commands.queue(ApplyChanges { changes, home });
            }
            link.held = block.figures.held;
            link.ended |= block.figures.ended;
            for (thread, mut figures) in &mut threads {
                if thread.id == block.thread {
                    note_figures(&mut figures, &block, clock.now);
                }
            }
            for (service, mut figures) in &mut services {
                if let Some(told) = block.services.get_mut(service.id.index()) {
                    *figures = std::mem::take(told);
                }
            }
            latest = Some(block);
        }
        // Counts are sums since the start, so that the last block says all.
        if let Some(block) = latest {
            for (scenario, mut counts) in &mut scenarios {
                if let (Some(place), Some(told)) =
                    (counts.by_shard.get_mut(shard), block.counts.get(scenario.id.index()))
                {
                    *place = *told;
                }
            }
        }
    }
    for (_, mut counts) in &mut scenarios {
        let users = counts.by_shard.iter().map(throng_components::scenario::ScenarioCounts::users).sum();
        counts.users_peak = counts.users_peak.max(users);
    }
}

/// Gives the last tick's blocks back to be filled again, but for those that a listener still reads.
fn return_spent(incoming: &mut Incoming, links: &Links) {
    let Incoming { samples, origins, measurements, spans, folded } = incoming;
    measurements.clear();
    spans.clear();
    folded.clear();
    for (block, origin) in samples.drain(..).zip(origins.drain(..)) {
        if let (Some(mut block), Some(link)) = (Arc::into_inner(block), links.links.get(origin)) {
            block.clear();
            // A full channel means that there are spare blocks enough.
            let _ = link.spent.try_send(block);
        }
    }
}

/// Users that came and went on one thread, in order.
struct ApplyChanges {
    changes: Vec<UserChange>,
    home: ThreadId,
}

impl Command for ApplyChanges {
    type Out = ();

    /// Rows of users that came one after the other are made in one go, which costs half of making each by itself: a
    /// crowd comes faster than one by one.
    fn apply(self, world: &mut World) {
        world.resource_scope(|world, mut index: Mut<'_, UserIndex>| {
            let mut created: Vec<VirtualUser> = Vec::new();
            for change in self.changes {
                match change {
                    UserChange::Created(id) => created.push(VirtualUser { id, home: self.home }),
                    UserChange::Retired(id) => {
                        spawn(world, &mut index, &mut created);
                        let entity = index.note(id, Entity::PLACEHOLDER);
                        if entity != Entity::PLACEHOLDER {
                            world.despawn(entity);
                        }
                    }
                }
            }
            spawn(world, &mut index, &mut created);
        });
    }
}

/// Makes the rows of users that a saved run had.
pub(crate) fn restore_users(world: &mut World, mut users: Vec<VirtualUser>) {
    world.resource_scope(|world, mut index: Mut<'_, UserIndex>| spawn(world, &mut index, &mut users));
}

/// Makes the rows of new users and notes them.
fn spawn(world: &mut World, index: &mut UserIndex, created: &mut Vec<VirtualUser>) {
    if created.is_empty() {
        return;
    }
    let ids: Vec<UserId> = created.iter().map(|user| user.id).collect();
    for (id, entity) in ids.into_iter().zip(world.spawn_batch(created.drain(..))) {
        index.note(id, entity);
    }
}

fn note_figures(figures: &mut ThreadFigures, block: &ReportBlock, now: Nanos) {
    let told = &block.figures;
    figures.in_flight = told.in_flight;
    if told.underruns > figures.underruns {
        figures.underrun_seconds.note(now, now);
    }
    figures.underruns = told.underruns;
    figures.waiting = block.counts.iter().map(|counts| counts.waiting).sum();
    figures.users = block.counts.iter().map(throng_components::scenario::ScenarioCounts::users).sum();
    if let Some(share) = told.busy_share {
        figures.busy_share = share;
        figures.busy_share_max = figures.busy_share_max.max(share);
        if share >= SATURATED {
            figures.busy_seconds.note(now - Nanos::SECOND, now - Nanos(1));
        }
    }
    if let Some(lag) = &told.loop_lag {
        figures.loop_lag.merge(lag);
        figures.loop_lag_recent = lag.max().unwrap_or_default();
    }
    figures.samples_folded += block.folded.as_ref().map_or(0, |folded| folded.count);
}
