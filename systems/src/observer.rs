//! Turns samples into histograms and counts.

use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};
use throng_components::clock::Nanos;
use throng_components::measure::Measure;
use throng_components::measures::Measures;
use throng_components::sample::{SampleKind, SampleOutcome};
use throng_components::scenario::Scenario;
use throng_components::statistics::ScenarioStatistics;

use crate::links::Incoming;

/// What happened in a stretch of time.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct IntervalFigures {
    /// Response times of finished steps that were sent.
    pub response: Measure,
    /// Finished steps.
    pub steps: u64,
    /// Of these, failed.
    pub failures: u64,
    /// The largest lateness of a step's start.
    pub lateness_max: Nanos,
}

impl IntervalFigures {
    /// Adds all of another's.
    pub fn merge(&mut self, other: &Self) {
        self.response.merge(&other.response);
        self.steps += other.steps;
        self.failures += other.failures;
        self.lateness_max = self.lateness_max.max(other.lateness_max);
    }

    /// Forgets all; keeps the memory.
    pub fn clear(&mut self) {
        self.response.clear();
        (self.steps, self.failures, self.lateness_max) = (0, 0, Nanos::ZERO);
    }
}

/// What happened since any listener was last told how the run stands. Kept only while one wants to be told.
#[derive(Resource, Debug, Default)]
pub struct IntervalStatistics {
    /// Whether anybody wants it.
    pub wanted: bool,
    /// The figures.
    pub figures: IntervalFigures,
}

/// Records this tick's samples into their scenarios' statistics, and what drivers folded.
///
/// Values of measures that came along go to theirs.
///
/// Reads: `Incoming`. Writes: `ScenarioStatistics`, `Measures`, `IntervalStatistics`. Runs in: `Phase::Observe`.
pub fn observe_samples(
    mut incoming: ResMut<'_, Incoming>,
    mut measures: ResMut<'_, Measures>,
    mut interval: ResMut<'_, IntervalStatistics>,
    mut scenarios: Query<'_, '_, (&Scenario, &mut ScenarioStatistics)>,
) {
    let mut by_id: Vec<_> = scenarios.iter_mut().collect();
    by_id.sort_unstable_by_key(|(scenario, _)| scenario.id);
    let mut by_id: Vec<_> = by_id.into_iter().map(|(_, statistics)| statistics.into_inner()).collect();
    for block in &incoming.samples {
        for sample in block.iter() {
            if let Some(statistics) = by_id.get_mut(sample.scenario().index()) {
                statistics.observe(sample);
            }
        }
    }
    for (sample, phases) in incoming.samples.iter().flat_map(|block| block.phased()) {
        if let Some(statistics) = by_id.get_mut(sample.scenario().index()) {
            statistics.observe_phases(sample, phases);
        }
    }
    incoming.measurements.drain(..).for_each(|measurement| measures.take(measurement));
    for folded in &incoming.folded {
        measures.merge(&folded.measures);
        for (statistics, told) in by_id.iter_mut().zip(&folded.scenarios) {
            statistics.merge(told);
        }
    }
    if interval.wanted {
        observe_interval(&incoming, &mut interval.figures);
    }
}

fn observe_interval(incoming: &Incoming, interval: &mut IntervalFigures) {
    let samples = incoming.samples.iter().flat_map(|block| block.iter());
    for sample in samples.filter(|sample| sample.is_try()) {
        interval.lateness_max = interval.lateness_max.max(sample.lateness());
        if sample.kind == SampleKind::Attempt && sample.outcome != SampleOutcome::Cut {
            interval.steps += 1;
            interval.failures += u64::from(sample.error.is_failure());
            if sample.was_sent() {
                interval.response.record(sample.response());
            }
        }
    }
}
