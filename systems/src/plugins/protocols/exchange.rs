//! Protocols told as two functions, for those of one's own: how a connection is opened, and how one request is answered.
//!
//! All else is done here: who has which connection, waiting for a free one, timeouts, cuts, and what was when.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::future::{Future, poll_fn};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::task::Poll;

use throng_components::clock::Nanos;
use throng_components::sample::ErrorType;
use throng_components::target::{ConnectionLife, ConnectionPolicy, Target};
use throng_components::workload::NodeSpec;
use tokio::task::AbortHandle;

use super::http::of_io;
use super::{Completion, CompletionEnd, Operation, OperationId, Protocol, Reactor, Request, Transport};
use crate::behavior::{EvaluationError, Value};

/// A protocol told as two functions. It runs on a thread's reactor: nothing in it may block.
///
/// Each user has a connection of its own, or so many are shared, as the target says. A connection on which an exchange
/// failed, timed out or was cut is dropped.
pub trait Exchange: 'static {
    /// The scheme of its targets' addresses, which is its name: `echo` in `target parrot "echo://127.0.0.1:7"`.
    const SCHEME: &'static str;

    /// A sample of a target that speaks it.
    const TARGET: &'static str;

    /// The step that sends a request: name, summary, sample and what its node may hold. Its properties are those of
    /// [`SENDING`](crate::plugins::steps::SENDING). It is registered as [`Sending`](crate::plugins::steps::Sending).
    const STEP: NodeSpec;

    /// What the step sends.
    type Request: Request;

    /// An open connection; dropping it closes it.
    type Connection: 'static;

    /// Makes a request of the values of the step's arguments, of which there are as many as it needs.
    ///
    /// # Errors
    /// When a value does not fit its place: the step then fails unsent.
    fn request(arguments: &[Value]) -> Result<Self::Request, EvaluationError>;

    /// Looks at what follows `scheme://` in a target's address, when the workload is read.
    ///
    /// # Errors
    /// What is wrong with it, in a few words: `the port is missing`.
    fn check_address(address: &str) -> Result<(), &'static str> {
        let _ = address;
        Ok(())
    }

    /// Opens a connection to what follows `scheme://` in the target's address.
    ///
    /// # Errors
    /// Why it could not be opened.
    fn open(address: &str) -> impl Future<Output = Result<Self::Connection, Failure>>;

    /// Whether an open connection that lay idle can be used again.
    fn is_open(connection: &Self::Connection) -> bool {
        let _ = connection;
        true
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// Why it failed.
    fn exchange(
        connection: &mut Self::Connection,
        request: &Self::Request,
    ) -> impl Future<Output = Result<Answer, Failure>>;
}

/// What came back.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The protocol's status, where it has one: from 400 on it fails the step.
    pub status: u16,
    /// Bytes written.
    pub bytes_sent: usize,
    /// Bytes read.
    pub bytes_received: usize,
}

/// Why an operation failed, as results name it. Errors of sockets become one with `?`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure(pub ErrorType);

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self(of_io(&error))
    }
}

impl From<ErrorType> for Failure {
    fn from(error: ErrorType) -> Self {
        Self(error)
    }
}

impl<X: Exchange> Protocol for X {
    const SPEC: NodeSpec =
        NodeSpec { name: X::SCHEME, summary: X::STEP.summary, sample: X::TARGET, ..NodeSpec::EMPTY };
    const SCHEMES: &'static [&'static str] = &[X::SCHEME];

    fn check_address(address: &str) -> Result<(), &'static str> {
        <X as Exchange>::check_address(address)
    }

    fn transport(target: &Target, reactor: Reactor) -> Box<dyn Transport> {
        let limit = match target.connections {
            ConnectionPolicy::PerUser | ConnectionPolicy::PerRequest => None,
            ConnectionPolicy::Shared { limit } => Some(reactor.share.part(limit.into())),
        };
        let state = State {
            idle: HashMap::new(),
            under_way: HashMap::new(),
            waiting: VecDeque::new(),
            free: limit.unwrap_or(u64::MAX),
        };
        let address = target.address.rest().to_owned();
        Box::new(ExchangeTransport(Rc::new(Site::<X> {
            address,
            reactor,
            shared: limit.is_some(),
            one_request_each: target.connections == ConnectionPolicy::PerRequest,
            life: target.life,
            state: RefCell::new(state),
        })))
    }
}

/// An operation that is being performed.
struct UnderWay {
    task: AbortHandle,
    ready: Nanos,
    unblocked: Nanos,
    /// When its I/O began; set by its task.
    started: Rc<Cell<Option<Nanos>>>,
}

/// An open connection and its life so far.
struct Open<C> {
    connection: C,
    since: Nanos,
    requests: u64,
}

struct State<C> {
    /// Open connections in no use, by the user's place in its shard; those that all share are at place 0.
    idle: HashMap<u32, Vec<Open<C>>>,
    under_way: HashMap<OperationId, UnderWay>,
    /// Operations that wait for one of the shared connections, in order.
    waiting: VecDeque<Operation>,
    /// How many operations more may be under way.
    free: u64,
}

/// One target on one thread.
struct Site<X: Exchange> {
    address: String,
    reactor: Reactor,
    shared: bool,
    one_request_each: bool,
    life: ConnectionLife,
    state: RefCell<State<X::Connection>>,
}

struct ExchangeTransport<X: Exchange>(Rc<Site<X>>);

impl<X: Exchange> Site<X> {
    /// Whether a connection that lay idle may have another request.
    fn is_usable(&self, open: &Open<X::Connection>, now: Nanos) -> bool {
        self.life.max_age.is_none_or(|most| now - open.since < most) && X::is_open(&open.connection)
    }

