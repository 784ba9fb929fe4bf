//! Servers that misbehave, on raw sockets: each does one wrong thing, to every request.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::server::Server;

/// What a server does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Nobody listens at its port.
    Refuse,
    /// Resets the connection after a tenth of the body.
    ResetInBody,
    /// Closes in good order after a tenth of the body.
    CloseInBody,
    /// Closes in good order without any answer.
    CloseUnanswered,
    /// Takes the request and never answers.
    NeverAnswer,
    /// Announces an answer over and over, as fast as it is read, and gives none.
    AnnounceOnly,
    /// Answers with these bytes, and closes in good order.
    Say(&'static [u8]),
    /// Answers with these bytes, which are whole answers, and keeps the connection.
    Answer(&'static [u8]),
    /// Answers the first request on a connection, keeps it, and closes it when the second one has come.
    CloseReused,
    /// Answers 500, and keeps the connection.
    Fail,
    /// Answers a TLS handshake in plain HTTP.
    PlainText,
    /// Closes in good order within a TLS handshake.
    CloseInHandshake,
    /// Resets the connection within a TLS handshake.
    ResetInHandshake,
    /// Never answers a TLS handshake.
    NeverShake,
}

impl Manner {
    /// Whether it shows in a TLS handshake.
    fn is_of_handshake(self) -> bool {
        matches!(self, Self::PlainText | Self::CloseInHandshake | Self::ResetInHandshake | Self::NeverShake)
    }
}

/// A server that misbehaves.
#[derive(Debug)]
pub struct BadServer {
    address: SocketAddr,
    requests: Arc<AtomicU64>,
    _server: Option<Server>,
    /// Holds the port of one that refuses: bound, so that nobody else gets it, and not listening.
    _socket: Option<TcpSocket>,
}

impl BadServer {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// When there is no port or no thread to be had.
    pub fn start(manner: Manner) -> io::Result<Self> {
        let requests = Arc::new(AtomicU64::new(0));
        if manner == Manner::Refuse {
            let socket = TcpSocket::new_v4()?;
            socket.bind(([127, 0, 0, 1], 0).into())?;
            let address = socket.local_addr()?;
            return Ok(Self { address, requests, _server: None, _socket: Some(socket) });
        }
        let counted = Arc::clone(&requests);
        let server = Server::start(move |listener| accept(listener, manner, counted))?;
        Ok(Self { address: server.address, requests, _server: Some(server), _socket: None })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Requests that came whole.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }
}

async fn accept(listener: TcpListener, manner: Manner, requests: Arc<AtomicU64>) {
    while let Ok((stream, _)) = listener.accept().await {
        let requests = Arc::clone(&requests);
        // An error means that the client has gone: nothing is left to be done for it.
        tokio::spawn(async move { serve(stream, manner, &requests).await.ok() });
    }
}

/// Reads a request without a body; `false` when the client has closed instead.
async fn read_request(stream: &mut TcpStream) -> io::Result<bool> {
    let (mut head, mut part) = (Vec::new(), [0; 4_096]);
    while !head.ends_with(b"\r\n\r\n") {
        let length = stream.read(&mut part).await?;
        if length == 0 {
            return Ok(false);
        }
        head.extend_from_slice(&part[..length]);
    }
    Ok(true)
}

/// Takes the first bytes of a TLS handshake and does its wrong thing.
async fn shake(mut stream: TcpStream, manner: Manner, requests: &AtomicU64) -> io::Result<()> {
    // A client's first message is whole before anything is done, so that nothing unread turns a close into a reset.
    let mut head = [0; 5];
    stream.read_exact(&mut head).await?;
    stream.read_exact(&mut vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))]).await?;
    requests.fetch_add(1, Ordering::SeqCst);
    match manner {
        Manner::PlainText => {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await?;
        }
        Manner::ResetInHandshake => return stream.set_zero_linger(),
        _ => {}
    }
    if manner != Manner::NeverShake {
        stream.shutdown().await?;
    }
    while stream.read(&mut [0; 1_024]).await? > 0 {}
    Ok(())
}

async fn serve(mut stream: TcpStream, manner: Manner, requests: &AtomicU64) -> io::Result<()> {
    const PART: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n0123456789";
    if manner.is_of_handshake() {
        return shake(stream, manner, requests).await;
    }
    let mut answered = 0;
    while read_request(&mut stream).await? {
        requests.fetch_add(1, Ordering::SeqCst);
        match manner {
            Manner::ResetInBody => {
                stream.write_all(PART).await?;
                return stream.set_zero_linger();
            }
            Manner::CloseInBody => stream.write_all(PART).await?,
            Manner::Say(bytes) => stream.write_all(bytes).await?,
            Manner::Answer(bytes) => {
                stream.write_all(bytes).await?;
                continue;
            }
            Manner::CloseReused if answered == 0 => {
                answered += 1;
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await?;
                continue;
            }
            Manner::AnnounceOnly => {
                let heads = b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(2_000);
                loop {
                    stream.write_all(&heads).await?;
                }
            }
            Manner::Fail => {
                stream.write_all(b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n").await?;
                continue;
            }
            _ => {}
        }
        if manner != Manner::NeverAnswer {
            stream.shutdown().await?;
        }
        // Read to the client's own end: closing with bytes unread would send a reset.
        while stream.read(&mut [0; 1_024]).await? > 0 {}
    }
    Ok(())
}
