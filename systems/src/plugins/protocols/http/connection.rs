//! One connection: opening it, one exchange at a time on it, and what its errors mean.

use std::cell::OnceCell;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use throng_components::sample::ErrorType;
use tokio::net::TcpStream;

use super::counted::{Counted, Traffic};

/// The longest body that is kept for a step that looks into it.
const BODY_MOST: usize = 16 << 20;

/// Where a target's connections lead.
#[derive(Debug)]
pub(super) struct Origin {
    host: String,
    port: u16,
    /// The value of the `Host` header.
    pub(super) authority: HeaderValue,
    /// The address, once it is known. Looked up once: names with a time to live come with a later version.
    address: OnceCell<SocketAddr>,
}

impl Origin {
    pub(super) fn new(host: &str, port: u16) -> Self {
        let shown = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let authority = if port == 80 { shown } else { format!("{shown}:{port}") };
        let authority = HeaderValue::try_from(authority).unwrap_or(HeaderValue::from_static("invalid"));
        Self { host: host.to_owned(), port, authority, address: OnceCell::new() }
    }

    async fn address(&self) -> Result<SocketAddr, ErrorType> {
        if let Some(address) = self.address.get() {
            return Ok(*address);
        }
        let found = match self.host.parse() {
            Ok(ip) => Some(SocketAddr::new(ip, self.port)),
            Err(_) => match tokio::net::lookup_host((self.host.as_str(), self.port)).await {
                // An address of the older family first: servers on this machine listen there more often.
                Ok(addresses) => addresses.min_by_key(SocketAddr::is_ipv6),
                Err(_) => None,
            },
        };
        let address = found.ok_or(ErrorType::DNS)?;
        Ok(*self.address.get_or_init(|| address))
    }
}

/// An open connection.
pub(super) struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    /// The connection's own work. It is polled along with each exchange, which spares a task and its wake-ups.
    driver: Pin<Box<http1::Connection<TokioIo<Counted>, Full<Bytes>>>>,
}

/// An answer as far as a behaviour can ask for it.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Bytes,
}

impl Connection {
    /// Opens a connection.
    pub(super) async fn open(origin: &Origin, traffic: &Traffic) -> Result<Self, ErrorType> {
        let address = origin.address().await?;
        let stream = TcpStream::connect(address).await.map_err(|error| of_io(&error))?;
        // Requests are written whole; waiting for more to send would only add delay.
        stream.set_nodelay(true).map_err(|error| of_io(&error))?;
        // Requests are small: copying one into a single buffer costs less than gathering it from several.
        let io = TokioIo::new(Counted::new(stream, traffic.clone()));
        let handshake = http1::Builder::new().writev(false).handshake(io).await;
        let (sender, driver) = handshake.map_err(|error| of_hyper(&error))?;
        Ok(Self { sender, driver: Box::pin(driver) })
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
        let response = std::pin::pin!(self.sender.send_request(request));
        let response = Self::drive(&mut self.driver, response).await?;
        let status = response.status().as_u16();
        let body = std::pin::pin!(read(response, keep_body));
        let body = Self::drive(&mut self.driver, body).await?;
        Ok(Answer { status, body })
    }

    /// Waits for a part of an exchange while the connection does its work.
    async fn drive<T, E: Into<Failure>>(
        driver: &mut Pin<Box<http1::Connection<TokioIo<Counted>, Full<Bytes>>>>,
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

/// Why a part of an exchange failed.
pub(super) struct Failure(ErrorType);

impl From<hyper::Error> for Failure {
    fn from(error: hyper::Error) -> Self {
        Self(of_hyper(&error))
    }
}

impl From<ErrorType> for Failure {
    fn from(error: ErrorType) -> Self {
        Self(error)
    }
}

/// Reads a body to its end; keeps it where it is asked for.
async fn read(response: Response<Incoming>, keep: bool) -> Result<Bytes, ErrorType> {
    let mut body = response.into_body();
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

/// What an error of the socket is called.
fn of_io(error: &io::Error) -> ErrorType {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => ErrorType::CONNECTION_REFUSED,
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => ErrorType::CONNECTION_RESET,
        io::ErrorKind::UnexpectedEof => ErrorType::CONNECTION_CLOSED,
        _ => ErrorType::CONNECTION_FAILED,
    }
}

/// What an error of the protocol is called.
fn of_hyper(error: &hyper::Error) -> ErrorType {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            return of_io(io);
        }
        source = cause.source();
    }
    if error.is_parse() || error.is_parse_status() || error.is_parse_too_large() {
        ErrorType::PROTOCOL
    } else if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        ErrorType::CONNECTION_CLOSED
    } else {
        ErrorType::CONNECTION_FAILED
    }
}
