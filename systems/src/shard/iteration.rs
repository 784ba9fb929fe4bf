//! An iteration's life within a shard: begun, driven by answers and timers, ended or cut.

use throng_components::clock::Nanos;
use throng_components::sample::{Sample, SampleKind, SampleOutcome, StepId};

use super::advance::Shard;
use super::slab::Activity;
use super::wheel::TimerKey;
use crate::behavior::{Driver, Event, Machine, Surroundings, Upshot, Wish};
use crate::plugins::protocols::Completion;

impl Shard {
    /// Begins an iteration: due by the plan, ready when its user was free.
    #[inline(always)]
    pub(super) fn begin(&mut self, slot: u32, due: Nanos, ready: Nanos, now: Nanos, driver: &mut dyn Driver) {
        let user = self.users.get_mut(slot);
        let roster = &mut self.rosters[user.id.scenario().index()];
        user.due = due;
        user.started = ready;
        user.warm_up = due < roster.warm_until;
        self.running += 1;
        roster.counts.started += 1;
        roster.counts.started_warm_up += u64::from(user.warm_up);
        self.drive(slot, Event::Started { due, ready }, now, driver);
    }

    /// Lets a user's machine take an event, and carries out what it wishes.
    pub(super) fn drive(&mut self, slot: u32, event: Event<'_>, now: Nanos, driver: &mut dyn Driver) {
        let user = self.users.get_mut(slot);
        let roster = &self.rosters[user.id.scenario().index()];
        let mut machine = Machine {
            program: &roster.program,
            surroundings: Surroundings {
                now,
                slot,
                user: user.id,
                iteration: user.iteration,
                key: user.key,
                warm_up: user.warm_up,
                stop_on_failure: roster.scenario.stop_on_failure,
            },
            strand: &mut user.strand,
            number: 0,
            progress: &mut user.progress,
            parts: &mut user.parts,
            variables: &mut user.variables,
            session: &mut user.session,
            // Of an answer that leads elsewhere; the machine knows what went before one that does not.
            phases: match &event {
                Event::Completed(completion) if !completion.modelled => Some(completion.phases),
                _ => None,
            },
            emitter: &mut self.emitter,
            driver,
            wishes: &mut self.wishes,
            upshot: Upshot::default(),
        };
        machine.handle(event);
        let Upshot { begun, in_part, waits_until, finished } = machine.upshot;
        if begun > 0 {
            user.activity = if in_part { Activity::Parallel } else { Activity::Performing };
            self.in_flight += u64::from(begun);
        }
        if !self.wishes.is_empty() {
            self.carry_out(slot, now);
        }
        if let Some(until) = waits_until {
            self.wait(slot, Activity::Thinking, until);
        }
        if let Some(outcome) = finished {
            self.finished(slot, outcome, now);
        }
    }

    /// Does what a user wants of its shard.
    fn carry_out(&mut self, slot: u32, now: Nanos) {
        let mut wishes = std::mem::take(&mut self.wishes);
        for wish in wishes.drain(..) {
            match wish {
                Wish::DropCookies(count) => self.count_dropped_cookies(slot, count),
                Wish::WaitInPart { strand, until } => self.wait_in_part(slot, strand, until),
                Wish::Lap => self.laps += 1,
                Wish::Leave => self.users.get_mut(slot).retiring = true,
                Wish::StopScenario => self.stop_scenario(slot, now),
            }
        }
        self.wishes = wishes;
    }

    /// Sets a user's timer; the one before is stale from now on.
    pub(super) fn wait(&mut self, slot: u32, activity: Activity, until: Nanos) {
        let user = self.users.get_mut(slot);
        user.activity = activity;
        user.generation = user.generation.wrapping_add(1);
        self.wheel.insert(until, TimerKey { slot, generation: user.generation });
    }

    /// Sets the timer of one strand of a `parallel`.
    fn wait_in_part(&mut self, slot: u32, strand: u8, until: Nanos) {
        self.wait(slot, Activity::Parallel, until);
        let user = self.users.get_mut(slot);
        if let Some(part) = user.parts.as_mut().and_then(|parts| parts.get_mut(strand)) {
            part.timer = user.generation;
        }
    }

    /// Takes an answer. One to an operation that is over is discarded.
    pub fn complete(&mut self, completion: &Completion, now: Nanos, driver: &mut dyn Driver) {
        if !self.users.get(completion.id.slot).awaits(completion.id) {
            return;
        }
        self.in_flight -= 1;
        self.drive(completion.id.slot, Event::Completed(completion), now, driver);
        self.settle(now, driver);
    }

    /// A user's timer has come; one that was set anew since is stale.
    pub(super) fn timer_fired(&mut self, key: TimerKey, now: Nanos, driver: &mut dyn Driver) {
        let user = self.users.get(key.slot);
        let is_last = user.generation == key.generation;
        match user.activity {
            Activity::Thinking if is_last => {
                self.drive(key.slot, Event::TimerFired { strand: 0 }, now, driver);
            }
            Activity::Resting if is_last => self.begin_closed(key.slot, now, driver),
            Activity::Parallel => {
                let strand = user.parts.as_ref().and_then(|parts| parts.of_timer(key.generation));
                if let Some(strand) = strand {
                    self.drive(key.slot, Event::TimerFired { strand }, now, driver);
                }
            }
            Activity::Gone
            | Activity::Idle
            | Activity::Resting
            | Activity::Performing
            | Activity::Thinking => {}
        }
    }

    /// Counts an iteration's end and records it.
    #[inline(always)]
    fn finished(&mut self, slot: u32, outcome: SampleOutcome, now: Nanos) {
        let user = self.users.get(slot);
        // An answer's own instant is exact; an iteration that was cut ended now, and not when its wait would have.
        let ended = if outcome == SampleOutcome::Cut { now } else { user.strand.ready };
        let ended = ended.max(user.started);
        let sample = Sample {
            due: user.due,
            ready: user.started,
            unblocked: user.started,
            started: user.started,
            ended,
            user: user.id,
            iteration: user.iteration,
            step: StepId(0),
            group: 0,
            status: 0,
            error: user.progress.error,
            bytes_sent: 0,
            bytes_received: 0,
            ordinal: user.strand.ordinal,
            kind: SampleKind::Iteration,
            outcome,
            attempt: 1,
            warm_up: user.warm_up,
        };
        self.emitter.samples.push(sample);
        let counts = &mut self.rosters[sample.scenario().index()].counts;
        self.running -= 1;
        counts.last_end = counts.last_end.max(ended);
        match outcome {
            SampleOutcome::Succeeded => counts.succeeded += 1,
            SampleOutcome::Failed => counts.failed += 1,
            SampleOutcome::Cut => counts.cut += 1,
            SampleOutcome::Crashed => counts.crashed += 1,
        }
        self.freed.push((slot, ended));
    }

    /// Cuts what a user has under way.
    pub(super) fn cut(&mut self, slot: u32, now: Nanos, driver: &mut dyn Driver) {
        let user = self.users.get(slot);
        match user.activity {
            Activity::Performing => driver.cancel(user.operation(slot)),
            Activity::Thinking | Activity::Parallel => self.drive(slot, Event::Cancelled, now, driver),
            Activity::Gone | Activity::Idle | Activity::Resting => {}
        }
    }

    /// Finds users whose iteration has ended something new to do.
    #[inline]
    pub(super) fn settle(&mut self, now: Nanos, driver: &mut dyn Driver) {
        while let Some((slot, at)) = self.freed.pop() {
            self.freed(slot, at, now, driver);
        }
    }
}
