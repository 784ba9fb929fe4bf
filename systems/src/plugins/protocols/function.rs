//! What carries out steps that are Rust functions: on the reactor itself, or on a bounded pool beside it.
//!
//! To a shard such a step is an operation as any other, which goes to no declared target ([`TargetId::HERE`]). So it is
//! measured, timed out, cut and repeated in virtual time as any other.
//!
//! [`TargetId::HERE`]: throng_components::target::TargetId::HERE

use std::any::Any;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use throng_components::clock::{Nanos, TimeSource};
use throng_components::measures::Measurement;
use throng_components::sample::ErrorType;
use throng_components::seed::Purpose;
use throng_components::virtual_user::UserId;
use tokio::task::AbortHandle;

use super::{Completion, CompletionEnd, Operation, OperationId, Reactor, Request, Transport};
use crate::behavior::Value;
use crate::plugins::laws::Draws;

/// Where a function runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// On the thread of its users, at once. For what takes microseconds: everybody else on the thread waits for it.
    #[default]
    Thread,
    /// On a pool of 8 threads beside each thread of users. For what computes for long or has to block.
    Pool,
}

/// What a function is given, and where its results go.
#[derive(Debug)]
pub struct Input<'a> {
    arguments: &'a [Value],
    names: &'static [&'static str],
    variables: &'a mut [Value],
    user: UserId,
    iteration: u64,
    draws: Draws,
    measurements: Vec<Measurement>,
}

impl Input<'_> {
    /// The value of an argument of the node, from 0; unset where there is none.
    pub fn argument(&self, index: usize) -> &Value {
        self.arguments.get(index).unwrap_or(&Value::Unset)
    }

    /// An argument that has to be a whole number.
    ///
    /// # Errors
    /// [`ErrorType::EXPRESSION`] when it is none, which fails the step where it is handed on with `?`.
    pub fn int(&self, index: usize) -> Result<i64, ErrorType> {
        self.argument(index).as_int().ok_or(ErrorType::EXPRESSION)
    }

    /// An argument that has to be a number.
    ///
    /// # Errors
    /// As [`Input::int`].
    pub fn float(&self, index: usize) -> Result<f64, ErrorType> {
        self.argument(index).as_float().ok_or(ErrorType::EXPRESSION)
    }

    /// An argument that has to be a text.
    ///
    /// # Errors
    /// As [`Input::int`].
    pub fn text(&self, index: usize) -> Result<&str, ErrorType> {
        self.argument(index).as_text().ok_or(ErrorType::EXPRESSION)
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| *known == name)
    }

    /// The value of a variable of the user; unset when it has none yet, or the function does not declare it.
    pub fn get(&self, name: &str) -> &Value {
        self.place(name).and_then(|place| self.variables.get(place)).unwrap_or(&Value::Unset)
    }

    /// Gives a variable of the user a value, for the steps to come. A function that fails has set it all the same.
    ///
    /// # Errors
    /// [`ErrorType::UNSET_VARIABLE`] when the function does not declare that variable.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) -> Result<(), ErrorType> {
        let place = self.place(name).ok_or(ErrorType::UNSET_VARIABLE)?;
        self.variables[place] = value.into();
        Ok(())
    }

    /// The user's number within its scenario, from 1.
    pub fn user(&self) -> u64 {
        self.user.serial()
    }

    /// The iteration's number, from 1.
    pub fn iteration(&self) -> u64 {
        self.iteration
    }

    /// Random numbers of this step of this iteration: the same for the same seed, whoever runs it and when.
    pub fn draws(&mut self) -> &mut Draws {
        &mut self.draws
    }

    /// Records a value of a measure of one's own. What is recorded within the warm-up is left out.
    pub fn record(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        unit: impl Into<Cow<'static, str>>,
        value: f64,
    ) {
        self.measurements.push(Measurement { name: name.into(), unit: unit.into(), value });
    }
}

/// A function, as it is called.
pub type Call = fn(&mut Input<'_>) -> Result<(), ErrorType>;

/// A call of a function, with the values of its user.
#[derive(Clone)]
pub struct FunctionRequest {
    /// The function.
    pub call: Call,
    /// Where it runs.
    pub place: Place,
    /// How long it takes in virtual time.
    pub modelled_time: fn(&mut Draws) -> Nanos,
    /// The node's arguments.
    pub arguments: Vec<Value>,
    /// Variables that the function declares.
    pub names: &'static [&'static str],
    /// Their slots and values.
    pub variables: Vec<(u16, Value)>,
}

impl fmt::Debug for FunctionRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionRequest").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Request for FunctionRequest {}

/// What a function has done, besides ending.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FunctionResult {
    /// The variables that it declares, by slot.
    pub variables: Vec<(u16, Value)>,
    /// What it has recorded.
    pub measurements: Vec<Measurement>,
}

/// Who calls a function.
#[derive(Clone, Copy)]
struct Caller {
    user: UserId,
    iteration: u64,
    key: u64,
    /// The first number of the draws of this step.
    first_draw: u64,
}

impl Caller {
    fn of(operation: &Operation) -> Self {
        let Operation { user, iteration, key, ordinal, .. } = *operation;
        // Each step of an iteration has 2^32 draws of its own.
        Self { user, iteration, key, first_draw: u64::from(ordinal) << 32 }
    }
}

impl FunctionRequest {
    fn of(operation: &Operation) -> Option<Arc<Self>> {
        let any: Arc<dyn Any + Send + Sync> = Arc::clone(&operation.request) as _;
        any.downcast().ok()
    }

