//! Runs a program for one user: events in, actions out. It does no I/O, reads no clock and never blocks.

use std::sync::Arc;

use throng_components::clock::Nanos;
use throng_components::sample::{ErrorType, Sample, SampleKind, SampleOutcome, StepId};
use throng_components::scenario::ScenarioId;
use throng_components::seed::{Purpose, below};
use throng_components::virtual_user::UserId;

use super::answer;
use super::program::{Instruction, Perform, Program};
use super::session::Session;
use super::template::{Frame, Template};
use super::value::Value;
use crate::plugins::laws::Draws;
use crate::plugins::protocols::{Completion, CompletionEnd, Operation, OperationId, Request};

/// Instructions that one event may run before the user has to let others go on.
const BUDGET: u32 = 10_000;

/// What happens to a user.
#[derive(Debug)]
pub enum Event<'a> {
    /// Its iteration begins: when it was due, and when the user was free for it.
    Started {
        /// By the plan.
        due: Nanos,
        /// When the user was free.
        ready: Nanos,
    },
    /// Its operation has ended.
    Completed(&'a Completion),
    /// Its wait is over.
    TimerFired,
    /// It is ended by the engine, in a wait.
    Cancelled,
}

/// What a user wants.
#[derive(Debug)]
pub enum Action {
    /// An operation.
    Perform(Operation),
    /// To be woken.
    Wait(Nanos),
    /// To have something recorded.
    Emit(Sample),
    /// To have so many cookies counted as dropped.
    DropCookies(u32),
    /// Its iteration has ended.
    Finish(SampleOutcome),
}

/// Where in its program a user is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Strand {
    /// The instruction it is at.
    pub cursor: u32,
    /// Counts its operations over its whole life, so that late answers are told apart.
    pub operation: u32,
    /// Counts the iteration's operations.
    pub ordinal: u32,
    /// Counts the iteration's draws.
    pub draws: u32,
    /// When the next step is due.
    pub due: Nanos,
    /// When its user is ready for it: `due`, and later only where the user was not free when its iteration was due.
    pub ready: Nanos,
    /// Whether a step of the iteration has failed.
    pub failed: bool,
}

/// What a machine is told of its user and its run.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings {
    /// Now.
    pub now: Nanos,
    /// The user's place in its shard.
    pub slot: u32,
    /// The user.
    pub user: UserId,
    /// Its iteration.
    pub iteration: u64,
    /// What the iteration's draws are keyed by.
    pub key: u64,
    /// Whether the iteration belongs to the warm-up.
    pub warm_up: bool,
    /// Whether the scenario ends an iteration at its first failed step.
    pub stop_on_failure: bool,
}

impl Surroundings {
    fn scenario(&self) -> ScenarioId {
        self.user.scenario()
    }
}

/// A program, one user's state in it, and where its wishes go.
#[derive(Debug)]
pub struct Machine<'a> {
    /// What the user does.
    pub program: &'a Program,
    /// Who and when.
    pub surroundings: Surroundings,
    /// Where in the program it is.
    pub strand: &'a mut Strand,
    /// Its variables.
    pub variables: &'a mut [Value],
    /// Its cookies and redirects, once it has any.
    pub session: &'a mut Option<Box<Session>>,
    /// What it wants, in order.
    pub actions: &'a mut Vec<Action>,
}

