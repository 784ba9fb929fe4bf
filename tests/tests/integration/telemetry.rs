//! OpenTelemetry from end to end: the whole run's traces at a strict receiver, directly and by way of somebody else's agent.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::net::TcpStream;

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use throng_tests::support::{
    OtlpSink, Process, Received, Recorder, Wire, check_metrics, check_spans, find_tool, free_port, wait_until,
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