    /// Calls the function. One that panics has failed, and nothing else has.
    fn run(&self, caller: Caller) -> (FunctionResult, ErrorType) {
        let (slots, mut variables): (Vec<u16>, Vec<Value>) = self.variables.iter().cloned().unzip();
        let mut input = Input {
            arguments: &self.arguments,
            names: self.names,
            variables: &mut variables,
            user: caller.user,
            iteration: caller.iteration,
            draws: Draws::new(caller.key, Purpose::FUNCTION, caller.first_draw),
            measurements: Vec::new(),
        };
        let ended = catch_unwind(AssertUnwindSafe(|| (self.call)(&mut input)));
        let measurements = input.measurements;
        let error = match ended {
            Ok(Ok(())) => ErrorType::NONE,
            Ok(Err(error)) if error.is_failure() => error,
            Ok(Err(_)) => ErrorType::FUNCTION_FAILED,
            Err(_) => ErrorType::PANICKED,
        };
        (FunctionResult { variables: slots.into_iter().zip(variables).collect(), measurements }, error)
    }
}

fn done(id: OperationId, (result, error): (FunctionResult, ErrorType), began: Nanos) -> Completion {
    Completion { error, function: Some(Box::new(result)), ..Completion::empty(id, began) }
}

/// Calls a function in virtual time, at once; its answer comes when its modelled time has passed.
pub(crate) fn modelled(operation: &Operation, now: Nanos) -> Completion {
    let Some(request) = FunctionRequest::of(operation) else { return Completion::empty(operation.id, now) };
    let first = (u64::from(operation.ordinal) << 32) + (1 << 31);
    let time = (request.modelled_time)(&mut Draws::new(operation.key, Purpose::FUNCTION, first));
    if time > operation.timeout {
        let (ended, error) = (now + operation.timeout, ErrorType::TIMEOUT);
        return Completion { ended, error, ..Completion::empty(operation.id, now) };
    }
    let completion = done(operation.id, request.run(Caller::of(operation)), now);
    Completion { ended: now + time, ..completion }
}

/// The functions of one thread.
pub fn transport(reactor: Reactor) -> Box<dyn Transport> {
    Box::new(FunctionTransport { reactor, under_way: Rc::default() })
}

/// A call on the pool.
struct PoolCall {
    waiter: AbortHandle,
    /// When a thread of the pool began it; [`NOT_YET`] before.
    began: Arc<AtomicU64>,
}

/// No thread of the pool has begun it.
const NOT_YET: u64 = u64::MAX;

struct FunctionTransport {
    reactor: Reactor,
    under_way: Rc<RefCell<HashMap<OperationId, PoolCall>>>,
}

impl FunctionTransport {
    fn run_on_pool(&self, operation: Operation, request: Arc<FunctionRequest>) {
        let began = Arc::new(AtomicU64::new(NOT_YET));
        let (id, ready, timeout) = (operation.id, operation.ready, operation.timeout);
        let limit = self.reactor.clock.speed().to_wall(timeout).to_duration();
        let (clock, begins) = (Arc::clone(&self.reactor.clock), Arc::clone(&began));
        let work = tokio::task::spawn_blocking(move || {
            begins.store(clock.now().0, Ordering::Relaxed);
            request.run(Caller::of(&operation))
        });
        let (reactor, calls, begins) = (self.reactor.clone(), Rc::clone(&self.under_way), Arc::clone(&began));
        let waiter = tokio::task::spawn_local(async move {
            let ended = tokio::time::timeout(limit, work).await;
            calls.borrow_mut().remove(&id);
            let now = reactor.clock.now();
            let completion = match ended {
                Ok(Ok(result)) => done(id, result, now),
                // The pool was shut down.
                Ok(Err(_)) => Completion { end: CompletionEnd::Cut, ..Completion::empty(id, now) },
                Err(_) => Completion { error: ErrorType::TIMEOUT, ..Completion::empty(id, now) },
            };
            reactor.completions.complete(begun(completion, &begins, ready, now));
        });
        let waiter = waiter.abort_handle();
        self.under_way.borrow_mut().insert(id, PoolCall { waiter, began });
    }
}

/// Adds to a completion that ends now when a thread of the pool was free for it: until then it was blocked.
fn begun(completion: Completion, began: &AtomicU64, ready: Nanos, now: Nanos) -> Completion {
    let began = Nanos(began.load(Ordering::Relaxed)).min(now).max(ready);
    Completion { unblocked: began, started: began, ended: now.max(began), ..completion }
}

impl Transport for FunctionTransport {
    fn perform(&mut self, operation: Operation) -> Option<Completion> {
        let request = FunctionRequest::of(&operation)?;
        if request.place == Place::Pool {
            self.run_on_pool(operation, request);
            return None;
        }
        let clock: &dyn TimeSource = &*self.reactor.clock;
        let started = clock.now().max(operation.ready);
        let completion = done(operation.id, request.run(Caller::of(&operation)), started);
        Some(Completion { unblocked: operation.ready, ended: clock.now().max(started), ..completion })
    }

    /// What a thread of the pool has begun goes on to its end there; nobody waits for it.
    fn cancel(&mut self, id: OperationId, now: Nanos) -> Option<Completion> {
        let call = self.under_way.borrow_mut().remove(&id)?;
        call.waiter.abort();
        let unsent = call.began.load(Ordering::Relaxed) == NOT_YET;
        let end = if unsent { CompletionEnd::CutUnsent } else { CompletionEnd::Cut };
        let cut = Completion { end, ..Completion::empty(id, now) };
        Some(begun(cut, &call.began, Nanos::ZERO, now))
    }

    fn user_left(&mut self, _: u32) {}
}
