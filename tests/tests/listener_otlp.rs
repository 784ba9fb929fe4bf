//! The OTLP listener against a strict receiver, over both wires: what arrives, and what becomes of it when nothing does.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bevy_ecs::world::World;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::trace::v1::Span as OtlpSpan;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use throng_components::attempt_phases::AttemptPhases;
use throng_components::clock::{ClockKind, Nanos};
use throng_components::run::{RunHeader, StepHeader};
use throng_components::sample::{ErrorType, Sample, SampleKind, SampleOutcome, StepId};
use throng_components::sample_block::SampleBlock;
use throng_components::scenario::ScenarioId;
use throng_components::trace::TraceContext;
use throng_components::virtual_user::UserId;
use throng_components::workload::{Entry, Node, Scalar, Span, Spanned};
use throng_systems::plugins::Named;
use throng_systems::plugins::listeners::{
    ALL, Delivery, ListenerEvent, Outlets, Progress, ScenarioStanding, Worker,
};
use throng_tests::support::{
    Conduct, OtlpSink, Received, Wire, attribute, check_metrics, check_spans, string_attribute,
};

const LIMIT: Duration = Duration::from_secs(20);

fn entry(value: Scalar) -> Entry {
    Entry::new(value, Span::default())
}

fn text(value: &str) -> Entry {
    entry(Scalar::Text(value.to_owned()))
}

fn node(name: &str, arguments: &[&str], properties: &[(&str, &str)], children: Vec<Node>) -> Node {
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
fn listener(wire: Wire, url: &str, ratio: &str) -> Node {
    let protocol = if wire == Wire::Http { "http" } else { "grpc" };
    let children = vec![
        node("metrics", &[], &[("every", "5s")], vec![]),
        node("traces", &[], &[("ratio", ratio)], vec![]),
    ];
    node("listener", &["otlp", url], &[("protocol", protocol)], children)
}

fn header() -> RunHeader {
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
        epoch_unix_ns: 1_767_225_600_000_000_000,
        scenarios: vec!["crowd".to_owned()],
        steps: vec![step("home", "http", "GET"), step("login", "http", "POST"), step("nothing", "noop", "")],
        groups: vec!["checkout".to_owned()],
        trace: TraceContext { run: 0x0192_4567_89ab_cdef_0123, ratio: 1.0, propagate: true },
    }
}

fn open(node: &Node) -> (Box<dyn Worker>, Arc<Delivery>) {
    let kind = ALL.iter().find(|kind| kind.spec().name == "otlp").expect("the kind is in the table");
    let install = (kind.read)(node).unwrap_or_else(|problems| panic!("{problems:?}"));
    let mut world = World::new();
    let mut entity = world.spawn_empty();
    install(&mut entity);
    let id = entity.id();
    let delivery = Arc::new(Delivery::default());
    let outlets = Outlets { directory: ".".into(), terminal: false, delivery: delivery.clone() };
    let worker = (kind.open)(world.entity(id), &header(), outlets).expect("the listener is on its entity");
    (worker.unwrap_or_else(|error| panic!("{error:?}")), delivery)
}

/// How long a caller waits.
#[expect(
    clippy::disallowed_methods,
    reason = "a bound on the machine's time: there is no run, and no clock of one"
)]
fn time_taken(task: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    task();
    begun.elapsed()
}

