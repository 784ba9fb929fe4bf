//! `noop name=x`: an operation on a `noop` target, which answers at once. It measures the generator alone.
//!
//! ```kdl
//! noop name=x
//! ```

use std::sync::Arc;

use throng_components::run::StepHeader;
use throng_components::target::TargetAddress;
use throng_components::workload::{FieldSpec, Fields, Node, NodeSpec};

use super::properties::{NAME, TARGET};
use super::{Step, retry};
use crate::behavior::{Compiler, EvaluationError, Frame, Perform, RequestTemplate};
use crate::plugins::protocols::{NoopRequest, Rendered, Request};

/// The step.
#[derive(Debug)]
pub struct Noop;

/// The one request there is, shared by all.
#[derive(Debug)]
struct NoopTemplate(Arc<dyn Request>);

impl RequestTemplate for NoopTemplate {
    fn render(&self, _: &mut Frame<'_>) -> Result<Rendered<'_>, EvaluationError> {
        Ok(Rendered::Lent(&self.0))
    }
}

impl Step for Noop {
    const SPEC: NodeSpec = NodeSpec {
        name: "noop",
        summary: "Performs an operation that a `noop` target answers at once.",
        sample: "noop name=x",
        properties: &[
            FieldSpec { default: "noop", summary: "What results call the step.", ..NAME },
            FieldSpec { summary: "The target; may be left out where only one is a `noop`.", ..TARGET },
        ],
        children: &["retry"],
        ..NodeSpec::EMPTY
    };

    fn compile(node: &Node, compiler: &mut Compiler<'_>) {
        let mut fields = Fields::of(node, &Self::SPEC, 0);
        let name = fields.text("name").map_or("noop", |name| name.value);
        let target = compiler
            .target_of(&mut fields, "noop", "a `noop` target", |address| *address == TargetAddress::Noop);
        let retry = retry::read(&mut fields, compiler);
        let read = fields.finish(target);
        let Some(target) = compiler.take(read) else { return };
        let Some(step) = compiler.step(name, node.name.span) else { return };
        let header = StepHeader {
            name: name.to_owned(),
            protocol: "noop",
            method: String::new(),
            address: target.name.clone(),
            port: 0,
        };
        let request = Box::new(NoopTemplate(Arc::new(NoopRequest)));
        let perform = Perform { retry, ..Perform::plain(step, target.id, request, target.timeout) };
        compiler.perform(name, header, perform);
    }
}
