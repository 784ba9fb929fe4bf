//! Spans from samples: one trace an iteration, linked to the run.
//!
//! ```text
//! throng run                                a trace of its own: the run
//!  ┆ link
//! crowd      ├─────────────────────────┤    INTERNAL: an iteration, from due to end
//!  ├ GET home   ├──────┤                    CLIENT: an attempt of a step, from its start to its end
//!  │  └ redirect home                       CLIENT: a request in it that led elsewhere; the last one has no span of its own
//!  └ checkout            (think) ├─────┤    INTERNAL: a group, from its first step's due to its last one's end
//!     └ POST login               ├────┤
//! ```
//!
//! Those of modelled services stand in the module `service_spans`.
//!
//! Ids are functions of the run's id, the user, the iteration and the operation, so they are those of the `traceparent` that
//! the requests carried. HTTP attributes follow OpenTelemetry's semantic conventions; ours begin with `throng.`, and times
//! among them are nanoseconds, as their names say.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue, Value};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use throng_components::attempt_phases::AttemptPhases;
use throng_components::clock::Nanos;
use throng_components::run::{RunHeader, StepHeader};
use throng_components::sample::{Sample, SampleKind, SampleOutcome};
use throng_components::trace::TraceContext;

use super::backlog::Traced;

/// Spans in one request at most, as many as the SDK's own processor sends.
const BATCH_SPANS: usize = 512;

/// Bytes of one request at most, as estimated: receivers over gRPC refuse 4 MiB.
const BATCH_BYTES: usize = 1024 * 1024;

/// Bytes of a span without its names: ids, instants, numbers and attribute keys.
const SPAN_BYTES: usize = 768;

/// Attributes of phases, in the order of [`AttemptPhases::NAMES`]; a span has those of the phases that happened.
const PHASES: [&str; AttemptPhases::NAMES.len()] =
    ["throng.dns_ns", "throng.connect_ns", "throng.tls_ns", "throng.first_byte_ns", "throng.body_ns"];

/// What a step's spans have in common.
pub(super) struct StepSpans {
    /// The step's own name.
    pub(super) step: String,
    /// The spans'.
    pub(super) name: String,
    pub(super) http: bool,
    pub(super) attributes: Vec<KeyValue>,
}

/// Makes spans from samples.
pub(super) struct SpanMaker {
    trace: TraceContext,
    epoch: SystemTime,
    scope: InstrumentationScope,
    run: SpanContext,
    pub(super) run_attributes: Vec<KeyValue>,
    scenarios: Vec<(String, Value)>,
    pub(super) steps: Vec<StepSpans>,
    groups: Vec<(String, Value)>,
    /// Names of modelled services.
    pub(super) services: Vec<Arc<str>>,
    longest_name: usize,
}

impl SpanMaker {
    /// A maker for a run, of which a share of iterations is traced.
    pub(super) fn new(header: &RunHeader, ratio: f64) -> Self {
        let trace = TraceContext { ratio, ..header.trace };
        let run_trace = trace.run.max(1);
        let steps = header.steps.iter().map(|step| &step.name);
        let names = header.scenarios.iter().chain(steps).chain(&header.groups).chain(&header.services);
        let addresses = header.steps.iter().map(|step| step.address.len() + step.method.len());
        Self {
            trace,
            epoch: SystemTime::UNIX_EPOCH + Duration::from_nanos(header.epoch_unix_ns),
            scope: InstrumentationScope::builder("throng").with_version(header.throng).build(),
            run: context(run_trace, trace.span_id(run_trace, None)),
            run_attributes: vec![
                KeyValue::new("throng.run_id", header.run_id.clone()),
                KeyValue::new("throng.workload", header.workload.clone()),
            ],
            scenarios: header.scenarios.iter().map(|name| (name.clone(), shared(name))).collect(),
            steps: header.steps.iter().map(step_spans).collect(),
            groups: header.groups.iter().map(|name| (name.clone(), shared(name))).collect(),
            services: header.services.iter().map(|name| name.as_str().into()).collect(),
            longest_name: names.map(String::len).max().unwrap_or(0) + addresses.max().unwrap_or(0),
        }
    }

    /// How many spans go into one request.
    pub(super) fn spans_in_batch(&self) -> usize {
        // A name stands in the span's name and in up to three attributes.
        (BATCH_BYTES / (SPAN_BYTES + 4 * self.longest_name)).clamp(1, BATCH_SPANS)
    }

    /// How trace ids come about.
    pub(super) fn trace(&self) -> TraceContext {
        self.trace
    }

    /// The span of what happened.
    pub(super) fn span(&self, traced: &Traced) -> SpanData {
        match traced {
            Traced::Sample { sample, phases } => self.sample_span(sample, phases),
            Traced::Service(span) => self.service_span(span),
        }
    }

    fn sample_span(&self, sample: &Sample, phases: &AttemptPhases) -> SpanData {
        match sample.kind {
            SampleKind::Iteration => self.iteration_span(sample),
            SampleKind::Group => self.group_span(sample),
            SampleKind::Attempt | SampleKind::Retried => self.attempt_span(sample, phases),
            SampleKind::Redirect => self.redirect_span(sample, phases),
        }
    }

