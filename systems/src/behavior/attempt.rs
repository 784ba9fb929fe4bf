//! Attempts: a step is sent, its answer judged, and where that went badly it is tried once more.

use throng_components::attempt_phases::AttemptPhases;
use throng_components::sample::{ErrorType, Sample, SampleKind, SampleOutcome, StepId};
use throng_components::seed::{Purpose, draw};

use super::answer;
use super::machine::Machine;
use super::program::{Instruction, Perform};
use super::retry::{Retry, Tries};
use super::strand::{Ending, PartState};
use super::value::Value;
use crate::plugins::protocols::{Completion, CompletionEnd, Operation, OperationId, Rendered};

impl<'a> Machine<'a> {
    /// The step that the strand is at, when it is at one.
    fn current(&self) -> Option<&'a Perform> {
        match self.program.instructions.get(self.strand.cursor as usize) {
            Some(Instruction::Perform(perform)) => Some(perform),
            _ => None,
        }
    }

    /// How often a step was tried already; `None` before its first try.
    fn tries(&self, perform: &Perform) -> Option<Tries> {
        Tries::of(&self.variables[usize::from(perform.retry.as_ref()?.slot)])
    }

    fn keep_tries(&mut self, retry: &Retry, tries: Option<Tries>) {
        self.variables[usize::from(retry.slot)] = tries.map_or(Value::Unset, Tries::value);
    }

    /// Sends a step; true when the user waits for its answer or is done.
    #[inline]
    pub(super) fn perform(&mut self, perform: &Perform) -> bool {
        let tries = self.tries(perform);
        match tries {
            // What was drawn for the first try is drawn again.
            Some(tries) => {
                self.strand.draws = tries.draws;
                self.emitter.tell(self.surroundings.slot, self.number, true);
            }
            None => self.begin_in_groups(perform),
        }
        let draws = self.strand.draws;
        let request = match self.with_frame(|frame| perform.request.render(frame)) {
            Ok(request) => request,
            Err(error) => return self.failed_unsent(perform, error.error_type()),
        };
        if let (Some(retry), None) = (&perform.retry, tries) {
            self.keep_tries(retry, Some(Tries { count: 0, draws }));
        }
        let errand = self.errand(perform, request.get());
        let operation = Operation { errand, ..self.operation(perform, request) };
        self.ask(operation);
        true
    }

    /// Has the driver begin an operation.
    pub(super) fn ask(&mut self, operation: Operation<Rendered<'_>>) {
        self.upshot.begun += 1;
        self.upshot.in_part = operation.id.strand > 0;
        self.driver.perform(operation);
    }

    /// The next operation of the current step.
    pub(super) fn operation<'r>(
        &mut self,
        perform: &Perform,
        request: Rendered<'r>,
    ) -> Operation<Rendered<'r>> {
        self.progress.operations = self.progress.operations.wrapping_add(1);
        self.strand.operation = self.progress.operations;
        self.set_state(PartState::Performing);
        let surroundings = self.surroundings;
        Operation {
            id: OperationId { slot: surroundings.slot, strand: self.number, number: self.strand.operation },
            scenario: surroundings.user.scenario(),
            user: surroundings.user,
            iteration: surroundings.iteration,
            key: surroundings.key,
            ordinal: self.strand.ordinal(self.number),
            step: perform.step,
            target: perform.target,
            request,
            ready: self.strand.ready,
            timeout: perform.timeout,
            keep: perform.keep,
            errand: None,
        }
    }

    /// A sample of the current step, with what is the same for all.
    pub(super) fn sample(&self, step: StepId) -> Sample {
        let now = self.surroundings.now;
        Sample {
            due: self.strand.due,
            ready: self.strand.ready,
            unblocked: self.strand.ready,
            started: now,
            ended: now,
            user: self.surroundings.user,
            iteration: self.surroundings.iteration,
            step,
            group: 0,
            status: 0,
            error: ErrorType::NONE,
            bytes_sent: 0,
            bytes_received: 0,
            ordinal: self.strand.ordinal(self.number),
            kind: SampleKind::Attempt,
            outcome: SampleOutcome::Succeeded,
            attempt: 1,
            warm_up: self.surroundings.warm_up,
        }
    }

    /// A sample of a step within its groups.
    fn sample_of(&mut self, perform: &Perform) -> Sample {
        Sample { group: self.around(perform.groups.last().copied()), ..self.sample(perform.step) }
    }

    fn failed_unsent(&mut self, perform: &Perform, error: ErrorType) -> bool {
        let sample = Sample { error, outcome: SampleOutcome::Failed, attempt: 0, ..self.sample_of(perform) };
        self.after_step(perform, sample)
    }

    /// Takes an answer.
    #[inline(always)]
    pub(super) fn completed(&mut self, completion: &Completion) {
        let Some(perform) = self.current() else { return };
        match perform.conduct.as_deref() {
            // A model sets no cookies and leads nowhere.
            Some(conduct) if !completion.modelled => {
                if let Some(whole) = self.travel(perform, conduct, completion) {
                    self.phases = Some(whole.phases);
                    self.answered(perform, &whole);
                }
            }
            _ => self.answered(perform, completion),
        }
    }

    /// Takes the answer that a step ends with.
    fn answered(&mut self, perform: &Perform, completion: &Completion) {
        let tried = self.tries(perform).unwrap_or_default();
        let mut sample = Sample {
            unblocked: completion.unblocked,
            started: completion.started,
            ended: completion.ended,
            status: completion.status,
            error: completion.error,
            bytes_sent: completion.bytes_sent,
            bytes_received: completion.bytes_received,
            attempt: tried.count.saturating_add(1),
            ..self.sample_of(perform)
        };
        if completion.end != CompletionEnd::Done {
            sample.outcome = SampleOutcome::Cut;
            if completion.end == CompletionEnd::CutUnsent {
                sample.attempt = 0;
            }
            return self.cut_step(perform, sample);
        }
        if let Some(done) = &completion.function {
            self.take_results(done);
        }
        if !sample.error.is_failure() {
            sample.error = self.take_answer(perform, completion, &sample);
        }
        if sample.error.is_failure() {
            sample.outcome = SampleOutcome::Failed;
            if let Some(retry) = &perform.retry
                && retry.follows(sample.attempt, sample.error, sample.status)
            {
                return self.again(perform, retry, sample);
            }
        }
        if !self.after_step(perform, sample) {
            self.run();
        }
    }

    /// Records a step that the engine ended, and ends its iteration.
    fn cut_step(&mut self, perform: &Perform, sample: Sample) {
        self.end_in_groups(perform, sample.ended, sample.outcome);
        self.emit(sample);
        self.strand.ready = self.strand.ready.max(sample.ended);
        if self.number > 0 {
            self.end_parts(Ending::Cut);
        } else {
            self.finish_as(SampleOutcome::Cut);
        }
    }

    /// Keeps a try that failed back, and waits for the next one.
    fn again(&mut self, perform: &Perform, retry: &Retry, sample: Sample) {
        let tried = Tries::of(&self.variables[usize::from(retry.slot)]).unwrap_or_default();
        self.keep_tries(retry, Some(Tries { count: sample.attempt, ..tried }));
        let bits = draw(self.surroundings.key, Purpose::RETRY, u64::from(sample.ordinal));
        self.strand.ordinal += 1;
        self.strand.ready = sample.ended + retry.wait(sample.attempt, bits);
        // It may turn out to be the last one: a group around it has lasted until its end.
        self.end_in_groups(perform, sample.ended, SampleOutcome::Succeeded);
        let sample = Sample { kind: SampleKind::Retried, ..sample };
        let phases = self.phases.take().unwrap_or(AttemptPhases::NONE);
        self.emitter.hold(self.surroundings.slot, self.number, sample, phases);
        self.wait(self.strand.ready);
    }

    /// Ends a step that waits for another try: none follows, so that it has failed as the last one did.
    pub(super) fn abandon(&mut self) {
        let Some(perform) = self.current() else { return };
        if self.tries(perform).is_none() {
            return;
        }
        self.progress.failed = true;
        self.end_in_groups(perform, self.strand.due, SampleOutcome::Failed);
        self.emitter.tell(self.surroundings.slot, self.number, false);
    }

    /// Records a finished step and moves on; true when its failure ended the iteration.
    #[inline(always)]
    fn after_step(&mut self, perform: &Perform, sample: Sample) -> bool {
        answer::capture(&perform.captures, &sample, self.variables);
        self.end_in_groups(perform, sample.ended, sample.outcome);
        if let Some(retry) = &perform.retry {
            self.keep_tries(retry, None);
        }
        let failed = sample.error.is_failure();
        self.progress.failed |= failed;
        self.strand.due = sample.ended;
        self.strand.ready = sample.ended;
        self.strand.ordinal += 1;
        self.strand.cursor += 1;
        self.emit(sample);
        let stops = failed && (perform.stop_on_failure || self.surroundings.stop_on_failure);
        if stops {
            self.finish();
        }
        stops
    }
}
