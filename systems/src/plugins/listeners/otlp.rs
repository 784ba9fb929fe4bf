//! `listener otlp`: traces and metrics for any OpenTelemetry receiver, over HTTP (protobuf) or gRPC.
//!
//! ```kdl
//! listener otlp "http://127.0.0.1:4318" name=main {
//!     metrics every="5s"
//!     traces ratio="1%"
//! }
//! ```
//!
//! Without `metrics` and `traces` inside, both are sent as in the sample. Port 4317 means gRPC and every other HTTP, unless
//! `protocol=` says it. What spans and metrics hold stands in the modules `spans` and `metrics`.
//!
//! Nothing here is on the load's way: receiving only gathers; sending happens between two events, a while at a time. A
//! receiver that is away or slow costs no memory beyond a bound: what finds no room, and what is still there when the run's
//! last flush has used up its time, is counted as lost. A batch may arrive twice when its first answer did not come in time.
//!
//! Instants are those of the run's time, counted from its start on the wall clock. In virtual time, and where `clock real
//! speed=` lets time pass faster, they run ahead of the wall clock.
//!
//! The exporters read `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` from the environment.
//!
//! # Units
//! A record is a span or a metric's data point; for what found no room in front of the listener, a sample that its metrics
//! lack is one as well. Data points are running totals: a lost one is made good by the next.

mod backlog;
mod endpoint;
mod instruments;
mod metrics;
mod moment;
mod spans;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use bevy_ecs::component::Component;
pub use instruments::{INSTRUMENTS, MetricKind, MetricSpec};
use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use throng_components::clock::Nanos;
use throng_components::run::RunHeader;
use throng_components::sample::{Sample, SampleKind};
use throng_components::workload::{
    ArgumentSpec, FieldSpec, Fields, Node, NodeSpec, Problems, Share, ValueKind,
};
use tokio::time::Instant;

use self::backlog::{Backlog, Traced};
use self::endpoint::{Protocol, parse_endpoint};
use self::metrics::Metrics;
use self::moment::now;
use self::spans::SpanMaker;
use self::transport::Transport;
use super::{CannotOpen, Delivery, Listen, ListenerEvent, Outlets, RecordCounter, Subscription, Worker};

/// How often metrics are sent when the workload does not say: a tenth of the SDK's 60 s, as runs last minutes.
const METRICS_EVERY: Nanos = Nanos::from_secs(5);

/// The shortest interval of metrics: below it an export would still be under way.
const METRICS_EVERY_LEAST: Nanos = Nanos::from_millis(100);

/// The share of iterations that are traced when the workload does not say: enough to look at, too few to change the load.
const TRACES_RATIO: Share = Share(0.01);

/// How long one tick may go on to send, so that events do not pile up behind it.
const TICK_PATIENCE: Duration = Duration::from_millis(200);

/// A last flush gives up after so many failures in a row, even when its time is not used up.
const FLUSH_FAILURES: u32 = 5;

/// Settings of `listener otlp`.
#[derive(Component, Clone, Debug)]
pub(super) struct Otlp {
    /// The receiver's base URL, without a slash at its end.
    endpoint: String,
    protocol: Protocol,
    /// How often metrics are sent; `None` for never.
    metrics: Option<Nanos>,
    /// The share of iterations traced; `None` for no traces.
    traces: Option<Share>,
}

/// `metrics`.
pub const METRICS: NodeSpec = NodeSpec {
    name: "metrics",
    summary: "Sends histograms, gauges and counters.",
    sample: "metrics every=\"5s\"",
    properties: &[FieldSpec {
        name: "every",
        kind: ValueKind::Duration,
        default: "5s",
        summary: "How often: a run lasts minutes, so more often than the SDK's minute.",
    }],
    later: &["temporality", "buckets", "exemplars"],
    ..NodeSpec::EMPTY
};

/// `traces`.
pub const TRACES: NodeSpec = NodeSpec {
    name: "traces",
    summary: "Sends one trace an iteration, for a share of them.",
    sample: "traces ratio=\"1%\"",
    properties: &[FieldSpec {
        name: "ratio",
        kind: ValueKind::Share,
        default: "1%",
        summary: "The share of iterations: enough to look at, too few to change the load.",
    }],
    later: &["errors", "slowest"],
    ..NodeSpec::EMPTY
};

fn read_metrics(node: &Node) -> Result<Nanos, Problems> {
    let mut fields = Fields::of(node, &METRICS, 0);
    let every = fields.duration("every").unwrap_or(METRICS_EVERY);
    if every < METRICS_EVERY_LEAST
        && let Some(entry) = node.property("every")
    {
        fields.quantity_out_of_bounds("every", entry, "100ms", "any duration");
    }
    fields.finish(Some(every))
}