    /// The run's own span, which every iteration links to.
    pub(super) fn run_span(&self, end: Nanos) -> SpanData {
        let mut span = self.blank(self.run.clone(), Cow::Borrowed("throng run"));
        span.end_time = self.time(end);
        span.attributes.clone_from(&self.run_attributes);
        span
    }

    fn iteration_span(&self, sample: &Sample) -> SpanData {
        let trace_id = self.trace.trace_id(sample.user, sample.iteration);
        let (name, scenario) = match self.scenarios.get(sample.scenario().index()) {
            Some((name, value)) => (name.clone(), value.clone()),
            None => (String::new(), "".into()),
        };
        let mut span = self.blank(context(trace_id, self.trace.span_id(trace_id, None)), Cow::Owned(name));
        span.start_time = self.time(sample.due);
        span.end_time = self.time(sample.ended);
        span.attributes.push(KeyValue::new("throng.scenario", scenario));
        span.attributes.push(nanos("throng.waiting_ns", sample.waiting()));
        self.add_common(&mut span, sample);
        span.links = SpanLinks::default();
        span.links.links.push(Link::new(self.run.clone(), Vec::new(), 0));
        span
    }

    fn group_span(&self, sample: &Sample) -> SpanData {
        let trace_id = self.trace.trace_id(sample.user, sample.iteration);
        let group = self.groups.get(usize::from(sample.step.0)).cloned();
        let (name, value) = group.unwrap_or_else(|| (String::new(), "".into()));
        let id = context(trace_id, self.trace.group_span_id(trace_id, sample.ordinal));
        let mut span = self.blank(id, Cow::Owned(name));
        span.parent_span_id = self.parent(trace_id, sample);
        span.start_time = self.time(sample.due);
        span.end_time = self.time(sample.ended);
        span.attributes.push(KeyValue::new("throng.group", value));
        self.add_common(&mut span, sample);
        span
    }

    /// The span that a step's or a group's stands in: the innermost group's, or the iteration's.
    fn parent(&self, trace_id: u128, sample: &Sample) -> SpanId {
        SpanId::from(match sample.group {
            0 => self.trace.span_id(trace_id, None),
            group => self.trace.group_span_id(trace_id, group.into()),
        })
    }

    fn attempt_span(&self, sample: &Sample, phases: &AttemptPhases) -> SpanData {
        let trace_id = self.trace.trace_id(sample.user, sample.iteration);
        let step = self.steps.get(usize::from(sample.step.0));
        let name = step.map_or(String::new(), |step| step.name.clone());
        let id = context(trace_id, self.trace.span_id(trace_id, Some(sample.ordinal)));
        let mut span = self.blank(id, Cow::Owned(name));
        span.parent_span_id = self.parent(trace_id, sample);
        span.span_kind = SpanKind::Client;
        span.start_time = self.time(sample.started);
        span.end_time = self.time(sample.ended);
        if let Some(step) = step {
            span.attributes.extend_from_slice(&step.attributes);
            if step.http && sample.status > 0 {
                span.attributes.push(KeyValue::new("http.response.status_code", i64::from(sample.status)));
            }
            if step.http && sample.attempt > 1 {
                let resent = i64::from(sample.attempt) - 1;
                span.attributes.push(KeyValue::new("http.request.resend_count", resent));
            }
        }
        span.attributes.push(nanos("throng.due_ns", sample.due));
        span.attributes.push(nanos("throng.response_ns", sample.response()));
        span.attributes.push(nanos("throng.blocked_ns", sample.blocked()));
        span.attributes.push(nanos("throng.lateness_ns", sample.lateness()));
        add_phases(&mut span, phases);
        self.add_common(&mut span, sample);
        span
    }

    /// A request within an attempt that was answered by a redirect. Of all but the first one nobody knows here where it
    /// went and by which method.
    fn redirect_span(&self, sample: &Sample, phases: &AttemptPhases) -> SpanData {
        let trace_id = self.trace.trace_id(sample.user, sample.iteration);
        let step = self.steps.get(usize::from(sample.step.0));
        let name = step.map_or(String::new(), |step| format!("redirect {}", step.step));
        let id = self.trace.redirect_span_id(trace_id, sample.ordinal, sample.attempt);
        let mut span = self.blank(context(trace_id, id), Cow::Owned(name));
        span.parent_span_id = SpanId::from(self.trace.span_id(trace_id, Some(sample.ordinal)));
        span.span_kind = SpanKind::Client;
        span.start_time = self.time(sample.started);
        span.end_time = self.time(sample.ended);
        if let Some(step) = step {
            let known = if sample.attempt > 1 { 1 } else { step.attributes.len() };
            span.attributes.extend_from_slice(&step.attributes[..known]);
        }
        span.attributes.push(KeyValue::new("http.response.status_code", i64::from(sample.status)));
        span.attributes.push(KeyValue::new("throng.redirect", i64::from(sample.attempt)));
        add_phases(&mut span, phases);
        self.add_common(&mut span, sample);
        span
    }

