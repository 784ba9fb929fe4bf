//! What the samples of a scenario add up to.

use std::collections::BTreeMap;

use bevy_ecs::component::Component;
use serde::{Deserialize, Serialize};

use crate::attempt_phases::AttemptPhases;
use crate::clock::Nanos;
use crate::measure::Measure;
use crate::sample::{ErrorType, Sample, SampleKind, SampleOutcome};
use crate::second_ranges::SecondRanges;
use crate::time_series::TimeSeries;

/// One step's figures. Finished steps are in `response` or, never sent, in `unsent`; cut ones only in `cut`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StepStatistics {
    /// Tries begun, cut ones included.
    pub attempts: u64,
    /// Finished steps that failed.
    pub failures: u64,
    /// Of these, those that were never sent: they have neither a response time nor a service time.
    pub unsent: u64,
    /// Steps ended by the engine.
    pub cut: u64,
    /// Failures by reason.
    pub errors: BTreeMap<ErrorType, u64>,
    /// Tries that failed and were followed by another one, by reason. Their steps' ends are counted elsewhere.
    pub retried: BTreeMap<ErrorType, u64>,
    /// Bytes written.
    pub bytes_sent: u64,
    /// Bytes read.
    pub bytes_received: u64,
    /// Redirects followed.
    pub redirects: u64,
    /// Due to end of finished steps, failed ones included; nothing of what was never sent.
    pub response: Measure,
    /// Start to end of finished steps' last attempts, failed ones included; nothing of what was never sent.
    pub service: Measure,
    /// Response times in nanoseconds over the run, by when they ended.
    pub series: TimeSeries,
    /// What attempts' time went into; `None` where no attempt has told.
    pub phases: Option<Box<PhaseStatistics>>,
}

/// What attempts' time went into, by phase in the order of [`AttemptPhases::NAMES`]. A phase that never happened takes no
/// memory.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PhaseStatistics([Option<Box<Measure>>; AttemptPhases::NAMES.len()]);

impl PhaseStatistics {
    /// One phase's figures; `None` when it never happened.
    pub fn of(&self, phase: usize) -> Option<&Measure> {
        self.0.get(phase).and_then(Option::as_deref)
    }

    fn observe(&mut self, phases: &AttemptPhases) {
        for (measure, length) in self.0.iter_mut().zip(phases.lengths()) {
            if length > Nanos::ZERO {
                measure.get_or_insert_default().record(length);
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        for (measure, other) in self.0.iter_mut().zip(&other.0) {
            if let Some(other) = other {
                measure.get_or_insert_default().merge(other);
            }
        }
    }
}

/// Adds the counts of another map.
fn add(counts: &mut BTreeMap<ErrorType, u64>, others: &BTreeMap<ErrorType, u64>) {
    for (error, count) in others {
        *counts.entry(*error).or_default() += count;
    }
}

impl StepStatistics {
    /// Finished steps.
    pub fn count(&self) -> u64 {
        self.response.count() + self.unsent
    }

    fn observe(&mut self, sample: &Sample) {
        self.attempts += u64::from(sample.attempt > 0);
        self.bytes_sent += u64::from(sample.bytes_sent);
        self.bytes_received += u64::from(sample.bytes_received);
        if sample.kind == SampleKind::Retried {
            *self.retried.entry(sample.error).or_default() += 1;
            return;
        }
        if sample.outcome == SampleOutcome::Cut {
            self.cut += 1;
            return;
        }
        if sample.error.is_failure() {
            self.failures += 1;
            *self.errors.entry(sample.error).or_default() += 1;
        }
        if sample.was_sent() {
            self.response.record(sample.response());
            self.service.record(sample.service());
            self.series.record(sample.ended, sample.response().0 as f64);
        } else {
            // No answer was waited for: an entry of 0 would make quantiles better than they are.
            self.unsent += 1;
        }
    }

    /// Adds all of another's.
    pub fn merge(&mut self, other: &Self) {
        self.attempts += other.attempts;
        self.failures += other.failures;
        self.unsent += other.unsent;
        self.cut += other.cut;
        add(&mut self.errors, &other.errors);
        add(&mut self.retried, &other.retried);
        self.bytes_sent += other.bytes_sent;
        self.bytes_received += other.bytes_received;
        self.redirects += other.redirects;
        self.response.merge(&other.response);
        self.service.merge(&other.service);
        self.series.merge(&other.series);
        if let Some(other) = &other.phases {
            self.phases.get_or_insert_default().merge(other);
        }
    }
}

/// One group's figures.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct GroupStatistics {
    /// Finished groups in which a step failed.
    pub failures: u64,
    /// Groups under way when the engine ended their iteration.
    pub cut: u64,
    /// The first step's due to the last one's end, of finished groups.
    pub duration: Measure,
}

impl GroupStatistics {
    /// Finished groups.
    pub fn count(&self) -> u64 {
        self.duration.count()
    }