impl Machine<'_> {
    /// Takes one event and goes on until the user has to wait for something.
    pub fn handle(&mut self, event: Event<'_>) {
        match event {
            Event::Started { due, ready } => {
                let operation = self.strand.operation;
                *self.strand = Strand { operation, due, ready, ..Strand::default() };
                self.variables.fill(Value::Unset);
                if let Some(session) = self.session {
                    session.begin_iteration();
                }
                self.run();
            }
            Event::TimerFired => self.run(),
            Event::Completed(completion) => self.completed(completion),
            Event::Cancelled => self.actions.push(Action::Finish(SampleOutcome::Cut)),
        }
    }

    fn run(&mut self) {
        for _ in 0..BUDGET {
            let program = self.program;
            let Some(instruction) = program.instructions.get(self.strand.cursor as usize) else {
                return self.finish();
            };
            if self.step(instruction) {
                return;
            }
        }
        // A long stretch without I/O: let others run, at the same instant.
        self.actions.push(Action::Wait(self.surroundings.now));
    }

    /// Runs one instruction; true when the user has to wait for something, or is done.
    fn step(&mut self, instruction: &Instruction) -> bool {
        match instruction {
            Instruction::Perform(perform) => return self.perform(perform),
            Instruction::Think(law) => {
                let mut draws = self.draws();
                let wait = law.draw(&mut draws);
                self.keep_draws(&draws);
                self.strand.due += wait;
                self.strand.ready += wait;
                self.strand.cursor += 1;
                self.actions.push(Action::Wait(self.strand.ready));
                return true;
            }
            Instruction::Set { slot, value } => {
                // What cannot be evaluated leaves the variable unset: the step that needs it names the reason.
                let value = self.evaluate(value).unwrap_or_default();
                self.variables[usize::from(*slot)] = value;
                self.strand.cursor += 1;
            }
            Instruction::Repeat { counter, times, end } => {
                let times = match self.evaluate(times) {
                    Some(Value::Int(times)) => times,
                    other => {
                        // Not a number of times: the body is left out and the iteration has failed.
                        self.strand.failed |= other.is_some();
                        0
                    }
                };
                self.variables[usize::from(*counter)] = Value::Int(times);
                self.strand.cursor = if times > 0 { self.strand.cursor + 1 } else { *end };
            }
            Instruction::Again { counter, body } => {
                let left = &mut self.variables[usize::from(*counter)];
                let next = match left {
                    Value::Int(times) => *times - 1,
                    _ => 0,
                };
                *left = Value::Int(next);
                self.strand.cursor = if next > 0 { *body } else { self.strand.cursor + 1 };
            }
            Instruction::Choose { branches } => {
                let mut draws = self.draws();
                let total = branches.last().map_or(0, |(sum, _)| *sum);
                let chosen = below(draws.next(), total);
                self.keep_draws(&draws);
                let way = branches.iter().find(|(sum, _)| chosen < *sum);
                self.strand.cursor = way.map_or(self.strand.cursor + 1, |(_, first)| *first);
            }
            Instruction::Jump(next) => self.strand.cursor = *next,
        }
        false
    }

    fn draws(&self) -> Draws {
        Draws::new(self.surroundings.key, Purpose::BEHAVIOR, u64::from(self.strand.draws))
    }

    fn keep_draws(&mut self, draws: &Draws) {
        self.strand.draws = u32::try_from(draws.number()).unwrap_or(u32::MAX);
    }

    /// Calls `use_frame` with the user's values.
    pub(super) fn with_frame<T>(&mut self, use_frame: impl FnOnce(&mut Frame<'_>) -> T) -> T {
        let mut draws = self.draws();
        let mut frame = Frame {
            variables: self.variables,
            now: self.strand.ready,
            user: self.surroundings.user.serial(),
            iteration: self.surroundings.iteration,
            draws: &mut draws,
        };
        let result = use_frame(&mut frame);
        self.keep_draws(&draws);
        result
    }

    /// A value outside a request. There is no step to fail, so an error fails the iteration.
    fn evaluate(&mut self, template: &Template) -> Option<Value> {
        let value = self.with_frame(|frame| template.value(frame)).ok();
        self.strand.failed |= value.is_none();
        value
    }

    /// Sends a step; true when the user waits for its answer or is done.
    fn perform(&mut self, perform: &Perform) -> bool {
        let request = match self.with_frame(|frame| perform.request.render(frame)) {
            Ok(request) => request,
            Err(error) => return self.failed_unsent(perform, error.error_type()),
        };
        let errand = self.errand(perform, &*request);
        let operation = Operation { errand, ..self.operation(perform, request) };
        self.actions.push(Action::Perform(operation));
        true
    }

    /// The next operation of the current step.
    pub(super) fn operation(&mut self, perform: &Perform, request: Arc<dyn Request>) -> Operation {
        self.strand.operation = self.strand.operation.wrapping_add(1);
        Operation {
            id: OperationId { slot: self.surroundings.slot, strand: 0, number: self.strand.operation },
            scenario: self.surroundings.scenario(),
            user: self.surroundings.user,
            iteration: self.surroundings.iteration,
            key: self.surroundings.key,
            ordinal: self.strand.ordinal,
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
            scenario: self.surroundings.scenario(),
            step,
            status: 0,
            error: ErrorType::NONE,
            bytes_sent: 0,
            bytes_received: 0,
            ordinal: self.strand.ordinal,
            kind: SampleKind::Attempt,
            outcome: SampleOutcome::Succeeded,
            attempt: 1,
            warm_up: self.surroundings.warm_up,
        }
    }

    fn failed_unsent(&mut self, perform: &Perform, error: ErrorType) -> bool {
        let sample =
            Sample { error, outcome: SampleOutcome::Failed, attempt: 0, ..self.sample(perform.step) };
        self.after_step(perform, sample)
    }

    fn completed(&mut self, completion: &Completion) {
        let program = self.program;
        let Some(Instruction::Perform(perform)) = program.instructions.get(self.strand.cursor as usize)
        else {
            return;
        };
        let Some(completion) = self.travel(perform, completion) else { return };
        let completion = &*completion;
        let mut sample = Sample {
            unblocked: completion.unblocked,
            started: completion.started,
            ended: completion.ended,
            status: completion.status,
            error: completion.error,
            bytes_sent: completion.bytes_sent,
            bytes_received: completion.bytes_received,
            ..self.sample(perform.step)
        };
        if completion.end != CompletionEnd::Done {
            sample.outcome = SampleOutcome::Cut;
            sample.attempt = u8::from(completion.end == CompletionEnd::Cut);
            self.actions.push(Action::Emit(sample));
            self.actions.push(Action::Finish(SampleOutcome::Cut));
            return;
        }
        if !sample.error.is_failure() {
            sample.error = self.take_answer(perform, completion, &sample);
        }
        if sample.error.is_failure() {
            sample.outcome = SampleOutcome::Failed;
        }
        if !self.after_step(perform, sample) {
            self.run();
        }
    }

    /// Records a finished step and moves on; true when its failure ended the iteration.
    fn after_step(&mut self, perform: &Perform, sample: Sample) -> bool {
        answer::capture(&perform.captures, &sample, self.variables);
        let failed = sample.error.is_failure();
        self.strand.failed |= failed;
        self.strand.due = sample.ended;
        self.strand.ready = sample.ended;
        self.strand.ordinal += 1;
        self.strand.cursor += 1;
        self.actions.push(Action::Emit(sample));
        let stops = failed && (perform.stop_on_failure || self.surroundings.stop_on_failure);
        if stops {
            self.finish();
        }
        stops
    }

    fn finish(&mut self) {
        let outcome = if self.strand.failed { SampleOutcome::Failed } else { SampleOutcome::Succeeded };
        self.actions.push(Action::Finish(outcome));
    }
}

