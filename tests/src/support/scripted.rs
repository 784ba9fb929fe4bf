//! A server whose answers a test writes byte for byte.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::server::Server;

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// `GET`
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Fields in the order in which they came, names in lower case.
    pub fields: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Asked {
    /// The values of a field, joined.
    pub fn field(&self, name: &str) -> String {
        let values = self.fields.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        values.collect::<Vec<_>>().join(" | ")
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// What a test answers.
type Script = dyn Fn(&Asked) -> Vec<u8> + Send + Sync;

/// A server that answers as a test says and keeps what it was asked.
pub struct Scripted {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    _server: Server,
}

impl Scripted {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// When there is no port or no thread to be had.
    pub fn start(script: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static) -> io::Result<Self> {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (script, kept): (Arc<Script>, _) = (Arc::new(script), Arc::clone(&asked));
        let server = Server::start(move |listener| accept(listener, script, kept))?;
        Ok(Self { address: server.address, asked, _server: server })
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A whole answer: a head of these lines, the length, and a body.
pub fn answer(status: u16, fields: &[&str], body: &[u8]) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
    for field in fields {
        answer.push_str(field);
        answer.push_str("\r\n");
    }
    answer.push_str("\r\n");
    [answer.as_bytes(), body].concat()
}

async fn accept(listener: TcpListener, script: Arc<Script>, asked: Arc<Mutex<Vec<Asked>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (script, asked) = (Arc::clone(&script), Arc::clone(&asked));
        // An error means that the client has gone: nothing is left to be done for it.
        tokio::spawn(async move { serve(stream, &*script, &asked).await.ok() });
    }
}

async fn serve(mut stream: TcpStream, script: &Script, asked: &Mutex<Vec<Asked>>) -> io::Result<()> {
    let mut buffer = Vec::new();
    while let Some(request) = read(&mut stream, &mut buffer).await? {
        let answer = script(&request);
        asked.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        stream.write_all(&answer).await?;
    }
    Ok(())
}

/// Reads one request; `None` when the client has closed instead.
async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<Asked>> {
    let mut part = [0; 4_096];
    loop {
        if let Some((request, length)) = parse(buffer) {
            buffer.drain(..length);
            return Ok(Some(request));
        }
        let length = stream.read(&mut part).await?;
        if length == 0 {
            return Ok(None);
        }
        buffer.extend_from_slice(&part[..length]);
    }
}

/// A request and its length, once all of it is there.
fn parse(bytes: &[u8]) -> Option<(Asked, usize)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..end - 4]).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let field =
        |line: &str| line.split_once(": ").map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    let mut asked = Asked { method, path, fields: lines.filter_map(field).collect(), body: Vec::new() };
    let length = asked.field("content-length").parse().unwrap_or(0);
    asked.body = bytes.get(end..end + length)?.to_vec();
    Some((asked, end + length))
}
