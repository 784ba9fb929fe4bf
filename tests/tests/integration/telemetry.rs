//! OpenTelemetry from end to end: the whole run's traces at a strict receiver, directly and by way of somebody else's agent.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::net::TcpStream;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use throng_tests::support::{
    OtlpSink, Process, Received, Recorder, Scripted, Wire, attribute, check_metrics, check_spans, find_tool,
    free_port, scripted_answer, string_attribute, wait_until,
};

use crate::books::{assert_adds_up, assert_lines_agree, assert_nobody_else_is_blamed, count};
use crate::scratch::{CALM, Scratch};

/// Users who each look at two pages and are traced, every one of them.
fn workload(target: &str, receiver: &str, rest: &str) -> Scratch {
    Scratch::new(format!(
        "{CALM}target shop \"{target}\"\n\
         behavior visit {{ http GET \"/home\" name=home; http GET \"/item\" name=item }}\n\
         scenario crew {{ behavior visit; {rest} }}\n\
         listener file \"samples.jsonl\"\n\
         listener otlp \"{receiver}\" name=main {{ metrics every=\"1s\"; traces ratio=\"100%\" }}\n"
    ))
}

const FLAT_OUT: &str = "population { hold 20 for=\"10m\" }; iterations 1500";

fn hexadecimal(id: &[u8]) -> String {
    id.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Spans of one kind, by trace id.
fn by_trace(received: &Received, kind: SpanKind) -> HashMap<String, Vec<&Span>> {
    let mut found: HashMap<_, Vec<&Span>> = HashMap::new();
    for span in received.spans.iter().filter(|span| span.kind() == kind) {
        found.entry(hexadecimal(&span.trace_id)).or_default().push(span);
    }
    found
}

/// Checks that so many iterations of two steps came whole, and that the target was told the ids that were exported.
fn assert_whole(received: &Received, server: &Recorder, iterations: usize) {
    assert_eq!(received.wrong, Vec::<String>::new());
    // Parents that are missing, children outside their parents, ids used twice.
    assert_eq!(check_spans(received), Vec::<String>::new());
    assert_eq!(check_metrics(received), Vec::<String>::new());
    let clients = by_trace(received, SpanKind::Client);
    assert_eq!(clients.len(), iterations, "traces");
    assert!(clients.values().all(|spans| spans.len() == 2), "each has two steps");
    // One span an iteration, and the run's own.
    assert_eq!(received.spans.len(), 3 * iterations + 1);
    let told: HashSet<String> =
        server.seen().requests.iter().map(|request| request.header("traceparent").to_owned()).collect();
    let exported: HashSet<String> = clients
        .iter()
        .flat_map(|(trace, spans)| {
            spans.iter().map(move |span| format!("00-{trace}-{}-01", hexadecimal(&span.span_id)))
        })
        .collect();
    assert_eq!(told.len(), 2 * iterations);
    assert!(told == exported, "{:?}", told.symmetric_difference(&exported).next());
}

fn every_trace_of_a_run_flat_out_arrives_whole(wire: Wire, protocol: &str) {
    let (server, sink) = (Recorder::start().expect("a server"), OtlpSink::start(wire).expect("a receiver"));
    let address = format!("{}\" protocol=\"{protocol}", sink.url());
    let scratch = workload(&server.url(), &address, FLAT_OUT);
    let summary = scratch.run(0);
    let lines = scratch.lines("samples.jsonl");
    assert_adds_up(&summary);
    assert_lines_agree(&summary, &lines);
    assert_eq!(count(&summary, "listeners.main.lost"), 0);
    assert!(count(&summary, "listeners.main.delivered") >= 4_501);
    let received = sink.received();
    assert_whole(&received, &server, 1_500);
    let by_id = by_trace(&received, SpanKind::Client);
    assert!(lines.iter().all(|line| by_id.contains_key(line["trace_id"].as_str().unwrap_or_default())));
}

#[test]
fn every_trace_of_a_run_flat_out_arrives_whole_over_http() {
    every_trace_of_a_run_flat_out_arrives_whole(Wire::Http, "http");
}

#[test]
fn every_trace_of_a_run_flat_out_arrives_whole_over_grpc() {
    every_trace_of_a_run_flat_out_arrives_whole(Wire::Grpc, "grpc");
}

#[test]
fn a_receiver_that_dies_costs_its_records_and_nothing_else() {
    let (server, sink) =
        (Recorder::start().expect("a server"), OtlpSink::start(Wire::Http).expect("a receiver"));
    // Open, so that the run goes on after the receiver has gone, whenever that is.
    let scratch =
        workload(&server.url(), &sink.url(), "arrivals even { hold \"200/s\" for=\"2s\" }; overflow queue");
    let mut run = scratch.start_run();
    assert!(wait_until(|| server.requests() >= 20 || run.has_ended()), "nothing was sent");
    drop(sink);
    let summary = scratch.ended(run, 0);
    assert_adds_up(&summary);
    assert_lines_agree(&summary, &scratch.lines("samples.jsonl"));
    assert_eq!(count(&summary, "scenarios.crew.iterations.succeeded"), 400);
    assert_eq!(server.requests(), 800);
    assert!(count(&summary, "listeners.main.lost") > 0);
    assert_eq!(count(&summary, "listeners.file.lost"), 0);
    assert_nobody_else_is_blamed(&summary);
}

/// Somebody else's agent, which passes on what it gets.
struct Agent {
    process: Process,
    /// Where it takes OTLP over HTTP.
    url: String,
}

impl Agent {
    /// Starts it; `None` when it is not installed.
    fn start(scratch: &Scratch, exporter: &str) -> Option<Self> {
        let program = find_tool("rotel-agent")?;
        let (http, grpc) = (free_port().expect("a port"), free_port().expect("a port"));
        let mut command = Process::command(program);
        command.args(["start", "--exporter", "otlp", "--otlp-exporter-protocol", "http"]);
        command.args(["--otlp-exporter-endpoint", exporter, "--batch-timeout", "100ms"]);
        command.arg("--otlp-http-endpoint").arg(http.address.to_string());
        command.arg("--otlp-grpc-endpoint").arg(grpc.address.to_string());
        let mut process = Process::start(command, &scratch.path("."), "agent").expect("it starts");
        let listens = wait_until(|| TcpStream::connect(http.address).is_ok() || process.has_ended());
        assert!(listens && !process.has_ended(), "{}", scratch.read("agent.stderr"));
        Some(Self { process, url: format!("http://{}", http.address) })
    }
}

#[test]
fn traces_arrive_whole_by_way_of_another_agent() {
    let (server, sink) =
        (Recorder::start().expect("a server"), OtlpSink::start(Wire::Http).expect("a receiver"));
    let yard = Scratch::new("");
    let Some(mut agent) = Agent::start(&yard, &sink.url()) else { return };
    let scratch = workload(&server.url(), &agent.url, FLAT_OUT);
    let summary = scratch.run(0);
    assert_adds_up(&summary);
    assert_eq!(count(&summary, "listeners.main.lost"), 0);
    // The agent passes on in batches of its own; ending it in good order flushes the last one.
    agent.process.signal(nix::sys::signal::Signal::SIGTERM);
    assert!(wait_until(|| agent.process.has_ended()), "the agent runs on");
    // The agent's batches may be larger than throng's own.
    let mut received = sink.received();
    received.wrong.retain(|wrong| !wrong.starts_with("a request of "));
    assert_whole(&received, &server, 1_500);
}

#[test]
fn an_agent_killed_in_mid_run_costs_its_records_and_nothing_else() {
    let (server, sink) =
        (Recorder::start().expect("a server"), OtlpSink::start(Wire::Http).expect("a receiver"));
    let yard = Scratch::new("");
    let Some(mut agent) = Agent::start(&yard, &sink.url()) else { return };
    let scratch =
        workload(&server.url(), &agent.url, "arrivals even { hold \"200/s\" for=\"2s\" }; overflow queue");
    let mut run = scratch.start_run();
    assert!(wait_until(|| server.requests() >= 20 || run.has_ended()), "nothing was sent");
    agent.process.signal(nix::sys::signal::Signal::SIGKILL);
    let summary = scratch.ended(run, 0);
    assert_adds_up(&summary);
    assert_eq!(count(&summary, "scenarios.crew.iterations.succeeded"), 400);
    assert!(count(&summary, "listeners.main.lost") > 0);
    assert_nobody_else_is_blamed(&summary);
}

/// A page behind two redirects, the second of which leads to another place.
#[test]
fn each_redirect_of_an_attempt_has_a_span_in_the_attempts_own() {
    let other = Scripted::start(|_| scripted_answer(200, &[], b"there")).expect("a server");
    let url = other.url();
    let first = Scripted::start(move |asked| match asked.path.as_str() {
        "/a" => scripted_answer(302, &["Location: /b"], b""),
        _ => scripted_answer(307, &[&format!("Location: {url}/c")], b""),
    });
    let first = first.expect("a server");
    let sink = OtlpSink::start(Wire::Http).expect("a receiver");
    let scratch = Scratch::new(format!(
        "{CALM}target shop \"{}\" {{ redirects follow=5 }}\n\
         behavior visit {{ http POST \"/a\" name=page {{ body \"x\"; expect {{ body equals=\"there\" }} }} }}\n\
         scenario crew {{ behavior visit; population {{ hold 1 for=\"10m\" }}; iterations 3 }}\n\
         listener file \"samples.jsonl\"\n\
         listener otlp \"{}\" name=main {{ metrics every=\"1s\"; traces ratio=\"100%\" }}\n",
        first.url(),
        sink.url()
    ));
    let summary = scratch.run(0);
    let lines = scratch.lines("samples.jsonl");
    assert_adds_up(&summary);
    assert_lines_agree(&summary, &lines);
    assert_eq!([count(&summary, "steps.page.attempts"), count(&summary, "steps.page.redirects")], [3, 6]);
    let received = sink.received();
    assert_eq!(received.wrong, Vec::<String>::new());
    assert_eq!(check_spans(&received), Vec::<String>::new());
    // An attempt and two redirects an iteration, the iteration, and the run.
    assert_eq!(received.spans.len(), 3 * 4 + 1);
    assert_eq!(count(&summary, "listeners.main.lost"), 0);
    for (trace, spans) in by_trace(&received, SpanKind::Client) {
        let attempt = spans.iter().find(|span| span.name == "POST page").expect("the attempt's");
        let mut hops: Vec<&Span> =
            spans.iter().copied().filter(|span| span.name == "redirect page").collect();
        hops.sort_by_key(|span| span.start_time_unix_nano);
        let number = |span: &Span, key: &str| match attribute(&span.attributes, key) {
            Some(Value::IntValue(number)) => *number,
            _ => 0,
        };
        let hops_say: Vec<_> = hops
            .iter()
            .map(|span| {
                let method = string_attribute(&span.attributes, "http.request.method");
                (number(span, "throng.redirect"), number(span, "http.response.status_code"), method)
            })
            .collect();
        assert_eq!(hops_say, [(1, 302, "POST"), (2, 307, "")], "{trace}");
        assert!(hops.iter().all(|span| span.parent_span_id == attempt.span_id), "{trace}");
        assert!(hops.iter().all(|span| number(span, "throng.first_byte_ns") > 0), "{trace}");
        assert_eq!(number(attempt, "http.response.status_code"), 200, "{trace}");
        let waited: i64 = hops.iter().map(|span| number(span, "throng.first_byte_ns")).sum();
        assert!(number(attempt, "throng.first_byte_ns") > waited, "an attempt's phases are sums");
    }
    // Two connections are opened within the first attempt, neither of them for its last request alone.
    let phase = |name: &str| count(&summary, &format!("steps.page.phases_ns.{name}.count"));
    assert_eq!(["connect", "first_byte", "body"].map(phase), [1, 3, 3]);
    for line in &lines {
        let phases = ["connect_ns", "first_byte_ns", "body_ns"];
        let sum: u64 = phases.iter().filter_map(|name| line[name].as_u64()).sum();
        assert!(sum <= count(line, "service_ns"), "phases are parts of the service time: {line}");
    }
}