fn read_traces(node: &Node) -> Result<Share, Problems> {
    let mut fields = Fields::of(node, &TRACES, 0);
    let ratio = fields.share("ratio").unwrap_or(TRACES_RATIO);
    fields.finish(Some(ratio))
}

impl Listen for Otlp {
    const SPEC: NodeSpec = NodeSpec {
        name: "otlp",
        summary: "Sends traces and metrics to an OpenTelemetry receiver.",
        sample: "listener otlp \"http://127.0.0.1:4318\" { metrics every=\"5s\"; traces ratio=\"1%\" }",
        arguments: &[ArgumentSpec {
            name: "url",
            kind: ValueKind::Text,
            required: true,
            summary: "The receiver's base URL; `/v1/traces` and `/v1/metrics` are added over HTTP.",
        }],
        properties: &[
            FieldSpec {
                name: "name",
                kind: ValueKind::Name,
                default: "otlp",
                summary: "What results call this listener.",
            },
            FieldSpec {
                name: "protocol",
                kind: ValueKind::Word(&["http", "grpc"]),
                default: "",
                summary: "How requests travel. By default `grpc` for port 4317, its usual one, and `http` for all others.",
            },
        ],
        children: &["metrics", "traces"],
        later: &["logs"],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>) -> Result<Self, Problems> {
        let endpoint = fields.text_argument(0).and_then(|text| match parse_endpoint(text) {
            Ok(endpoint) => Some(endpoint),
            Err(mistake) => {
                fields.problem(mistake);
                None
            }
        });
        let protocol = fields.word("protocol");
        let metrics = fields.child("metrics");
        let traces = fields.child("traces");
        let neither = metrics.is_none() && traces.is_none();
        let metrics = metrics.map(read_metrics).and_then(|result| fields.take(result));
        let traces = traces.map(read_traces).and_then(|result| fields.take(result));
        let settings = endpoint.map(|(endpoint, port)| Self {
            endpoint,
            protocol: match (protocol, port) {
                (Some("grpc"), _) | (None, Some(4317)) => Protocol::Grpc,
                _ => Protocol::Http,
            },
            metrics: metrics.or(neither.then_some(METRICS_EVERY)),
            traces: traces.or(neither.then_some(TRACES_RATIO)),
        });
        fields.finish(settings)
    }

    fn subscription(&self) -> Subscription {
        Subscription { samples: true, progress: self.metrics }
    }

    fn trace_ratio(&self) -> Option<f64> {
        self.traces.map(|ratio| ratio.0)
    }

    fn open(&self, header: &RunHeader, outlets: Outlets) -> Result<Box<dyn Worker>, CannotOpen> {
        let resource = resource(header);
        let transport = Transport::open(self, &resource)
            .map_err(|source| CannotOpen { what: self.endpoint.clone(), source })?;
        let traces = self.traces.map(|ratio| {
            let maker = SpanMaker::new(header, ratio.0);
            let backlog = Backlog::new(maker.spans_in_batch());
            Traces { maker, backlog }
        });
        Ok(Box::new(Exporter {
            transport,
            traces,
            metrics: self.metrics.map(|_| Metrics::new(header, resource)),
            metrics_due: false,
            end: Nanos::ZERO,
            delivery: outlets.delivery,
        }))
    }
}

/// What the receiver is told of the sender. The environment's service name wins over ours.
fn resource(header: &RunHeader) -> Resource {
    let detected = Resource::builder().build();
    let named = detected
        .get_ref(&"service.name".into())
        .is_some_and(|name| !name.as_str().starts_with("unknown_service"));
    let builder = Resource::builder().with_attributes([
        KeyValue::new("service.instance.id", header.run_id.clone()),
        KeyValue::new("service.version", header.throng),
        KeyValue::new("throng.run_id", header.run_id.clone()),
        KeyValue::new("throng.workload", header.workload.clone()),
    ]);
    if named { builder.build() } else { builder.with_service_name("throng").build() }
}

/// What is kept for traces.
struct Traces {
    maker: SpanMaker,
    backlog: Backlog,
}

/// The listener at work.
struct Exporter {
    transport: Transport,
    traces: Option<Traces>,
    metrics: Option<Metrics>,
    /// Whether an interval of the metrics has passed that was not sent.
    metrics_due: bool,
    /// The latest instant heard of: where the run's own span ends.
    end: Nanos,
    delivery: Arc<Delivery>,
}

impl Exporter {
    /// Sends the metrics as they stand. Those that do not arrive are lost: the next ones hold all of them.
    fn send_metrics(&mut self) {
        self.metrics_due = false;
        let Some((data, points)) = self.metrics.as_mut().and_then(Metrics::collect) else { return };
        if self.transport.send_metrics(&data, transport::TIMEOUT) {
            self.delivery.add_delivered(points);
        } else {
            self.delivery.add_lost(points);
        }
    }

