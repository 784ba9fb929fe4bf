//! Runs a program for one user: events in, wishes out. It does no I/O, reads no clock and never blocks.

use throng_components::attempt_phases::AttemptPhases;
use throng_components::clock::Nanos;
use throng_components::sample::{Sample, SampleOutcome};
use throng_components::seed::Purpose;
use throng_components::virtual_user::UserId;

use super::emitter::Emitter;
use super::parallel::Standing;
use super::program::{Instruction, Program, Stopped};
use super::session::Session;
use super::strand::{Ending, PartState, Parts, Progress, Strand};
use super::template::{Frame, Template};
use super::value::Value;
use super::wish::{Driver, Upshot, Wish};
use crate::plugins::laws::Draws;
use crate::plugins::protocols::Completion;

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
    /// A strand's wait is over.
    TimerFired {
        /// Which: 0 but within a `parallel`.
        strand: u8,
    },
    /// It is ended by the engine, in a wait or within a `parallel`.
    Cancelled,
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

/// A program, one user's state in it, and where its wishes go.
#[derive(Debug)]
pub struct Machine<'a> {
    /// What the user does.
    pub program: &'a Program,
    /// Who and when.
    pub surroundings: Surroundings,
    /// Where in the program the running strand is.
    pub strand: &'a mut Strand,
    /// Which strand runs: 0 but within a `parallel`.
    pub number: u8,
    /// What all its strands share.
    pub progress: &'a mut Progress,
    /// The strands of a `parallel`, once there was one.
    pub parts: &'a mut Option<Box<Parts>>,
    /// Its variables.
    pub variables: &'a mut [Value],
    /// Its cookies and redirects, once it has any.
    pub session: &'a mut Option<Box<Session>>,
    /// What the time of the answer that it takes went into, that of all requests of its attempt; of the first sample that
    /// it records. `None` where there is nothing to tell, as of a model's answer.
    pub phases: Option<AttemptPhases>,
    /// Where it records.
    pub emitter: &'a mut Emitter,
    /// Who does what it wants done outside of its shard.
    pub driver: &'a mut dyn Driver,
    /// What it wants of its shard beside that, in order.
    pub wishes: &'a mut Vec<Wish>,
    /// What the event came to.
    pub upshot: Upshot,
}

impl Machine<'_> {
    /// Takes one event and goes on until the user has to wait for something.
    #[inline(always)]
    pub fn handle(&mut self, event: Event<'_>) {
        match event {
            Event::Started { due, ready } => {
                *self.strand = Strand { due, ready, ..Strand::default() };
                self.progress.anew();
                self.variables.fill(Value::Unset);
                if let Some(session) = self.session {
                    session.begin_iteration();
                }
                self.run();
            }
            Event::TimerFired { strand } => self.within(strand, Self::run),
            Event::Completed(completion) => {
                self.within(completion.id.strand, |machine| machine.completed(completion));
            }
            Event::Cancelled if self.parts.as_ref().is_some_and(|parts| parts.is_running()) => {
                self.cut_parts();
            }
            Event::Cancelled => {
                self.abandon();
                self.finish_as(SampleOutcome::Cut);
            }
        }
    }

    pub(super) fn run(&mut self) {
        if self.number > 0 && self.ending() != Ending::Open {
            // Another part has ended the iteration.
            return self.set_state(PartState::Ended);
        }
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
        self.wishes.push(Wish::Lap);
        self.wait(self.surroundings.now);
    }

    /// Runs one instruction; true when the strand has to wait for something, or is done.
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
                self.wait(self.strand.ready);
                return true;
            }
            Instruction::Set { slot, value } => {
                // What cannot be evaluated leaves the variable unset: the step that needs it names the reason.
                let value = self.evaluate(value).unwrap_or_default();
                self.variables[usize::from(*slot)] = value;
                self.strand.cursor += 1;
            }
            Instruction::Jump(next) => self.strand.cursor = *next,
            Instruction::Enter(group) => {
                self.enter_group(*group);
                self.strand.cursor += 1;
            }
            Instruction::Leave(group) => {
                self.leave_group(*group, false);
                self.strand.cursor += 1;
            }
            Instruction::Parallel { first, .. } => return self.fork(first) != Standing::Joined,
            Instruction::Join => {
                self.set_state(PartState::Ended);
                return true;
            }
            Instruction::Stop(what) => {
                match what {
                    Stopped::Iteration => {}
                    Stopped::User => self.wishes.push(Wish::Leave),
                    Stopped::Scenario => self.wishes.push(Wish::StopScenario),
                }
                self.finish();
                return true;
            }
            Instruction::Repeat { .. }
            | Instruction::Again { .. }
            | Instruction::While { .. }
            | Instruction::When { .. }
            | Instruction::Choose { .. } => self.turn(instruction),
        }
        false
    }

    /// Asks to be woken.
    pub(super) fn wait(&mut self, until: Nanos) {
        self.set_state(PartState::Thinking);
        match self.number {
            0 => self.upshot.waits_until = Some(until),
            strand => self.wishes.push(Wish::WaitInPart { strand, until }),
        }
    }

    /// Has something recorded.
    pub(super) fn emit(&mut self, sample: Sample) {
        match self.phases.take() {
            Some(phases) => self.emitter.samples.push_phased(sample, phases),
            None => self.emitter.samples.push(sample),
        }
    }

    /// Ends the iteration, as its steps went.
    pub(super) fn finish(&mut self) {
        if self.number > 0 {
            return self.end_parts(Ending::Stopped);
        }
        let failed = self.progress.failed;
        self.finish_as(if failed { SampleOutcome::Failed } else { SampleOutcome::Succeeded });
    }

    /// Ends the iteration, and the groups that it is in.
    pub(super) fn finish_as(&mut self, outcome: SampleOutcome) {
        self.leave_groups(outcome == SampleOutcome::Cut);
        self.upshot.finished = Some(outcome);
    }

    pub(super) fn draws(&self) -> Draws {
        let first = u64::from(self.number) << 32;
        Draws::new(self.surroundings.key, Purpose::BEHAVIOR, first + u64::from(self.strand.draws))
    }

    pub(super) fn keep_draws(&mut self, draws: &Draws) {
        let first = u64::from(self.number) << 32;
        self.strand.draws = u32::try_from(draws.number() - first).unwrap_or(u32::MAX);
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
    pub(super) fn evaluate(&mut self, template: &Template) -> Option<Value> {
        match self.with_frame(|frame| template.value(frame)) {
            Ok(value) => Some(value),
            Err(error) => {
                self.progress.fail(error.error_type());
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
