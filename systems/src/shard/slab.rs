//! The users of a shard, dense: a user at rest is one slot.

use serde::{Deserialize, Serialize};
use throng_components::clock::Nanos;
use throng_components::scenario::ScenarioId;
use throng_components::virtual_user::UserId;

use crate::behavior::{Parts, Progress, Session, Strand, Value};
use crate::plugins::protocols::OperationId;

/// What a user is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activity {
    /// The slot is free.
    #[default]
    Gone,
    /// Waits for a token.
    Idle,
    /// A closed user that waits for its next start, or for a grant.
    Resting,
    /// In a step that waits for the target.
    Performing,
    /// Between steps, by declaration.
    Thinking,
    /// Several things at one time: its parts know which.
    Parallel,
}

/// A user's private state. It never leaves its shard as a whole.
///
/// Among a million of them each is far away in memory: aligned, it takes two lines of the cache to have it near, and not three.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[repr(align(64))]
pub struct User {
    /// Its stable id.
    pub id: UserId,
    /// What its current iteration's draws are keyed by.
    pub key: u64,
    /// Its iterations so far, or the number of the token it serves.
    pub iteration: u64,
    /// When the current iteration was due; for a resting user when the next one is.
    pub due: Nanos,
    /// When the current iteration began.
    pub started: Nanos,
    /// Counts the timers it has set; older ones are stale.
    pub generation: u32,
    /// What it is doing.
    pub activity: Activity,
    /// Whether it leaves after its current iteration.
    pub retiring: bool,
    /// Whether the current iteration belongs to the warm-up.
    pub warm_up: bool,
    /// Its own strand of steps.
    pub strand: Strand,
    /// What all its strands share.
    pub progress: Progress,
    /// Strands of a `parallel`, once it had one.
    pub parts: Option<Box<Parts>>,
    /// Its variables, by the program's slots.
    pub variables: Box<[Value]>,
    /// Its cookies and redirects, once it has any.
    pub session: Option<Box<Session>>,
}

impl User {
    /// The scenario it belongs to.
    pub fn scenario(&self) -> ScenarioId {
        self.id.scenario()
    }

    /// Whether it waits for the answer to that operation.
    pub(super) fn awaits(&self, id: OperationId) -> bool {
        match self.activity {
            Activity::Performing => self.operation(id.slot) == id,
            Activity::Parallel => {
                let part = self.parts.as_ref().and_then(|parts| parts.get(id.strand));
                part.is_some_and(|part| part.awaits(id.number))
            }
            _ => false,
        }
    }

    /// The operation it waits for, when it does.
    pub(super) fn operation(&self, slot: u32) -> OperationId {
        OperationId { slot, strand: 0, number: self.strand.operation }
    }
}

/// Users in a chunk, as a power of two. Chunks are never moved, so that a growing slab neither copies its users nor holds
/// twice the room they need.
const CHUNK_BITS: u32 = 12;
const CHUNK: usize = 1 << CHUNK_BITS;

/// So many chunks, of 512 KiB each, are near anyway: touching their users ahead of time costs more than it saves.
const CHUNKS_NEAR: usize = 2;

/// Users by slot. A slot is used again when its user has gone, the one last freed first.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Slab {
    chunks: Vec<Vec<User>>,
    free: Vec<u32>,
}

impl Slab {
    /// Puts a user into a free slot. The timers of the slot's last user stay stale.
    pub(super) fn insert(&mut self, mut user: User) -> u32 {
        if let Some(slot) = self.free.pop() {
            let place = self.get_mut(slot);
            user.generation = place.generation.wrapping_add(1);
            user.progress.operations = place.progress.operations;
            *place = user;
            return slot;
        }
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        let before = (self.chunks.len() - 1) * CHUNK;
        let Some(chunk) = self.chunks.last_mut() else { unreachable!("one was just added") };
        chunk.push(user);
        let slot = before + chunk.len() - 1;
        u32::try_from(slot).unwrap_or_else(|_| unreachable!("bounds keep users below 2^32"))
    }

    /// Frees a slot.
    pub(super) fn remove(&mut self, slot: u32) {
        let user = self.get_mut(slot);
        user.activity = Activity::Gone;
        user.variables = Box::default();
        user.session = None;
        user.parts = None;
        self.free.push(slot);
    }

    /// The user in a slot.
    pub(super) fn get(&self, slot: u32) -> &User {
        &self.chunks[(slot >> CHUNK_BITS) as usize][slot as usize % CHUNK]
    }

    /// The user in a slot, to be changed.
    pub(super) fn get_mut(&mut self, slot: u32) -> &mut User {
        &mut self.chunks[(slot >> CHUNK_BITS) as usize][slot as usize % CHUNK]
    }

    /// Whether there are too many users for a core's own cache.
    pub(super) fn is_crowded(&self) -> bool {
        self.chunks.len() > CHUNKS_NEAR
    }

    /// Reads of both halves of a user, so that it is near when it is needed.
    pub(super) fn touch(&self, slot: u32) {
        let User { id, generation, .. } = self.get(slot);
        std::hint::black_box((*id, *generation));
    }

    /// The occupied slots from this one on, lowest first.
    pub(super) fn occupied_from(&self, slot: u32) -> impl Iterator<Item = (u32, &User)> {
        let (chunk, place) = ((slot >> CHUNK_BITS) as usize, slot as usize % CHUNK);
        let first = self.chunks.get(chunk).and_then(|chunk| chunk.get(place..)).unwrap_or_default();
        let rest = self.chunks.iter().skip(chunk + 1).flatten();
        (slot..).zip(first.iter().chain(rest)).filter(|(_, user)| user.activity != Activity::Gone)
    }

    /// How many users there are.
    pub(super) fn len(&self) -> usize {
        // All chunks but the last are full.
        let full = self.chunks.len().saturating_sub(1) * CHUNK;
        full + self.chunks.last().map_or(0, Vec::len) - self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use super::*;

    #[test]
    fn a_user_at_rest_is_small() {
        assert!(size_of::<User>() <= 128, "{}", size_of::<User>());
    }

    #[test]
    fn what_is_touched_lies_in_both_halves() {
        let halves = [offset_of!(User, id) / 64, offset_of!(User, generation) / 64];
        assert!(halves == [0, 1] || halves == [1, 0], "{halves:?}");
    }
}