    /// Sends one batch of spans, or puts it back; gives whether it arrived.
    fn send_batch(&mut self, limit: Duration) -> bool {
        let Some(Traces { maker, backlog }) = &mut self.traces else { return false };
        let Some(batch) = backlog.take() else { return false };
        let spans = batch.iter().map(|traced| maker.span(&traced.sample, &traced.phases)).collect();
        let sent = self.transport.send_spans(spans, limit);
        if sent {
            self.delivery.add_delivered(batch.len() as u64);
        } else {
            backlog.put_back(batch);
        }
        sent
    }

    fn spans_waiting(&self) -> bool {
        self.traces.as_ref().is_some_and(|traces| !traces.backlog.is_empty())
    }

    /// Tries until it is done, the time is used up, or the receiver has failed too often.
    fn insist(&mut self, deadline: Instant, mut attempt: impl FnMut(&mut Self, Duration) -> bool) -> bool {
        self.transport.forget_failures();
        for _ in 0..FLUSH_FAILURES {
            self.transport.wait_until_ready(deadline);
            let left = deadline.saturating_duration_since(now());
            if left.is_zero() {
                return false;
            }
            if attempt(self, left) {
                return true;
            }
        }
        false
    }

    /// The last metrics: the run's totals.
    fn flush_metrics(&mut self, deadline: Instant) {
        let Some((data, points)) = self.metrics.as_mut().and_then(Metrics::collect) else { return };
        if self.insist(deadline, |this, left| this.transport.send_metrics(&data, left)) {
            self.delivery.add_delivered(points);
        } else {
            self.delivery.add_lost(points);
        }
    }

    /// The last spans, and the run's own.
    fn flush_spans(&mut self, deadline: Instant) {
        let mut receiver = true;
        while receiver && self.spans_waiting() {
            receiver = self.insist(deadline, Self::send_batch);
        }
        let Some(Traces { maker, backlog }) = &mut self.traces else { return };
        self.delivery.add_lost(backlog.clear());
        let run = maker.run_span(self.end);
        if receiver && self.insist(deadline, |this, left| this.transport.send_spans(vec![run.clone()], left))
        {
            self.delivery.add_delivered(1);
        } else {
            self.delivery.add_lost(1);
        }
    }
}

impl Worker for Exporter {
    fn receive(&mut self, event: &ListenerEvent) {
        match event {
            ListenerEvent::Samples(samples) => {
                for (sample, phases) in samples.with_phases() {
                    self.end = self.end.max(sample.ended);
                    if let Some(metrics) = &mut self.metrics {
                        metrics.record(sample);
                    }
                    if let Some(Traces { maker, backlog }) = &mut self.traces
                        && maker.has_span(sample)
                        && !backlog.offer(Traced { sample: *sample, phases })
                    {
                        self.delivery.add_lost(1);
                    }
                }
            }
            ListenerEvent::Measurements(values) => {
                if let Some(metrics) = &mut self.metrics {
                    values.iter().for_each(|measurement| metrics.measure(measurement));
                }
            }
            ListenerEvent::Progress(progress) => {
                self.end = self.end.max(progress.at);
                if let Some(metrics) = &mut self.metrics {
                    metrics.observe(progress);
                    self.metrics_due = true;
                }
            }
        }
    }

    fn tick(&mut self) {
        let until = now() + TICK_PATIENCE;
        if self.metrics_due && self.transport.is_ready() {
            self.send_metrics();
        }
        while self.transport.is_ready()
            && self.traces.as_ref().is_some_and(|traces| traces.backlog.is_ripe())
            && self.send_batch(transport::TIMEOUT)
            && now() < until
        {}
    }

    fn close(&mut self, limit: Duration) {
        // A receiver may take the one and not the other: neither uses up the other's time.
        let begun = now();
        self.flush_metrics(begun + limit / 2);
        self.flush_spans(begun + limit);
    }

    fn counter(&self) -> RecordCounter {
        let with_metrics = self.metrics.is_some();
        let traced = self.traces.as_ref().map(|traces| traces.maker.trace());
        Box::new(move |event| match event {
            ListenerEvent::Samples(samples) => {
                // Groups have spans, and no metric.
                let has_metric =
                    |sample: &&Sample| !matches!(sample.kind, SampleKind::Group | SampleKind::Redirect);
                let measured = if with_metrics { samples.iter().filter(has_metric).count() } else { 0 };
                let has_span = |trace: throng_components::trace::TraceContext| {
                    samples.iter().filter(|sample| spans::has_span(&trace, sample)).count()
                };
                (measured + traced.map_or(0, has_span)) as u64
            }
            ListenerEvent::Measurements(values) => {
                if with_metrics {
                    values.len() as u64
                } else {
                    0
                }
            }
            ListenerEvent::Progress(progress) => metrics::gauges_in(progress),
        })
    }
}