    fn observe(&mut self, sample: &Sample) {
        if sample.outcome == SampleOutcome::Cut {
            self.cut += 1;
            return;
        }
        self.failures += u64::from(sample.outcome == SampleOutcome::Failed);
        self.duration.record(sample.response());
    }

    /// Adds all of another's.
    pub fn merge(&mut self, other: &Self) {
        self.failures += other.failures;
        self.cut += other.cut;
        self.duration.merge(&other.duration);
    }
}

/// A scenario's figures, built from its samples.
///
/// An emitter whose bus is full keeps one of its own, which is merged later: no measurement is lost.
#[derive(Component, Clone, Debug, Default, Serialize, Deserialize)]
pub struct ScenarioStatistics {
    /// A step's start later than this counts as late.
    pub late_over: Nanos,
    /// Steps begun, warm-up included: what the verdict goes by.
    pub starts: u64,
    /// Of these, the late ones.
    pub late_starts: u64,
    /// When these should have begun, up to when they did.
    pub late_seconds: SecondRanges,
    /// Due to end of iterations that ended by themselves.
    pub iteration: Measure,
    /// Due until a user was free, one entry a started token.
    pub waiting: Measure,
    /// User free until a connection was free, one entry a step's first attempt.
    pub blocked: Measure,
    /// All ready until started, one entry a step's first attempt.
    pub lateness: Measure,
    /// By [`StepId`](crate::sample::StepId).
    pub steps: Vec<StepStatistics>,
    /// By the group's number; as long as the highest one seen asks for.
    pub groups: Vec<GroupStatistics>,
    /// Why iterations failed beside their steps, warm-up included.
    pub iteration_errors: BTreeMap<ErrorType, u64>,
}

impl ScenarioStatistics {
    /// Empty statistics of a run with so many step names.
    pub fn new(steps: usize, late_over: Nanos) -> Self {
        Self { late_over, steps: vec![StepStatistics::default(); steps], ..Self::default() }
    }

    /// Adds one sample.
    pub fn observe(&mut self, sample: &Sample) {
        match sample.kind {
            SampleKind::Attempt | SampleKind::Retried => self.observe_attempt(sample),
            SampleKind::Group | SampleKind::Redirect if sample.warm_up => {}
            SampleKind::Group => self.group(usize::from(sample.step.0)).observe(sample),
            SampleKind::Iteration => self.observe_iteration(sample),
            SampleKind::Redirect => {
                if let Some(step) = self.steps.get_mut(usize::from(sample.step.0)) {
                    step.redirects += 1;
                }
            }
        }
    }

    /// Adds what an attempt's time went into; a redirect's is part of its attempt's. Like all figures of steps, these lack the warm-up and what was cut.
    pub fn observe_phases(&mut self, sample: &Sample, phases: &AttemptPhases) {
        if sample.warm_up || sample.outcome == SampleOutcome::Cut || !sample.is_try() {
            return;
        }
        if let Some(step) = self.steps.get_mut(usize::from(sample.step.0)) {
            step.phases.get_or_insert_default().observe(phases);
        }
    }

    fn observe_iteration(&mut self, sample: &Sample) {
        if sample.error.is_failure() {
            *self.iteration_errors.entry(sample.error).or_default() += 1;
        }
        if sample.warm_up {
            return;
        }
        self.waiting.record(sample.waiting());
        if sample.outcome != SampleOutcome::Cut {
            self.iteration.record(sample.response());
        }
    }

    /// The figures of the group of that number.
    fn group(&mut self, number: usize) -> &mut GroupStatistics {
        if self.groups.len() <= number {
            self.groups.resize_with(number + 1, GroupStatistics::default);
        }
        &mut self.groups[number]
    }

    fn observe_attempt(&mut self, sample: &Sample) {
        if sample.attempt == 1 {
            self.starts += 1;
            if sample.lateness() > self.late_over {
                self.late_starts += 1;
                self.late_seconds.note(sample.unblocked, sample.started);
            }
        }
        if sample.warm_up {
            return;
        }
        if sample.attempt == 1 {
            self.blocked.record(sample.blocked());
            self.lateness.record(sample.lateness());
        }
        if let Some(step) = self.steps.get_mut(usize::from(sample.step.0)) {
            step.observe(sample);
        }
    }

    /// Adds all of another's.
    pub fn merge(&mut self, other: &Self) {
        self.starts += other.starts;
        self.late_starts += other.late_starts;
        self.late_seconds.merge(&other.late_seconds);
        self.iteration.merge(&other.iteration);
        self.waiting.merge(&other.waiting);
        self.blocked.merge(&other.blocked);
        self.lateness.merge(&other.lateness);
        for (step, other) in self.steps.iter_mut().zip(&other.steps) {
            step.merge(other);
        }
        for (number, other) in other.groups.iter().enumerate() {
            self.group(number).merge(other);
        }
        add(&mut self.iteration_errors, &other.iteration_errors);
    }
}
