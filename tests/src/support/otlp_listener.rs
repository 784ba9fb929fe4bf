//! The OTLP listener as a run would have it: opened from a node, fed with samples, looked at where they arrive.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bevy_ecs::world::World;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::trace::v1::Span as OtlpSpan;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use throng_components::clock::{ClockKind, Nanos};
use throng_components::run::{RunHeader, StepHeader};
use throng_components::sample::{Sample, SampleKind, StepId};
use throng_components::scenario::ScenarioId;
use throng_components::trace::TraceContext;
use throng_components::virtual_user::UserId;
use throng_components::workload::{Entry, Node, Scalar, Span, Spanned};
use throng_systems::plugins::Named;
use throng_systems::plugins::listeners::{
    ALL, Delivery, ListenerEvent, Outlets, Progress, ScenarioStanding, Worker,
};

use super::otlp_checks::{check_metrics, check_spans, string_attribute};
use super::otlp_sink::{Received, Wire};

fn entry(value: Scalar) -> Entry {
    Entry::new(value, Span::default())
}

fn text(value: &str) -> Entry {
    entry(Scalar::Text(value.to_owned()))
}

/// A node as the loader would make it of texts.
pub fn node(name: &str, arguments: &[&str], properties: &[(&str, &str)], children: Vec<Node>) -> Node {
    Node {
        name: Spanned::new(name.to_owned(), Span::default()),
        arguments: arguments.iter().map(|argument| text(argument)).collect(),
        properties: properties
            .iter()
            .map(|(key, value)| (Spanned::new((*key).to_owned(), Span::default()), text(value)))
            .collect(),
        children,
        span: Span::default(),
    }
}

/// `listener otlp URL protocol=… { metrics every="5s"; traces ratio="100%" }`
pub fn listener(wire: Wire, url: &str, ratio: &str) -> Node {
    let protocol = if wire == Wire::Http { "http" } else { "grpc" };
    let children = vec![
        node("metrics", &[], &[("every", "5s")], vec![]),
        node("traces", &[], &[("ratio", ratio)], vec![]),
    ];
    node("listener", &["otlp", url], &[("protocol", protocol)], children)
}

/// The header of a run with one scenario, three steps and a group.
pub fn header() -> RunHeader {
    let step = |name: &str, protocol, method: &str| StepHeader {
        name: name.to_owned(),
        protocol,
        method: method.to_owned(),
        address: "shop.example".to_owned(),
        port: 8080,
    };
    RunHeader {
        run_id: "0192".to_owned(),
        throng: "0.1.0",
        workload: "shop.kdl".to_owned(),
        clock: ClockKind::Real,
        speed: throng::components::speed::Speed::ONE,
        epoch_unix_ns: 1_767_225_600_000_000_000,
        scenarios: vec!["crowd".to_owned()],
        steps: vec![step("home", "http", "GET"), step("login", "http", "POST"), step("nothing", "noop", "")],
        groups: vec!["checkout".to_owned()],
        services: Vec::new(),
        trace: TraceContext { run: 0x0192_4567_89ab_cdef_0123, ratio: 1.0, propagate: true },
        origin: Arc::default(),
    }
}

/// Opens the listener of a node, and gives what it counts.
///
/// # Panics
/// When the node is wrong or the listener cannot be opened.
pub fn open(node: &Node) -> (Box<dyn Worker>, Arc<Delivery>) {
    let kind = ALL.iter().find(|kind| kind.spec().name == "otlp").expect("the kind is in the table");
    let install = (kind.read)(node).unwrap_or_else(|problems| panic!("{problems:?}"));
    let mut world = World::new();
    let mut entity = world.spawn_empty();
    install(&mut entity);
    let id = entity.id();
    let delivery = Arc::new(Delivery::default());
    let outlets =
        Outlets { directory: ".".into(), terminal: false, resumed: false, delivery: delivery.clone() };
    let worker = (kind.open)(world.entity(id), &header(), outlets).expect("the listener is on its entity");
    (worker.unwrap_or_else(|error| panic!("{error:?}")), delivery)
}

