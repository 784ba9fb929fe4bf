//! Room that a thread's connections share: what lies idle has none of its own.

use std::cell::{RefCell, RefMut};

use super::codec::KnownHeads;

/// Bytes that one read takes, at most.
const INCOMING: usize = 64 << 10;
/// The longest room for what is sent that is kept for the next request.
const OUTGOING_KEPT: usize = 64 << 10;

/// One thread's room for reading and writing. No byte in it outlives a turn: what was read is taken out at once, and what could
/// not be written goes along with its request.
pub(super) struct Buffers {
    incoming: RefCell<Box<[u8]>>,
    outgoing: RefCell<Vec<u8>>,
    known: RefCell<KnownHeads>,
}

impl Default for Buffers {
    fn default() -> Self {
        let incoming = vec![0; INCOMING].into_boxed_slice();
        Self { incoming: RefCell::new(incoming), outgoing: RefCell::default(), known: RefCell::default() }
    }
}

impl Buffers {
    /// Room to read into.
    pub(super) fn incoming(&self) -> RefMut<'_, Box<[u8]>> {
        self.incoming.borrow_mut()
    }

    /// The heads that the thread remembers.
    pub(super) fn known(&self) -> RefMut<'_, KnownHeads> {
        self.known.borrow_mut()
    }

    /// Room to write a request in; empty.
    pub(super) fn take_outgoing(&self) -> Vec<u8> {
        self.outgoing.take()
    }

    /// Takes the room back.
    pub(super) fn give_back(&self, mut room: Vec<u8>) {
        if room.capacity() <= OUTGOING_KEPT {
            room.clear();
            self.outgoing.replace(room);
        }
    }
}
