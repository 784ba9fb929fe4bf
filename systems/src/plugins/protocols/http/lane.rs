//! A lane: one connection and the task that works on it, one operation after the other.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::{Poll, Waker};

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderName, HeaderValue, Request};
use http_body_util::Full;
use throng_components::clock::{Nanos, TimeSource};
use throng_components::sample::ErrorType;
use throng_components::trace::TraceContext;

use super::HttpRequest;
use super::connection::{Answer, Connection, Origin};
use super::counted::Traffic;
use super::patience::Patience;
use crate::plugins::protocols::{Completion, CompletionEnd, Completions, Operation, OperationId, Reactor};

/// What all lanes of a target share.
pub(super) struct Site {
    pub(super) origin: Origin,
    pub(super) clock: Arc<dyn TimeSource>,
    pub(super) completions: Rc<dyn Completions>,
    pub(super) trace: Option<TraceContext>,
    /// Called when a lane is free, with its number; for lanes that several users share.
    pub(super) freed: RefCell<Vec<usize>>,
}

impl Site {
    pub(super) fn new(host: &str, port: u16, reactor: Reactor) -> Self {
        Self {
            origin: Origin::new(host, port),
            clock: reactor.clock,
            completions: reactor.completions,
            trace: reactor.trace.filter(|trace| trace.propagate),
            freed: RefCell::new(Vec::new()),
        }
    }
}

/// An operation on its way through a lane.
struct Job {
    operation: Operation,
    unblocked: Nanos,
}

/// The operation that a lane works on.
#[derive(Clone, Copy)]
struct Current {
    id: OperationId,
    unblocked: Nanos,
    started: Nanos,
}

/// One lane, seen from its transport.
pub(super) struct Lane {
    job: RefCell<Option<Job>>,
    current: Cell<Option<Current>>,
    /// Set when the current operation is given up; the task then drops its connection.
    cut: Cell<bool>,
    closed: Cell<bool>,
    parked: Cell<Option<Waker>>,
    traffic: Traffic,
    /// The lane's number in a pool.
    number: Option<usize>,
}

impl Lane {
    /// Makes a lane and starts its task.
    pub(super) fn start(site: &Rc<Site>, number: Option<usize>) -> Rc<Self> {
        let lane = Rc::new(Self {
            job: RefCell::new(None),
            current: Cell::new(None),
            cut: Cell::new(false),
            closed: Cell::new(false),
            parked: Cell::new(None),
            traffic: Traffic::default(),
            number,
        });
        let work = work(Rc::downgrade(&lane), lane.traffic.clone(), Rc::clone(site));
        tokio::task::spawn_local(work);
        lane
    }

    /// Gives the lane an operation; its connection is free since `unblocked`.
    pub(super) fn begin(&self, operation: Operation, unblocked: Nanos) {
        self.job.replace(Some(Job { operation, unblocked }));
        self.wake();
    }

    fn wake(&self) {
        // A task that is running has taken its waker out and will look by itself.
        if let Some(waker) = self.parked.take() {
            waker.wake();
        }
    }

    /// Gives up an operation, if it is this lane's, and tells how far it was.
    pub(super) fn cancel(&self, id: OperationId, now: Nanos) -> Option<Completion> {
        if let Some(job) = self.job.take_if(|job| job.operation.id == id) {
            let cut = Current { id, unblocked: job.unblocked, started: now };
            return Some(cut.completion(now, CompletionEnd::CutUnsent, (0, 0)));
        }
        let current = self.current.get().filter(|current| current.id == id)?;
        self.current.set(None);
        self.cut.set(true);
        self.wake();
        Some(current.completion(now, CompletionEnd::Cut, self.traffic.peek()))
    }

    /// Closes the connection and ends the task.
    pub(super) fn close(&self) {
        self.closed.set(true);
        self.wake();
    }
}

trait TakeIf<T> {
    fn take_if(&self, matches: impl FnOnce(&T) -> bool) -> Option<T>;
}

impl<T> TakeIf<T> for RefCell<Option<T>> {
    fn take_if(&self, matches: impl FnOnce(&T) -> bool) -> Option<T> {
        let mut place = self.borrow_mut();
        if place.as_ref().is_some_and(matches) { place.take() } else { None }
    }
}

impl Current {
    fn completion(&self, ended: Nanos, end: CompletionEnd, (sent, received): (u32, u32)) -> Completion {
        Completion {
            end,
            unblocked: self.unblocked,
            ended,
            bytes_sent: sent,
            bytes_received: received,
            ..Completion::empty(self.id, self.started)
        }
    }
}

