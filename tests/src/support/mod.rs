//! Servers, processes and checkers that tests run against.

mod bad_server;
mod nginx;
mod otlp_checks;
mod otlp_sink;
mod process;
mod recorder;
mod server;

pub use bad_server::{BadServer, Manner};
pub use nginx::Nginx;
pub use otlp_checks::{attribute, check_metrics, check_spans, string_attribute};
pub use otlp_sink::{Conduct, OtlpSink, Received, Wire};
pub use process::{Ended, FreePort, Process, find_tool, free_port, wait_until};
pub use recorder::{Recorder, Request, Seen};
