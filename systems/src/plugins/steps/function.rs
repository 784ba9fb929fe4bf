//! Steps whose work is a Rust function: what a program of one's own registers to compute, sign, check or decide.

use throng_components::clock::Nanos;
use throng_components::run::StepHeader;
use throng_components::sample::ErrorType;
use throng_components::target::TargetId;
use throng_components::workload::{Fields, Node, NodeSpec};

use super::sending::Common;
use super::{Step, retry};
use crate::behavior::{Compiler, EvaluationError, Frame, Perform, RequestTemplate, Template, Value};
use crate::plugins::laws::Draws;
use crate::plugins::protocols::{Call, FunctionRequest, Input, Place, Rendered};

/// A step whose work is a Rust function.
///
/// The node's arguments are evaluated and handed to it, so are the variables it declares, which it may also set. It is
/// measured under its name as every step is. Its properties are those of [`MEASURED`](super::MEASURED); with `retry` among
/// its children a workload may have it tried again.
///
/// In virtual time the same function is called, at the same instant and with the same draws, and takes
/// [`Function::modelled_time`]: so that a run is the same on every machine.
///
/// # Examples
/// ```
/// use throng_components::sample::ErrorType;
/// use throng_components::workload::{ArgumentSpec, NodeSpec, ValueKind};
/// use throng_systems::plugins::steps::{Function, Input, MEASURED};
///
/// /// `digits "${n}"`: sets `digits` to the sum of the digits of a number.
/// struct Digits;
///
/// impl Function for Digits {
///     const SPEC: NodeSpec = NodeSpec {
///         name: "digits",
///         summary: "Sums the digits of a number.",
///         sample: "digits 1234",
///         arguments: &[ArgumentSpec {
///             name: "number",
///             kind: ValueKind::Template,
///             required: true,
///             summary: "A whole number.",
///         }],
///         properties: MEASURED,
///         ..NodeSpec::EMPTY
///     };
///     const VARIABLES: &[&str] = &["digits"];
///
///     fn call(input: &mut Input<'_>) -> Result<(), ErrorType> {
///         let mut number = input.int(0)?;
///         let mut sum = 0;
///         while number > 0 {
///             sum += number % 10;
///             number /= 10;
///         }
///         input.set("digits", sum)
///     }
/// }
/// ```
pub trait Function: 'static {
    /// Name, summary, sample and what the node may hold.
    const SPEC: NodeSpec;

    /// Variables of the user that it reads or sets.
    const VARIABLES: &'static [&'static str] = &[];

    /// Where it runs.
    const PLACE: Place = Place::Thread;

    /// Does the work.
    ///
    /// # Errors
    /// The step has then failed, for this reason.
    fn call(input: &mut Input<'_>) -> Result<(), ErrorType>;

    /// How long it takes in virtual time; no time at all without it.
    fn modelled_time(draws: &mut Draws) -> Nanos {
        let _ = draws;
        Nanos::ZERO
    }
}

impl<F: Function> Step for F {
    const SPEC: NodeSpec = <F as Function>::SPEC;
    const VARIABLES: &'static [&'static str] = <F as Function>::VARIABLES;

    fn compile(node: &Node, compiler: &mut Compiler<'_>) {
        let mut fields = Fields::of(node, &<F as Function>::SPEC, 0);
        let common = Common::read(&mut fields, &<F as Function>::SPEC);
        let retry = retry::read(&mut fields, compiler);
        for index in 0..<F as Function>::SPEC.arguments.len() {
            fields.any_argument(index);
        }
        let read = fields.finish(Some(()));
        let arguments: Vec<_> = node.arguments.iter().map(|entry| compiler.value(entry)).collect();
        let (Some(()), Some(arguments)) = (compiler.take(read), arguments.into_iter().collect()) else {
            return;
        };
        let slots = <F as Function>::VARIABLES.iter().map(|name| compiler.variable(name, node.name.span));
        let template = FunctionTemplate {
            call: F::call,
            place: F::PLACE,
            modelled_time: F::modelled_time,
            arguments,
            names: <F as Function>::VARIABLES,
            slots: slots.collect(),
        };
        let Some(step) = compiler.step(&common.name, node.name.span) else { return };
        let header = StepHeader {
            name: common.name.clone(),
            protocol: "function",
            method: String::new(),
            address: String::new(),
            port: 0,
        };
        let timeout = common.timeout.unwrap_or(DEFAULT_TIMEOUT);
        let perform = Perform {
            stop_on_failure: common.stop_on_failure,
            retry,
            ..Perform::plain(step, TargetId::HERE, Box::new(template), timeout)
        };
        compiler.perform(&common.name, header, perform);
    }
}

/// As long as a target has without a `timeout` of its own.
const DEFAULT_TIMEOUT: Nanos = Nanos::from_secs(30);

/// A function and where its values come from.
struct FunctionTemplate {
    call: Call,
    place: Place,
    modelled_time: fn(&mut Draws) -> Nanos,
    arguments: Vec<Template>,
    names: &'static [&'static str],
    slots: Vec<u16>,
}

impl std::fmt::Debug for FunctionTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FunctionTemplate").field("arguments", &self.arguments).finish_non_exhaustive()
    }
}

impl RequestTemplate for FunctionTemplate {
    fn render(&self, frame: &mut Frame<'_>) -> Result<Rendered<'_>, EvaluationError> {
        let arguments: Result<Vec<Value>, _> =
            self.arguments.iter().map(|argument| argument.value(frame)).collect();
        let variable = |slot: &u16| (*slot, frame.variables[usize::from(*slot)].clone());
        Ok(Rendered::from(FunctionRequest {
            call: self.call,
            place: self.place,
            modelled_time: self.modelled_time,
            arguments: arguments?,
            names: self.names,
            variables: self.slots.iter().map(variable).collect(),
        }))
    }
}
