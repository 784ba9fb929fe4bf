//! The built-in target: an HTTP/1.1 server, over TLS where asked, whose pages follow known laws of time and failure.
//!
//! `target NAME demo` starts it on a free port of the loopback for the length of a run, `throng serve-demo` runs it
//! alone. Its page at `/` lists the others: [`ROUTES`]. Draws are keyed by the number of the request and the seed, so
//! one client that asks in order gets the same delays and failures every time.
//!
//! # Units
//! Delays are those of tokio's timer: whole milliseconds, rounded up, so that a delay is up to 1 ms longer than its
//! law says. That is fine for trying a workload and too coarse for measuring a generator.

mod answer;
mod body;
mod certificate;
mod route;
mod server;
#[cfg(test)]
mod tests;
mod wire;

pub use route::ROUTES;
pub use server::{Demo, start, start_on, start_with_tls};
