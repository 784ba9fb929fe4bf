//! Walks a compiled expression.

use throng_components::seed::below;

use super::frame::{EvaluationError, Frame, Name};
use super::functions::{ARGUMENTS_MAX, Function};
use super::operators::{Operator, order};
use super::tree::Node;
use crate::behavior::value::Value;

/// The value of a tree now.
pub(super) fn evaluate(node: &Node, frame: &mut Frame<'_>) -> Result<Value, EvaluationError> {
    match node {
        Node::Literal(value) => Ok(value.clone()),
        Node::Name(name) => look_up(*name, frame),
        Node::Prefix(prefix, value) => prefix.apply(evaluate(value, frame)?),
        Node::Chain(first, rest) => chain(first, rest, frame),
        Node::Condition(parts) => {
            let [condition, then, otherwise] = &**parts;
            let chosen = if truth(&evaluate(condition, frame)?, "?")? { then } else { otherwise };
            evaluate(chosen, frame)
        }
        Node::Call(Function::Choose, arguments) => {
            let index = below(frame.draws.next(), arguments.len() as u64);
            let chosen = usize::try_from(index).ok().and_then(|index| arguments.get(index));
            evaluate(chosen.ok_or(EvaluationError::OutOfRange { function: "choose" })?, frame)
        }
        Node::Call(function @ (Function::Min | Function::Max), arguments) => {
            extreme(*function, arguments, frame)
        }
        Node::Call(function, arguments) => {
            let mut values: [Value; ARGUMENTS_MAX] = Default::default();
            for (value, argument) in values.iter_mut().zip(arguments) {
                *value = evaluate(argument, frame)?;
            }
            function.apply(&values, frame.draws)
        }
    }
}

fn look_up(name: Name, frame: &Frame<'_>) -> Result<Value, EvaluationError> {
    let whole = |number: u64| i64::try_from(number).map(Value::Int).map_err(|_| EvaluationError::Overflow);
    match name {
        Name::Variable(number) => match frame.variables.get(usize::from(number)) {
            None | Some(Value::Unset) => Err(EvaluationError::Unset { name }),
            Some(value) => Ok(value.clone()),
        },
        Name::Now => Ok(Value::Duration(frame.now)),
        Name::UserId => whole(frame.user),
        Name::Iteration => whole(frame.iteration),
    }
}

fn truth(value: &Value, operation: &'static str) -> Result<bool, EvaluationError> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        other => Err(EvaluationError::WrongKind { operation, found: other.kind() }),
    }
}

/// From left to right; of `&&` and `||` only as much as settles it.
fn chain(first: &Node, rest: &[(Operator, Node)], frame: &mut Frame<'_>) -> Result<Value, EvaluationError> {
    let mut value = evaluate(first, frame)?;
    for (operator, right) in rest {
        let settled = match operator {
            Operator::And => !truth(&value, operator.sign())?,
            Operator::Or => truth(&value, operator.sign())?,
            _ => false,
        };
        if settled {
            break;
        }
        value = operator.apply(value, evaluate(right, frame)?)?;
    }
    Ok(value)
}

/// The least or greatest of the arguments; of equal ones the first.
fn extreme(function: Function, arguments: &[Node], frame: &mut Frame<'_>) -> Result<Value, EvaluationError> {
    let mut best: Option<Value> = None;
    for argument in arguments {
        let value = evaluate(argument, frame)?;
        best = match best {
            None => Some(value),
            Some(best) => {
                let wrong = EvaluationError::WrongKind { operation: function.name(), found: value.kind() };
                let order = order(&value, &best).ok_or(wrong)?;
                let better = if function == Function::Min { order.is_lt() } else { order.is_gt() };
                Some(if better { value } else { best })
            }
        };
    }
    best.ok_or(EvaluationError::OutOfRange { function: function.name() })
}
