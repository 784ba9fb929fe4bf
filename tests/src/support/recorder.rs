//! A well-behaved HTTP/1.1 server that remembers every request and the connection it came on.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{HeaderMap, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

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

/// What came.
#[derive(Clone, Debug, Default)]
pub struct Seen {
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
}

impl Recorder {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// When there is no port or no thread to be had.
    pub fn start() -> io::Result<Self> {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let serving = Arc::clone(&seen);
        Ok(Self { server: Server::start(move |listener| accept(listener, serving))?, seen })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address)
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

async fn accept(listener: TcpListener, seen: Arc<Mutex<Seen>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let connection = {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.connections += 1;
            seen.connections
        };
        tokio::spawn(serve(stream, connection, Arc::clone(&seen)));
    }
}

async fn serve(stream: TcpStream, connection: u64, seen: Arc<Mutex<Seen>>) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (head, _) = request.into_parts();
        let request = Request { connection, path: head.uri.path().to_owned(), headers: head.headers };
        seen.lock().unwrap_or_else(PoisonError::into_inner).requests.push(request);
        async { Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"here you are\n")))) }
    });
    // A client that goes away is no mistake of its own.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