#[cfg(test)]
mod tests {
    use throng_components::target::TargetId;

    use super::*;
    use crate::behavior::{EvaluationError, Expectations, RequestTemplate};
    use crate::plugins::laws::Law;
    use crate::plugins::protocols::{Keep, NoopRequest, Request};

    const STEP: Nanos = Nanos::from_millis(10);

    /// Always 10 ms.
    #[derive(Debug)]
    struct Constant;

    impl Law for Constant {
        fn draw(&self, draws: &mut Draws) -> Nanos {
            draws.next();
            STEP
        }

        fn mean(&self) -> f64 {
            1e7
        }
    }

    #[derive(Debug)]
    struct Ask;

    impl RequestTemplate for Ask {
        fn render(&self, _: &mut Frame<'_>) -> Result<Arc<dyn Request>, EvaluationError> {
            Ok(Arc::new(NoopRequest))
        }
    }

    fn think() -> Instruction {
        Instruction::Think(Arc::new(Constant))
    }

    fn ask(number: u16, stop_on_failure: bool) -> Instruction {
        Instruction::Perform(Box::new(Perform {
            step: StepId(number),
            target: TargetId(0),
            request: Box::new(Ask),
            timeout: Nanos::SECOND,
            expect: Expectations::default(),
            saves: Vec::new(),
            keep: Keep::default(),
            conduct: None,
            captures: Vec::new(),
            stop_on_failure,
        }))
    }