/// An iteration of two steps, the way a shard tells it: attempts as they end, then the iteration.
pub fn iteration(number: u64) -> [Sample; 3] {
    let start = Nanos(number * 1_000_000);
    let user = UserId::new(ScenarioId(0), number % 50 + 1);
    let attempt = Sample {
        due: start,
        ready: start + Nanos(1_000),
        unblocked: start + Nanos(2_000),
        started: start + Nanos(3_000),
        ended: start + Nanos(203_000),
        status: 200,
        bytes_sent: 100,
        bytes_received: 1_000,
        ..Sample::empty(user, number, SampleKind::Attempt)
    };
    let second = Sample {
        due: attempt.ended,
        ready: attempt.ended,
        unblocked: attempt.ended,
        started: attempt.ended + Nanos(500),
        ended: attempt.ended + Nanos(800_500),
        step: StepId(1),
        ordinal: 1,
        ..attempt
    };
    let whole = Sample {
        ended: second.ended,
        started: attempt.ready,
        unblocked: attempt.ready,
        status: 0,
        attempt: 0,
        kind: SampleKind::Iteration,
        ..attempt
    };
    [attempt, second, whole]
}

/// Gives a listener samples, and lets it do its work.
pub fn feed(worker: &mut dyn Worker, samples: Vec<Sample>) {
    worker.receive(&ListenerEvent::Samples(Arc::new(samples.into())));
    worker.tick();
}

/// How a run with so many users stands.
pub fn progress(users: u64) -> ListenerEvent {
    let standing = ScenarioStanding { users, running: 3, backlog: 1, ..ScenarioStanding::default() };
    ListenerEvent::Progress(Arc::new(Progress { scenarios: vec![standing], ..Progress::default() }))
}

/// Fails with everything that the receiver found wrong.
///
/// # Panics
/// When there is anything.
pub fn assert_right(received: &Received) {
    let found = [received.wrong.clone(), check_spans(received), check_metrics(received)].concat();
    assert!(found.is_empty(), "{} findings, the first: {:#?}", found.len(), &found[..found.len().min(5)]);
}

/// Distinct spans of a kind.
pub fn distinct(received: &Received, kind: SpanKind) -> Vec<&OtlpSpan> {
    let mut seen = HashSet::new();
    received
        .spans
        .iter()
        .filter(|span| span.kind() == kind && seen.insert((&span.trace_id, &span.span_id)))
        .collect()
}

fn points(metric: &Metric) -> u64 {
    let points = match &metric.data {
        Some(Data::ExponentialHistogram(data)) => data.data_points.len(),
        Some(Data::Sum(data)) => data.data_points.len(),
        Some(Data::Gauge(data)) => data.data_points.len(),
        _ => 0,
    };
    points as u64
}

/// Points of all metrics in all exports.
pub fn all_points(received: &Received) -> u64 {
    received.metrics.iter().flatten().map(points).sum()
}

/// Counts of a histogram in the last export, by a text attribute.
///
/// # Panics
/// When there is no such histogram.
pub fn counts(received: &Received, metric: &str, by: &str) -> HashMap<String, u64> {
    let last = received.metrics.last().expect("metrics came");
    let found = last.iter().find(|found| found.name == metric).unwrap_or_else(|| panic!("no {metric}"));
    let mut counts = HashMap::new();
    let mut add = |attributes: &[_], count| {
        *counts.entry(string_attribute(attributes, by).to_owned()).or_default() += count;
    };
    match &found.data {
        Some(Data::ExponentialHistogram(data)) => {
            data.data_points.iter().for_each(|point| add(&point.attributes, point.count));
        }
        Some(Data::Sum(data)) => data.data_points.iter().for_each(|point| match point.value {
            Some(Value::AsInt(sum)) => add(&point.attributes, sum.unsigned_abs()),
            _ => panic!("{metric} counts no whole numbers"),
        }),
        _ => panic!("{metric} is neither a histogram nor a sum"),
    }
    counts
}
