//! Spans of modelled services, each under its service's own name: what stands in a step's span under `throng simulate`.
//!
//! ```text
//! shop    GET home     ├──┬───────────────┤       SERVER: a request, from its arrival until the service is done with it
//!          │              └ throng.begun          an event, where it had to wait for a server
//!          ├ call stock       ├──────┤            CLIENT: a try of a call, until its answer or until the caller gives up
//! stock    │  └ home            ├──┤              SERVER: the same of a request that another service sent
//!          └ call stock               ├──┤        CLIENT: the next try, or the next call
//! ```
//!
//! Who gives up ends its own span; the service does not know and goes on to its own end. What is lost in an outage ends
//! there, and whoever asks during one finds nobody who could tell of it. What the run's end finds is cut, as steps are.

use std::borrow::Cow;

use opentelemetry::KeyValue;
use opentelemetry::trace::{Event, SpanId, SpanKind, Status};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents};
use throng_components::run::RunHeader;
use throng_components::sample::ErrorType;
use throng_components::service_span::{ServiceRole, ServiceSpan};

use super::spans::{SpanMaker, context, nanos, shared};

/// What the receiver is told of each modelled service. Each is a service of its own: no name from outside is its.
pub(super) fn resources(header: &RunHeader) -> impl Iterator<Item = Resource> {
    header.services.iter().map(|name| {
        let builder = Resource::builder().with_attributes([
            KeyValue::new("service.instance.id", header.run_id.clone()),
            KeyValue::new("throng.run_id", header.run_id.clone()),
            KeyValue::new("throng.workload", header.workload.clone()),
        ]);
        builder.with_service_name(name.clone()).build()
    })
}

impl SpanMaker {
    /// A service's span.
    pub(super) fn service_span(&self, told: &ServiceSpan) -> SpanData {
        let step = self.steps.get(usize::from(told.step.0));
        let name = match told.role {
            ServiceRole::AnswersUser => step.map_or_else(String::new, |step| step.name.clone()),
            ServiceRole::AnswersService => step.map_or_else(String::new, |step| step.step.clone()),
            ServiceRole::Calls { callee, .. } => {
                format!("call {}", self.services.get(callee.index()).map_or("", |name| &**name))
            }
        };
        let mut span = self.blank(context(told.trace_id, told.id), Cow::Owned(name));
        span.parent_span_id = SpanId::from(told.parent);
        span.start_time = self.time(told.started);
        span.end_time = self.time(told.ended);
        let http = step.is_some_and(|step| step.http) && told.role == ServiceRole::AnswersUser;
        if let Some(step) = step {
            // The step's name stands first; how it was asked is known of a user's request alone.
            let known = if told.role == ServiceRole::AnswersUser { step.attributes.len() } else { 1 };
            span.attributes.extend_from_slice(&step.attributes[..known]);
        }
        match told.role {
            ServiceRole::AnswersUser | ServiceRole::AnswersService => {
                span.span_kind = SpanKind::Server;
                self.add_begin(&mut span, told);
            }
            ServiceRole::Calls { callee, attempt } => {
                span.span_kind = SpanKind::Client;
                if let Some(name) = self.services.get(callee.index()) {
                    span.attributes.push(KeyValue::new("service.peer.name", name.clone()));
                }
                if attempt > 1 {
                    span.attributes.push(KeyValue::new("throng.attempt", i64::from(attempt)));
                }
            }
        }
        if http && told.status > 0 {
            span.attributes.push(KeyValue::new("http.response.status_code", i64::from(told.status)));
        }
        span.attributes.extend(self.run_attributes.first().cloned());
        add_end(&mut span, told, http);
        span
    }

    /// When a server began, and an event of it where that was not at once.
    fn add_begin(&self, span: &mut SpanData, told: &ServiceSpan) {
        let Some(begun) = told.begun else { return };
        span.attributes.push(nanos("throng.wait_ns", begun - told.started));
        if begun > told.started {
            let event = Event::new("throng.begun", self.time(begun), Vec::new(), 0);
            span.events = SpanEvents::default();
            span.events.events.push(event);
        }
    }
}

fn add_end(span: &mut SpanData, told: &ServiceSpan, http: bool) {
    if told.cut {
        span.attributes.push(KeyValue::new("throng.cut", true));
        return;
    }
    let error = match told.status {
        0 => told.error,
        200 => return,
        status if http => ErrorType::status(status),
        _ => ErrorType::SERVICE_FAILED,
    };
    span.attributes.push(KeyValue::new("error.type", shared(&error.slug())));
    // The description stays empty: `error.type` says it.
    span.status = Status::Error { description: Cow::Borrowed("") };
}
