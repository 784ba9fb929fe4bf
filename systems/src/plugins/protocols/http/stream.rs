//! What HTTP is spoken over: TCP as it is, or TLS on it. Notes when an answer begins.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::client::TlsStream;

use super::counted::{Counted, Traffic};

/// The bytes' way.
enum Way {
    Plain(Counted),
    /// Boxed: a session is larger than all else of a connection.
    Tls(Box<TlsStream<Counted>>),
}

/// A stream to a target.
pub(super) struct Stream {
    way: Way,
    traffic: Traffic,
}

impl Stream {
    /// Plain TCP.
    pub(super) fn plain(stream: Counted, traffic: Traffic) -> Self {
        Self { way: Way::Plain(stream), traffic }
    }

    /// TLS whose handshake is over.
    pub(super) fn tls(stream: TlsStream<Counted>, traffic: Traffic) -> Self {
        Self { way: Way::Tls(Box::new(stream)), traffic }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = match &mut self.way {
            Way::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Way::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        };
        // Above TLS, whose own messages are no part of an answer.
        if buffer.filled().len() > before {
            self.traffic.note_answer();
        }
        result
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.way {
            Way::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Way::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.way {
            Way::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Way::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.way {
            Way::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Way::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
