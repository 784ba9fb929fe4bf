//! The OTLP listener against a strict receiver, over both wires: what arrives, and what becomes of it when nothing does.

mod metrics;
mod receivers;
mod services;
mod settings;
mod traces;

use std::time::Duration;

/// How long a receiver is waited for.
const LIMIT: Duration = Duration::from_secs(20);
