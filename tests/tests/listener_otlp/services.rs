//! Spans of modelled services: a simulation tells a whole system's traces, each service's under its own name.

use std::collections::HashMap;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use throng::components::clock::Nanos;
use throng::summary::ServiceSummary;
use throng_tests::simulation::{Observed, Run, run};
use throng_tests::support::otlp_listener::assert_right;
use throng_tests::support::{OtlpSink, Received, Wire, attribute, string_attribute};

/// Three services that all work and sometimes fail; a full queue refuses.
const CALM: &str = "service shop { servers 3; queue fifo limit=20; time exponential mean=\"4ms\"
    calls accounts factor=0.5; calls stock factor=1.5 retries=1 }
service accounts { servers 2; time erlang k=3 mean=\"5ms\"; fails ratio=\"2%\"; calls stock factor=0.3 }
service stock { queue processor-sharing; time exponential mean=\"2ms\"; fails ratio=\"5%\" }";

/// Callers that give up, tries that follow, an outage of who is called and one of who calls.
const STORMY: &str = "service shop { servers 20; time exponential mean=\"4ms\"
    calls stock timeout=\"15ms\" retries=2 backoff=\"3ms\"; outage from=\"1500ms\" for=\"50ms\" }
service stock { servers 2; queue fifo limit=50; time exponential mean=\"9ms\"; calls disk timeout=\"30ms\"
    outage from=\"700ms\" for=\"100ms\" }
service disk { servers 4; queue random; time exponential mean=\"5ms\" }";

/// Users who ask one of the services twice, for two seconds; a share of them is traced.
fn observe(services: &str, ratio: &str, wire: Wire) -> (Received, Observed) {
    observe_until(services, ratio, wire, None)
}

/// The same, cut at an instant.
fn observe_until(services: &str, ratio: &str, wire: Wire, until: Option<Nanos>) -> (Received, Observed) {
    let sink = OtlpSink::start(wire).expect("a receiver");
    let (url, protocol) = (sink.url(), if wire == Wire::Http { "http" } else { "grpc" });
    let text = format!(
        "throng 1\nseed 11\ntarget shop \"http://shop.example:8080\" {{ timeout \"80ms\" }}\n{services}\n\
         behavior visit {{\n\
         http GET \"/\" name=home\n\
         http POST \"/buy\" name=buy {{ retry 1 backoff=\"5ms\" }}\n\
         }}\n\
         scenario crowd {{ behavior visit; arrivals poisson {{ hold \"150/s\" for=\"2s\" }}; users max=500 }}\n\
         require {{ rate scenario=crowd at-least=\"0%\" }}\n\
         listener otlp \"{url}\" protocol=\"{protocol}\" {{ traces ratio=\"{ratio}\" }}\n"
    );
    let observed = run(Run { text, until, duration: None }).expect("it runs");
    (sink.received(), observed)
}

/// Spans of one kind that a service made.
fn spans_of<'a>(received: &'a Received, service: &'a str, kind: SpanKind) -> impl Iterator<Item = &'a Span> {
    let of_service = move |span: &&Span| received.services[&span.span_id] == service;
    received.spans.iter().filter(move |span| span.kind() == kind).filter(of_service)
}

fn is_cut(span: &Span) -> bool {
    attribute(&span.attributes, "throng.cut") == Some(&Value::BoolValue(true))
}

/// How many spans ended how: by error type, `cut`, or nothing for those that went well.
fn endings<'a>(spans: impl Iterator<Item = &'a Span>) -> HashMap<&'a str, u64> {
    let mut endings = HashMap::new();
    for span in spans {
        let error = string_attribute(&span.attributes, "error.type");
        let failed = span.status.as_ref().is_some_and(|status| status.code == 2);
        assert_eq!(failed, !error.is_empty(), "the status says what the error does: {span:#?}");
        *endings.entry(if is_cut(span) { "cut" } else { error }).or_default() += 1;
    }
    endings
}

fn service<'a>(observed: &'a Observed, name: &str) -> &'a ServiceSummary {
    observed.summary.services.get(name).unwrap_or_else(|| panic!("no service {name}"))
}

