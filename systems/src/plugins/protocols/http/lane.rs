//! A lane: one connection and the task that works on it, one operation after the other.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use throng_components::clock::{Nanos, TimeSource};
use throng_components::sample::ErrorType;
use throng_components::target::{ConnectionLife, ConnectionPolicy, Target};
use throng_components::trace::TraceContext;

use super::answer;
use super::buffers::Buffers;
use super::codec::Answer;
use super::connection::Connection;
use super::counted::Traffic;
use super::origin::{Origin, Sessions};
use super::patience::Patience;
use super::request::{Additions, HttpRequest};
use crate::plugins::protocols::{Completion, CompletionEnd, Completions, Operation, OperationId, Reactor};

/// What all lanes of a target share.
pub(super) struct Site {
    pub(super) origin: Origin,
    life: ConnectionLife,
    /// The sessions of a pool's connections, which are one client's to their target.
    pooled: Rc<Sessions>,
    /// Whether a connection is closed behind each request.
    one_request_each: bool,
    pub(super) clock: Arc<dyn TimeSource>,
    pub(super) completions: Rc<dyn Completions>,
    pub(super) trace: Option<TraceContext>,
    pub(super) buffers: Rc<Buffers>,
    /// Called when a lane is free, with its number; for lanes that several users share.
    pub(super) freed: RefCell<Vec<usize>>,
}

impl Site {
    pub(super) fn new(target: &Target, reactor: Reactor, buffers: Rc<Buffers>) -> Self {
        let client = target.tls.as_ref().and_then(|_| reactor.tls.of(target.id));
        Self {
            origin: Origin::new(target, client, usize::from(reactor.share.place)),
            life: target.life,
            pooled: Rc::default(),
            one_request_each: target.connections == ConnectionPolicy::PerRequest,
            clock: reactor.clock,
            completions: reactor.completions,
            trace: reactor.trace.filter(|trace| trace.propagate),
            buffers,
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
            traffic: Traffic::new(Arc::clone(&site.clock)),
            number,
        });
        let sessions = if number.is_some() { Rc::clone(&site.pooled) } else { Rc::default() };
        let work = work(Rc::downgrade(&lane), lane.traffic.clone(), Rc::clone(site), sessions);
        tokio::task::spawn_local(work);
        lane
    }

    /// Gives the lane an operation; its connection is free since `unblocked`.
    pub(super) fn begin(&self, operation: Operation, unblocked: Nanos) {
        self.job.replace(Some(Job { operation, unblocked }));
        self.wake();
    }

    /// Whether it has nothing to do.
    pub(super) fn is_idle(&self) -> bool {
        self.current.get().is_none() && self.job.borrow().is_none()
    }

    /// Keeps what wakes the lane's task. It is mostly the same as before.
    fn park(&self, cx: &Context<'_>) {
        let known = self.parked.take().filter(|known| known.will_wake(cx.waker()));
        self.parked.set(Some(known.unwrap_or_else(|| cx.waker().clone())));
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
            return Some(cut.completion(now, CompletionEnd::CutUnsent));
        }
        let current = self.current.get().filter(|current| current.id == id)?;
        self.current.set(None);
        self.cut.set(true);
        self.wake();
        Some(with_traffic(current.completion(now, CompletionEnd::Cut), &self.traffic))
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
    fn completion(&self, ended: Nanos, end: CompletionEnd) -> Completion {
        Completion { end, unblocked: self.unblocked, ended, ..Completion::empty(self.id, self.started) }
    }
}

/// A completion with what its exchange has come to so far.
fn with_traffic(completion: Completion, traffic: &Traffic) -> Completion {
    let (bytes_sent, bytes_received) = traffic.bytes();
    Completion { bytes_sent, bytes_received, phases: traffic.phases(), ..completion }
}

/// A lane's task: takes operations until the lane is closed or dropped.
async fn work(lane: Weak<Lane>, traffic: Traffic, site: Rc<Site>, sessions: Rc<Sessions>) {
    let mut connection: Option<Connection> = None;
    let mut patience = std::pin::pin!(Patience::new(&*site.clock));
    while let Some(job) = next_job(&lane).await {
        let operation = job.operation;
        let Some(request) = of_http(&operation) else { continue };
        let started = site.clock.now();
        let deadline = started + operation.timeout;
        traffic.begin();
        let current = Current { id: operation.id, unblocked: job.unblocked, started };
        if let Some(lane) = lane.upgrade() {
            lane.current.set(Some(current));
        }
        // Pinned here, in the task's own frame: the exchange is large and is not to be moved about.
        let result = {
            let way = Way { site: &site, traffic: &traffic, sessions: &sessions, started };
            let exchange = std::pin::pin!(way.exchange(&mut connection, request, &operation));
            bounded(exchange, &lane, patience.as_mut(), deadline).await
        };
        let Some(result) = result else {
            // Cut: the answer that may still come belongs to nobody.
            connection = None;
            free(&lane, &site);
            continue;
        };
        let ended = site.clock.now();
        if result.is_ok() {
            traffic.note_end(ended);
        }
        let mut completion = with_traffic(current.completion(ended, CompletionEnd::Done), &traffic);
        match result {
            Ok(answer) => {
                completion.error = site.origin.judge(answer.status);
                answer::put(answer, &operation, &mut completion);
                // What is not to be used again is closed at once and does not lie about.
                let used_up = |open: &mut Connection| site.one_request_each || open.is_used_up(&site.life);
                connection.take_if(used_up);
            }
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
            lane.park(cx);
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
        lane.park(cx);
        if patience.as_mut().is_over(deadline, cx) {
            return Poll::Ready(Some(Err(ErrorType::TIMEOUT)));
        }
        Poll::Pending
    })
    .await
}

