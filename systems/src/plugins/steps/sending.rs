//! What steps of one's own have in common: their properties, and how a request gets on its way.

use std::fmt;
use std::marker::PhantomData;

use throng_components::clock::Nanos;
use throng_components::run::StepHeader;
use throng_components::target::TargetAddress;
use throng_components::workload::{FieldSpec, Fields, Node, NodeSpec};

use super::http::read::timeout;
use super::properties::{NAME, ON_FAILURE, TARGET, TIMEOUT};
use super::{Step, retry};
use crate::behavior::{Compiler, EvaluationError, Frame, Perform, RequestTemplate, Template};
use crate::plugins::protocols::{Exchange, Rendered};

/// The properties of a step that is a function.
pub const MEASURED: &[FieldSpec] = &[NAME, TIMEOUT, ON_FAILURE];

/// The properties of a step that sends a request to a target.
pub const SENDING: &[FieldSpec] = &[NAME, TARGET, TIMEOUT, ON_FAILURE];

/// What these properties say.
pub(super) struct Common {
    pub(super) name: String,
    pub(super) timeout: Option<Nanos>,
    pub(super) stop_on_failure: bool,
}

impl Common {
    /// Reads those of the properties that the specification has.
    pub(super) fn read(fields: &mut Fields<'_>, spec: &NodeSpec) -> Self {
        let has = |name: &str| spec.properties.iter().any(|field| field.name == name);
        let name = if has("name") { fields.text("name") } else { None };
        Self {
            name: name.map_or(spec.name, |name| name.value).to_owned(),
            timeout: if has("timeout") { timeout(fields) } else { None },
            stop_on_failure: has("on-failure") && fields.word("on-failure") == Some("stop"),
        }
    }
}

/// The step of a protocol of one's own: `App::new().register::<Echo, _>().register::<Sending<Echo>, _>()`.
#[derive(Debug)]
pub struct Sending<X>(PhantomData<X>);

impl<X: Exchange> Step for Sending<X> {
    const SPEC: NodeSpec = X::STEP;

    fn compile(node: &Node, compiler: &mut Compiler<'_>) {
        let mut fields = Fields::of(node, &X::STEP, 0);
        let common = Common::read(&mut fields, &X::STEP);
        let retry = retry::read(&mut fields, compiler);
        for index in 0..X::STEP.arguments.len() {
            fields.any_argument(index);
        }
        let target = compiler.target_of(
            &mut fields,
            X::STEP.name,
            X::TARGET,
            |address| matches!(address, TargetAddress::Custom { scheme, .. } if scheme == X::SCHEME),
        );
        let read = fields.finish(target);
        let arguments: Vec<_> = node.arguments.iter().map(|entry| compiler.value(entry)).collect();
        let (Some(target), Some(arguments)) = (compiler.take(read), arguments.into_iter().collect()) else {
            return;
        };
        let Some(step) = compiler.step(&common.name, node.name.span) else { return };
        let header = StepHeader {
            name: common.name.clone(),
            protocol: X::SCHEME,
            method: String::new(),
            address: target.address.rest().to_owned(),
            port: 0,
        };
        let request = Box::new(RequestOf::<X>(arguments, PhantomData));
        let timeout = common.timeout.unwrap_or(target.timeout);
        let perform = Perform {
            stop_on_failure: common.stop_on_failure,
            retry,
            ..Perform::plain(step, target.id, request, timeout)
        };
        compiler.perform(&common.name, header, perform);
    }
}

/// The arguments that a request is made of.
struct RequestOf<X>(Vec<Template>, PhantomData<fn() -> X>);

impl<X> fmt::Debug for RequestOf<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RequestOf").field(&self.0).finish()
    }
}

impl<X: Exchange> RequestTemplate for RequestOf<X> {
    fn render(&self, frame: &mut Frame<'_>) -> Result<Rendered<'_>, EvaluationError> {
        let values: Result<Vec<_>, _> = self.0.iter().map(|argument| argument.value(frame)).collect();
        Ok(X::request(&values?)?.into())
    }
}
