//! Watches the gaps between iterations of open scenarios, where their law says how these should be.

use bevy_ecs::prelude::*;
use throng_components::arrival_gaps::ArrivalGaps;
use throng_components::clock::Nanos;
use throng_components::sample::{Sample, SampleKind};
use throng_components::scenario::Scenario;
use throng_components::steering::Steering;

use crate::exporter::AskedRate;
use crate::links::Incoming;
use crate::plugins::arrivals::EVENT;

/// How gaps of a scenario's arrivals are distributed in the time of its rate curve, of mean 1: the share of them up to a length.
#[derive(Component, Clone, Copy, Debug)]
pub struct GapLaw(pub fn(f64) -> f64);

/// Notes when iterations were due, and when the generator began them.
///
/// What it waited for a user or a connection is the target's doing and left out: only how late it was itself bends the law.
///
/// Reads: `Incoming`, `AskedRate`, `Steering`. Writes: `ArrivalGaps`. Runs in: `Phase::Observe`, after the samples are observed.
pub fn observe_gaps(
    incoming: Res<'_, Incoming>,
    mut scenarios: Query<'_, '_, (&Scenario, &Steering, &AskedRate, &mut ArrivalGaps)>,
) {
    if incoming.samples.is_empty() {
        return;
    }
    for (scenario, steering, asked, mut gaps) in &mut scenarios {
        let area =
            |at: Nanos| steering.area_doubled_until(&asked.curve, at - scenario.delay) as f64 / EVENT as f64;
        let samples = incoming.samples.iter().flat_map(|block| block.iter());
        for sample in samples.filter(|sample| sample.scenario() == scenario.id) {
            if !gaps.wants(sample.iteration) {
                continue;
            }
            if sample.kind == SampleKind::Iteration {
                let begun = sample.due + gaps.take_late(sample.iteration);
                gaps.note(sample.iteration, area(sample.due), area(begun));
            } else if is_first(sample) {
                gaps.note_late(sample.iteration, sample.lateness());
            }
        }
    }
}

/// Whether it is the first try of an iteration's first step.
fn is_first(sample: &Sample) -> bool {
    sample.is_try() && sample.ordinal == 0 && sample.attempt == 1
}
