//! A connection that can misbehave on purpose, below HTTP.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// What is sent instead of an answer.
const GARBAGE: &[u8] = b"\x16\x03\x01\x02\x00 this is no HTTP\r\n\r\n";

/// How a connection misbehaves from its next write on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Fault {
    /// It does not.
    #[default]
    None,
    /// Sends garbage in place of what it should.
    Garbage,
    /// Is closed with a reset rather than in good order.
    Reset,
}

/// Set by what answers, read by the connection; both live on one thread.
pub(super) type FaultSwitch = Rc<Cell<Fault>>;

/// What a connection is served on.
pub(super) trait Socket: AsyncRead + AsyncWrite + Unpin + 'static {
    /// The TCP connection at its end.
    fn tcp(&self) -> &TcpStream;
}

impl Socket for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Socket for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// A connection with a switch for its faults.
pub(super) struct Wire<S> {
    stream: TokioIo<S>,
    fault: FaultSwitch,
}

impl<S: Socket> Wire<S> {
    /// A connection that behaves until the switch says otherwise.
    pub(super) fn new(stream: S, fault: FaultSwitch) -> Self {
        Self { stream: TokioIo::new(stream), fault }
    }
}

impl<S: Socket> Read for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: Socket> Write for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.fault.get() {
            Fault::None => Pin::new(&mut self.stream).poll_write(context, buffer),
            Fault::Garbage => {
                ready!(Pin::new(&mut self.stream).poll_write(context, GARBAGE))?;
                // The answer itself is swallowed.
                Poll::Ready(Ok(buffer.len()))
            }
            Fault::Reset => {
                // A linger of zero makes the close a reset.
                self.stream.inner().tcp().set_zero_linger()?;
                Pin::new(&mut self.stream).poll_write(context, buffer)
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.fault.get() == Fault::Reset {
            // A shutdown would send an orderly end first.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
