//! Servers and checkers that tests run against.

mod otlp_checks;
mod otlp_sink;

pub use otlp_checks::{attribute, check_metrics, check_spans, string_attribute};
pub use otlp_sink::{Conduct, OtlpSink, Received, Wire};
