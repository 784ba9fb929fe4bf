//! The threads that accept and serve, and the handle that ends them.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::sync::watch;
use tokio::task::{JoinSet, LocalSet};
use tokio_rustls::TlsAcceptor;

use super::answer::Site;
use super::certificate;
use super::wire::{FaultSwitch, Socket, Wire};

/// Connections that one thread serves at a time; the next ones wait in the kernel's own queue.
const CONNECTIONS: usize = 16_384;

/// How long accepting rests after it failed, as it does when no descriptor is left.
const REST: Duration = Duration::from_millis(10);

/// A demo server at work. It ends, with all its connections, when this is dropped.
#[derive(Debug)]
pub struct Demo {
    address: SocketAddr,
    scheme: &'static str,
    site: Arc<Site>,
    /// Dropped to end the threads; `None` only while that happens.
    end: Option<watch::Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

/// Starts the server on one thread; port 0 takes a free one. Equal seeds give equal draws, request by request.
///
/// # Errors
/// When the address cannot be listened on, or a thread cannot be made.
pub fn start(listen: SocketAddr, seed: u64) -> io::Result<Demo> {
    start_on(listen, seed, 1)
}

/// As [`start`], over TLS; gives the certificate that clients have to trust, in DER.
///
/// # Errors
/// As [`start`], and when no certificate can be made.
pub fn start_with_tls(listen: SocketAddr, seed: u64) -> io::Result<(Demo, Vec<u8>)> {
    let own = certificate::make()?;
    Ok((launch(listen, seed, 1, Some(own.acceptor))?, own.der))
}

/// As [`start`], on so many threads, at least one.
///
/// # Errors
/// As [`start`].
pub fn start_on(listen: SocketAddr, seed: u64, threads: u16) -> io::Result<Demo> {
    launch(listen, seed, threads, None)
}

fn launch(listen: SocketAddr, seed: u64, threads: u16, tls: Option<TlsAcceptor>) -> io::Result<Demo> {
    let listener = TcpListener::bind(listen)?;
    listener.set_nonblocking(true)?;
    let site = Arc::new(Site::new(seed));
    let (end, ended) = watch::channel(());
    let mut demo = Demo {
        address: listener.local_addr()?,
        scheme: if tls.is_some() { "https" } else { "http" },
        site: Arc::clone(&site),
        end: Some(end),
        threads: Vec::new(),
    };
    for number in 0..threads.max(1) {
        let listener = listener.try_clone()?;
        let (site, ended, tls) = (Arc::clone(&site), ended.clone(), tls.clone());
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name(format!("demo-{number}")).spawn(move || {
            LocalSet::new().block_on(&runtime, serve(listener, tls, site, ended));
        })?;
        demo.threads.push(thread);
    }
    Ok(demo)
}

impl Demo {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers begun so far.
    pub fn answered(&self) -> u64 {
        self.site.answered()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.end.take());
        for thread in self.threads.drain(..) {
            // A thread that panicked has nothing left to end.
            let _ = thread.join();
        }
    }
}

impl fmt::Display for Demo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.address)
    }
}

/// Accepts until the handle is dropped; connections end with this.
async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    site: Arc<Site>,
    mut ended: watch::Receiver<()>,
) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // The sender sends nothing: a change is its end.
            _ = ended.changed() => return,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    // Without it small answers would wait for the client's acknowledgement. A socket that refuses is as good as gone.
                    let _ = stream.set_nodelay(true);
                    connections.spawn_local(connection(stream, tls.clone(), Arc::clone(&site)));
                }
                Err(_) => tokio::time::sleep(REST).await,
            },
        }
    }
}

/// Serves one connection until either side ends it. Its errors are the client's to notice.
async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, site: Arc<Site>) {
    match tls {
        None => converse(stream, site).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                converse(stream, site).await;
            }
        }
    }
}

async fn converse<S: Socket>(stream: S, site: Arc<Site>) {
    let fault = FaultSwitch::default();
    let wire = Wire::new(stream, Rc::clone(&fault));
    let service = service_fn(move |request| {
        let (site, fault) = (Arc::clone(&site), Rc::clone(&fault));
        async move { site.answer(request, fault).await.ok_or(NeverAnswered) }
    });
    let _ = http1::Builder::new().serve_connection(wire, service).await;
}

/// Ends the connection of a request that gets no answer.
#[derive(Debug)]
struct NeverAnswered;

impl fmt::Display for NeverAnswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this request gets no answer, on purpose")
    }
}

impl std::error::Error for NeverAnswered {}
