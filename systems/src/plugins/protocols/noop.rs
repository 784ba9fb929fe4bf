//! The null protocol: answers at once, without I/O. What it measures is the generator.
//!
//! ```kdl
//! target t noop
//! ```

use std::sync::Arc;

use throng_components::clock::{Nanos, TimeSource};
use throng_components::target::{Target, TargetAddress};
use throng_components::workload::NodeSpec;

use super::{Completion, Operation, OperationId, Protocol, Reactor, Request, Transport};

/// The protocol.
#[derive(Debug)]
pub struct Noop;

/// Its only request.
#[derive(Debug)]
pub struct NoopRequest;

impl Request for NoopRequest {}

impl Protocol for Noop {
    const SPEC: NodeSpec = NodeSpec {
        name: "noop",
        summary: "Answers at once, without I/O: measures the generator alone.",
        sample: "target t noop",
        ..NodeSpec::EMPTY
    };

    fn serves(target: &Target) -> bool {
        target.address == TargetAddress::Noop
    }

    fn transport(_: &Target, reactor: Reactor) -> Box<dyn Transport> {
        Box::new(NoopTransport { clock: reactor.clock })
    }
}

struct NoopTransport {
    clock: Arc<dyn TimeSource>,
}

impl Transport for NoopTransport {
    fn perform(&mut self, operation: Operation) -> Option<Completion> {
        Some(answer(&operation, self.clock.now()))
    }

    fn cancel(&mut self, _: OperationId, _: Nanos) -> Option<Completion> {
        None
    }

    fn user_left(&mut self, _: u32) {}
}

/// The null protocol's answer, as virtual time gives it too.
pub fn answer<R>(operation: &Operation<R>, now: Nanos) -> Completion {
    let started = now.max(operation.ready);
    Completion { unblocked: operation.ready, ..Completion::empty(operation.id, started) }
}
