//! What a strict OpenTelemetry receiver finds wrong in what it got. Each check gives sentences; none is good.

use std::collections::{HashMap, HashSet};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{ExponentialHistogramDataPoint, Metric};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

use super::otlp_sink::Received;

/// Spans in one request at most; more is no mistake of the protocol but of this exporter.
const BATCH_SPANS: usize = 512;

/// The value of an attribute.
pub fn attribute<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    found.value.as_ref()?.value.as_ref()
}

/// The text of an attribute; empty without one.
pub fn string_attribute<'a>(attributes: &'a [KeyValue], key: &str) -> &'a str {
    match attribute(attributes, key) {
        Some(Value::StringValue(text)) => text,
        _ => "",
    }
}

/// What is wrong in one request of spans, as far as it can be told from it alone.
pub(super) fn trace_request(request: &ExportTraceServiceRequest) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut spans = 0;
    for resource_spans in &request.resource_spans {
        resource(resource_spans.resource.as_ref(), &mut wrong);
        for span in resource_spans.scope_spans.iter().flat_map(|scope| &scope.spans) {
            spans += 1;
            one_span(span, &mut wrong);
        }
    }
    if spans == 0 || spans > BATCH_SPANS {
        wrong.push(format!("a request of {spans} spans"));
    }
    wrong
}

fn resource(resource: Option<&Resource>, wrong: &mut Vec<String>) {
    let Some(resource) = resource else {
        wrong.push("no resource".to_owned());
        return;
    };
    attributes("the resource", &resource.attributes, wrong);
    if string_attribute(&resource.attributes, "service.name").is_empty() {
        wrong.push("the resource has no service.name".to_owned());
    }
}

fn attributes(owner: &str, attributes: &[KeyValue], wrong: &mut Vec<String>) {
    let mut keys = HashSet::new();
    for KeyValue { key, value, .. } in attributes {
        if key.is_empty() || !keys.insert(key) {
            wrong.push(format!("{owner} has the attribute `{key}` twice or without a key"));
        }
        if !matches!(value, Some(AnyValue { value: Some(_) })) {
            wrong.push(format!("{owner} has the attribute `{key}` without a value"));
        }
    }
}

fn is_id(id: &[u8], length: usize) -> bool {
    id.len() == length && id.iter().any(|byte| *byte != 0)
}

fn one_span(span: &Span, wrong: &mut Vec<String>) {
    let name = &span.name;
    let mut expect = |holds: bool, what: &str| {
        if !holds {
            wrong.push(format!("span `{name}`: {what}"));
        }
    };
    expect(!name.is_empty(), "no name");
    expect(is_id(&span.trace_id, 16), "bad trace id");
    expect(is_id(&span.span_id, 8), "bad span id");
    expect(span.parent_span_id.is_empty() || is_id(&span.parent_span_id, 8), "bad parent id");
    expect(span.parent_span_id != span.span_id, "its own parent");
    expect(span.start_time_unix_nano > 0, "no start");
    expect(span.end_time_unix_nano >= span.start_time_unix_nano, "ends before it starts");
    expect(span.flags & 1 == 1, "not flagged as sampled");
    expect(span.links.iter().all(|l| is_id(&l.trace_id, 16) && is_id(&l.span_id, 8)), "bad link");
    if span.kind() == SpanKind::Client {
        expect(is_id(&span.parent_span_id, 8), "a client span without parent");
    }
    if span.kind() == SpanKind::Server {
        expect(is_id(&span.parent_span_id, 8), "a server span without parent");
    }
    let sides = [SpanKind::Client, SpanKind::Server];
    if sides.contains(&span.kind()) && attribute(&span.attributes, "http.request.method").is_some() {
        for key in ["server.address", "server.port"] {
            expect(attribute(&span.attributes, key).is_some(), key);
        }
    }
    attributes(name, &span.attributes, wrong);
}

