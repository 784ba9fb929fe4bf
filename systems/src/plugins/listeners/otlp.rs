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
//! `protocol=` says it. What spans and metrics hold stands in the modules `spans`, `service_spans` and `metrics`.
//!
//! Nothing here is on the load's way: receiving only gathers; sending happens between two events, a while at a time. A
//! receiver that is away or slow costs no memory beyond a bound: what finds no room, and what is still there when the run's
//! last flush has used up its time, is counted as lost. Virtual time waits for a receiver that is slower than it, and loses
//! spans only to one that takes nothing for a while. A batch may arrive twice when its first answer did not come in time.
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
mod exporter;
mod instruments;
mod metrics;
mod moment;
mod service_spans;
mod spans;
mod transport;

use bevy_ecs::component::Component;
pub use instruments::{INSTRUMENTS, MetricKind, MetricSpec};
use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use throng_components::clock::Nanos;
use throng_components::run::RunHeader;
use throng_components::workload::{
    ArgumentSpec, FieldSpec, Fields, Node, NodeSpec, Problems, Share, ValueKind,
};

use self::endpoint::{Protocol, parse_endpoint};
use self::exporter::Exporter;
use super::{CannotOpen, Listen, Outlets, Subscription, Worker};

/// How often metrics are sent when the workload does not say: a tenth of the SDK's 60 s, as runs last minutes.
const METRICS_EVERY: Nanos = Nanos::from_secs(5);

/// The shortest interval of metrics: below it an export would still be under way.
const METRICS_EVERY_LEAST: Nanos = Nanos::from_millis(100);

/// The share of iterations that are traced when the workload does not say: enough to look at, too few to change the load.
const TRACES_RATIO: Share = Share(0.01);

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
    summary: "Sends one trace an iteration, for a share of them; under `simulate` with what services did for it.",
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
        let exporter = Exporter::open(self, header, outlets.delivery);
        match exporter {
            Ok(exporter) => Ok(Box::new(exporter)),
            Err(source) => Err(CannotOpen { what: self.endpoint.clone(), source }),
        }
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
