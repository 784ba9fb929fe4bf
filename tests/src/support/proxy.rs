//! An HTTP proxy on raw sockets: it answers whole URLs itself, and makes tunnels.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::server::Server;

/// What a proxy does with those who ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyManner {
    /// What it is asked for.
    Serve,
    /// Wants this value of `Proxy-Authorization`, and answers 407 without it.
    Ask(String),
    /// Answers 403.
    Refuse,
    /// Closes without an answer.
    Close,
    /// Answers what is no HTTP.
    Garbage,
}

/// The proxy.
#[derive(Debug)]
pub struct Proxy {
    server: Server,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// When there is no port or no thread to be had.
    pub fn start(manner: ProxyManner) -> io::Result<Self> {
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        Ok(Self { server: Server::start(move |listener| accept(listener, manner, seen))?, heads })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// The heads of all requests it got, as they came.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn accept(listener: TcpListener, manner: ProxyManner, heads: Arc<Mutex<Vec<String>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (manner, heads) = (manner.clone(), Arc::clone(&heads));
        // An error means that one of the two sides has gone.
        tokio::spawn(async move { serve(stream, &manner, &heads).await.ok() });
    }
}

/// Reads a head without a body; empty when the client has closed instead.
async fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return Ok(String::new()),
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

async fn serve(mut stream: TcpStream, manner: &ProxyManner, heads: &Mutex<Vec<String>>) -> io::Result<()> {
    loop {
        let head = read_head(&mut stream).await?;
        if head.is_empty() {
            return Ok(());
        }
        heads.lock().unwrap_or_else(PoisonError::into_inner).push(head.clone());
        let let_in = match manner {
            ProxyManner::Close => return Ok(()),
            ProxyManner::Garbage => return stream.write_all(b"SSH-2.0-what\r\n\r\n").await,
            ProxyManner::Refuse => Err("403 Forbidden"),
            ProxyManner::Ask(value) if !head.contains(&format!("proxy-authorization: {value}\r\n")) => {
                Err("407 Proxy Authentication Required")
            }
            ProxyManner::Ask(_) | ProxyManner::Serve => Ok(()),
        };
        if let Err(status) = let_in {
            stream.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").as_bytes()).await?;
        } else if let Some(rest) = head.strip_prefix("CONNECT ") {
            let port = rest.split([':', ' ']).nth(1).and_then(|port| port.parse().ok()).unwrap_or(0_u16);
            let mut target = TcpStream::connect(("127.0.0.1", port)).await?;
            stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
            copy_bidirectional(&mut stream, &mut target).await?;
            return Ok(());
        } else {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhere\n").await?;
        }
    }
}
