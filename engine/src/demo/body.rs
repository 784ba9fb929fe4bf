//! Bodies of answers: whole ones, long ones that take no memory, slow ones, and one that breaks off.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// What long bodies are made of.
static FILLER: [u8; 16 * 1024] = [b'.'; 16 * 1024];

/// The time between two pieces of a slow body.
const PAUSE: Duration = Duration::from_millis(20);

/// Pieces of a slow body.
const PIECES: u8 = 10;

/// What a broken body promises, and the part that it sends.
const PROMISED: u64 = 1_000;
const SENT: u64 = 100;

/// The body of an answer.
pub(super) enum Answer {
    /// All at once.
    Whole(Option<Bytes>),
    /// So many bytes of filler.
    Filler(u64),
    /// A piece, a pause, a piece …
    Slow { left: u8, pause: Pin<Box<Sleep>> },
    /// Sends a part of what it promises, then breaks off.
    Broken { sent: bool, pause: Pin<Box<Sleep>> },
}

/// The body breaks off here, on purpose.
#[derive(Debug)]
pub(super) struct BreaksOff;

impl fmt::Display for BreaksOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body breaks off here, on purpose")
    }
}

impl std::error::Error for BreaksOff {}

impl From<Infallible> for BreaksOff {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl Answer {
    /// All at once.
    pub(super) fn whole(content: impl Into<Bytes>) -> Self {
        Self::Whole(Some(content.into()).filter(|content| !content.is_empty()))
    }

    /// Ten pieces with pauses in between.
    pub(super) fn slow() -> Self {
        Self::Slow { left: PIECES, pause: Box::pin(sleep(Duration::ZERO)) }
    }

    /// Breaks off after a tenth.
    pub(super) fn broken() -> Self {
        Self::Broken { sent: false, pause: Box::pin(sleep(PAUSE)) }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = BreaksOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BreaksOff>>> {
        match &mut *self {
            Self::Whole(all) => Poll::Ready(all.take().map(|all| Ok(Frame::data(all)))),
            Self::Filler(0) | Self::Slow { left: 0, .. } => Poll::Ready(None),
            Self::Filler(left) => {
                let length = (*left).min(FILLER.len() as u64);
                *left -= length;
                Poll::Ready(Some(Ok(filler(length))))
            }
            Self::Slow { left, pause } => {
                ready!(pause.as_mut().poll(context));
                *left -= 1;
                pause.set(sleep(PAUSE));
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"a piece\n")))))
            }
            Self::Broken { sent, .. } if !*sent => {
                *sent = true;
                Poll::Ready(Some(Ok(filler(SENT))))
            }
            // The pause lets the first part leave before the connection goes.
            Self::Broken { pause, .. } => {
                ready!(pause.as_mut().poll(context));
                Poll::Ready(Some(Err(BreaksOff)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None) | Self::Filler(0) | Self::Slow { left: 0, .. })
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(content) => {
                SizeHint::with_exact(content.as_ref().map_or(0, |content| content.len() as u64))
            }
            Self::Filler(left) => SizeHint::with_exact(*left),
            Self::Slow { .. } => SizeHint::default(),
            Self::Broken { .. } => SizeHint::with_exact(PROMISED),
        }
    }
}

/// A frame of filler, no longer than the filler is.
fn filler(length: u64) -> Frame<Bytes> {
    let length = usize::try_from(length).unwrap_or(FILLER.len()).min(FILLER.len());
    Frame::data(Bytes::from_static(&FILLER[..length]))
}
