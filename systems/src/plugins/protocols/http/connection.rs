//! One connection of HTTP/1.1: one exchange at a time on it, for as long as it may be used.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use throng_components::clock::Nanos;
use throng_components::sample::ErrorType;
use throng_components::target::ConnectionLife;
use tokio::io::{AsyncRead, ReadBuf};

use super::buffers::Buffers;
use super::codec::{Answer, AnswerReader};
use super::counted::Traffic;
use super::dialogue::Dialogue;
use super::origin::{Origin, Sessions};
use super::outgoing::Outgoing;
use super::request::{Additions, HttpRequest};
use super::stream::Stream;
use crate::plugins::protocols::Keep;

/// An open connection.
pub(super) struct Connection {
    stream: Stream,
    opened: Nanos,
    /// Requests sent on it.
    requests: u64,
    /// Whether what was said on it so far leaves room for another exchange.
    persists: bool,
    /// Whether it has just been found silent.
    watched: bool,
}

impl Connection {
    /// Opens a connection.
    pub(super) async fn open(
        origin: &Origin,
        traffic: &Traffic,
        sessions: &Sessions,
    ) -> Result<Self, ErrorType> {
        let stream = origin.open(traffic, sessions).await?;
        Ok(Self::on(stream, traffic.now()))
    }

    fn on(stream: Stream, opened: Nanos) -> Self {
        Self { stream, opened, requests: 0, persists: true, watched: false }
    }

    /// When it was opened.
    pub(super) fn opened(&self) -> Nanos {
        self.opened
    }

    /// Whether it may carry one more request, by its target's bounds.
    pub(super) fn is_fresh(&self, life: &ConnectionLife, now: Nanos) -> bool {
        life.max_age.is_none_or(|most| now < self.opened + most) && !self.is_used_up(life)
    }

    /// Whether it has carried as many requests as it may.
    pub(super) fn is_used_up(&self, life: &ConnectionLife) -> bool {
        life.max_requests.is_some_and(|most| self.requests >= most)
    }

    /// Whether another exchange can begin. Looks for a close that came while the connection lay idle, and for bytes that
    /// nobody asked for: they would be taken for the next answer.
    pub(super) async fn is_usable(&mut self, buffers: &Buffers) -> bool {
        if !self.persists {
            return false;
        }
        poll_fn(|cx| {
            let mut room = buffers.incoming();
            let silent = Pin::new(&mut self.stream).poll_read(cx, &mut ReadBuf::new(&mut room)).is_pending();
            self.watched = silent;
            Poll::Ready(silent)
        })
        .await
    }

    /// Sends a request and reads the whole answer.
    pub(super) async fn exchange(
        &mut self,
        request: &HttpRequest,
        additions: &Additions<'_>,
        keep: Keep,
        buffers: &Buffers,
    ) -> Result<Answer, ErrorType> {
        self.requests += 1;
        self.persists = false;
        let watched = std::mem::take(&mut self.watched);
        let outgoing = Outgoing::new(request, additions, buffers);
        let reader = AnswerReader::new(request.asked(), keep);
        let mut dialogue = Dialogue::new(outgoing, reader, watched);
        poll_fn(|cx| dialogue.poll(cx, &mut self.stream, buffers)).await?;
        let (answer, persists) = dialogue.into_answer();
        self.persists = persists && !request.closes() && !additions.closes;
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::Arc;

    use http::{HeaderValue, Method, Uri};
    use throng_components::clock::TimeSource;
    use tokio::net::TcpStream;

    use super::*;
    use crate::plugins::protocols::http::counted::Counted;
    use crate::plugins::protocols::http::fields::RequestFields;

    struct Still;

    impl TimeSource for Still {
        fn now(&self) -> Nanos {
            Nanos::ZERO
        }

        fn until_start(&self) -> Option<Nanos> {
            None
        }
    }

    /// A close that has come, and that the reactor has had no time to notice.
    #[test]
    fn a_close_look_sees_what_the_reactor_has_not_seen_yet() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("it has one");
        let (answered, wait) = std::sync::mpsc::sync_channel::<()>(0);
        let server = std::thread::Builder::new().spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let _ = stream.read(&mut [0; 1_024]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
            let _ = wait.recv();
        });
        let reactor = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a reactor");
        reactor.block_on(async {
            let traffic = Traffic::new(Arc::new(Still));
            let socket = TcpStream::connect(address).await.expect("it listens");
            let stream = Stream::plain(Counted::new(socket, traffic.clone()), traffic.clone());
            let (mut open, buffers) = (Connection::on(stream, Nanos::ZERO), Buffers::default());
            let body = bytes::Bytes::new();
            let request =
                HttpRequest::new(Method::GET, Uri::from_static("/"), RequestFields::default(), body);
            let request = request.expect("its length is right");
            let host = HeaderValue::from_static("shop.test");
            let answer = open.exchange(&request, &Additions::of(&host), Keep::default(), &buffers).await;
            assert_eq!(answer.map(|answer| answer.status), Ok(200));
            assert!(open.is_usable(&buffers).await);
            traffic.look_closely();
            assert!(open.is_usable(&buffers).await, "nothing has come");
            drop(answered);
            // The reactor's own thread waits here, so that the reactor sees nothing.
            assert!(server.is_ok_and(|server| server.join().is_ok()));
            traffic.look_closely();
            assert!(!open.is_usable(&buffers).await);
        });
    }
}
