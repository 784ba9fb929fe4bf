//! Spans of what services do for iterations whose traces are kept.
//!
//! They stand beside the requests and not in them: without traces a request costs nothing more.

use serde::{Deserialize, Serialize};
use throng_components::clock::Nanos;
use throng_components::sample::ErrorType;
use throng_components::service_span::{ServiceRole, ServiceSpan};
use throng_components::state_of;
use throng_components::trace::TraceContext;

use super::job::{Job, JobKey, Reply};
use super::services::Entered;
use crate::plugins::protocols::Operation;

/// All spans under way, and those that have ended since they were last taken.
#[derive(Debug)]
pub(super) struct Spans {
    trace: TraceContext,
    /// Those of requests under way, by row; `None` for a request that belongs to no trace.
    open: Vec<Option<Box<Open>>>,
    ended: Vec<ServiceSpan>,
    /// What has ended while no iteration is under way; `None` while one is.
    rest: Option<Rest>,
    /// How often that was so.
    rests: u32,
}

/// The spans of a request under way.
#[derive(Debug, Serialize, Deserialize)]
struct Open {
    own: Begun,
    /// That of the call whose answer it waits for.
    call: Option<Begun>,
    /// Calls it has made.
    calls: u32,
}

/// A span that has begun.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Begun {
    span: ServiceSpan,
    /// In which rest it began; 0 for none.
    rest: u32,
}

/// Spans that ended while no iteration was under way. If the run ends so, services have done all of it for nobody, and the
/// run ended before.
#[derive(Debug, Serialize, Deserialize)]
struct Rest {
    since: Nanos,
    /// Begun before.
    before: Vec<ServiceSpan>,
    /// Begun meanwhile.
    meanwhile: Vec<ServiceSpan>,
}

/// How a span ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// With an answer, or an error instead of one.
    Answered(u16, ErrorType),
    /// Before its own end.
    Cut,
}

state_of!(Spans { saved: open, ended, rest, rests; declared: trace });

impl Spans {
    pub(super) fn new(trace: TraceContext) -> Self {
        Self { trace, open: Vec::new(), ended: Vec::new(), rest: None, rests: 0 }
    }

    /// A user's request has come to a service.
    pub(super) fn asked<R>(&mut self, operation: &Operation<R>, job: &Job, entered: Entered) {
        let trace_id = self.trace.trace_id(operation.user, operation.iteration);
        if self.trace.is_sampled(trace_id) {
            let caller = self.trace.span_id(trace_id, Some(operation.ordinal));
            self.come(ServiceRole::AnswersUser, (trace_id, caller), job, entered);
        }
    }

    /// A request at one service has called another one, for the so manieth time after failures.
    pub(super) fn called(&mut self, caller: JobKey, child: &Job, tried: u16, entered: Entered) {
        let rest = self.rest_number();
        let Some(open) = self.open.get_mut(caller.row as usize).and_then(Option::as_mut) else { return };
        open.calls += 1;
        let own = open.own.span;
        let attempt = u8::try_from(tried).unwrap_or(u8::MAX).saturating_add(1);
        let span = ServiceSpan {
            id: self.trace.service_span_id(own.trace_id, own.id, open.calls),
            parent: own.id,
            started: child.arrived,
            begun: None,
            role: ServiceRole::Calls { callee: child.service, attempt },
            ..own
        };
        open.call = Some(Begun { span, rest });
        self.come(ServiceRole::AnswersService, (span.trace_id, span.id), child, entered);
    }

