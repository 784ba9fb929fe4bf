//! The listener at work: it gathers, and sends between two events.

use std::sync::Arc;
use std::time::Duration;
use std::{io, iter};

use opentelemetry_sdk::Resource;
use throng_components::clock::{ClockKind, Nanos};
use throng_components::run::RunHeader;
use throng_components::sample::{Sample, SampleKind};
use throng_components::trace::TraceContext;
use tokio::time::Instant;

use super::super::{Delivery, ListenerEvent, RecordCounter, Worker};
use super::Otlp;
use super::backlog::{Backlog, Traced};
use super::metrics::{self, Metrics};
use super::moment::now;
use super::service_spans;
use super::spans::{self, SpanMaker};
use super::transport::{self, Transport};

/// How long one tick may go on to send, so that events do not pile up behind it.
const TICK_PATIENCE: Duration = Duration::from_millis(200);

/// How long a receiver that takes nothing is waited for in virtual time. Then what finds no room is lost, until it takes
/// something again.
const PATIENCE: Duration = Duration::from_secs(5);

/// A last flush gives up after so many failures in a row, even when its time is not used up.
const FLUSH_FAILURES: u32 = 5;

/// What is kept for traces.
struct Traces {
    maker: SpanMaker,
    backlog: Backlog,
    /// What the receiver is told of who made a span: the generator, then services by number.
    resources: Vec<Resource>,
}

/// The listener at work.
pub(super) struct Exporter {
    transport: Transport,
    traces: Option<Traces>,
    metrics: Option<Metrics>,
    /// Whether an interval of the metrics has passed that was not sent.
    metrics_due: bool,
    /// The latest instant heard of: where the run's own span ends.
    end: Nanos,
    delivery: Arc<Delivery>,
    /// Whether the receiver may be waited for: in virtual time nobody is held up by that.
    waits: bool,
    /// Whether it is worth it: it took something in the last while.
    patient: bool,
}

impl Exporter {
    /// The listener of these settings.
    ///
    /// # Errors
    /// When the address or the environment's settings are refused.
    pub(super) fn open(settings: &Otlp, header: &RunHeader, delivery: Arc<Delivery>) -> io::Result<Self> {
        let resource = super::resource(header);
        let traces = settings.traces.map(|ratio| {
            let maker = SpanMaker::new(header, ratio.0);
            let backlog = Backlog::new(maker.spans_in_batch(), header.clock);
            let resources = iter::once(resource.clone()).chain(service_spans::resources(header)).collect();
            Traces { maker, backlog, resources }
        });
        let waits = header.clock == ClockKind::Virtual;
        Ok(Self {
            transport: Transport::open(settings)?,
            traces,
            metrics: settings.metrics.map(|_| Metrics::new(header, resource)),
            metrics_due: false,
            end: Nanos::ZERO,
            delivery,
            waits,
            patient: waits,
        })
    }

    /// Sends the metrics as they stand. Those that do not arrive are lost: the next ones hold all of them.
    fn send_metrics(&mut self) {
        self.metrics_due = false;
        let Some((data, points)) = self.metrics.as_mut().and_then(Metrics::collect) else { return };
        if self.transport.send_metrics(&data, transport::TIMEOUT) {
            self.delivery.add_delivered(points);
        } else {
            self.delivery.add_lost(points);
        }
    }

    /// Sends one batch of spans, or puts it back; gives whether it arrived.
    fn send_batch(&mut self, limit: Duration) -> bool {
        let Some(Traces { maker, backlog, resources }) = &mut self.traces else { return false };
        let Some(batch) = backlog.take() else { return false };
        let spans = batch.spans.iter().map(|traced| maker.span(traced)).collect();
        let sent = self.transport.send_spans(spans, &resources[batch.origin], limit);
        if sent {
            self.delivery.add_delivered(batch.spans.len() as u64);
            self.patient = self.waits;
        } else {
            backlog.put_back(batch);
        }
        sent
    }

    /// Keeps what becomes a span, if it does.
    fn keep(&mut self, traced: Traced) {
        let Some(Traces { maker, backlog, .. }) = &mut self.traces else { return };
        if !has_span(&maker.trace(), &traced) || backlog.offer(traced) {
            return;
        }
        self.make_room();
        if self.traces.as_mut().is_some_and(|traces| !traces.backlog.offer(traced)) {
            self.delivery.add_lost(1);
        }
    }

    /// Sends until there is room, as long as the receiver is worth the wait.
    fn make_room(&mut self) {
        let mut deadline = now() + PATIENCE;
        while self.patient && self.traces.as_ref().is_some_and(|traces| traces.backlog.is_full()) {
            self.transport.wait_until_ready(deadline);
            if self.send_batch(transport::TIMEOUT) {
                deadline = now() + PATIENCE;
            } else if now() >= deadline {
                self.patient = false;
            }
        }
    }