fn of_http(operation: &Operation) -> Option<&HttpRequest> {
    (&*operation.request as &dyn std::any::Any).downcast_ref()
}

/// What one exchange of a lane goes by.
struct Way<'a> {
    site: &'a Site,
    traffic: &'a Traffic,
    sessions: &'a Sessions,
    started: Nanos,
}

impl Way<'_> {
    /// Sends one request, on the open connection or a new one.
    async fn exchange(
        &self,
        connection: &mut Option<Connection>,
        request: &HttpRequest,
        operation: &Operation,
    ) -> Result<Answer, ErrorType> {
        let Self { site, traffic, sessions, started } = *self;
        let mut reused = match connection {
            Some(open) if open.is_fresh(&site.life, started) => {
                // What may not be sent twice had better not meet a close.
                if !request.method().is_idempotent() {
                    traffic.look_closely();
                }
                open.is_usable(&site.buffers).await
            }
            _ => false,
        };
        loop {
            site.completions.count_connection(operation.scenario, reused);
            if reused {
                traffic.note_request(started);
            } else {
                *connection = None;
                // Boxed: opening needs far more room than an exchange, and a lane at rest would keep it.
                let open = Box::pin(Connection::open(&site.origin, traffic, sessions)).await?;
                traffic.note_request(open.opened());
                *connection = Some(open);
            }
            let Some(open) = connection else { return Err(ErrorType::CONNECTION_FAILED) };
            let additions = additions(site, operation);
            let result = open.exchange(request, &additions, operation.keep, &site.buffers).await;
            match result {
                Err(error) if reused && self.may_send_again(request, error) => {
                    site.completions.count_resent(operation.scenario);
                    reused = false;
                }
                result => return result,
            }
        }
    }

    /// Whether a request that met the end of an open connection may go out once more, on a new one: a target may close what
    /// lies idle at any time (RFC 9112, section 9.3.1). Nothing of an answer has come, and to do the request twice is to do
    /// it once, or nothing of it has gone out.
    fn may_send_again(&self, request: &HttpRequest, error: ErrorType) -> bool {
        let closed = matches!(error, ErrorType::CONNECTION_CLOSED | ErrorType::CONNECTION_RESET);
        let once = request.method().is_idempotent() || self.traffic.bytes().0 == 0;
        closed && once && self.traffic.is_unanswered()
    }
}

/// What an operation's request bears on its way.
fn additions<'a>(site: &'a Site, operation: &'a Operation) -> Additions<'a> {
    Additions {
        front: site.origin.front(),
        cookies: operation.errand.as_ref().and_then(|errand| errand.cookies.as_ref()),
        proxy_authorization: site.origin.proxy_authorization(),
        closes: site.one_request_each,
        trace: site.trace.as_ref().map(|trace| {
            // The span that a listener will export for it.
            let trace_id = trace.trace_id(operation.user, operation.iteration);
            (trace_id, trace.span_id(trace_id, Some(operation.ordinal)), trace.is_sampled(trace_id))
        }),
        ..Additions::of(&site.origin.authority)
    }
}

#[cfg(test)]
mod tests {
    use throng_components::target::{CookiePolicy, NameLookup, TargetAddress, TargetId};

    use super::*;
    use crate::plugins::protocols::TlsClients;
    use crate::shard::ShardShare;

    struct Nowhere;

    impl TimeSource for Nowhere {
        fn now(&self) -> Nanos {
            Nanos::ZERO
        }

        fn until_start(&self) -> Option<Nanos> {
            None
        }
    }

    impl Completions for Nowhere {
        fn complete(&self, _: Completion) {}

        fn count_connection(&self, _: throng_components::scenario::ScenarioId, _: bool) {}

        fn count_resent(&self, _: throng_components::scenario::ScenarioId) {}
    }

    /// Each user has a lane: what it takes is taken a million times.
    #[test]
    fn a_lane_at_rest_stays_small() {
        let clock: Arc<dyn TimeSource> = Arc::new(Nowhere);
        let reactor = Reactor {
            clock: Arc::clone(&clock),
            completions: Rc::new(Nowhere),
            trace: None,
            share: ShardShare { place: 0, of: 1 },
            tls: TlsClients::default(),
        };
        let target = Target {
            id: TargetId(0),
            name: String::new(),
            address: TargetAddress::Demo,
            timeout: Nanos::SECOND,
            connections: ConnectionPolicy::PerUser,
            life: ConnectionLife::default(),
            lookup: NameLookup::default(),
            tls: None,
            redirect_tls: None,
            proxy: None,
            headers: Vec::new(),
            cookies: CookiePolicy::Off,
            follow: 0,
            compression: Vec::new(),
        };
        let site = Rc::new(Site::new(&target, reactor, Rc::default()));
        let task = work(Weak::new(), Traffic::new(clock), site, Rc::default());
        let (task, lane) = (size_of_val(&task), size_of::<Lane>());
        assert!(task <= 1_072 && lane <= 208, "{task} bytes of a task, {lane} of a lane");
    }
}