/// An iteration of two steps, the way a shard tells it: attempts as they end, then the iteration.
fn iteration(number: u64) -> [Sample; 3] {
    let start = Nanos(number * 1_000_000);
    let attempt = Sample {
        due: start,
        ready: start + Nanos(1_000),
        unblocked: start + Nanos(2_000),
        started: start + Nanos(3_000),
        ended: start + Nanos(203_000),
        user: UserId::new(ScenarioId(0), number % 50 + 1),
        iteration: number,
        step: StepId(0),
        group: 0,
        status: 200,
        error: ErrorType::NONE,
        bytes_sent: 100,
        bytes_received: 1_000,
        ordinal: 0,
        kind: SampleKind::Attempt,
        outcome: SampleOutcome::Succeeded,
        attempt: 1,
        warm_up: false,
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

fn feed(worker: &mut dyn Worker, samples: Vec<Sample>) {
    worker.receive(&ListenerEvent::Samples(Arc::new(samples.into())));
    worker.tick();
}

fn progress(users: u64) -> ListenerEvent {
    let standing = ScenarioStanding { users, running: 3, backlog: 1, ..ScenarioStanding::default() };
    ListenerEvent::Progress(Arc::new(Progress { scenarios: vec![standing], ..Progress::default() }))
}

/// Fails with everything that the receiver found wrong.
fn assert_right(received: &Received) {
    let found = [received.wrong.clone(), check_spans(received), check_metrics(received)].concat();
    assert!(found.is_empty(), "{} findings, the first: {:#?}", found.len(), &found[..found.len().min(5)]);
}

/// Distinct spans of a kind.
fn distinct(received: &Received, kind: SpanKind) -> Vec<&OtlpSpan> {
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

fn all_points(received: &Received) -> u64 {
    received.metrics.iter().flatten().map(points).sum()
}

/// Counts of a histogram in the last export, by a text attribute.
fn counts(received: &Received, metric: &str, by: &str) -> HashMap<String, u64> {
    let last = received.metrics.last().expect("metrics came");
    let found = last.iter().find(|found| found.name == metric).unwrap_or_else(|| panic!("no {metric}"));
    let Some(Data::ExponentialHistogram(data)) = &found.data else { panic!("{metric} is no histogram") };
    let mut counts = HashMap::new();
    for point in &data.data_points {
        *counts.entry(string_attribute(&point.attributes, by).to_owned()).or_default() += point.count;
    }
    counts
}

fn every_iteration_is_a_whole_trace(wire: Wire) {
    let sink = OtlpSink::start(wire).expect("a receiver");
    let (mut worker, delivery) = open(&listener(wire, &sink.url(), "100%"));
    let all: Vec<Sample> = (1..=1_500).flat_map(iteration).collect();
    for block in all.chunks(100) {
        feed(worker.as_mut(), block.to_vec());
    }
    worker.receive(&progress(50));
    worker.tick();
    worker.close(LIMIT);

    let received = sink.received();
    assert_right(&received);
    let clients = distinct(&received, SpanKind::Client);
    let roots = distinct(&received, SpanKind::Internal);
    assert_eq!((clients.len(), roots.len()), (3_000, 1_501), "1,500 iterations and the run");
    assert_eq!(delivery.read(), (4_501 + all_points(&received), 0));
    assert_eq!(received.spans.len(), 4_501, "none came twice");

    let trace = header().trace;
    let id = trace.trace_id(iteration(7)[0].user, 7);
    let login = clients
        .iter()
        .find(|span| span.trace_id == id.to_be_bytes() && span.name == "POST login")
        .expect("the seventh iteration's login");
    assert_eq!(login.span_id, trace.span_id(id, Some(1)).to_be_bytes(), "the id that traceparent carried");
    assert_eq!(login.parent_span_id, trace.span_id(id, None).to_be_bytes());
    let [_, second, _] = iteration(7);
    assert_eq!(login.start_time_unix_nano, header().epoch_unix_ns + second.started.0);
    assert_eq!(login.end_time_unix_nano, header().epoch_unix_ns + second.ended.0);
    assert_eq!(attribute(&login.attributes, "http.response.status_code"), Some(&Value::IntValue(200)));
    assert_eq!(attribute(&login.attributes, "throng.lateness_ns"), Some(&Value::IntValue(500)));
    assert_eq!(string_attribute(&login.attributes, "server.address"), "shop.example");
    let run = roots.iter().find(|span| span.name == "throng run").expect("the run's own span");
    assert!(roots.iter().all(|root| root.name == "throng run" || root.links[0].span_id == run.span_id));
    assert_eq!(run.end_time_unix_nano, header().epoch_unix_ns + iteration(1_500)[2].ended.0);

    assert_eq!(counts(&received, "throng.lateness", "throng.scenario")["crowd"], 3_000);
    let requests = counts(&received, "http.client.request.duration", "throng.step");
    assert_eq!((requests["home"], requests["login"]), (1_500, 1_500));
}

#[test]
fn every_iteration_is_a_whole_trace_over_http() {
    every_iteration_is_a_whole_trace(Wire::Http);
}

#[test]
fn every_iteration_is_a_whole_trace_over_grpc() {
    every_iteration_is_a_whole_trace(Wire::Grpc);
}

#[test]
fn phases_that_happened_are_attributes() {
    let sink = OtlpSink::start(Wire::Http).expect("a receiver");
    let (mut worker, _) = open(&listener(Wire::Http, &sink.url(), "100%"));
    let [first, second, whole] = iteration(1);
    let mut block = SampleBlock::default();
    let open = AttemptPhases { first_byte: Nanos(20), body: Nanos(3), ..AttemptPhases::NONE };
    block.push_phased(first, AttemptPhases { connect: Nanos(70), tls: Nanos(80), ..open });
    block.push_phased(second, open);
    block.push(whole);
    worker.receive(&ListenerEvent::Samples(Arc::new(block)));
    worker.close(LIMIT);
    let received = sink.received();
    assert_right(&received);
    let of = |name: &str| {
        let span = received.spans.iter().find(|span| span.name.ends_with(name)).expect("its span");
        AttemptPhases::NAMES.map(|phase| match attribute(&span.attributes, &format!("throng.{phase}_ns")) {
            Some(Value::IntValue(length)) => Some(*length),
            _ => None,
        })
    };
    assert_eq!(of("home"), [None, Some(70), Some(80), Some(20), Some(3)]);
    assert_eq!(of("login"), [None, None, None, Some(20), Some(3)]);
    assert_eq!(of("crowd"), [None; 5]);
}

#[test]
fn failures_retries_and_cuts_are_told_apart() {
    let sink = OtlpSink::start(Wire::Http).expect("a receiver");
    let (mut worker, delivery) = open(&listener(Wire::Http, &sink.url(), "100%"));
    let [first, second, whole] = iteration(1);
    let refused = Sample { error: ErrorType::TIMEOUT, status: 0, outcome: SampleOutcome::Failed, ..first };
    let again = Sample { error: ErrorType::status(503), status: 503, attempt: 2, ordinal: 2, ..refused };
    let cut = Sample { outcome: SampleOutcome::Cut, status: 0, ..second };
    let unsent = Sample { attempt: 0, ordinal: 3, error: ErrorType::UNSET_VARIABLE, ..refused };
    let noop = Sample { step: StepId(2), status: 0, ordinal: 4, ..second };
    let warm = iteration(2).map(|sample| Sample { warm_up: true, ..sample });
    let failed = Sample { outcome: SampleOutcome::Failed, ..whole };
    let block = vec![refused, again, cut, unsent, noop, failed, warm[0], warm[1], warm[2]];
    assert_eq!(
        worker.counter()(&ListenerEvent::Samples(Arc::new(block.clone().into()))),
        8 + 9,
        "spans and measurements"
    );
    feed(worker.as_mut(), block);
    worker.close(LIMIT);

    let received = sink.received();
    assert_right(&received);
    assert_eq!(delivery.read().1, 0);
    let named = |name: &str, key: &str, value: &Value| {
        let found = received.spans.iter().find(|span| {
            span.name == name && attribute(&span.attributes, key).is_some_and(|found| found == value)
        });
        found.unwrap_or_else(|| panic!("no `{name}` with {key} = {value:?}"))
    };
    let timeout = named("GET home", "error.type", &Value::StringValue("timeout".to_owned()));
    assert_eq!(timeout.status.as_ref().map(|status| status.code), Some(2));
    assert!(attribute(&timeout.attributes, "http.response.status_code").is_none());
    let retry = named("GET home", "http.request.resend_count", &Value::IntValue(1));
    assert_eq!(string_attribute(&retry.attributes, "error.type"), "503");
    let cut = named("POST login", "throng.cut", &Value::BoolValue(true));
    assert_eq!(cut.status.as_ref().map_or(0, |status| status.code), 0);
    assert_eq!(
        named("crowd", "throng.iteration", &Value::IntValue(1)).status.as_ref().map(|s| s.code),
        Some(2)
    );
    let warm = named("crowd", "throng.warm_up", &Value::BoolValue(true));
    assert_eq!(attribute(&warm.attributes, "throng.iteration"), Some(&Value::IntValue(2)));
    let noop = named("noop nothing", "network.protocol.name", &Value::StringValue("noop".to_owned()));
    assert!(attribute(&noop.attributes, "http.request.method").is_none());

    // As the summary counts: no warm-up, no cut steps, the unsent one only as a step.
    let requests = counts(&received, "http.client.request.duration", "error.type");
    assert_eq!(requests, HashMap::from([("timeout".to_owned(), 1), ("503".to_owned(), 1)]));
    let steps = counts(&received, "throng.step.response.duration", "error.type");
    assert_eq!((steps["unset-variable"], steps[""], steps.values().sum::<u64>()), (1, 1, 4));
    assert_eq!(counts(&received, "throng.lateness", "throng.scenario")["crowd"], 3);
}

#[test]
fn a_group_stands_between_an_iteration_and_its_steps() {
    let sink = OtlpSink::start(Wire::Http).expect("a receiver");
    let (mut worker, _) = open(&listener(Wire::Http, &sink.url(), "100%"));
    let [first, second, whole] = iteration(1);
    let second = Sample { group: 2, ..second };
    let tried = Sample { kind: SampleKind::Retried, outcome: SampleOutcome::Failed, group: 2, ..first };
    let tried = Sample { error: ErrorType::TIMEOUT, ordinal: 7, ..tried };
    let group = |ordinal, group| Sample { kind: SampleKind::Group, step: StepId(0), ordinal, group, ..whole };
    feed(worker.as_mut(), vec![first, tried, second, group(2, 1), group(1, 0), whole]);
    worker.close(LIMIT);

    let received = sink.received();
    assert_right(&received);
    let trace = header().trace;
    let id = trace.trace_id(whole.user, whole.iteration);
    let parent = |span_id: u64| {
        let found = received.spans.iter().find(|span| span.span_id == span_id.to_be_bytes());
        found.unwrap_or_else(|| panic!("no span {span_id:x}")).parent_span_id.clone()
    };
    let (inner, outer) = (trace.group_span_id(id, 2), trace.group_span_id(id, 1));
    let root = trace.span_id(id, None);
    assert_eq!(parent(trace.span_id(id, Some(0))), root.to_be_bytes());
    assert_eq!(parent(trace.span_id(id, Some(1))), inner.to_be_bytes());
    assert_eq!(parent(trace.span_id(id, Some(7))), inner.to_be_bytes());
    assert_eq!(parent(inner), outer.to_be_bytes());
    assert_eq!(parent(outer), root.to_be_bytes());
    // A try that another one follows is a request, and no step's end.
    let requests = counts(&received, "http.client.request.duration", "throng.step");
    let steps = counts(&received, "throng.step.response.duration", "throng.step");
    assert_eq!((requests["home"], steps["home"]), (2, 1));
}

#[test]
fn a_ratio_keeps_traces_whole() {
    let sink = OtlpSink::start(Wire::Http).expect("a receiver");
    let (mut worker, delivery) = open(&listener(Wire::Http, &sink.url(), "10%"));
    feed(worker.as_mut(), (1..=2_000).flat_map(iteration).collect());
    worker.close(LIMIT);
    let received = sink.received();
    assert_right(&received);
    let iterations = distinct(&received, SpanKind::Internal).len() - 1;
    // 200 expected with a standard deviation of 13; six of them.
    assert!((120..280).contains(&iterations), "{iterations}");
    assert_eq!(distinct(&received, SpanKind::Client).len(), 2 * iterations);
    assert_eq!(delivery.read(), (received.spans.len() as u64 + all_points(&received), 0));
}

fn gauges_and_totals_go_out_each_interval(wire: Wire) {
    let sink = OtlpSink::start(wire).expect("a receiver");
    let (mut worker, delivery) = open(&listener(wire, &sink.url(), "1%"));
    for (interval, users) in [10, 20, 30].into_iter().enumerate() {
        feed(worker.as_mut(), (0..100).flat_map(|i| iteration(interval as u64 * 100 + i + 1)).collect());
        worker.receive(&progress(users));
        worker.tick();
        assert!(sink.wait(LIMIT, |received| received.metrics.len() == interval + 1), "interval {interval}");
    }
    worker.close(LIMIT);
    let received = sink.received();
    assert_right(&received);
    assert_eq!(received.metrics.len(), 4, "three intervals and the totals at the end");
    let users: Vec<String> = received
        .metrics
        .iter()
        .flatten()
        .filter(|metric| metric.name == "throng.users")
        .map(|metric| match &metric.data {
            Some(Data::Gauge(gauge)) => format!("{:?}", gauge.data_points[0].value),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(users, ["Some(AsInt(10))", "Some(AsInt(20))", "Some(AsInt(30))", "Some(AsInt(30))"]);
    let ended = received.metrics[3].iter().find(|metric| metric.name == "throng.iterations");
    let Some(Data::Sum(sum)) = ended.and_then(|metric| metric.data.as_ref()) else { panic!("no counter") };
    assert!(sum.is_monotonic);
    assert_eq!(format!("{:?}", sum.data_points[0].value), "Some(AsInt(300))");
    assert_eq!(delivery.read(), (received.spans.len() as u64 + all_points(&received), 0));
}

#[test]
fn gauges_and_totals_go_out_each_interval_over_http() {
    gauges_and_totals_go_out_each_interval(Wire::Http);
}

#[test]
fn gauges_and_totals_go_out_each_interval_over_grpc() {
    gauges_and_totals_go_out_each_interval(Wire::Grpc);
}

fn a_receiver_that_refuses_for_a_while_loses_nothing(wire: Wire) {
    let sink = OtlpSink::start(wire).expect("a receiver");
    sink.conduct(Conduct::Refuse);
    let (mut worker, delivery) = open(&listener(wire, &sink.url(), "100%"));
    feed(worker.as_mut(), (1..=1_000).flat_map(iteration).collect());
    assert!(sink.wait(LIMIT, |received| received.requests > 0), "it was tried");
    sink.conduct(Conduct::Accept);
    worker.close(LIMIT);
    let received = sink.received();
    assert_right(&received);
    assert_eq!(received.spans.len(), 3_001);
    assert_eq!(delivery.read(), (3_001 + all_points(&received), 0));
}

#[test]
fn a_receiver_that_refuses_for_a_while_loses_nothing_over_http() {
    a_receiver_that_refuses_for_a_while_loses_nothing(Wire::Http);
}

#[test]
fn a_receiver_that_refuses_for_a_while_loses_nothing_over_grpc() {
    a_receiver_that_refuses_for_a_while_loses_nothing(Wire::Grpc);
}

fn a_receiver_that_comes_back_gets_all(wire: Wire) {
    let first = OtlpSink::start(wire).expect("a receiver");
    let address = first.address();
    let (mut worker, delivery) = open(&listener(wire, &first.url(), "100%"));
    feed(worker.as_mut(), (1..=400).flat_map(iteration).collect());
    let before = first.received();
    assert!(!before.spans.is_empty(), "full batches were sent");
    drop(first);
    feed(worker.as_mut(), (401..=800).flat_map(iteration).collect());
    let second = OtlpSink::start_at(wire, address).expect("the address is free again");
    worker.close(LIMIT);
    let mut received = second.received();
    received.spans.extend(before.spans);
    assert_right(&received);
    assert_eq!(distinct(&received, SpanKind::Client).len(), 1_600);
    assert_eq!(delivery.read().1, 0);
}

#[test]
fn a_receiver_that_comes_back_gets_all_over_http() {
    a_receiver_that_comes_back_gets_all(Wire::Http);
}

#[test]
fn a_receiver_that_comes_back_gets_all_over_grpc() {
    a_receiver_that_comes_back_gets_all(Wire::Grpc);
}

fn without_a_receiver_memory_is_bounded_and_loss_counted(wire: Wire) {
    let sink = OtlpSink::start(wire).expect("a receiver");
    let url = sink.url();
    drop(sink);
    let (mut worker, delivery) = open(&listener(wire, &url, "100%"));
    let mut spans = 0;
    for block in 0..50 {
        let samples: Vec<Sample> = (1..=1_000).flat_map(|i| iteration(block * 1_000 + i)).collect();
        spans += samples.len() as u64;
        feed(worker.as_mut(), samples);
    }
    let (delivered, lost) = delivery.read();
    assert_eq!(delivered, 0);
    assert_eq!(lost, spans - 131_072, "what is beyond the bound is lost at once");
    let taken = time_taken(|| worker.close(LIMIT));
    assert!(taken < LIMIT / 2, "an absent receiver is given up on early");
    // The run's span, and six data points: responses and requests of two steps, lateness, iterations.
    assert_eq!(delivery.read(), (0, spans + 1 + 6));
}

#[test]
fn without_a_receiver_memory_is_bounded_and_loss_counted_over_http() {
    without_a_receiver_memory_is_bounded_and_loss_counted(Wire::Http);
}

#[test]
fn without_a_receiver_memory_is_bounded_and_loss_counted_over_grpc() {
    without_a_receiver_memory_is_bounded_and_loss_counted(Wire::Grpc);
}

fn a_receiver_that_hangs_never_holds_up_the_end(wire: Wire) {
    let sink = OtlpSink::start(wire).expect("a receiver");
    sink.conduct(Conduct::Hang);
    let (mut worker, delivery) = open(&listener(wire, &sink.url(), "100%"));
    worker
        .receive(&ListenerEvent::Samples(Arc::new((1..=100).flat_map(iteration).collect::<Vec<_>>().into())));
    let taken = time_taken(move || {
        worker.close(Duration::from_millis(300));
        drop(worker);
    });
    // Less than one export's own timeout of 2 s: the limit counts.
    assert!(taken < Duration::from_millis(1_900), "{taken:?}");
    assert_eq!(delivery.read(), (0, 301 + 6));
}

#[test]
fn a_receiver_that_hangs_never_holds_up_the_end_over_http() {
    a_receiver_that_hangs_never_holds_up_the_end(Wire::Http);
}

#[test]
fn a_receiver_that_hangs_never_holds_up_the_end_over_grpc() {
    a_receiver_that_hangs_never_holds_up_the_end(Wire::Grpc);
}

#[test]
fn what_is_wrong_in_the_node_is_said_before_the_run() {
    let kind = ALL.iter().find(|kind| kind.spec().name == "otlp").expect("the kind is in the table");
    let codes = |node: &Node| match (kind.read)(node) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.into_sorted().into_iter().map(|problem| problem.code).collect(),
    };
    let child = |name: &str, key: &str, value: &str| {
        let child = node(name, &[], &[(key, value)], vec![]);
        node("listener", &["otlp", "http://localhost"], &[], vec![child])
    };
    assert_eq!(codes(&node("listener", &["otlp"], &[], vec![])), ["T0020"]);
    assert_eq!(codes(&node("listener", &["otlp", "localhost"], &[], vec![])), ["T0130"]);
    assert_eq!(codes(&node("listener", &["otlp", "https://localhost"], &[], vec![])), ["T0131"]);
    assert_eq!(
        codes(&node("listener", &["otlp", "http://localhost"], &[("protocol", "udp")], vec![])),
        ["T0027"]
    );
    assert_eq!(codes(&child("traces", "ratio", "101%")), ["T0025"]);
    assert_eq!(codes(&child("metrics", "every", "1ms")), ["T0026"]);
    assert_eq!(codes(&child("traces", "slowest", "10")), ["T0028"]);
    assert_eq!(codes(&child("logs", "ratio", "1%")), ["T0028"]);
    assert!(codes(&node("listener", &["otlp", "http://localhost"], &[("name", "main")], vec![])).is_empty());
}