/// Checks that a service's spans are all that the summary counts, where every iteration is traced.
fn assert_counted(received: &Received, observed: &Observed, name: &str) {
    let figures = service(observed, name);
    let ended = endings(spans_of(received, name, SpanKind::Server));
    let count = |ending: &str| ended.get(ending).copied().unwrap_or(0);
    // Whom nobody answers has no other side.
    let callers = received.spans.iter().filter(|span| span.kind() == SpanKind::Client).filter(|span| {
        let asked = if name == "shop" { "shop.example" } else { name };
        let attributes = &span.attributes;
        string_attribute(attributes, "server.address") == asked
            || string_attribute(attributes, "service.peer.name") == asked
    });
    let called = endings(callers);
    let requests = &figures.requests;
    let refused_down = called.get("connection_refused").copied().unwrap_or(0);
    assert_eq!(count(""), requests.served, "{name}: {ended:?}");
    assert_eq!(count("500") + count("service_failed"), requests.failed, "{name}: {ended:?}");
    assert_eq!(count("service_full"), requests.refused, "{name}: {ended:?}");
    assert_eq!(count("connection_reset") + refused_down, requests.lost, "{name}: {ended:?}, {called:?}");
    assert_eq!(count("cut"), requests.unfinished, "{name}: {ended:?}");
    assert_eq!(called.values().sum::<u64>(), requests.arrived, "{name}: {called:?}");
    let given_up = called.get("timeout").copied().unwrap_or(0);
    assert!(given_up <= requests.given_up, "{name}: {called:?}");
    let waits: Vec<i64> = spans_of(received, name, SpanKind::Server)
        .filter_map(|span| match attribute(&span.attributes, "throng.wait_ns") {
            Some(Value::IntValue(wait)) => Some(*wait),
            _ => None,
        })
        .collect();
    // A wait that ended after the run is no figure of it.
    assert_eq!(waits.len() as u64, figures.wait_ns.count, "{name}");
    let events = spans_of(received, name, SpanKind::Server).filter(|span| !span.events.is_empty()).count();
    assert_eq!(events, waits.iter().filter(|wait| **wait > 0).count(), "{name}");
}

fn a_whole_system_is_told(wire: Wire) {
    let (received, observed) = observe(CALM, "100%", wire);
    assert_right(&received);
    let listener = observed.summary.listeners.get("otlp").expect("it is there");
    assert_eq!((listener.delivered, listener.lost), (received.spans.len() as u64, 0));
    for name in ["shop", "accounts", "stock"] {
        assert_counted(&received, &observed, name);
    }
    // A user's request and the service's answer to it are one in time, and the step's name is on both.
    let of_users: HashMap<&[u8], &Span> =
        spans_of(&received, "throng", SpanKind::Client).map(|span| (span.span_id.as_slice(), span)).collect();
    for answer in spans_of(&received, "shop", SpanKind::Server) {
        let asked = of_users[answer.parent_span_id.as_slice()];
        assert_eq!(answer.name, asked.name);
        assert_eq!(answer.start_time_unix_nano, asked.start_time_unix_nano);
        if string_attribute(&asked.attributes, "error.type") != "timeout" {
            assert_eq!(answer.end_time_unix_nano, asked.end_time_unix_nano);
        }
        let status = |span: &Span| attribute(&span.attributes, "http.response.status_code").cloned();
        assert_eq!(status(answer), status(asked).or(status(answer)));
    }
    let names: Vec<&str> =
        spans_of(&received, "accounts", SpanKind::Server).map(|span| span.name.as_str()).collect();
    assert!(names.contains(&"home") && names.contains(&"buy"), "{names:?}");
    assert!(spans_of(&received, "accounts", SpanKind::Client).all(|span| span.name == "call stock"));
    assert!(service(&observed, "shop").requests.refused > 0, "a full queue was seen");
    let again = |span: &Span| attribute(&span.attributes, "throng.attempt") == Some(&Value::IntValue(2));
    assert!(spans_of(&received, "shop", SpanKind::Client).any(again), "a call was tried again");
}

#[test]
fn a_whole_system_is_told_over_http() {
    a_whole_system_is_told(Wire::Http);
}

#[test]
fn a_whole_system_is_told_over_grpc() {
    a_whole_system_is_told(Wire::Grpc);
}

#[test]
fn who_gives_up_and_who_is_lost_is_told_honestly() {
    let (received, observed) = observe(STORMY, "100%", Wire::Http);
    assert_right(&received);
    for name in ["shop", "stock", "disk"] {
        assert_counted(&received, &observed, name);
    }
    let stock = endings(spans_of(&received, "shop", SpanKind::Client));
    for ending in ["", "timeout", "connection_reset", "connection_refused", "cut"] {
        assert!(stock.contains_key(ending), "no call ended so: `{ending}`, {stock:?}");
    }
    // A service goes on after its caller has given up.
    let starts: HashMap<_, _> =
        received.spans.iter().map(|span| (&span.span_id, span.end_time_unix_nano)).collect();
    let late = spans_of(&received, "stock", SpanKind::Server)
        .filter(|span| span.end_time_unix_nano > starts[&span.parent_span_id])
        .count();
    assert!(late > 0);
    let tries = spans_of(&received, "shop", SpanKind::Client)
        .filter_map(|span| attribute(&span.attributes, "throng.attempt"))
        .collect::<Vec<_>>();
    assert!(tries.contains(&&Value::IntValue(2)) && tries.contains(&&Value::IntValue(3)));
}

#[test]
fn what_a_cut_finds_under_way_is_cut_whole() {
    for until in [100, 777, 1_501, 1_999] {
        let until = Some(Nanos::from_millis(until));
        let (received, observed) = observe_until(STORMY, "100%", Wire::Http, until);
        assert_right(&received);
        for name in ["shop", "stock", "disk"] {
            assert_counted(&received, &observed, name);
        }
        let cut = received.spans.iter().filter(|span| is_cut(span)).count();
        assert!(cut > 0, "nothing was under way at {until:?}");
    }
}

