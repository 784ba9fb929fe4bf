//! Protocols: what carries a request to a target, on a thread's reactor.

mod exchange;
mod function;
pub mod http;
pub mod noop;

use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use throng_components::attempt_phases::AttemptPhases;
use throng_components::clock::{Nanos, TimeSource};
use throng_components::sample::{ErrorType, StepId};
use throng_components::scenario::ScenarioId;
use throng_components::target::{Target, TargetAddress, TargetId};
use throng_components::trace::TraceContext;
use throng_components::virtual_user::UserId;
use throng_components::workload::NodeSpec;

pub use self::exchange::{Answer, Exchange, Failure};
pub(crate) use self::function::modelled;
pub use self::function::{Call, FunctionRequest, FunctionResult, Input, Place, transport as functions};
pub use self::http::{
    Elsewhere, Errand, FieldName, Head, HttpRequest, Keep, RequestFields, TlsClient, TlsClients, WrongLength,
};
pub use self::noop::{NoopRequest, answer};
use super::registry::{Named, Registry, Table};
use crate::shard::ShardShare;

/// Names one operation: an answer to an operation that is over is discarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OperationId {
    /// The user's place in its shard.
    pub slot: u32,
    /// The strand of the user.
    pub strand: u8,
    /// The strand's own count.
    pub number: u32,
}

/// A request in the form its protocol sends it. Requests without variables are made once, at load.
pub trait Request: Any + Send + Sync + std::fmt::Debug {}

impl Request for String {}

/// A request as its step gives it: one that never varies is lent, and counted by who keeps it alone.
#[derive(Debug)]
pub enum Rendered<'a> {
    /// The one that all users send.
    Lent(&'a Arc<dyn Request>),
    /// One of its own.
    Own(Arc<dyn Request>),
}

impl Rendered<'_> {
    /// The request.
    pub fn get(&self) -> &dyn Request {
        match self {
            Self::Lent(request) => &***request,
            Self::Own(request) => &**request,
        }
    }

    /// The request, to be kept.
    pub fn into_owned(self) -> Arc<dyn Request> {
        match self {
            Self::Lent(request) => Arc::clone(request),
            Self::Own(request) => request,
        }
    }
}

impl<R: Request> From<R> for Rendered<'_> {
    fn from(request: R) -> Self {
        Self::Own(Arc::new(request))
    }
}

/// What a user wants done. While it is asked for, its request may be lent: `Operation<Rendered>`.
#[derive(Clone, Debug)]
pub struct Operation<R = Arc<dyn Request>> {
    /// Names it.
    pub id: OperationId,
    /// Of which scenario.
    pub scenario: ScenarioId,
    /// By whom.
    pub user: UserId,
    /// In which iteration of its scenario or user.
    pub iteration: u64,
    /// What the iteration's draws are keyed by: a model draws its own from it.
    pub key: u64,
    /// Which operation of the iteration, from 0.
    pub ordinal: u32,
    /// The measured step.
    pub step: StepId,
    /// Where to.
    pub target: TargetId,
    /// What.
    pub request: R,
    /// When its user was ready for it.
    pub ready: Nanos,
    /// How long it may take, connecting included.
    pub timeout: Nanos,
    /// What of the answer is wanted. All of it is read and counted in any case.
    pub keep: Keep,
    /// What it carries of its user's session, or where it goes instead of its target.
    pub errand: Option<Box<Errand>>,
}

impl Operation<Rendered<'_>> {
    /// The operation, to be kept.
    pub fn into_owned(self) -> Operation {
        Operation {
            request: self.request.into_owned(),
            id: self.id,
            scenario: self.scenario,
            user: self.user,
            iteration: self.iteration,
            key: self.key,
            ordinal: self.ordinal,
            step: self.step,
            target: self.target,
            ready: self.ready,
            timeout: self.timeout,
            keep: self.keep,
            errand: self.errand,
        }
    }
}

/// Whether an operation came to its own end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CompletionEnd {
    /// It did, well or badly.
    Done,
    /// It was given up while under way.
    Cut,
    /// It was given up before its I/O began.
    CutUnsent,
}

/// How an operation ended. Saved are answers of models alone, which have neither head nor body.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Completion {
    /// Which.
    pub id: OperationId,
    /// Whether it came to its own end.
    pub end: CompletionEnd,
    /// When its connection was free.
    pub unblocked: Nanos,
    /// When its I/O began.
    pub started: Nanos,
    /// When it ended.
    pub ended: Nanos,
    /// The protocol's status; 0 without an answer.
    pub status: u16,
    /// What went wrong on the way; a status is judged by the behaviour.
    pub error: ErrorType,
    /// Bytes written.
    pub bytes_sent: u32,
    /// Bytes read.
    pub bytes_received: u32,
    /// What its time went into, as far as it got.
    pub phases: AttemptPhases,
    /// The answer's head, where it was asked for.
    #[serde(skip)]
    pub head: Option<Box<Head>>,
    /// The answer's body, where it was asked for.
    #[serde(skip)]
    pub body: Bytes,
    /// Whether a model answered: it has no body, and what would look into it holds.
    pub modelled: bool,
    /// What a step that is a Rust function has done.
    pub function: Option<Box<FunctionResult>>,
}

