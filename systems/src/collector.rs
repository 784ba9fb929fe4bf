//! Takes in what shards report.

use std::sync::Arc;

use bevy_ecs::prelude::*;
use throng_components::exchange::{ReportBlock, UserChange};
use throng_components::scenario::{Scenario, ShardCounts};
use throng_components::thread::{Thread, ThreadFigures};
use throng_components::virtual_user::{UserId, VirtualUser};

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
/// Writes: `Incoming`, `ShardCounts`, `ThreadFigures`, `VirtualUser`. Runs in: `Phase::Collect`.
pub fn collect_reports(
    mut links: ResMut<'_, Links>,
    mut incoming: ResMut<'_, Incoming>,
    mut index: ResMut<'_, UserIndex>,
    mut scenarios: Query<'_, '_, (&Scenario, &mut ShardCounts)>,
    mut threads: Query<'_, '_, (&Thread, &mut ThreadFigures)>,
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
            incoming.folded.extend(block.folded.take());
            for change in std::mem::take(&mut block.users) {
                apply(change, &block, &mut index, &mut commands);
            }
            link.ended |= block.figures.ended;
            for (thread, mut figures) in &mut threads {
                if thread.id == block.thread {
                    note_figures(&mut figures, &block);
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
    let Incoming { samples, origins, folded } = incoming;
    folded.clear();
    for (block, origin) in samples.drain(..).zip(origins.drain(..)) {
        if let (Some(mut block), Some(link)) = (Arc::into_inner(block), links.links.get(origin)) {
            block.clear();
            // A full channel means that there are spare blocks enough.
            let _ = link.spent.try_send(block);
        }
    }
}

fn apply(change: UserChange, block: &ReportBlock, index: &mut UserIndex, commands: &mut Commands<'_, '_>) {
    match change {
        UserChange::Created(id) => {
            let entity = commands.spawn(VirtualUser { id, home: block.thread }).id();
            index.note(id, entity);
        }
        UserChange::Retired(id) => {
            let entity = index.note(id, Entity::PLACEHOLDER);
            if entity != Entity::PLACEHOLDER {
                commands.entity(entity).despawn();
            }
        }
    }
}

fn note_figures(figures: &mut ThreadFigures, block: &ReportBlock) {
    let told = &block.figures;
    figures.in_flight = told.in_flight;
    figures.underruns = told.underruns;
    figures.waiting = block.counts.iter().map(|counts| counts.waiting).sum();
    figures.users = block.counts.iter().map(throng_components::scenario::ScenarioCounts::users).sum();
    if let Some(share) = told.busy_share {
        figures.busy_share_max = figures.busy_share_max.max(share);
    }
    if let Some(lag) = &told.loop_lag {
        figures.loop_lag.merge(lag);
    }
    figures.samples_folded += block.folded.as_ref().map_or(0, |folded| folded.count);
}
