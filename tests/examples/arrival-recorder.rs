//! A server that stamps the arrival of every request and answers 200: `GET /arrivals` gives the stamps and forgets them.
//!
//! It stands alone, on the standard library only, so that a comparison of generators can build it in a second:
//! `rustc --edition 2024 -O tests/examples/arrival-recorder.rs`. Its first line of output is its address. It ends when
//! its standard input does.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

/// Connections at a time; more are closed at once.
const CONNECTIONS: usize = 1_024;

/// Stamps that are kept; later ones are forgotten.
const STAMPS: usize = 4_000_000;

/// The longest request head.
const HEAD: usize = 16 * 1024;

/// Every stamp so far, in nanoseconds since the server's start.
type Stamps = Arc<Mutex<Vec<u64>>>;

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    writeln!(io::stdout(), "http://{}", listener.local_addr()?)?;
    io::stdout().flush()?;
    thread::Builder::new().name("accept".to_owned()).spawn(move || accept(&listener))?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

fn accept(listener: &TcpListener) {
    let start = now();
    let stamps: Stamps = Arc::new(Mutex::new(Vec::with_capacity(STAMPS)));
    let open = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming().flatten() {
        if open.load(Ordering::Relaxed) >= CONNECTIONS {
            continue;
        }
        open.fetch_add(1, Ordering::Relaxed);
        let (stamps, open) = (Arc::clone(&stamps), Arc::clone(&open));
        // One thread a connection: it is awake as soon as the kernel has the bytes, whatever the others do.
        let spawned = thread::Builder::new().name("connection".to_owned()).spawn(move || {
            // The client's end is no error here.
            let _ = serve(stream, start, &stamps);
            open.fetch_sub(1, Ordering::Relaxed);
        });
        if spawned.is_err() {
            return;
        }
    }
}

/// Answers until the client ends. One read is one request: load generators do not pipeline.
fn serve(mut stream: TcpStream, start: Instant, stamps: &Stamps) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut head = [0; HEAD];
    let mut filled = 0;
    loop {
        let read = stream.read(&mut head[filled..])?;
        let stamp = now().duration_since(start);
        filled += read;
        if read == 0 || filled == HEAD {
            return Ok(());
        }
        if !head[..filled].ends_with(b"\r\n\r\n") {
            continue;
        }
        if head.starts_with(b"GET /arrivals ") {
            let all = std::mem::take(&mut *stamps.lock().unwrap_or_else(PoisonError::into_inner));
            let body = all.iter().map(u64::to_string).collect::<Vec<_>>().join("\n");
            return write!(stream, "HTTP/1.0 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        }
        filled = 0;
        let mut stamps = stamps.lock().unwrap_or_else(PoisonError::into_inner);
        if stamps.len() < STAMPS {
            stamps.push(u64::try_from(stamp.as_nanos()).unwrap_or(u64::MAX));
        }
        drop(stamps);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello")?;
    }
}

#[expect(clippy::disallowed_methods, reason = "this program measures others by its own clock")]
fn now() -> Instant {
    Instant::now()
}
