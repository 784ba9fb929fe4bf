//! A well-behaved HTTP/1.1 server, over TLS where asked, that remembers every request and the connection it came on.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{HeaderMap, Response};
use hyper_util::rt::TokioIo;
use rustls::{HandshakeKind, ServerConfig, ServerConnection};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::server::Server;

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The number of its connection, from 1.
    pub connection: u64,
    /// Its path.
    pub path: String,
    /// Its header fields.
    pub headers: HeaderMap,
}

impl Request {
    /// The text of a header field; empty without one.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// A TLS handshake that came to a good end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// Whether it resumed an earlier session.
    pub resumed: bool,
    /// The name that was asked for.
    pub server_name: Option<String>,
    /// The protocol that was agreed on.
    pub protocol: Option<String>,
    /// Whether the client showed a certificate.
    pub client: bool,
}

/// What came.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Handshakes, for a server with TLS.
    pub handshakes: Vec<Handshake>,
    /// Connections accepted.
    pub connections: u64,
    /// Requests, in the order in which they came.
    pub requests: Vec<Request>,
}

/// The server. It answers everything with 200.
#[derive(Debug)]
pub struct Recorder {
    server: Server,
    seen: Arc<Mutex<Seen>>,
    scheme: &'static str,
}

impl Recorder {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// When there is no port or no thread to be had.
    pub fn start() -> io::Result<Self> {
        Self::start_with(None, "http")
    }

    /// Starts one that speaks TLS.
    ///
    /// # Errors
    /// As [`Recorder::start`].
    pub fn start_tls(config: Arc<ServerConfig>) -> io::Result<Self> {
        Self::start_with(Some(TlsAcceptor::from(config)), "https")
    }

    fn start_with(tls: Option<TlsAcceptor>, scheme: &'static str) -> io::Result<Self> {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let serving = Arc::clone(&seen);
        Ok(Self { server: Server::start(move |listener| accept(listener, tls, serving))?, seen, scheme })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.server.address)
    }

    /// How many requests came so far.
    pub fn requests(&self) -> usize {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).requests.len()
    }

    /// A copy of all that came so far.
    pub fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, seen: Arc<Mutex<Seen>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let connection = {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.connections += 1;
            seen.connections
        };
        let (tls, seen) = (tls.clone(), Arc::clone(&seen));
        tokio::spawn(async move {
            match tls {
                None => serve(stream, connection, seen).await,
                Some(tls) => {
                    // One that fails is the client's to notice.
                    let Ok(stream) = tls.accept(stream).await else { return };
                    let handshake = handshake(stream.get_ref().1);
                    seen.lock().unwrap_or_else(PoisonError::into_inner).handshakes.push(handshake);
                    serve(stream, connection, seen).await;
                }
            }
        });
    }
}

fn handshake(session: &ServerConnection) -> Handshake {
    Handshake {
        resumed: session.handshake_kind() == Some(HandshakeKind::Resumed),
        server_name: session.server_name().map(str::to_owned),
        protocol: session.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
        client: session.peer_certificates().is_some(),
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(stream: S, connection: u64, seen: Arc<Mutex<Seen>>) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (head, _) = request.into_parts();
        let request = Request { connection, path: head.uri.path().to_owned(), headers: head.headers };
        seen.lock().unwrap_or_else(PoisonError::into_inner).requests.push(request);
        async { Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"here you are\n")))) }
    });
    // A client that goes away is no mistake of its own.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