    /// A request has come to a service: from whom, and what became of it.
    fn come(&mut self, role: ServiceRole, (trace_id, parent): (u128, u64), job: &Job, entered: Entered) {
        let span = ServiceSpan {
            trace_id,
            id: self.trace.service_span_id(trace_id, parent, 0),
            parent,
            started: job.arrived,
            begun: None,
            ended: job.arrived,
            service: job.service,
            step: job.step,
            role,
            status: 0,
            error: ErrorType::NONE,
            cut: false,
        };
        let mut own = Begun { span, rest: self.rest_number() };
        let key = match entered {
            Entered::Begun(key) => {
                own.span.begun = Some(job.arrived);
                key
            }
            Entered::Waits(key) => key,
            // Where nobody is, there is nobody to tell of it, either.
            Entered::Refused(ErrorType::CONNECTION_REFUSED) => return,
            Entered::Refused(error) => return self.close(own, job.arrived, End::Answered(0, error)),
        };
        let row = key.row as usize;
        if self.open.len() <= row {
            self.open.resize_with(row + 1, || None);
        }
        self.open[row] = Some(Box::new(Open { own, call: None, calls: 0 }));
    }

    /// A server has begun with a request that had waited.
    pub(super) fn begun(&mut self, key: JobKey, now: Nanos) {
        if let Some(open) = self.open.get_mut(key.row as usize).and_then(Option::as_mut) {
            open.own.span.begun = Some(now);
        }
    }

    /// The call that a request waits for is answered, or was given up.
    pub(super) fn answered(&mut self, key: JobKey, reply: &Reply, now: Nanos) {
        let open = self.open.get_mut(key.row as usize).and_then(Option::as_mut);
        if let Some(call) = open.and_then(|open| open.call.take()) {
            self.close(call, now, End::Answered(reply.status, reply.error));
        }
    }

    /// A service is done with a request, or has lost it.
    pub(super) fn finished(&mut self, key: JobKey, status: u16, error: ErrorType, now: Nanos) {
        let Some(open) = self.open.get_mut(key.row as usize).and_then(Option::take) else { return };
        if let Some(call) = open.call {
            self.close(call, now, End::Cut);
        }
        self.close(open.own, now, End::Answered(status, error));
    }

    /// Notes whether any iteration is under way.
    pub(super) fn note_running(&mut self, running: bool, now: Nanos) {
        if running {
            if let Some(Rest { before, meanwhile, .. }) = self.rest.take() {
                self.ended.extend(before);
                self.ended.extend(meanwhile);
            }
        } else {
            self.rests += 1;
            self.rest = Some(Rest { since: now, before: Vec::new(), meanwhile: Vec::new() });
        }
    }

    /// All that has ended since the last time.
    pub(super) fn take(&mut self) -> Vec<ServiceSpan> {
        std::mem::take(&mut self.ended)
    }

    /// The run is over: what has not ended by then is cut, so that no span lacks its parent.
    pub(super) fn end(&mut self, now: Nanos) {
        let rest = self.rest.take();
        let since = rest.as_ref().map(|rest| rest.since);
        let at = since.unwrap_or(now);
        let began_meanwhile = |begun: &Begun| since.is_some() && begun.rest == self.rests;
        let open = std::mem::take(&mut self.open).into_iter().flatten();
        let unfinished = open.flat_map(|open| [Some(open.own), open.call]).flatten();
        let unfinished = unfinished.filter(|begun| !began_meanwhile(begun)).map(|begun| begun.span);
        let before = rest.into_iter().flat_map(|rest| rest.before);
        self.ended.extend(before.chain(unfinished).map(|span| ServiceSpan {
            begun: span.begun.filter(|begun| *begun <= at),
            ended: at,
            status: 0,
            error: ErrorType::NONE,
            cut: true,
            ..span
        }));
    }

    /// The number of the present rest; 0 while an iteration is under way.
    fn rest_number(&self) -> u32 {
        if self.rest.is_some() { self.rests } else { 0 }
    }

    fn close(&mut self, begun: Begun, now: Nanos, end: End) {
        let (status, error, cut) = match end {
            End::Answered(status, error) => (status, error, false),
            End::Cut => (0, ErrorType::NONE, true),
        };
        let span = ServiceSpan { ended: now, status, error, cut, ..begun.span };
        match &mut self.rest {
            None => self.ended.push(span),
            Some(rest) if begun.rest == self.rests => rest.meanwhile.push(span),
            Some(rest) => rest.before.push(span),
        }
    }
}
