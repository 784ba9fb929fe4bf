//! A socket that counts its bytes, heads and TLS and all, and the times of an exchange.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use nix::errno::Errno;
use throng_components::attempt_phases::AttemptPhases;
use throng_components::clock::{Nanos, TimeSource};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Bytes and times since the start of an exchange; shared by a socket and its owner, on one thread.
#[derive(Clone)]
pub(super) struct Traffic(Rc<Inner>);

struct Inner {
    clock: Arc<dyn TimeSource>,
    sent: Cell<u64>,
    received: Cell<u64>,
    phases: Cell<AttemptPhases>,
    /// When the request was given to its connection; `None` while no answer is waited for.
    asked: Cell<Option<Nanos>>,
    /// Whether the next read asks the socket itself, whatever the reactor knows of it.
    looks: Cell<bool>,
    /// When its answer began.
    answered: Cell<Option<Nanos>>,
}

impl Traffic {
    pub(super) fn new(clock: Arc<dyn TimeSource>) -> Self {
        Self(Rc::new(Inner {
            clock,
            sent: Cell::default(),
            received: Cell::default(),
            phases: Cell::default(),
            asked: Cell::default(),
            looks: Cell::default(),
            answered: Cell::default(),
        }))
    }

    /// The run's time.
    pub(super) fn now(&self) -> Nanos {
        self.0.clock.now()
    }

    /// Starts an exchange: nothing has been sent, received or timed.
    pub(super) fn begin(&self) {
        self.0.sent.set(0);
        self.0.received.set(0);
        self.0.phases.set(AttemptPhases::NONE);
        self.0.asked.set(None);
        self.0.answered.set(None);
    }

    /// Bytes sent and received so far; saturating at 4 GiB.
    pub(super) fn bytes(&self) -> (u32, u32) {
        let narrow = |bytes: &Cell<u64>| u32::try_from(bytes.get()).unwrap_or(u32::MAX);
        (narrow(&self.0.sent), narrow(&self.0.received))
    }

    /// What the exchange's time has gone into so far.
    pub(super) fn phases(&self) -> AttemptPhases {
        self.0.phases.get()
    }

    /// Notes a part that began at `since` and has just come to a good end.
    pub(super) fn note(&self, since: Nanos, set: impl FnOnce(&mut AttemptPhases, Nanos)) {
        let mut phases = self.0.phases.get();
        set(&mut phases, AttemptPhases::stretch(since, self.now()));
        self.0.phases.set(phases);
    }

    /// Notes that the request is given to its connection.
    pub(super) fn note_request(&self, at: Nanos) {
        self.0.asked.set(Some(at));
    }

    /// Notes that bytes of an answer came; only the first ones count. The one reading of the clock that phases cost a request.
    pub(super) fn note_answer(&self) {
        if let Some(asked) = self.0.asked.take() {
            let now = self.now();
            self.0.answered.set(Some(now));
            let first_byte = AttemptPhases::stretch(asked, now);
            self.0.phases.set(AttemptPhases { first_byte, ..self.0.phases.get() });
        }
    }

    /// Has the next read ask the socket itself: what came since the reactor looked last is seen, too. It costs a system call.
    pub(super) fn look_closely(&self) {
        self.0.looks.set(true);
    }

    /// Whether the request is given to its connection and no byte of an answer has come.
    pub(super) fn is_unanswered(&self) -> bool {
        self.0.asked.get().is_some()
    }

    /// Notes that the answer is whole.
    pub(super) fn note_end(&self, at: Nanos) {
        if let Some(answered) = self.0.answered.take() {
            let body = AttemptPhases::stretch(answered, at);
            self.0.phases.set(AttemptPhases { body, ..self.0.phases.get() });
        }
    }
}

/// A TCP stream whose bytes are counted.
pub(super) struct Counted {
    stream: TcpStream,
    traffic: Traffic,
}

impl Counted {
    pub(super) fn new(stream: TcpStream, traffic: Traffic) -> Self {
        Self { stream, traffic }
    }

    fn note_sent(&self, result: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(bytes)) = result {
            self.traffic.0.sent.set(self.traffic.0.sent.get() + *bytes as u64);
        }
    }
}

/// Reads what has come to a socket, its end included; `None` when there is nothing.
fn look(stream: &TcpStream, buffer: &mut ReadBuf<'_>) -> Option<io::Result<()>> {
    match nix::unistd::read(stream, buffer.initialize_unfilled()) {
        Ok(length) => {
            buffer.advance(length);
            Some(Ok(()))
        }
        Err(Errno::EAGAIN | Errno::EINTR) => None,
        Err(error) => Some(Err(error.into())),
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = match self.traffic.0.looks.take().then(|| look(&self.stream, buffer)).flatten() {
            Some(found) => Poll::Ready(found),
            None => Pin::new(&mut self.stream).poll_read(cx, buffer),
        };
        let read = (buffer.filled().len() - before) as u64;
        self.traffic.0.received.set(self.traffic.0.received.get() + read);
        result
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note_sent(&result);
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.note_sent(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
