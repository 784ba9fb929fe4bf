//! A thread's shard, its transports, and the turn that joins them.

use std::collections::VecDeque;
use std::sync::Arc;

use crossbeam_channel::Receiver;
use throng_components::clock::{Nanos, TimeSource};
use throng_components::exchange::OrderBlock;
use throng_components::scenario::ScenarioId;
use throng_components::state::{State, StateWriter};

use super::pacer::Pacer;
use super::reports::Reports;
use crate::behavior::DriverAction;
use crate::plugins::protocols::{Completion, Transport};
use crate::shard::Shard;

/// Things done in one turn, at most: orders and sockets get their share of a thread that runs flat out.
const BUDGET: usize = 1_024;

/// Users let go at once at the end: all of a crowd at once would need as much room as the crowd itself.
const FAREWELLS: usize = 4_096;

/// Everything a thread owns but its reactor.
pub(super) struct Core {
    shard: Shard,
    /// By the number of the target; the last one carries out functions.
    transports: Vec<Box<dyn Transport>>,
    reports: Reports,
    clock: Arc<dyn TimeSource>,
    orders: Receiver<OrderBlock>,
    /// Completions not yet taken by the shard.
    completions: VecDeque<Completion>,
    /// Reused between turns.
    actions: Vec<DriverAction>,
    /// When the shard next wants to run.
    next: Option<Nanos>,
    /// What the main task waits for.
    awaited: Option<Nanos>,
    shutting_down: bool,
    /// Whether the world knows that the shard is at rest, to be saved.
    rest_told: bool,
    /// The first slot whose user may not have been let go yet, at the end; `None` when all have.
    remaining: Option<u32>,
}

impl Core {
    pub(super) fn new(
        shard: Shard,
        reports: Reports,
        clock: Arc<dyn TimeSource>,
        orders: Receiver<OrderBlock>,
    ) -> Self {
        Self {
            shard,
            transports: Vec::new(),
            reports,
            clock,
            orders,
            completions: VecDeque::new(),
            actions: Vec::new(),
            next: None,
            awaited: None,
            shutting_down: false,
            rest_told: false,
            remaining: Some(0),
        }
    }

    /// Gives the transports back. They hold the core that holds them: whoever ends the thread has to part them, or
    /// their connections stay open for as long as the process lives.
    pub(super) fn disconnect(&mut self) -> Vec<Box<dyn Transport>> {
        std::mem::take(&mut self.transports)
    }

    pub(super) fn connect(&mut self, transports: Vec<Box<dyn Transport>>) {
        self.transports = transports;
    }

    pub(super) fn queue(&mut self, completion: Completion) {
        self.completions.push_back(completion);
    }

    pub(super) fn count_connection(&mut self, scenario: ScenarioId, reused: bool) {
        self.shard.count_connection(scenario, reused);
    }

    pub(super) fn count_resent(&mut self, scenario: ScenarioId) {
        self.shard.count_resent(scenario);
    }

    pub(super) fn take_orders(&mut self) {
        while let Ok(mut block) = self.orders.try_recv() {
            let now = self.clock.now();
            self.shutting_down |= block.shut_down;
            self.shard.accept(&mut block, now);
            self.reports.touch(now);
        }
    }

    /// Lets the shard take all completions and do all that is due, and carries out what it wants.
    ///
    /// `now` is the caller's reading of the clock; it is read anew only when the turn takes longer.
    pub(super) fn turn(&mut self, mut now: Nanos) {
        let mut left = BUDGET;
        loop {
            for transport in &mut self.transports {
                transport.settle();
            }
            while let Some(completion) = self.completions.pop_front() {
                self.shard.complete(&completion, now, &mut self.actions);
                self.carry_out(now);
                left = left.saturating_sub(1);
                if left == 0 {
                    break;
                }
            }
            self.next = self.shard.advance(now, 64, &mut self.actions);
            self.carry_out(now);
            left = left.saturating_sub(64);
            let rests = self.completions.is_empty() && self.next.is_none_or(|next| next > now);
            if rests || left == 0 {
                if !self.completions.is_empty() {
                    self.next = Some(now);
                }
                let rests = !self.rest_told && self.shard.is_at_rest();
                self.rest_told |= rests;
                if rests || !self.shard.emitter().samples.is_empty() || !self.shard.emitter().users.is_empty()
                {
                    self.reports.touch(now);
                }
                self.reports.send_if_due(&mut self.shard, now);
                return;
            }
            now = self.clock.now();
        }
    }

    fn carry_out(&mut self, now: Nanos) {
        for action in self.actions.drain(..) {
            match action {
                DriverAction::Perform(operation) => {
                    let (place, last) = (usize::from(operation.target.0), self.transports.len() - 1);
                    let transport = &mut self.transports[place.min(last)];
                    self.completions.extend(transport.perform(operation));
                }
                DriverAction::Cancel(id) => {
                    let cut = self.transports.iter_mut().find_map(|transport| transport.cancel(id, now));
                    self.completions.extend(cut);
                }
                DriverAction::Leave(slot) => {
                    for transport in &mut self.transports {
                        transport.user_left(slot);
                    }
                }
            }
        }
    }

    /// Takes the pacer's figures into the next report.
    pub(super) fn note_lag(&mut self, pacer: &mut Pacer) {
        let spun = pacer.take_figures(&mut self.reports.lag);
        self.reports.note_spun(spun);
    }

    /// When the main task has to run again.
    pub(super) fn next_wake(&mut self) -> Option<Nanos> {
        self.awaited = [self.next, self.reports.deadline()].into_iter().flatten().min();
        self.awaited
    }

    /// Whether something is due earlier than what the main task waits for.
    pub(super) fn wants_attention(&self) -> bool {
        let next = [self.next, self.reports.deadline()].into_iter().flatten().min();
        match (next, self.awaited) {
            (Some(next), Some(awaited)) => next < awaited,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    /// Whether the world has shut the thread down.
    pub(super) fn is_done(&self) -> bool {
        self.shutting_down
    }

    /// Lets users go, and tells the world that this is the end when all have gone; false while there is more to do, or no
    /// room to tell it.
    pub(super) fn farewell(&mut self) -> bool {
        let now = self.clock.now();
        if self.shard.is_at_rest() {
            // Users of a run that is saved stay.
            self.remaining = None;
        }
        if let Some(from) = self.remaining {
            self.remaining = self.shard.retire_some(from, FAREWELLS, &mut self.actions);
            self.carry_out(now);
        }
        let all_gone = self.remaining.is_none();
        self.reports.send(&mut self.shard, now, all_gone) && all_gone
    }

    /// What a shard that was held has come to; `None` of one that was not.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub(super) fn saved(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        if !self.shard.is_at_rest() {
            return Ok(None);
        }
        self.shard.release();
        let mut writer = StateWriter::default();
        self.shard.save(&mut writer);
        writer.finish().map(Some).map_err(|error| std::io::Error::other(error.to_string()))
    }
}
