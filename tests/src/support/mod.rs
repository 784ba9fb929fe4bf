//! Servers, processes and checkers that tests run against.

mod bad_server;
mod certificates;
mod httpbin;
mod nginx;
mod otlp_checks;
pub mod otlp_listener;
mod otlp_sink;
mod process;
mod proxy;
mod pseudo_terminal;
mod recorder;
mod scripted;
mod server;

pub use bad_server::{BadServer, Manner};
pub use certificates::{Authority, Credentials};
pub use httpbin::Httpbin;
pub use nginx::Nginx;
pub use otlp_checks::{attribute, check_metrics, check_spans, string_attribute};
pub use otlp_sink::{Conduct, OtlpSink, Received, Wire};
pub use process::{Ended, FreePort, Process, find_tool, free_port, wait_until};
pub use proxy::{Proxy, ProxyManner};
pub use pseudo_terminal::PseudoTerminal;
pub use recorder::{Handshake, Recorder, Request, Seen};
pub use scripted::{Asked, Scripted, answer as scripted_answer};