    /// Plays an iteration due at 5 ms whose user is ready at 7 ms; every answer takes 10 ms and has the next status.
    /// Gives what the user wanted, in words and milliseconds.
    fn check(instructions: Vec<Instruction>, statuses: &[u16], expected: &[&str]) {
        let program = Program { instructions, ..Program::default() };
        let (mut strand, mut actions, mut told) = (Strand::default(), Vec::new(), Vec::new());
        let mut now = Nanos::from_millis(7);
        let mut statuses = statuses.iter();
        let mut completion: Option<Completion> = None;
        loop {
            let surroundings = Surroundings {
                now,
                slot: 0,
                user: UserId(1),
                iteration: 1,
                key: 1,
                warm_up: false,
                stop_on_failure: false,
            };
            let mut machine = Machine {
                program: &program,
                surroundings,
                strand: &mut strand,
                variables: &mut [],
                session: &mut None,
                actions: &mut actions,
            };
            match &completion {
                Some(answer) => machine.handle(Event::Completed(answer)),
                None if told.is_empty() => {
                    machine.handle(Event::Started { due: Nanos::from_millis(5), ready: now });
                }
                None => machine.handle(Event::TimerFired),
            }
            completion = None;
            let before = now;
            for action in actions.drain(..) {
                told.push(in_words(&action));
                match action {
                    Action::Wait(until) => now = until,
                    Action::Perform(operation) => {
                        now = before + STEP;
                        completion = Some(answer(&operation, before, now, statuses.next()));
                    }
                    Action::Emit(_) | Action::DropCookies(_) => {}
                    Action::Finish(_) => return assert_eq!(told, expected),
                }
            }
        }
    }

    fn answer(operation: &Operation, started: Nanos, ended: Nanos, status: Option<&u16>) -> Completion {
        Completion {
            // Without a status left the user is cut.
            end: if status.is_some() { CompletionEnd::Done } else { CompletionEnd::Cut },
            unblocked: started,
            ended,
            status: status.copied().unwrap_or(0),
            modelled: true,
            ..Completion::empty(operation.id, started)
        }
    }

    fn in_words(action: &Action) -> String {
        let millis = |at: Nanos| at.0 / 1_000_000;
        match action {
            Action::Perform(operation) => {
                format!("perform {} at {}", operation.step.0, millis(operation.ready))
            }
            Action::Wait(until) => format!("wait until {}", millis(*until)),
            Action::Emit(sample) => {
                let (due, ready, ended) = (millis(sample.due), millis(sample.ready), millis(sample.ended));
                format!("step {} due {due} ready {ready} ended {ended}", sample.step.0)
            }
            Action::DropCookies(count) => format!("drop {count} cookies"),
            Action::Finish(outcome) => format!("{outcome:?}"),
        }
    }

    #[test]
    fn nothing_to_do_is_done() {
        check(Vec::new(), &[], &["Succeeded"]);
    }

    #[test]
    fn the_first_step_is_due_with_its_iteration_and_later_ones_with_the_end_before() {
        check(
            vec![ask(1, false), think(), ask(2, false)],
            &[200, 200],
            &[
                "perform 1 at 7",
                "step 1 due 5 ready 7 ended 17",
                "wait until 27",
                "perform 2 at 27",
                "step 2 due 27 ready 27 ended 37",
                "Succeeded",
            ],
        );
        // A wait before the first step moves its due time, and keeps how long the user was not free.
        check(
            vec![think(), ask(1, false)],
            &[200],
            &["wait until 17", "perform 1 at 17", "step 1 due 15 ready 17 ended 27", "Succeeded"],
        );
    }

    #[test]
    fn a_failure_fails_the_iteration_and_stops_it_where_declared() {
        let goes_on = [
            "perform 1 at 7",
            "step 1 due 5 ready 7 ended 17",
            "perform 2 at 17",
            "step 2 due 17 ready 17 ended 27",
            "Failed",
        ];
        check(vec![ask(1, false), ask(2, false)], &[500, 200], &goes_on);
        check(vec![ask(1, true), ask(2, false)], &[404, 200], &[goes_on[0], goes_on[1], "Failed"]);
    }

    #[test]
    fn a_cut_ends_it() {
        check(vec![ask(1, false)], &[], &["perform 1 at 7", "step 1 due 5 ready 7 ended 17", "Cut"]);
    }

    #[test]
    fn a_way_is_chosen_by_weight() {
        let branches = vec![(0, 1), (5, 3)];
        let way = vec![Instruction::Choose { branches }, ask(1, false), Instruction::Jump(4), ask(2, false)];
        check(way, &[200], &["perform 2 at 7", "step 2 due 5 ready 7 ended 17", "Succeeded"]);
    }

    #[test]
    fn a_long_stretch_lets_others_go_on() {
        let long = (1..=BUDGET + 1).map(Instruction::Jump).collect();
        check(long, &[], &["wait until 7", "Succeeded"]);
    }
}