#[test]
fn a_ratio_keeps_services_in_their_traces() {
    let (received, observed) = observe(CALM, "20%", Wire::Http);
    assert_right(&received);
    let all = service(&observed, "shop").requests.arrived;
    let told = spans_of(&received, "shop", SpanKind::Server).count() as u64;
    // 600 or more, each iteration with 2 or more: a fifth with a standard deviation of 14; five of them.
    assert!((all / 5 - 70..all / 5 + 70).contains(&told), "{told} of {all}");
    let roots = received.spans.iter().filter(|span| span.parent_span_id.is_empty()).count();
    let asked = spans_of(&received, "throng", SpanKind::Client).count() as u64;
    assert_eq!(asked, told, "each traced request has both sides, {roots} traces");
}

#[test]
fn one_seed_tells_the_same() {
    let told = || {
        let (received, _) = observe(STORMY, "100%", Wire::Http);
        let start = received.spans.iter().map(|span| span.start_time_unix_nano).min().expect("spans");
        let mut told: Vec<_> = received
            .spans
            .iter()
            .map(|span| {
                let (from, until) = (span.start_time_unix_nano - start, span.end_time_unix_nano - start);
                let service = received.services[&span.span_id].clone();
                let error = string_attribute(&span.attributes, "error.type").to_owned();
                (from, until, service, span.name.clone(), error, is_cut(span))
            })
            .collect();
        told.sort_unstable();
        told
    };
    assert!(told() == told(), "two runs of one seed differ");
}

#[test]
fn what_services_do_for_nobody_after_the_end_is_cut() {
    let sink = OtlpSink::start(Wire::Http).expect("a receiver");
    let text = format!(
        "throng 1\nseed 1\ntarget shop \"http://shop.example:8080\"\n\
         service shop {{ time constant \"1ms\"; calls stock timeout=\"1ms\" }}\n\
         service stock {{ time constant \"3ms\"; calls disk }}\nservice disk {{ time constant \"1ms\" }}\n\
         behavior visit {{ http GET \"/\" name=home }}\n\
         scenario crew {{ behavior visit; population {{ hold 1 for=\"1s\" }}; iterations 1 }}\n\
         listener otlp \"{}\" {{ traces ratio=\"100%\" }}\n",
        sink.url()
    );
    let observed = run(text.as_str()).expect("it runs");
    let received = sink.received();
    assert_right(&received);
    let start = received.spans.iter().map(|span| span.start_time_unix_nano).min().expect("spans");
    let micros = |at: u64| (at - start) / 1_000;
    let mut told: Vec<_> = received
        .spans
        .iter()
        .filter(|span| span.kind() != SpanKind::Internal)
        .map(|span| {
            let service = received.services[&span.span_id].as_str();
            let (from, until) = (micros(span.start_time_unix_nano), micros(span.end_time_unix_nano));
            let ending = endings(std::iter::once(span)).into_keys().next().unwrap_or_default();
            (service, span.name.as_str(), from, until, ending)
        })
        .collect();
    told.sort_unstable();
    // The disk, which is asked after the last iteration has ended, is in no run.
    let expected = [
        ("shop", "GET home", 0, 2_000, "500"),
        ("shop", "call stock", 1_000, 2_000, "timeout"),
        ("stock", "home", 1_000, 2_000, "cut"),
        ("throng", "GET home", 0, 2_000, "500"),
    ];
    assert_eq!(told, expected);
    assert_eq!(service(&observed, "stock").requests.unfinished, 1);
    assert_eq!(service(&observed, "disk").requests.arrived, 0);
}

/// Spans of a run in which 20,000 users ask once: the iteration's, the request's, the service's, and the run's own.
const CROWD: u64 = 3 * 20_000 + 1;

fn crowd(url: &str) -> Observed {
    let text = format!(
        "throng 1\nseed 1\ntarget shop \"http://shop.example:8080\"\n\
         service shop {{ servers 100; time constant \"10ms\" }}\n\
         behavior visit {{ http GET \"/\" name=home }}\n\
         scenario crowd {{ behavior visit; arrivals even {{ hold \"5000/s\" for=\"4s\" }}; users max=500 }}\n\
         listener otlp \"{url}\" {{ traces ratio=\"100%\" }}\n"
    );
    run(text.as_str()).expect("it runs")
}

#[test]
fn a_simulation_waits_for_a_receiver_that_is_slower() {
    let sink = OtlpSink::start(Wire::Http).expect("a receiver");
    let observed = crowd(&sink.url());
    let received = sink.received();
    assert_right(&received);
    let listener = observed.summary.listeners.get("otlp").expect("it is there");
    // Far more than wait anywhere at one time, made in a moment.
    assert_eq!((listener.delivered, listener.lost, received.spans.len() as u64), (CROWD, 0, CROWD));
}

#[test]
fn a_simulation_ends_without_a_receiver_and_counts_the_loss() {
    let sink = OtlpSink::start(Wire::Http).expect("a receiver");
    let url = sink.url();
    drop(sink);
    let observed = crowd(&url);
    let listener = observed.summary.listeners.get("otlp").expect("it is there");
    assert_eq!((listener.delivered, listener.lost), (0, CROWD));
    assert_eq!(observed.scenario("crowd").iterations.succeeded, 20_000);
}
