//! All that a view shows: kept from what the world tells, of a size that does not grow with the run.

use std::collections::BTreeMap;

use throng_components::clock::Nanos;
use throng_components::measure::Measure;
use throng_components::run::Verdict;
use throng_components::sample::{ErrorType, Sample, SampleKind, SampleOutcome, StepId};
use throng_systems::live_view::{Standing, ViewEvent};

use super::history::History;
use super::subject::Subject;
use crate::summary::{GeneratorFacts, verdict};

/// One step since the end of the warm-up, as in the results.
#[derive(Clone, Debug, Default)]
pub(super) struct StepFigures {
    /// Finished.
    pub(super) count: u64,
    pub(super) failures: u64,
    /// Of those that were sent.
    pub(super) response: Measure,
    /// Finished a second, in the last interval, warm-up included.
    pub(super) rate: f64,
    recent: u64,
}

/// The figures of a run so far.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) subject: Subject,
    /// How the run last stood.
    pub(super) standing: Standing,
    /// How often the world has told.
    pub(super) told: u64,
    /// By scenario.
    pub(super) histories: Vec<History>,
    /// By step.
    pub(super) steps: Vec<StepFigures>,
    /// Failures by step and reason, since the end of the warm-up.
    pub(super) errors: BTreeMap<(StepId, ErrorType), u64>,
    /// The latest start of a step in the last interval.
    pub(super) lateness: Nanos,
    lateness_recent: Nanos,
    /// Samples that the view did not see.
    pub(super) missed: u64,
}

impl Figures {
    /// Before the run.
    pub(super) fn new(subject: Subject) -> Self {
        let histories = subject.scenarios.iter().map(|_| History::default()).collect();
        let steps = vec![StepFigures::default(); subject.steps.len()];
        Self { subject, histories, steps, ..Self::default() }
    }

    /// Takes in what the world tells.
    pub(super) fn take(&mut self, event: ViewEvent) {
        match event {
            ViewEvent::Samples(block) => {
                block
                    .iter()
                    .filter(|sample| sample.kind == SampleKind::Attempt)
                    .for_each(|s| self.observe(s));
            }
            ViewEvent::Standing(standing) => self.end_interval(*standing),
        }
    }

    fn observe(&mut self, sample: &Sample) {
        if sample.attempt == 1 {
            self.lateness_recent = self.lateness_recent.max(sample.lateness());
        }
        if sample.outcome == SampleOutcome::Cut {
            return;
        }
        if sample.was_sent()
            && let Some(history) = self.histories.get_mut(sample.scenario().index())
        {
            history.record(sample.response());
        }
        let Some(step) = self.steps.get_mut(usize::from(sample.step.0)) else { return };
        step.recent += 1;
        if sample.warm_up {
            return;
        }
        step.count += 1;
        if sample.was_sent() {
            step.response.record(sample.response());
        }
        if sample.error.is_failure() {
            step.failures += 1;
            *self.errors.entry((sample.step, sample.error)).or_default() += 1;
        }
    }

    fn end_interval(&mut self, standing: Standing) {
        let seconds = standing.interval.as_secs_f64();
        // The first one comes with the run's start and ends no interval.
        if seconds > 0.0 {
            for (history, now) in self.histories.iter_mut().zip(&standing.scenarios) {
                history.push(standing.at, standing.interval, &now.standing);
            }
            for step in &mut self.steps {
                step.rate = std::mem::take(&mut step.recent) as f64 / seconds;
            }
            self.lateness = std::mem::take(&mut self.lateness_recent);
        }
        self.standing = standing;
        self.told += 1;
    }

    /// Whether the generator's own numbers can be trusted so far.
    pub(super) fn verdict(&self) -> Verdict {
        let standing = &self.standing;
        let facts = GeneratorFacts {
            starts: standing.starts.0,
            late_starts: standing.starts.1,
            lateness_max: Some(standing.lateness_max),
            underruns: standing.threads.iter().map(|thread| thread.underruns).sum(),
            ..GeneratorFacts::default()
        };
        verdict(&self.subject.bounds, &facts).verdict
    }
}