/// What is wrong in all spans together: parents and link targets that are missing, children outside their parents, two spans
/// under one id, requests whose two sides are of one service. A span that came twice, unchanged, is none: the protocol
/// delivers at least once. Nor is a service that goes on after its caller has given up.
pub fn check_spans(received: &Received) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut known: HashMap<(&[u8], &[u8]), &Span> = HashMap::new();
    for span in &received.spans {
        if let Some(other) = known.insert((&span.trace_id, &span.span_id), span)
            && other != span
        {
            wrong.push(format!("`{}` and `{}` share an id", span.name, other.name));
        }
    }
    for span in known.values() {
        for link in &span.links {
            if !known.contains_key(&(link.trace_id.as_slice(), link.span_id.as_slice())) {
                wrong.push(format!("`{}` links to a span that never came", span.name));
            }
        }
        if span.parent_span_id.is_empty() {
            continue;
        }
        match known.get(&(span.trace_id.as_slice(), span.parent_span_id.as_slice())) {
            None => wrong.push(format!("the parent of `{}` never came", span.name)),
            Some(parent) if span.kind() == SpanKind::Server && is_at_home(received, span, parent) => {
                wrong.push(format!("`{}` answers its own service, or no client", span.name));
            }
            Some(parent) if span.start_time_unix_nano < parent.start_time_unix_nano => {
                wrong.push(format!("`{}` starts before its parent", span.name));
            }
            Some(parent)
                if span.end_time_unix_nano > parent.end_time_unix_nano && !is_left_behind(span, parent) =>
            {
                wrong.push(format!("`{}` ends after its parent", span.name));
            }
            Some(_) => {}
        }
    }
    wrong
}

/// Whether a server's span has a parent that is no other service's request.
fn is_at_home(received: &Received, span: &Span, parent: &Span) -> bool {
    let service = |span: &Span| received.services.get(&span.span_id);
    parent.kind() != SpanKind::Client || service(span) == service(parent)
}

/// Whether a server may end after its caller: who gave up does not wait for it.
fn is_left_behind(span: &Span, parent: &Span) -> bool {
    let gave_up = string_attribute(&parent.attributes, "error.type") == "timeout"
        || attribute(&parent.attributes, "throng.cut").is_some();
    span.kind() == SpanKind::Server && parent.kind() == SpanKind::Client && gave_up
}

/// What is wrong in one request of metrics.
pub(super) fn metrics_request(request: &ExportMetricsServiceRequest) -> Vec<String> {
    let mut wrong = Vec::new();
    for resource_metrics in &request.resource_metrics {
        resource(resource_metrics.resource.as_ref(), &mut wrong);
        for metric in resource_metrics.scope_metrics.iter().flat_map(|scope| &scope.metrics) {
            one_metric(metric, &mut wrong);
        }
    }
    if request.resource_metrics.is_empty() {
        wrong.push("a request without metrics".to_owned());
    }
    wrong
}

fn one_metric(metric: &Metric, wrong: &mut Vec<String>) {
    let name = &metric.name;
    if name.is_empty() || metric.unit.is_empty() {
        wrong.push(format!("metric `{name}` lacks its name or unit"));
    }
    match &metric.data {
        Some(Data::ExponentialHistogram(histogram)) => {
            if histogram.aggregation_temporality == 0 {
                wrong.push(format!("metric `{name}` has no temporality"));
            }
            for point in &histogram.data_points {
                attributes(name, &point.attributes, wrong);
                wrong.extend(histogram_point(point).map(|what| format!("metric `{name}`: {what}")));
            }
        }
        Some(Data::Sum(sum)) => {
            if sum.aggregation_temporality == 0 || sum.data_points.is_empty() {
                wrong.push(format!("metric `{name}` has no temporality or no points"));
            }
            sum.data_points.iter().for_each(|point| attributes(name, &point.attributes, wrong));
        }
        Some(Data::Gauge(gauge)) => {
            gauge.data_points.iter().for_each(|point| attributes(name, &point.attributes, wrong));
        }
        _ => wrong.push(format!("metric `{name}` is of a kind that throng does not send")),
    }
}

fn histogram_point(point: &ExponentialHistogramDataPoint) -> Option<String> {
    let buckets = |buckets: &Option<_>| {
        let buckets: Option<
            &opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets,
        > = buckets.as_ref();
        buckets.map_or(0, |buckets| buckets.bucket_counts.iter().sum::<u64>())
    };
    let total = point.zero_count + buckets(&point.positive) + buckets(&point.negative);
    if total != point.count {
        return Some(format!("{total} in buckets, {} counted", point.count));
    }
    if point.start_time_unix_nano == 0 || point.time_unix_nano < point.start_time_unix_nano {
        return Some("its interval has no length".to_owned());
    }
    match (point.min, point.max, point.sum) {
        (Some(min), Some(max), Some(sum)) if min <= max && min >= 0.0 && sum >= max => None,
        figures => Some(format!("minimum, maximum and sum are {figures:?}")),
    }
}

/// What is wrong in all metrics together: totals that shrink from one export to the next.
pub fn check_metrics(received: &Received) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut totals: HashMap<String, u64> = HashMap::new();
    for metric in received.metrics.iter().flatten() {
        for (series, total) in totals_of(metric) {
            let before = totals.insert(series.clone(), total).unwrap_or(0);
            if total < before {
                wrong.push(format!("{series} shrank from {before} to {total}"));
            }
        }
    }
    wrong
}

