//! Groups: passes through a `group`, timed from its first step's due to its last one's end.

use throng_components::clock::Nanos;
use throng_components::sample::{ErrorType, Sample, SampleKind, SampleOutcome, StepId};

use super::machine::Machine;
use super::program::Perform;
use super::value::Value;

/// A `group` in a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its number among groups.
    pub id: StepId,
    /// The first of the variables that keep its pass: see [`Group::VARIABLES`].
    pub slot: u16,
    /// The first variable of the group around it.
    pub parent: Option<u16>,
}

impl Group {
    /// A pass is kept in so many variables, so that a user without groups has none of it: its count within the iteration,
    /// its first step's due and ready, its last step's end, and how its steps went.
    pub const VARIABLES: u16 = 5;
}

/// The variables of a pass, by their distance from the first.
const COUNT: u16 = 0;
const DUE: u16 = 1;
const READY: u16 = 2;
const END: u16 = 3;
const OUTCOME: u16 = 4;

/// Values of the last one: a step has failed, or was cut.
const FAILED: Value = Value::Int(1);
const CUT: Value = Value::Int(2);

impl Machine<'_> {
    fn of_pass(&mut self, slot: u16, which: u16) -> &mut Value {
        &mut self.variables[usize::from(slot + which)]
    }

    fn instant(&mut self, slot: u16, which: u16) -> Option<Nanos> {
        match self.of_pass(slot, which) {
            Value::Duration(at) => Some(*at),
            _ => None,
        }
    }

    /// Which group of the iteration a pass is, from 1; `None` when there is none under way.
    fn count_of(&mut self, slot: u16) -> Option<u32> {
        match self.of_pass(slot, COUNT) {
            Value::Int(count) => u32::try_from(*count).ok(),
            _ => None,
        }
    }

    /// The group around a step, as samples name it.
    pub(super) fn around(&mut self, slot: Option<u16>) -> u16 {
        let count = slot.and_then(|slot| self.count_of(slot));
        count.and_then(|count| u16::try_from(count).ok()).unwrap_or(0)
    }

    /// Begins a pass.
    pub(super) fn enter_group(&mut self, group: Group) {
        let counter = &mut self.variables[usize::from(self.program.group_counter)];
        let count = if let Value::Int(count) = counter { *count + 1 } else { 1 };
        *counter = Value::Int(count);
        for which in 0..Group::VARIABLES {
            *self.of_pass(group.slot, which) = Value::Unset;
        }
        *self.of_pass(group.slot, COUNT) = Value::Int(count);
    }

    /// A step begins: with the first one its groups are due.
    #[inline]
    pub(super) fn begin_in_groups(&mut self, perform: &Perform) {
        if perform.groups.is_empty() {
            return;
        }
        let (due, ready) = (self.strand.due, self.strand.ready);
        for slot in &perform.groups {
            if *self.of_pass(*slot, DUE) == Value::Unset {
                *self.of_pass(*slot, DUE) = Value::Duration(due);
                *self.of_pass(*slot, READY) = Value::Duration(ready);
            }
        }
    }

    /// A step has ended.
    #[inline]
    pub(super) fn end_in_groups(&mut self, perform: &Perform, ended: Nanos, as_what: SampleOutcome) {
        if !perform.groups.is_empty() {
            self.end_in_each(perform, ended, as_what);
        }
    }

    fn end_in_each(&mut self, perform: &Perform, ended: Nanos, as_what: SampleOutcome) {
        for slot in &perform.groups {
            let end = self.instant(*slot, END).map_or(ended, |end| end.max(ended));
            *self.of_pass(*slot, END) = Value::Duration(end);
            let outcome = self.of_pass(*slot, OUTCOME);
            match as_what {
                SampleOutcome::Cut => *outcome = CUT,
                SampleOutcome::Failed if *outcome != CUT => *outcome = FAILED,
                _ => {}
            }
        }
    }

    /// Ends a pass and records it. One in which no step began has nothing to time.
    pub(super) fn leave_group(&mut self, group: Group, cut: bool) {
        let Some(count) = self.count_of(group.slot) else { return };
        let times = (self.instant(group.slot, DUE), self.instant(group.slot, READY));
        let end = self.instant(group.slot, END);
        let outcome = std::mem::take(self.of_pass(group.slot, OUTCOME));
        *self.of_pass(group.slot, COUNT) = Value::Unset;
        let (Some(due), Some(ready)) = times else { return };
        let outcome = match outcome {
            _ if cut => SampleOutcome::Cut,
            CUT => SampleOutcome::Cut,
            FAILED => SampleOutcome::Failed,
            _ => SampleOutcome::Succeeded,
        };
        let end = if cut { self.surroundings.now } else { end.unwrap_or(ready) };
        let around = self.around(group.parent);
        let sample = Sample {
            due,
            ready,
            unblocked: ready,
            started: ready,
            ended: end.max(ready),
            error: ErrorType::NONE,
            ordinal: count,
            group: around,
            kind: SampleKind::Group,
            outcome,
            attempt: 1,
            ..self.sample(group.id)
        };
        self.emit(sample);
    }

    /// Ends the passes that are under way when their iteration ends.
    pub(super) fn leave_groups(&mut self, cut: bool) {
        let program = self.program;
        // Inner groups stand behind those around them.
        for group in program.groups.iter().rev() {
            self.leave_group(*group, cut);
        }
    }
}
