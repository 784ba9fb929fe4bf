//! One connection of HTTP/1.1: one exchange at a time on it, for as long as it may be used.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use http::header::UPGRADE;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use throng_components::clock::Nanos;
use throng_components::sample::ErrorType;
use throng_components::target::ConnectionLife;

use super::counted::Traffic;
use super::failure::{Failure, of_hyper};
use super::origin::{Origin, Sessions};
use super::stream::Stream;

/// The longest body that is kept for a step that looks into it.
pub(super) const BODY_MOST: usize = 16 << 20;

/// An open connection.
pub(super) struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    /// The connection's own work. It is polled along with each exchange, which spares a task and its wake-ups.
    driver: Pin<Box<Driver>>,
    opened: Nanos,
    /// Requests sent on it.
    requests: u64,
}

type Driver = http1::Connection<TokioIo<Stream>, Full<Bytes>>;

/// An answer as far as a behaviour can ask for it.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Connection {
    /// Opens a connection.
    pub(super) async fn open(
        origin: &Origin,
        traffic: &Traffic,
        sessions: &Sessions,
    ) -> Result<Self, ErrorType> {
        let stream = origin.open(traffic, sessions).await?;
        // Requests are small: copying one into a single buffer costs less than gathering it from several.
        let handshake = http1::Builder::new().writev(false).handshake(TokioIo::new(stream)).await;
        let (sender, driver) = handshake.map_err(|error| of_hyper(&error))?;
        Ok(Self { sender, driver: Box::pin(driver), opened: traffic.now(), requests: 0 })
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

    /// Whether another exchange can begin. Looks for a close that came while the connection lay idle.
    pub(super) async fn is_usable(&mut self) -> bool {
        let open = poll_fn(|cx| match self.driver.as_mut().poll(cx) {
            Poll::Ready(_) => Poll::Ready(false),
            Poll::Pending => Poll::Ready(true),
        });
        open.await && self.sender.is_ready()
    }

    /// Sends a request and reads the whole answer.
    pub(super) async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
        keep_body: bool,
    ) -> Result<Answer, ErrorType> {
        self.requests += 1;
        let upgrades = request.headers().contains_key(UPGRADE);
        let response = std::pin::pin!(self.sender.send_request(request));
        let (head, body) = Self::drive(&mut self.driver, response).await?.into_parts();
        // Nobody may change the protocol who was not asked to (RFC 9110, section 15.2.2).
        if head.status == StatusCode::SWITCHING_PROTOCOLS && !upgrades {
            return Err(ErrorType::PROTOCOL);
        }
        let body = std::pin::pin!(read(body, keep_body));
        let body = Self::drive(&mut self.driver, body).await?;
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }

    /// Waits for a part of an exchange while the connection does its work.
    async fn drive<T, E: Into<Failure>>(
        driver: &mut Pin<Box<Driver>>,
        mut part: Pin<&mut impl Future<Output = Result<T, E>>>,
    ) -> Result<T, ErrorType> {
        let mut over: Option<ErrorType> = None;
        poll_fn(|cx| {
            if over.is_none()
                && let Poll::Ready(end) = driver.as_mut().poll(cx)
            {
                over = Some(end.map_or_else(|error| of_hyper(&error), |()| ErrorType::CONNECTION_CLOSED));
            }
            match part.as_mut().poll(cx) {
                Poll::Ready(Ok(value)) => Poll::Ready(Ok(value)),
                // The connection's own error says more than "cancelled".
                Poll::Ready(Err(error)) => {
                    let own = error.into().0;
                    Poll::Ready(Err(over.filter(|_| own == ErrorType::CONNECTION_CLOSED).unwrap_or(own)))
                }
                Poll::Pending => match over {
                    Some(error) => Poll::Ready(Err(error)),
                    None => Poll::Pending,
                },
            }
        })
        .await
    }
}

/// Reads a body to its end; keeps it where it is asked for.
async fn read(mut body: Incoming, keep: bool) -> Result<Bytes, ErrorType> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let mut kept = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| of_hyper(&error))?;
        if let (true, Some(data)) = (keep, frame.data_ref()) {
            if kept.len() + data.len() > BODY_MOST {
                return Err(ErrorType::BODY_TOO_LARGE);
            }
            kept.extend_from_slice(data);
        }
    }
    Ok(kept.freeze())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::Arc;

    use throng_components::clock::TimeSource;
    use tokio::net::TcpStream;

    use super::*;
    use crate::plugins::protocols::http::counted::Counted;

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
            let (sender, driver) = http1::handshake(TokioIo::new(stream)).await.expect("nothing is sent yet");
            let mut open = Connection { sender, driver: Box::pin(driver), opened: Nanos::ZERO, requests: 0 };
            let answer = open.exchange(Request::new(Full::default()), false).await;
            assert_eq!(answer.map(|answer| answer.status), Ok(200));
            assert!(open.is_usable().await);
            traffic.look_closely();
            assert!(open.is_usable().await, "nothing has come");
            drop(answered);
            // The reactor's own thread waits here, so that the reactor sees nothing.
            assert!(server.is_ok_and(|server| server.join().is_ok()));
            traffic.look_closely();
            assert!(!open.is_usable().await);
        });
    }
}
