//! Spans: each iteration is a whole trace, and says how its steps went.

use std::collections::HashMap;
use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use throng_components::attempt_phases::AttemptPhases;
use throng_components::clock::Nanos;
use throng_components::sample::{ErrorType, Sample, SampleKind, SampleOutcome, StepId};
use throng_components::sample_block::SampleBlock;
use throng_systems::plugins::listeners::ListenerEvent;
use throng_tests::support::otlp_listener::{
    all_points, assert_right, counts, distinct, feed, header, iteration, listener, open, progress,
};
use throng_tests::support::{OtlpSink, Wire, attribute, string_attribute};

use crate::LIMIT;

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

    // As the summary counts: no warm-up, no cut steps, the unsent one apart from all times.
    let requests = counts(&received, "http.client.request.duration", "error.type");
    assert_eq!(requests, HashMap::from([("timeout".to_owned(), 1), ("503".to_owned(), 1)]));
    let steps = counts(&received, "throng.step.response.duration", "error.type");
    assert_eq!((steps.get("unset-variable"), steps[""], steps.values().sum::<u64>()), (None, 1, 3));
    let unsent = counts(&received, "throng.step.unsent", "error.type");
    assert_eq!(unsent, HashMap::from([("unset-variable".to_owned(), 1)]));
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