/// A lane's task: takes operations until the lane is closed or dropped.
async fn work(lane: Weak<Lane>, traffic: Traffic, site: Rc<Site>) {
    let mut connection: Option<Connection> = None;
    let mut patience = std::pin::pin!(Patience::new(&*site.clock));
    while let Some(job) = next_job(&lane).await {
        let operation = job.operation;
        let Ok(request) = downcast(&operation) else { continue };
        let started = site.clock.now();
        let deadline = started + operation.timeout;
        traffic.take();
        let current = Current { id: operation.id, unblocked: job.unblocked, started };
        if let Some(lane) = lane.upgrade() {
            lane.current.set(Some(current));
        }
        // Pinned here, in the task's own frame: the exchange is large and is not to be moved about.
        let result = {
            let exchange = std::pin::pin!(exchange(&mut connection, &site, &traffic, &request, &operation));
            bounded(exchange, &lane, patience.as_mut(), deadline).await
        };
        let Some(result) = result else {
            // Cut: the answer that may still come belongs to nobody.
            connection = None;
            free(&lane, &site);
            continue;
        };
        let mut completion = current.completion(site.clock.now(), CompletionEnd::Done, traffic.take());
        match result {
            Ok(answer) => (completion.status, completion.body) = (answer.status, answer.body),
            Err(error) => {
                completion.error = error;
                connection = None;
            }
        }
        if let Some(lane) = lane.upgrade() {
            lane.current.set(None);
        }
        free(&lane, &site);
        site.completions.complete(completion);
    }
}

/// Puts a pooled lane back.
fn free(lane: &Weak<Lane>, site: &Site) {
    if let Some(number) = lane.upgrade().and_then(|lane| lane.number) {
        site.freed.borrow_mut().push(number);
    }
}

/// The next operation; `None` when the lane is closed.
async fn next_job(lane: &Weak<Lane>) -> Option<Job> {
    poll_fn(|cx| {
        let Some(lane) = lane.upgrade() else { return Poll::Ready(None) };
        if lane.closed.get() {
            return Poll::Ready(None);
        }
        lane.cut.set(false);
        let job = lane.job.take();
        if job.is_none() {
            lane.parked.set(Some(cx.waker().clone()));
            return Poll::Pending;
        }
        Poll::Ready(job)
    })
    .await
}

/// An exchange with its time limit; `None` when it was given up.
async fn bounded(
    mut exchange: Pin<&mut impl Future<Output = Result<Answer, ErrorType>>>,
    lane: &Weak<Lane>,
    mut patience: Pin<&mut Patience>,
    deadline: Nanos,
) -> Option<Result<Answer, ErrorType>> {
    poll_fn(|cx| {
        let Some(lane) = lane.upgrade() else { return Poll::Ready(None) };
        if lane.cut.get() || lane.closed.get() {
            return Poll::Ready(None);
        }
        if let Poll::Ready(result) = exchange.as_mut().poll(cx) {
            return Poll::Ready(Some(result));
        }
        lane.parked.set(Some(cx.waker().clone()));
        if patience.as_mut().is_over(deadline, cx) {
            return Poll::Ready(Some(Err(ErrorType::TIMEOUT)));
        }
        Poll::Pending
    })
    .await
}

fn downcast(operation: &Operation) -> Result<Arc<HttpRequest>, ()> {
    let any: Arc<dyn std::any::Any + Send + Sync> = Arc::clone(&operation.request) as _;
    any.downcast::<HttpRequest>().map_err(|_| ())
}

/// Sends one request, on the open connection or a new one.
async fn exchange(
    connection: &mut Option<Connection>,
    site: &Site,
    traffic: &Traffic,
    request: &HttpRequest,
    operation: &Operation,
) -> Result<Answer, ErrorType> {
    let reused = match connection {
        Some(open) => open.is_usable().await,
        None => false,
    };
    site.completions.count_connection(operation.scenario, reused);
    if !reused {
        *connection = Some(Connection::open(&site.origin, traffic).await?);
    }
    let Some(open) = connection else { return Err(ErrorType::CONNECTION_FAILED) };
    open.exchange(message(site, request, operation), operation.keep_body).await
}

/// The request as it is written on this connection.
fn message(site: &Site, request: &HttpRequest, operation: &Operation) -> Request<Full<Bytes>> {
    let mut message = Request::new(Full::new(request.body.clone()));
    *message.method_mut() = request.method.clone();
    *message.uri_mut() = request.uri.clone();
    let headers = message.headers_mut();
    headers.reserve(request.headers.len() + 2);
    if !request.headers.contains_key(HOST) {
        headers.insert(HOST, site.origin.authority.clone());
    }
    for (name, value) in &request.headers {
        headers.append(name, value.clone());
    }
    if let Some(trace) = &site.trace {
        headers.insert(HeaderName::from_static("traceparent"), traceparent(trace, operation));
    }
    message
}

/// The W3C trace context of an operation: the span that a listener will export for it.
fn traceparent(trace: &TraceContext, operation: &Operation) -> HeaderValue {
    let trace_id = trace.trace_id(operation.user, operation.iteration);
    let span_id = trace.span_id(trace_id, Some(operation.ordinal));
    let flags = u8::from(trace.is_sampled(trace_id));
    let text = format!("00-{trace_id:032x}-{span_id:016x}-{flags:02x}");
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}
