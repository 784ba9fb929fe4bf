//! Metrics: gauges and totals, at each interval.

use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use throng_tests::support::otlp_listener::{
    all_points, assert_right, feed, iteration, listener, open, progress,
};
use throng_tests::support::{OtlpSink, Wire};

use crate::LIMIT;

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
