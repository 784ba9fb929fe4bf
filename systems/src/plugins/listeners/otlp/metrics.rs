//! Metrics from samples: totals since the run's start, in the SDK's own instruments. [`super::INSTRUMENTS`] is the table of them.
//!
//! Measures of one's own are histograms beside these, `throng.measure.NAME`: durations in seconds, all else in its own unit.
//!
//! Histograms leave out the warm-up, and cut steps where the summary leaves them out, so that counts are those of the summary.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, MeterProvider};
use opentelemetry::{InstrumentationScope, KeyValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics, ScopeMetrics};
use opentelemetry_sdk::metrics::reader::MetricReader;
use opentelemetry_sdk::metrics::{
    Aggregation, Instrument, InstrumentKind, ManualReader, Pipeline, SdkMeterProvider, Stream, Temporality,
};
use throng_components::measures::Measurement;
use throng_components::run::{RunHeader, StepHeader};
use throng_components::sample::{ErrorType, Sample, SampleKind, SampleOutcome, StepId};
use throng_components::scenario::ScenarioId;

use super::super::Progress;
use super::instruments::{self, MetricSpec};
use super::spans::shared;

/// Buckets of a histogram: the SDK's default, an error of 1 % over four decades.
const BUCKETS: u32 = 160;

/// The finest resolution; the SDK coarsens it by itself until the values fit.
const SCALE: i8 = 20;

/// Series of one metric at most; what is beyond goes to the SDK's overflow series. Scenarios × steps × statuses are fewer.
const SERIES: usize = 8_192;

/// Gauges a scenario.
const GAUGES: u64 = 3;

/// What tells one series of steps from another.
type Series = (ScenarioId, StepId, u16, ErrorType);

/// The instruments of one listener.
pub(super) struct Metrics {
    reader: SharedReader,
    /// Holds the instruments' storage.
    provider: SdkMeterProvider,
    meter: Meter,
    /// Histograms of measures of one's own, made when each is first heard of.
    measures: HashMap<Cow<'static, str>, Histogram<f64>>,
    request: Histogram<f64>,
    response: Histogram<f64>,
    unsent: Counter<u64>,
    lateness: Histogram<f64>,
    iterations: Counter<u64>,
    users: Gauge<u64>,
    running: Gauge<u64>,
    backlog: Gauge<u64>,
    scenarios: Vec<KeyValue>,
    steps: Vec<StepHeader>,
    /// Attributes of requests by series, made once each.
    requests: HashMap<Series, Vec<KeyValue>>,
    /// Attributes of steps by series, made once each; the status is always 0 here.
    responses: HashMap<Series, Vec<KeyValue>>,
}

impl Metrics {
    /// Instruments for a run.
    pub(super) fn new(header: &RunHeader, resource: Resource) -> Self {
        let reader =
            SharedReader(Arc::new(ManualReader::builder().with_temporality(Temporality::Cumulative).build()));
        let provider = SdkMeterProvider::builder()
            .with_resource(resource)
            .with_reader(reader.clone())
            .with_view(exponential)
            .build();
        let scope = InstrumentationScope::builder("throng").with_version(header.throng).build();
        let meter = provider.meter_with_scope(scope);
        let histogram = |metric: MetricSpec| {
            let builder = meter.f64_histogram(metric.name).with_unit(metric.unit);
            builder.with_description(metric.summary).build()
        };
        let counter = |metric: MetricSpec| {
            let builder = meter.u64_counter(metric.name).with_unit(metric.unit);
            builder.with_description(metric.summary).build()
        };
        let gauge = |metric: MetricSpec| {
            let builder = meter.u64_gauge(metric.name).with_unit(metric.unit);
            builder.with_description(metric.summary).build()
        };
        Self {
            request: histogram(instruments::REQUEST),
            response: histogram(instruments::RESPONSE),
            unsent: counter(instruments::UNSENT),
            lateness: histogram(instruments::LATENESS),
            iterations: counter(instruments::ITERATIONS),
            users: gauge(instruments::USERS),
            running: gauge(instruments::RUNNING),
            backlog: gauge(instruments::BACKLOG),
            scenarios: header
                .scenarios
                .iter()
                .map(|name| KeyValue::new("throng.scenario", shared(name)))
                .collect(),
            steps: header.steps.clone(),
            requests: HashMap::new(),
            responses: HashMap::new(),
            reader,
            provider,
            measures: HashMap::new(),
            meter,
        }
    }

    /// Adds a value of a measure of one's own. There are no more of these than results keep apart.
    pub(super) fn measure(&mut self, measurement: &Measurement) {
        let Measurement { name, unit, value } = measurement;
        // The convention's unit of durations is the second.
        let (scale, unit) = if unit == "ns" { (1e-9, Cow::Borrowed("s")) } else { (1.0, unit.clone()) };
        let histogram = self
            .measures
            .entry(name.clone())
            .or_insert_with(|| self.meter.f64_histogram(metric_name(name)).with_unit(unit).build());
        histogram.record(value * scale, &[]);
    }

    /// Adds one sample.
    pub(super) fn record(&mut self, sample: &Sample) {
        match sample.kind {
            SampleKind::Iteration => self.record_iteration(sample),
            SampleKind::Group | SampleKind::Redirect => {}
            SampleKind::Attempt | SampleKind::Retried if sample.warm_up => {}
            SampleKind::Attempt | SampleKind::Retried => self.record_attempt(sample),
        }
    }

    fn record_iteration(&self, sample: &Sample) {
        if let Some(scenario) = self.scenarios.get(sample.scenario().index()) {
            let outcome = KeyValue::new("throng.outcome", sample.outcome.slug());
            self.iterations.add(1, &[scenario.clone(), outcome]);
        }
    }

