//! A compiled expression: a tree whose depth is bounded at load.

use throng_components::workload::Problems;

use super::evaluate;
use super::frame::{EvaluationError, Frame, Name, Resolve};
use super::functions::Function;
use super::mistake::Place;
use super::operators::{Operator, Prefix};
use super::parser;
use crate::behavior::value::{Kind, Value};

/// One step of a calculation.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// A value as it stands in the workload.
    Literal(Value),
    /// A value of the run.
    Name(Name),
    /// A sign in front.
    Prefix(Prefix, Box<Node>),
    /// Operators of one level, from left to right. A list and not a tree, so that a long sum is not a deep one.
    Chain(Box<Node>, Vec<(Operator, Node)>),
    /// `condition ? then : otherwise`.
    Condition(Box<[Node; 3]>),
    /// A function and its arguments, of which there are as many as it takes.
    Call(Function, Vec<Node>),
}

/// What stands in one `${…}`, compiled.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expression {
    root: Node,
    /// What is known of its value's kind.
    kind: Option<Kind>,
}

impl Expression {
    /// Compiles what stands between `${` and `}`: from byte `start` of a text to the text's end.
    ///
    /// `place` is that of the whole text, so that mistakes point into it.
    ///
    /// # Errors
    /// All mistakes in it (T0070 to T0078).
    pub(crate) fn compile(
        text: &str,
        start: usize,
        place: Place,
        resolve: &mut dyn Resolve,
    ) -> Result<Self, Problems> {
        parser::compile(text, start, place, resolve)
    }

    pub(super) fn new(root: Node, kind: Option<Kind>) -> Self {
        Self { root, kind }
    }

    /// The kind of its value; `None` where only the run knows it.
    pub(crate) fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// Its value now.
    ///
    /// # Errors
    /// See [`EvaluationError`].
    pub(crate) fn evaluate(&self, frame: &mut Frame<'_>) -> Result<Value, EvaluationError> {
        evaluate::evaluate(&self.root, frame)
    }

    /// Its value now, where it has one that need not be copied: a literal or a set variable.
    pub(crate) fn borrow<'a>(&'a self, variables: &'a [Value]) -> Option<&'a Value> {
        match &self.root {
            Node::Literal(value) => Some(value),
            Node::Name(Name::Variable(number)) => {
                variables.get(usize::from(*number)).filter(|value| **value != Value::Unset)
            }
            _ => None,
        }
    }
}