impl Completion {
    /// An operation that began at an instant and was done at once, with nothing in it: what all others differ from.
    pub fn empty(id: OperationId, at: Nanos) -> Self {
        Self {
            id,
            end: CompletionEnd::Done,
            unblocked: at,
            started: at,
            ended: at,
            status: 0,
            error: ErrorType::NONE,
            bytes_sent: 0,
            bytes_received: 0,
            phases: AttemptPhases::NONE,
            head: None,
            body: Bytes::new(),
            modelled: false,
            function: None,
        }
    }
}

/// Takes completions from protocols, on the thread's own reactor.
pub trait Completions {
    /// An operation has ended. Runs what becomes due by it; may call back into the transport.
    fn complete(&self, completion: Completion);

    /// A connection was opened for a scenario's operation, or an open one used again.
    fn count_connection(&self, scenario: ScenarioId, reused: bool);

    /// A request went out once more, because the target had closed the open connection that it was sent on. The connection
    /// that it then had is counted as any other.
    fn count_resent(&self, scenario: ScenarioId);
}

/// What a protocol gets from its thread.
#[derive(Clone)]
pub struct Reactor {
    /// The run's clock.
    pub clock: Arc<dyn TimeSource>,
    /// Where completions go.
    pub completions: Rc<dyn Completions>,
    /// How trace ids come about; `None` when requests carry none.
    pub trace: Option<TraceContext>,
    /// The thread's part of a target's bounds.
    pub share: ShardShare,
    /// What TLS connections go by.
    pub tls: TlsClients,
}

/// One target's connections on one thread.
pub trait Transport {
    /// Begins an operation. A completion that is there at once is given back, all others come later.
    fn perform(&mut self, operation: Operation) -> Option<Completion>;

    /// Gives up an operation and tells how far it was; `None` when it is not under way. What still comes of it is discarded.
    fn cancel(&mut self, id: OperationId, now: Nanos) -> Option<Completion>;

    /// The user at this place is gone: its connection is closed.
    fn user_left(&mut self, slot: u32);

    /// Called in each turn: gives what has become free to what waits for it.
    fn settle(&mut self) {}
}

/// A protocol.
pub trait Protocol: 'static {
    /// Name, summary and a sample of a target that speaks it.
    const SPEC: NodeSpec;

    /// The schemes of targets' addresses that it speaks: `echo` in `target shop "echo://127.0.0.1:7"`.
    const SCHEMES: &'static [&'static str] = &[];

    /// Looks at what follows `scheme://` in a target's address, when the workload is read.
    ///
    /// # Errors
    /// What is wrong with it, in a few words.
    fn check_address(address: &str) -> Result<(), &'static str> {
        let _ = address;
        Ok(())
    }

    /// Whether a target is reached by this protocol.
    fn serves(target: &Target) -> bool {
        matches!(&target.address, TargetAddress::Custom { scheme, .. } if Self::SCHEMES.contains(&scheme.as_str()))
    }

    /// Makes a thread's side of a target. Connections are opened when they are needed.
    fn transport(target: &Target, reactor: Reactor) -> Box<dyn Transport>;
}

/// One protocol in the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    spec: &'static NodeSpec,
    /// The schemes that it speaks.
    pub schemes: &'static [&'static str],
    /// Looks at what follows the scheme in an address.
    pub check_address: fn(&str) -> Result<(), &'static str>,
    /// Whether a target is reached by this protocol.
    pub serves: fn(&Target) -> bool,
    /// Makes a thread's side of a target.
    pub transport: fn(&Target, Reactor) -> Box<dyn Transport>,
}

impl Entry {
    /// The entry of a protocol.
    pub const fn of<P: Protocol>() -> Self {
        Self {
            spec: &P::SPEC,
            schemes: P::SCHEMES,
            check_address: P::check_address,
            serves: P::serves,
            transport: P::transport,
        }
    }
}

impl Named for Entry {
    const FAMILY: &'static str = "protocols";

    fn spec(&self) -> &'static NodeSpec {
        self.spec
    }

    fn words(&self) -> &'static [&'static str] {
        self.schemes
    }

    fn table(registry: &mut Registry) -> &mut Table<Self> {
        &mut registry.protocols
    }
}

/// All protocols of the tree.
pub const ALL: &[Entry] = &[Entry::of::<http::Http>(), Entry::of::<noop::Noop>()];
