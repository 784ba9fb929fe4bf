//! One exchange on a stream of whatever kind: the request goes out, the answer comes in, and neither waits for the other.

use std::pin::Pin;
use std::task::{Context, Poll};

use throng_components::sample::ErrorType;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::buffers::Buffers;
use super::codec::{Answer, AnswerReader, Progress};
use super::failure::of_io;
use super::outgoing::Outgoing;

/// An exchange under way.
pub(super) struct Dialogue {
    outgoing: Outgoing,
    reader: AnswerReader,
    /// Whether the stream has just been found empty: it then wakes the task when there is something.
    watched: bool,
}

impl Dialogue {
    /// An exchange none of which has happened. `watched` says that the stream has just been read, by the same task in the
    /// same turn, and had nothing.
    pub(super) fn new(outgoing: Outgoing, reader: AnswerReader, watched: bool) -> Self {
        Self { outgoing, reader, watched }
    }

    /// Goes on as far as the stream allows. Ends with the answer's last byte, whether or not the request was sent whole: a
    /// server may say no before it has heard everything.
    pub(super) fn poll<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
        buffers: &Buffers,
    ) -> Poll<Result<(), ErrorType>> {
        loop {
            self.outgoing.send(cx, Pin::new(&mut *stream), buffers);
            if std::mem::take(&mut self.watched) && self.outgoing.failure().is_none() {
                return Poll::Pending;
            }
            let mut room = buffers.incoming();
            let mut read = ReadBuf::new(&mut room);
            // What was said before the connection broke is heard first; that it broke says more than that it ended.
            let worse = |error| self.outgoing.failure().unwrap_or(error);
            match Pin::new(&mut *stream).poll_read(cx, &mut read) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(worse(of_io(&error)))),
                Poll::Ready(Ok(())) if read.filled().is_empty() => {
                    return Poll::Ready(self.reader.end().map_err(|error| match error {
                        ErrorType::CONNECTION_CLOSED => worse(error),
                        error => error,
                    }));
                }
                Poll::Ready(Ok(())) => match self.reader.take(read.filled(), &mut buffers.known()) {
                    Ok(Progress::More) if self.reader.continues() => self.outgoing.go_on(),
                    Ok(Progress::More) => {}
                    Ok(Progress::Whole) => return Poll::Ready(Ok(())),
                    Err(error) => return Poll::Ready(Err(error)),
                },
            }
        }
    }

    /// The answer, and whether the connection may be used again.
    pub(super) fn into_answer(self) -> (Answer, bool) {
        let persists = self.reader.persists() && self.outgoing.is_sent();
        (self.reader.into_answer(), persists)
    }
}
