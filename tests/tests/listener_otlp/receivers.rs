//! Receivers that refuse, go away, come back, or hang.

use std::sync::Arc;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use throng_components::sample::Sample;
use throng_systems::plugins::listeners::ListenerEvent;
use throng_tests::support::otlp_listener::{
    all_points, assert_right, distinct, feed, iteration, listener, open,
};
use throng_tests::support::{Conduct, OtlpSink, Wire};

use crate::LIMIT;

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