    fn spans_waiting(&self) -> bool {
        self.traces.as_ref().is_some_and(|traces| !traces.backlog.is_empty())
    }

    /// Tries until it is done, the time is used up, or the receiver has failed too often.
    fn insist(&mut self, deadline: Instant, mut attempt: impl FnMut(&mut Self, Duration) -> bool) -> bool {
        self.transport.forget_failures();
        for _ in 0..FLUSH_FAILURES {
            self.transport.wait_until_ready(deadline);
            let left = deadline.saturating_duration_since(now());
            if left.is_zero() {
                return false;
            }
            if attempt(self, left) {
                return true;
            }
        }
        false
    }

    /// The last metrics: the run's totals.
    fn flush_metrics(&mut self, deadline: Instant) {
        let Some((data, points)) = self.metrics.as_mut().and_then(Metrics::collect) else { return };
        if self.insist(deadline, |this, left| this.transport.send_metrics(&data, left)) {
            self.delivery.add_delivered(points);
        } else {
            self.delivery.add_lost(points);
        }
    }

    /// The last spans, and the run's own.
    fn flush_spans(&mut self, deadline: Instant) {
        let mut receiver = true;
        while receiver && self.spans_waiting() {
            receiver = self.insist(deadline, Self::send_batch);
        }
        let Some(Traces { maker, backlog, resources }) = &mut self.traces else { return };
        self.delivery.add_lost(backlog.clear());
        let (run, own) = (maker.run_span(self.end), resources[0].clone());
        let mut send = |this: &mut Self, left| this.transport.send_spans(vec![run.clone()], &own, left);
        if receiver && self.insist(deadline, &mut send) {
            self.delivery.add_delivered(1);
        } else {
            self.delivery.add_lost(1);
        }
    }
}

impl Worker for Exporter {
    fn receive(&mut self, event: &ListenerEvent) {
        match event {
            ListenerEvent::Samples(samples) => {
                for (sample, phases) in samples.with_phases() {
                    self.end = self.end.max(sample.ended);
                    if let Some(metrics) = &mut self.metrics {
                        metrics.record(sample);
                    }
                    self.keep(Traced::Sample { sample: *sample, phases });
                }
            }
            ListenerEvent::Spans(spans) => {
                for span in spans.iter() {
                    self.end = self.end.max(span.ended);
                    self.keep(Traced::Service(*span));
                }
            }
            ListenerEvent::Measurements(values) => {
                if let Some(metrics) = &mut self.metrics {
                    values.iter().for_each(|measurement| metrics.measure(measurement));
                }
            }
            ListenerEvent::Progress(progress) => {
                self.end = self.end.max(progress.at);
                if let Some(metrics) = &mut self.metrics {
                    metrics.observe(progress);
                    self.metrics_due = true;
                }
            }
        }
    }

    fn tick(&mut self) {
        let until = now() + TICK_PATIENCE;
        if self.metrics_due && self.transport.is_ready() {
            self.send_metrics();
        }
        while self.transport.is_ready()
            && self.traces.as_ref().is_some_and(|traces| traces.backlog.is_ripe())
            && self.send_batch(transport::TIMEOUT)
            && now() < until
        {}
    }

    fn close(&mut self, limit: Duration) {
        // A receiver may take the one and not the other: neither uses up the other's time.
        let begun = now();
        self.flush_metrics(begun + limit / 2);
        self.flush_spans(begun + limit);
    }

    fn counter(&self) -> RecordCounter {
        let with_metrics = self.metrics.is_some();
        let traced = self.traces.as_ref().map(|traces| traces.maker.trace());
        Box::new(move |event| match event {
            ListenerEvent::Samples(samples) => {
                // Groups have spans, and no metric.
                let has_metric =
                    |sample: &&Sample| !matches!(sample.kind, SampleKind::Group | SampleKind::Redirect);
                let measured = if with_metrics { samples.iter().filter(has_metric).count() } else { 0 };
                let has_span = |trace: TraceContext| {
                    samples.iter().filter(|sample| spans::has_span(&trace, sample)).count()
                };
                (measured + traced.map_or(0, has_span)) as u64
            }
            ListenerEvent::Spans(spans) => {
                let is_kept =
                    |trace: TraceContext| spans.iter().filter(|span| trace.is_sampled(span.trace_id)).count();
                traced.map_or(0, is_kept) as u64
            }
            ListenerEvent::Measurements(values) => {
                if with_metrics {
                    values.len() as u64
                } else {
                    0
                }
            }
            ListenerEvent::Progress(progress) => metrics::gauges_in(progress),
        })
    }
}

/// Whether something has a span here: when its iteration is traced and, for a step, when it was tried at all.
fn has_span(trace: &TraceContext, traced: &Traced) -> bool {
    match traced {
        Traced::Sample { sample, .. } => spans::has_span(trace, sample),
        Traced::Service(span) => trace.is_sampled(span.trace_id),
    }
}
