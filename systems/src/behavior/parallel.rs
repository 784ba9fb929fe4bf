//! Several strands at one time: begun together, joined when all have ended, ended together when one ends the iteration.

use throng_components::sample::SampleOutcome;

use super::machine::Machine;
use super::program::Instruction;
use super::strand::{Ending, Part, PartState, Strand};
use crate::plugins::protocols::OperationId;

/// How a `parallel` stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// A part of it is under way.
    Running,
    /// All have ended: the user goes on behind it.
    Joined,
    /// The iteration has ended with it.
    Over,
}

impl Machine<'_> {
    /// Begins all parts, in order, each until it has to wait.
    pub(super) fn fork(&mut self, first: &[u32]) -> Standing {
        let strand = *self.strand;
        let parts = self.parts.get_or_insert_default();
        parts.ending = Ending::Open;
        parts.all.clear();
        let part = |cursor: &u32| Part { strand: strand.part(*cursor), state: PartState::Ready, timer: 0 };
        parts.all.extend(first.iter().map(part));
        let count = u8::try_from(first.len()).unwrap_or(u8::MAX);
        for number in 1..=count {
            if self.ending() == Ending::Open {
                self.in_part(number, Self::run);
            }
        }
        self.settle_parts()
    }

    /// Lets one strand go on: 0 for the user's own, else a part.
    #[inline(always)]
    pub(super) fn within(&mut self, number: u8, act: impl FnOnce(&mut Self)) {
        if number == 0 {
            return act(self);
        }
        self.in_part(number, act);
        if self.settle_parts() == Standing::Joined {
            self.run();
        }
    }

    /// Acts as one part: its place is the user's for that time.
    fn in_part(&mut self, number: u8, act: impl FnOnce(&mut Self)) {
        if !self.swap(number) {
            return;
        }
        self.number = number;
        self.set_state(PartState::Ready);
        act(self);
        self.number = 0;
        self.swap(number);
    }

    fn swap(&mut self, number: u8) -> bool {
        let part = self.parts.as_mut().and_then(|parts| parts.get_mut(number));
        part.is_some_and(|part| {
            std::mem::swap(&mut part.strand, self.strand);
            true
        })
    }

    /// Notes what the running part does from now on. The user's own strand is the shard's to note.
    pub(super) fn set_state(&mut self, state: PartState) {
        let number = self.number;
        if let Some(part) = self.parts.as_mut().and_then(|parts| parts.get_mut(number)) {
            part.state = state;
        }
    }

    pub(super) fn ending(&self) -> Ending {
        self.parts.as_ref().map_or(Ending::Open, |parts| parts.ending)
    }

    /// Ends the running part, and with it all others.
    pub(super) fn end_parts(&mut self, ending: Ending) {
        self.set_state(PartState::Ended);
        if let Some(parts) = self.parts.as_mut().filter(|parts| parts.ending == Ending::Open) {
            parts.ending = ending;
        }
    }

    /// The engine ends the iteration while parts of it are under way.
    pub(super) fn cut_parts(&mut self) {
        if let Some(parts) = self.parts.as_mut().filter(|parts| parts.ending == Ending::Open) {
            parts.ending = Ending::Cut;
        }
        self.settle_parts();
    }

    /// Looks whether all parts have ended, and gives up those that are not to go on.
    fn settle_parts(&mut self) -> Standing {
        let ending = self.ending();
        if ending != Ending::Open {
            self.give_up_parts();
        }
        let Some(parts) = self.parts.as_mut().filter(|parts| !parts.is_running()) else {
            return Standing::Running;
        };
        for part in parts.all.drain(..) {
            self.strand.join(&part.strand);
        }
        if let Some(Instruction::Parallel { after, .. }) =
            self.program.instructions.get(self.strand.cursor as usize)
        {
            self.strand.cursor = *after;
        }
        match ending {
            Ending::Open => return Standing::Joined,
            Ending::Stopped => self.finish(),
            Ending::Cut => self.finish_as(SampleOutcome::Cut),
        }
        Standing::Over
    }

    /// Ends the parts that wait for nothing but time; those that wait for the target end with its answer, which is asked
    /// to come at once.
    fn give_up_parts(&mut self) {
        let count = self.parts.as_ref().map_or(0, |parts| parts.all.len());
        let (now, slot) = (self.surroundings.now, self.surroundings.slot);
        for strand in 1..=u8::try_from(count).unwrap_or(u8::MAX) {
            let Some(part) = self.parts.as_ref().and_then(|parts| parts.get(strand)).copied() else {
                continue;
            };
            match part.state {
                PartState::Ended | PartState::GivenUp => {}
                PartState::Performing => {
                    let number = part.strand.operation;
                    if let Some(part) = self.parts.as_mut().and_then(|parts| parts.get_mut(strand)) {
                        part.state = PartState::GivenUp;
                    }
                    self.driver.cancel(OperationId { slot, strand, number });
                }
                PartState::Ready | PartState::Thinking => self.in_part(strand, |machine| {
                    machine.abandon();
                    machine.set_state(PartState::Ended);
                    // Its wait is over now, and not when it would have been.
                    let Strand { due, ready, .. } = *machine.strand;
                    (machine.strand.due, machine.strand.ready) = (due.min(now), ready.min(now));
                }),
            }
        }
    }
}