    /// Whether a connection has had its last request.
    fn is_used_up(&self, open: &Open<X::Connection>) -> bool {
        self.one_request_each || self.life.max_requests.is_some_and(|most| open.requests >= most)
    }

    fn home(&self, id: OperationId) -> u32 {
        if self.shared { 0 } else { id.slot }
    }

    /// Begins an operation whose connection is free.
    fn begin(self: &Rc<Self>, operation: Operation, unblocked: Nanos) {
        let (id, ready) = (operation.id, operation.ready);
        let started = Rc::new(Cell::new(None));
        let work = Rc::clone(self).work(operation, unblocked, Rc::clone(&started));
        let mut state = self.state.borrow_mut();
        state.free -= 1;
        // The task runs after this: a reactor polls nothing that is only just spawned.
        let task = tokio::task::spawn_local(work).abort_handle();
        state.under_way.insert(id, UnderWay { task, ready, unblocked, started });
    }

    async fn work(self: Rc<Self>, operation: Operation, unblocked: Nanos, started: Rc<Cell<Option<Nanos>>>) {
        let clock = &self.reactor.clock;
        let began = clock.now().max(unblocked);
        started.set(Some(began));
        let home = self.home(operation.id);
        let idle = self.state.borrow_mut().idle.get_mut(&home).and_then(Vec::pop);
        let mut connection = idle.filter(|open| self.is_usable(open, began));
        self.reactor.completions.count_connection(operation.scenario, connection.is_some());
        let exchange = unpanicked(exchange(&self, &mut connection, &operation));
        let limit = clock.speed().to_wall(operation.timeout).to_duration();
        let result = tokio::time::timeout(limit, exchange).await.unwrap_or(Err(ErrorType::TIMEOUT.into()));
        let ended = clock.now().max(began);
        let empty = Completion { unblocked, ended, ..Completion::empty(operation.id, began) };
        let completion = match result {
            Err(Failure(error)) => Completion { error, ..empty },
            Ok(answer) => {
                if let Some(open) = connection.take().filter(|open| !self.is_used_up(open)) {
                    self.state.borrow_mut().idle.entry(home).or_default().push(open);
                }
                let narrow = |bytes| u32::try_from(bytes).unwrap_or(u32::MAX);
                let (bytes_sent, bytes_received) = (narrow(answer.bytes_sent), narrow(answer.bytes_received));
                Completion { status: answer.status, bytes_sent, bytes_received, ..empty }
            }
        };
        self.state.borrow_mut().under_way.remove(&operation.id);
        self.release();
        self.reactor.completions.complete(completion);
    }

    /// A connection is free: the next operation has it.
    fn release(self: &Rc<Self>) {
        let mut state = self.state.borrow_mut();
        state.free += 1;
        let next = state.waiting.pop_front();
        drop(state);
        if let Some(operation) = next {
            let unblocked = self.reactor.clock.now().max(operation.ready);
            self.begin(operation, unblocked);
        }
    }
}

/// Opens a connection where there is none, and sends the request.
async fn exchange<X: Exchange>(
    site: &Site<X>,
    connection: &mut Option<Open<X::Connection>>,
    operation: &Operation,
) -> Result<Answer, Failure> {
    let request: &dyn Any = &*operation.request;
    let Some(request) = request.downcast_ref::<X::Request>() else {
        return Err(ErrorType::BAD_REQUEST.into());
    };
    let open = if let Some(open) = connection {
        open
    } else {
        let opened = X::open(&site.address).await?;
        connection.insert(Open { connection: opened, since: site.reactor.clock.now(), requests: 0 })
    };
    open.requests += 1;
    X::exchange(&mut open.connection, request).await
}

/// A protocol that panics has failed, and nothing else has: its user would wait for ever.
async fn unpanicked(work: impl Future<Output = Result<Answer, Failure>>) -> Result<Answer, Failure> {
    let mut work = std::pin::pin!(work);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
        Ok(poll) => poll,
        Err(_) => Poll::Ready(Err(ErrorType::PANICKED.into())),
    })
    .await
}

impl<X: Exchange> Transport for ExchangeTransport<X> {
    fn perform(&mut self, operation: Operation) -> Option<Completion> {
        if self.0.state.borrow().free == 0 {
            self.0.state.borrow_mut().waiting.push_back(operation);
        } else {
            let unblocked = operation.ready;
            self.0.begin(operation, unblocked);
        }
        None
    }

    fn cancel(&mut self, id: OperationId, now: Nanos) -> Option<Completion> {
        let mut state = self.0.state.borrow_mut();
        if let Some(place) = state.waiting.iter().position(|operation| operation.id == id) {
            let ready = state.waiting.remove(place).map_or(now, |operation| operation.ready);
            let unblocked = now.max(ready);
            return Some(Completion { end: CompletionEnd::CutUnsent, ..Completion::empty(id, unblocked) });
        }
        let cut = state.under_way.remove(&id)?;
        drop(state);
        cut.task.abort();
        self.0.release();
        let unblocked = cut.unblocked.max(cut.ready);
        let (started, end) = match cut.started.get() {
            Some(started) => (started, CompletionEnd::Cut),
            None => (now.max(unblocked), CompletionEnd::CutUnsent),
        };
        Some(Completion { end, unblocked, ended: now.max(started), ..Completion::empty(id, started) })
    }

    fn user_left(&mut self, slot: u32) {
        if !self.0.shared {
            self.0.state.borrow_mut().idle.remove(&slot);
        }
    }
}
