//! A connection without a network, for tests: its server says what a test has written down.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a server does when it has said everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It keeps the connection.
    Open,
    /// It closes it in good order.
    Close,
    /// It resets it.
    Reset,
}

/// A connection whose server speaks once it has heard the end of a head.
pub(super) struct Wire {
    /// What it says, read by read.
    pub(super) says: VecDeque<Vec<u8>>,
    pub(super) end: End,
    /// How many bytes behind the head it has to have heard before it says anything, and before it says the last of it.
    pub(super) says_behind: usize,
    pub(super) says_behind_last: usize,
    /// All that it was told.
    pub(super) heard: Vec<u8>,
    /// Bytes that it takes before it takes no more; a further one fails when it has closed its ear.
    pub(super) takes: usize,
    pub(super) deaf: bool,
    pub(super) reader: Option<Waker>,
}

impl Wire {
    pub(super) fn new(says: impl IntoIterator<Item = Vec<u8>>, end: End) -> Self {
        let says = says.into_iter().filter(|part| !part.is_empty()).collect();
        Self {
            says,
            end,
            says_behind: 0,
            says_behind_last: 0,
            heard: Vec::new(),
            takes: usize::MAX,
            deaf: false,
            reader: None,
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let head = self.heard.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
        let last = if self.says.len() == 1 { self.says_behind_last } else { 0 };
        let asked = head.is_some_and(|head| self.heard.len() >= head + self.says_behind.max(last));
        let part = if asked { self.says.pop_front() } else { None };
        match (part, self.end) {
            (Some(mut part), _) => {
                let rest = part.split_off(part.len().min(buffer.remaining()));
                buffer.put_slice(&part);
                if !rest.is_empty() {
                    self.says.push_front(rest);
                }
                Poll::Ready(Ok(()))
            }
            (None, End::Close) if asked => Poll::Ready(Ok(())),
            (None, End::Reset) if asked => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            _ => {
                self.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let length = bytes.len().min(self.takes - self.heard.len().min(self.takes));
        if length == 0 && self.deaf {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if length == 0 {
            return Poll::Pending;
        }
        self.heard.extend_from_slice(&bytes[..length]);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        Poll::Ready(Ok(length))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Whether something has called since the last look.
struct Called(AtomicBool);

impl Wake for Called {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Polls until there is a result; `None` when it waits for what never comes.
pub(super) fn exhaust<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Option<T> {
    let called = Arc::new(Called(AtomicBool::new(true)));
    let waker = Waker::from(Arc::clone(&called));
    while called.0.swap(false, Ordering::SeqCst) {
        if let Poll::Ready(value) = poll(&mut Context::from_waker(&waker)) {
            return Some(value);
        }
    }
    None
}
