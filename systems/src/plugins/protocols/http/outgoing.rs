//! A request on its way out: its head, a word to wait for where it asks for one, its body.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use throng_components::sample::ErrorType;
use tokio::io::AsyncWrite;
use tokio::time::{Sleep, sleep};

use super::buffers::Buffers;
use super::failure::of_io;
use super::request::{Additions, HttpRequest};

/// Bodies up to this length go out with their head, in one piece: to copy them costs less than a further write.
const JOINED_MOST: usize = 16 << 10;
/// How long a body waits for the word that it was announced for: many servers never say it (RFC 9110, section 10.1.1).
const WORD_WITHIN: Duration = Duration::from_secs(1);

/// What is done next.
enum Stage {
    /// The front is written.
    Front,
    /// The front is whole, and is pushed through TLS before the wait.
    Announced,
    /// The body waits for a word, or for the end of its patience.
    Waiting(Pin<Box<Sleep>>),
    /// The body is written.
    Body,
    /// All is pushed through TLS.
    Flush,
    /// All is sent.
    Sent,
    /// The connection takes no more; why.
    Failed(ErrorType),
}

/// A request on its way out.
pub(super) struct Outgoing {
    stage: Stage,
    /// The head, and the body where it is small.
    front: Vec<u8>,
    /// The body, where it is not in front.
    body: Bytes,
    /// Bytes of the current one of the two that are written.
    written: usize,
    waits: bool,
}

impl Outgoing {
    /// Makes a request ready to go.
    pub(super) fn new(request: &HttpRequest, additions: &Additions<'_>, buffers: &Buffers) -> Self {
        let mut front = buffers.take_outgoing();
        request.write_head(&mut front, additions);
        let (content, waits) = (request.content(), request.waits());
        let joined = !waits && content.len() <= JOINED_MOST;
        if joined {
            front.extend_from_slice(content);
        }
        let body = if joined { Bytes::new() } else { content.clone() };
        Self { stage: Stage::Front, front, body, written: 0, waits }
    }

    /// Whether all of it is sent.
    pub(super) fn is_sent(&self) -> bool {
        matches!(self.stage, Stage::Sent)
    }

    /// Why the connection takes no more.
    pub(super) fn failure(&self) -> Option<ErrorType> {
        if let Stage::Failed(error) = self.stage { Some(error) } else { None }
    }

    /// Ends the wait for a word: it has come.
    pub(super) fn go_on(&mut self) {
        self.waits = false;
        if let Stage::Waiting(_) = self.stage {
            self.stage = Stage::Body;
        }
    }

    /// Sends as much as the connection takes now.
    pub(super) fn send(
        &mut self,
        cx: &mut Context<'_>,
        mut stream: Pin<&mut impl AsyncWrite>,
        buffers: &Buffers,
    ) {
        // What waits is woken, and a failure does not pass.
        while let Poll::Ready(next) = self.advance(cx, stream.as_mut(), buffers) {
            match next {
                Ok(stage) => self.stage = stage,
                Err(error) => self.stage = Stage::Failed(of_io(&error)),
            }
        }
    }

    /// Does what is next; gives what is next then. Pending also when nothing is left.
    fn advance(
        &mut self,
        cx: &mut Context<'_>,
        mut stream: Pin<&mut impl AsyncWrite>,
        buffers: &Buffers,
    ) -> Poll<io::Result<Stage>> {
        let next = match &mut self.stage {
            Stage::Front => {
                ready!(write(cx, stream, &self.front, &mut self.written))?;
                self.written = 0;
                buffers.give_back(std::mem::take(&mut self.front));
                match (self.body.is_empty(), self.waits) {
                    (true, _) => Stage::Flush,
                    (false, true) => Stage::Announced,
                    (false, false) => Stage::Body,
                }
            }
            Stage::Announced => {
                ready!(stream.as_mut().poll_flush(cx))?;
                if self.waits { Stage::Waiting(Box::pin(sleep(WORD_WITHIN))) } else { Stage::Body }
            }
            Stage::Waiting(patience) => {
                ready!(patience.as_mut().poll(cx));
                Stage::Body
            }
            Stage::Body => {
                ready!(write(cx, stream, &self.body, &mut self.written))?;
                Stage::Flush
            }
            Stage::Flush => {
                ready!(stream.as_mut().poll_flush(cx))?;
                Stage::Sent
            }
            Stage::Sent | Stage::Failed(_) => return Poll::Pending,
        };
        Poll::Ready(Ok(next))
    }
}

/// Writes what of `bytes` is not written yet.
fn write(
    cx: &mut Context<'_>,
    mut stream: Pin<&mut impl AsyncWrite>,
    bytes: &[u8],
    written: &mut usize,
) -> Poll<io::Result<()>> {
    while *written < bytes.len() {
        let length = ready!(stream.as_mut().poll_write(cx, &bytes[*written..]))?;
        if length == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        *written += length;
    }
    Poll::Ready(Ok(()))
}