    fn add_common(&self, span: &mut SpanData, sample: &Sample) {
        span.attributes.push(KeyValue::new("throng.user", integer(sample.user.serial())));
        span.attributes.push(KeyValue::new("throng.iteration", integer(sample.iteration)));
        span.attributes.extend(self.run_attributes.first().cloned());
        if sample.error.is_failure() {
            span.attributes.push(KeyValue::new("error.type", sample.error.slug()));
        }
        if sample.warm_up {
            span.attributes.push(KeyValue::new("throng.warm_up", true));
        }
        // A status of 400 and above that the workload expects is a success: who declares it knows better than the convention.
        match sample.outcome {
            SampleOutcome::Succeeded => {}
            SampleOutcome::Cut => span.attributes.push(KeyValue::new("throng.cut", true)),
            // The description stays empty: `error.type` says it.
            SampleOutcome::Failed | SampleOutcome::Crashed => {
                span.status = Status::Error { description: Cow::Borrowed("") };
            }
        }
    }

    pub(super) fn blank(&self, span_context: SpanContext, name: Cow<'static, str>) -> SpanData {
        SpanData {
            span_context,
            parent_span_id: SpanId::INVALID,
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name,
            start_time: self.epoch,
            end_time: self.epoch,
            attributes: Vec::with_capacity(16),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: self.scope.clone(),
        }
    }

    pub(super) fn time(&self, at: Nanos) -> SystemTime {
        self.epoch + at.to_duration()
    }
}

fn add_phases(span: &mut SpanData, phases: &AttemptPhases) {
    for (key, length) in PHASES.iter().zip(phases.lengths()).filter(|(_, length)| *length > Nanos::ZERO) {
        span.attributes.push(nanos(key, length));
    }
}

fn step_spans(step: &StepHeader) -> StepSpans {
    let http = step.protocol == "http";
    let verb = if step.method.is_empty() { step.protocol } else { &step.method };
    // The step's name stands first.
    let mut attributes = vec![KeyValue::new("throng.step", shared(&step.name))];
    if http {
        attributes.push(KeyValue::new("http.request.method", shared(&step.method)));
    }
    attributes.push(KeyValue::new("network.protocol.name", step.protocol));
    if !step.address.is_empty() {
        attributes.push(KeyValue::new("server.address", shared(&step.address)));
    }
    if step.port > 0 {
        attributes.push(KeyValue::new("server.port", i64::from(step.port)));
    }
    StepSpans { step: step.name.clone(), name: format!("{verb} {}", step.name), http, attributes }
}

/// A text that is cheap to clone into many spans.
pub(super) fn shared(text: &str) -> Value {
    Value::from(Arc::<str>::from(text))
}

pub(super) fn context(trace_id: u128, span_id: u64) -> SpanContext {
    let (trace_id, span_id) = (TraceId::from(trace_id), SpanId::from(span_id));
    SpanContext::new(trace_id, span_id, TraceFlags::SAMPLED, false, TraceState::NONE)
}

fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(super) fn nanos(key: &'static str, value: Nanos) -> KeyValue {
    KeyValue::new(key, integer(value.0))
}

/// Whether a sample has a span: when its iteration is traced and, for a step, when it was tried at all.
pub(super) fn has_span(trace: &TraceContext, sample: &Sample) -> bool {
    (matches!(sample.kind, SampleKind::Iteration | SampleKind::Group) || sample.attempt > 0)
        && trace.is_sampled(trace.trace_id(sample.user, sample.iteration))
}

#[cfg(test)]
mod tests {
    use throng_components::clock::ClockKind;

    use super::*;

    fn maker(step_name: String) -> SpanMaker {
        let step = StepHeader {
            name: step_name,
            protocol: "http",
            method: "GET".to_owned(),
            address: "localhost".to_owned(),
            port: 80,
        };
        let header = RunHeader {
            run_id: "run".to_owned(),
            throng: "0.1.0",
            workload: "shop.kdl".to_owned(),
            clock: ClockKind::Real,
            speed: throng_components::speed::Speed::ONE,
            epoch_unix_ns: 1,
            scenarios: vec!["crowd".to_owned()],
            steps: vec![step],
            groups: vec!["checkout".to_owned()],
            services: Vec::new(),
            trace: TraceContext { run: 0, ratio: 1.0, propagate: true },
            origin: Arc::default(),
        };
        SpanMaker::new(&header, 1.0)
    }

    #[test]
    fn long_names_make_small_batches() {
        assert_eq!(maker("home".to_owned()).spans_in_batch(), BATCH_SPANS);
        assert_eq!(maker("x".repeat(100_000)).spans_in_batch(), 2);
        assert_eq!(maker("x".repeat(10_000_000)).spans_in_batch(), 1);
    }

    #[test]
    fn a_run_whose_id_is_zero_still_has_a_valid_span() {
        let span = maker("home".to_owned()).run_span(Nanos(5));
        assert!(span.span_context.is_valid());
        assert_eq!(span.end_time, SystemTime::UNIX_EPOCH + Duration::from_nanos(6));
    }
}