    fn record_attempt(&mut self, sample: &Sample) {
        let Some(scenario) = self.scenarios.get(sample.scenario().index()) else { return };
        let Some(step) = self.steps.get(usize::from(sample.step.0)) else { return };
        if sample.attempt == 1 {
            self.lateness.record(sample.lateness().as_secs_f64(), std::slice::from_ref(scenario));
        }
        if sample.outcome == SampleOutcome::Cut {
            return;
        }
        let series = (sample.scenario(), sample.step, 0, sample.error);
        let attributes = known(&mut self.responses, series, || step_attributes(scenario, step, sample));
        // A step's response ends with its last try; one that was never sent has none.
        if !sample.was_sent() {
            self.unsent.add(1, attributes);
        } else if sample.kind == SampleKind::Attempt {
            self.response.record(sample.response().as_secs_f64(), attributes);
        }
        if step.protocol == "http" && sample.attempt > 0 {
            let series = (sample.scenario(), sample.step, sample.status, sample.error);
            let attributes = known(&mut self.requests, series, || request_attributes(scenario, step, sample));
            self.request.record(sample.service().as_secs_f64(), attributes);
        }
    }

    /// Sets the gauges.
    pub(super) fn observe(&mut self, progress: &Progress) {
        for (standing, scenario) in progress.scenarios.iter().zip(&self.scenarios) {
            let scenario = std::slice::from_ref(scenario);
            self.users.record(standing.users, scenario);
            self.running.record(standing.running, scenario);
            self.backlog.record(standing.backlog, scenario);
        }
    }

    /// All metrics as they stand, and how many data points these are; `None` without any.
    pub(super) fn collect(&mut self) -> Option<(ResourceMetrics, u64)> {
        let mut data = ResourceMetrics::default();
        self.reader.collect(&mut data).ok()?;
        let points = points_in(&data);
        (points > 0).then_some((data, points))
    }
}

impl Drop for Metrics {
    fn drop(&mut self) {
        // Nothing is left to send: the reader only answers when it is asked.
        let _ = self.provider.shutdown();
    }
}

/// A measure's name as a metric's, which has letters, digits, `_`, `.`, `-` and `/` only.
fn metric_name(name: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "_.-/".contains(c) { c } else { '_' };
    format!("throng.measure.{}", name.chars().map(allowed).collect::<String>())
}

/// The data points that a [`Progress`] stands for.
pub(super) fn gauges_in(progress: &Progress) -> u64 {
    GAUGES * progress.scenarios.len() as u64
}

/// A series' attributes, made when it is first seen. The map is emptied when it grows beyond any real workload.
fn known(
    map: &mut HashMap<Series, Vec<KeyValue>>,
    series: Series,
    make: impl FnOnce() -> Vec<KeyValue>,
) -> &[KeyValue] {
    if map.len() >= SERIES && !map.contains_key(&series) {
        map.clear();
    }
    map.entry(series).or_insert_with(make)
}

fn step_attributes(scenario: &KeyValue, step: &StepHeader, sample: &Sample) -> Vec<KeyValue> {
    let mut attributes = vec![scenario.clone(), KeyValue::new("throng.step", shared(&step.name))];
    if sample.error.is_failure() {
        attributes.push(KeyValue::new("error.type", sample.error.slug()));
    }
    attributes
}

fn request_attributes(scenario: &KeyValue, step: &StepHeader, sample: &Sample) -> Vec<KeyValue> {
    let mut attributes = step_attributes(scenario, step, sample);
    attributes.push(KeyValue::new("http.request.method", shared(&step.method)));
    attributes.push(KeyValue::new("server.address", shared(&step.address)));
    attributes.push(KeyValue::new("server.port", Value::I64(step.port.into())));
    if sample.status > 0 {
        attributes.push(KeyValue::new("http.response.status_code", Value::I64(sample.status.into())));
    }
    attributes
}

/// Makes every histogram exponential, and gives every metric room for a large workload.
fn exponential(instrument: &Instrument) -> Option<Stream> {
    let stream = Stream::builder().with_cardinality_limit(SERIES);
    let stream = match instrument.kind() {
        InstrumentKind::Histogram => stream.with_aggregation(Aggregation::Base2ExponentialHistogram {
            max_size: BUCKETS,
            max_scale: SCALE,
            record_min_max: true,
        }),
        _ => stream,
    };
    stream.build().ok()
}

fn points_in(data: &ResourceMetrics) -> u64 {
    let metrics = data.scope_metrics().flat_map(ScopeMetrics::metrics);
    let points = metrics.map(|metric| match metric.data() {
        AggregatedMetrics::F64(data) => points_of(data),
        AggregatedMetrics::U64(data) => points_of(data),
        AggregatedMetrics::I64(data) => points_of(data),
    });
    points.sum::<usize>() as u64
}

fn points_of<T>(data: &MetricData<T>) -> usize {
    match data {
        MetricData::Gauge(gauge) => gauge.data_points().count(),
        MetricData::Sum(sum) => sum.data_points().count(),
        MetricData::Histogram(histogram) => histogram.data_points().count(),
        MetricData::ExponentialHistogram(histogram) => histogram.data_points().count(),
    }
}

/// The SDK takes its reader for itself; this one is also asked from outside.
#[derive(Clone, Debug)]
struct SharedReader(Arc<ManualReader>);

impl MetricReader for SharedReader {
    fn register_pipeline(&self, pipeline: Weak<Pipeline>) {
        self.0.register_pipeline(pipeline);
    }

    fn collect(&self, data: &mut ResourceMetrics) -> OTelSdkResult {
        self.0.collect(data)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn temporality(&self, kind: InstrumentKind) -> Temporality {
        self.0.temporality(kind)
    }
}