fn totals_of(metric: &Metric) -> Vec<(String, u64)> {
    let series = |attributes: &[KeyValue]| {
        let mut parts: Vec<_> = attributes.iter().map(|a| format!("{}={:?}", a.key, a.value)).collect();
        parts.sort();
        format!("{} {}", metric.name, parts.join(" "))
    };
    match &metric.data {
        Some(Data::ExponentialHistogram(histogram)) => {
            histogram.data_points.iter().map(|point| (series(&point.attributes), point.count)).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(id: u8, parent: Option<u8>, start: u64, end: u64) -> Span {
        Span {
            trace_id: vec![1; 16],
            span_id: vec![id; 8],
            parent_span_id: parent.map_or(Vec::new(), |parent| vec![parent; 8]),
            name: format!("span {id}"),
            start_time_unix_nano: start,
            end_time_unix_nano: end,
            flags: 1,
            ..Span::default()
        }
    }

    fn together(spans: Vec<Span>) -> Vec<String> {
        check_spans(&Received { spans, ..Received::default() })
    }

    fn alone(span: &Span) -> usize {
        let mut wrong = Vec::new();
        one_span(span, &mut wrong);
        wrong.len()
    }

    #[test]
    fn a_right_trace_passes() {
        let (root, child) = (span(1, None, 10, 20), span(2, Some(1), 10, 15));
        assert_eq!(together(vec![child.clone(), root.clone(), child]), Vec::<String>::new());
        assert_eq!(alone(&root), 0);
    }

    #[test]
    fn wrong_traces_are_found() {
        let root = span(1, None, 10, 20);
        for bad in
            [span(2, Some(1), 9, 15), span(2, Some(1), 12, 21), span(2, Some(3), 12, 15), span(1, None, 1, 2)]
        {
            assert_eq!(together(vec![root.clone(), bad.clone()]).len(), 1, "{bad:?}");
        }
    }

    #[test]
    fn a_server_may_outlast_a_caller_that_gave_up() {
        let error = KeyValue {
            key: "error.type".to_owned(),
            value: Some(AnyValue { value: Some(Value::StringValue("timeout".to_owned())) }),
            ..KeyValue::default()
        };
        let root = span(1, None, 10, 20);
        let caller = Span { kind: SpanKind::Client.into(), ..span(2, Some(1), 10, 15) };
        let server = Span { kind: SpanKind::Server.into(), ..span(3, Some(2), 11, 30) };
        let of = |service: &str| HashMap::from([(vec![3; 8], service.to_owned())]);
        let check = |caller: &Span, services| {
            let spans = vec![root.clone(), caller.clone(), server.clone()];
            check_spans(&Received { spans, services, ..Received::default() }).len()
        };
        assert_eq!(check(&caller, of("shop")), 1);
        let patient = Span { attributes: vec![error], ..caller };
        assert_eq!(check(&patient, of("shop")), 0);
        assert_eq!(check(&patient, HashMap::new()), 1, "both are of no service");
    }

    #[test]
    fn wrong_spans_are_found() {
        let root = span(1, None, 10, 20);
        assert_eq!(alone(&Span { trace_id: vec![0; 16], ..root.clone() }), 1);
        assert_eq!(alone(&Span { span_id: vec![0; 8], ..root.clone() }), 1);
        assert_eq!(alone(&Span { end_time_unix_nano: 9, ..root.clone() }), 1);
        assert_eq!(alone(&Span { kind: SpanKind::Client.into(), ..root.clone() }), 1);
        let twice = KeyValue { key: "a".to_owned(), ..KeyValue::default() };
        assert_eq!(alone(&Span { attributes: vec![twice], ..root }), 1);
        assert_eq!(trace_request(&ExportTraceServiceRequest::default()), ["a request of 0 spans"]);
    }

    #[test]
    fn buckets_that_do_not_add_up_are_found() {
        let point = ExponentialHistogramDataPoint {
            count: 2,
            zero_count: 1,
            start_time_unix_nano: 1,
            time_unix_nano: 2,
            ..ExponentialHistogramDataPoint::default()
        };
        assert_eq!(histogram_point(&point).as_deref(), Some("1 in buckets, 2 counted"));
        let right = ExponentialHistogramDataPoint {
            count: 1,
            min: Some(0.0),
            max: Some(0.0),
            sum: Some(0.0),
            ..point
        };
        assert_eq!(histogram_point(&right), None);
    }
}
