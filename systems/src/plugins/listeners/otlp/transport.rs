//! The way to the receiver: exporters on a runtime of their own, a timeout, and patience after a failure.

use std::io;
use std::time::Duration;

use opentelemetry_otlp::{
    ExporterBuildError, MetricExporter, Protocol as Encoding, RetryPolicy, SpanExporter, WithExportConfig,
    WithHttpConfig, WithTonicConfig,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

use super::Otlp;
use super::endpoint::Protocol;
use super::moment::now;

/// How long one export may take. A local agent answers within milliseconds; a longer wait would let events pile up.
pub(super) const TIMEOUT: Duration = Duration::from_secs(2);

/// The pause after a first failure; each further one doubles it.
const PAUSE_FIRST: Duration = Duration::from_millis(100);

/// The longest pause.
const PAUSE_MOST: Duration = Duration::from_secs(5);

/// Sends batches, one at a time, on the listener's own thread.
pub(super) struct Transport {
    /// `Some` until it is dropped.
    runtime: Option<Runtime>,
    spans: Option<SpanExporter>,
    metrics: Option<MetricExporter>,
    /// Failures since the last success.
    failures: u32,
    /// Nothing is sent before this instant.
    not_before: Instant,
}

impl Transport {
    /// Makes the exporters. Nothing is connected yet.
    ///
    /// # Errors
    /// When the address or the environment's settings are refused.
    pub(super) fn open(settings: &Otlp) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        // gRPC channels are made within a runtime.
        let guard = runtime.enter();
        let spans = settings.traces.map(|_| span_exporter(settings)).transpose().map_err(refused)?;
        let metrics = settings.metrics.map(|_| metric_exporter(settings)).transpose().map_err(refused)?;
        drop(guard);
        Ok(Self { runtime: Some(runtime), spans, metrics, failures: 0, not_before: now() })
    }

    /// Whether the pause after a failure is over.
    pub(super) fn is_ready(&self) -> bool {
        self.failures == 0 || now() >= self.not_before
    }

    /// Ends the pause: at the run's end there is no later.
    pub(super) fn forget_failures(&mut self) {
        self.failures = 0;
    }

    /// Waits until that is so, or until `deadline`.
    pub(super) fn wait_until_ready(&self, deadline: Instant) {
        if !self.is_ready()
            && let Some(runtime) = &self.runtime
        {
            // `sleep_until` is made within the runtime, which owns its timers.
            runtime.block_on(async { tokio::time::sleep_until(self.not_before.min(deadline)).await });
        }
    }

    /// Sends spans of one origin; gives whether they arrived within `limit`.
    pub(super) fn send_spans(&mut self, spans: Vec<SpanData>, origin: &Resource, limit: Duration) -> bool {
        let sent = match (&self.runtime, &mut self.spans) {
            (Some(runtime), Some(exporter)) => {
                // One exporter, and so one connection, for all origins.
                exporter.set_resource(origin);
                runtime.block_on(async {
                    tokio::time::timeout(limit.min(TIMEOUT), exporter.export(spans))
                        .await
                        .is_ok_and(|result| result.is_ok())
                })
            }
            _ => false,
        };
        self.note(sent)
    }

    /// Sends metrics; gives whether they arrived within `limit`.
    pub(super) fn send_metrics(&mut self, data: &ResourceMetrics, limit: Duration) -> bool {
        let sent = match (&self.runtime, &self.metrics) {
            (Some(runtime), Some(exporter)) => runtime.block_on(async {
                tokio::time::timeout(limit.min(TIMEOUT), exporter.export(data))
                    .await
                    .is_ok_and(|result| result.is_ok())
            }),
            _ => false,
        };
        self.note(sent)
    }

    fn note(&mut self, sent: bool) -> bool {
        if sent {
            self.failures = 0;
        } else {
            self.not_before = now() + pause(self.failures);
            self.failures = self.failures.saturating_add(1);
        }
        sent
    }
}

impl Drop for Transport {
    /// A name that is still being resolved must not hold up the run's end.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The pause after so many failures before this one.
fn pause(failures: u32) -> Duration {
    PAUSE_FIRST.saturating_mul(1 << failures.min(10)).min(PAUSE_MOST)
}

fn refused(error: ExporterBuildError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error)
}

/// The exporters' own retries are off: they would hold this thread for longer than one timeout.
fn span_exporter(settings: &Otlp) -> Result<SpanExporter, ExporterBuildError> {
    match settings.protocol {
        Protocol::Http => SpanExporter::builder()
            .with_http()
            .with_retry_policy(RetryPolicy::disabled())
            .with_protocol(Encoding::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", settings.endpoint))
            .with_timeout(TIMEOUT)
            .build(),
        Protocol::Grpc => SpanExporter::builder()
            .with_tonic()
            .with_retry_policy(RetryPolicy::disabled())
            .with_endpoint(settings.endpoint.clone())
            .with_timeout(TIMEOUT)
            .build(),
    }
}

/// Totals since the run's start, whatever the environment prefers: then a lost export loses nothing for good.
fn metric_exporter(settings: &Otlp) -> Result<MetricExporter, ExporterBuildError> {
    let builder = MetricExporter::builder().with_temporality(Temporality::Cumulative);
    match settings.protocol {
        Protocol::Http => builder
            .with_http()
            .with_retry_policy(RetryPolicy::disabled())
            .with_protocol(Encoding::HttpBinary)
            .with_endpoint(format!("{}/v1/metrics", settings.endpoint))
            .with_timeout(TIMEOUT)
            .build(),
        Protocol::Grpc => builder
            .with_tonic()
            .with_retry_policy(RetryPolicy::disabled())
            .with_endpoint(settings.endpoint.clone())
            .with_timeout(TIMEOUT)
            .build(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound() {
        assert_eq!(pause(0), Duration::from_millis(100));
        assert_eq!(pause(3), Duration::from_millis(800));
        assert_eq!(pause(u32::MAX), PAUSE_MOST);
    }
}
