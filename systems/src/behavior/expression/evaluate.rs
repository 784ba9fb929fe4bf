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
        Node::Call(Function::Default, arguments) => first_set(arguments, frame),
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

/// The first of the arguments that is set; the last one's error when none is.
fn first_set(arguments: &[Node], frame: &mut Frame<'_>) -> Result<Value, EvaluationError> {
    let mut result = Err(EvaluationError::OutOfRange { function: "default" });
    for argument in arguments {
        result = evaluate(argument, frame);
        if !matches!(result, Err(EvaluationError::Unset { .. })) {
            break;
        }
    }
    result
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

#[cfg(test)]
mod tests {
    use super::super::sandbox;
    use super::*;
    use crate::behavior::value::Kind;

    /// The value of an expression, as it prints.
    fn check(text: &str, expected: &str) {
        let value = sandbox::evaluate(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        assert_eq!(value.to_string(), expected, "{text}");
    }

    fn check_error(text: &str, expected: EvaluationError) {
        assert_eq!(sandbox::evaluate(text), Err(expected), "{text}");
    }

    #[test]
    fn numbers() {
        check("1 + 2 * 3 - 4", "3");
        check("(1 + 2) * -3", "-9");
        check("10 - 4 - 3", "3");
        check("7 / 2", "3");
        check("-7 / 2", "-3");
        check("7 % 4", "3");
        check("7%4", "3");
        check("7 / 2.0", "3.5");
        check("0.1 + 0.2", "0.30000000000000004");
        check("1 + 1.0", "2.0");
        check_error("9223372036854775807 + 1", EvaluationError::Overflow);
        check_error("-(-9223372036854775807 - 1)", EvaluationError::Overflow);
        check_error("1e308 * 10", EvaluationError::Overflow);
        check_error("1 / 0", EvaluationError::DivisionByZero);
        check_error("1 % 0", EvaluationError::DivisionByZero);
        check_error("1.5 / 0", EvaluationError::DivisionByZero);
    }

    #[test]
    fn quantities() {
        check("500ms + 1s", "1.5s");
        check("1s * 3 - 1s", "2s");
        check("0.5 * 1s", "500ms");
        check("1m / 4", "15s");
        check("1m / 500ms", "120.0");
        check("1s / 3", "333.333333ms");
        check("1s * 0.3333333333", "333.333333ms");
        check("200/s * 2", "400/s");
        check("5% + 5%", "10%");
        check("5% * 2", "10%");
        check("64KiB / 2", "32KiB");
        check("64KiB > 1KB", "true");
        check_error("1s - 2s", EvaluationError::Overflow);
        check_error("1s * -1", EvaluationError::Overflow);
        check_error("1s / 0", EvaluationError::DivisionByZero);
        check_error("1s / 0s", EvaluationError::DivisionByZero);
        check_error("1s / 0.0", EvaluationError::DivisionByZero);
        check_error("15000w * 2", EvaluationError::Overflow);
        check_error("1000000000/s * 2", EvaluationError::Overflow);
        check_error("5% - 6%", EvaluationError::Overflow);
    }

    #[test]
    fn texts_are_joined() {
        check("word + 1 + 2", "a b12");
        check("1 + 2 + word", "3a b");
        check("'at ' + 1500ms + \", \" + 5%", "at 1.5s, 5%");
        check("'a' < 'b' && 'B' < 'a'", "true");
    }

    #[test]
    fn conditions_look_no_further_than_they_must() {
        check("1 < 2.5 && 2 >= 2 && 1 != 2", "true");
        check("500ms == 0.5s", "true");
        check("1 == 1.0", "true");
        check("false && unset == 1", "false");
        check("true || unset == 1", "true");
        check("true ? 1 : unset", "1");
        check("default(unset, 5) + default(1, unset)", "6");
        check_error("default(unset, 1 / 0)", EvaluationError::DivisionByZero);
        check_error("default(unset, unset)", EvaluationError::Unset { name: Name::Variable(1) });
        check("1 > 2 ? 'a' : 2 > 1 ? 'b' : 'c'", "b");
        check("!(1 > 2) == true", "true");
        check_error("true && unset", EvaluationError::Unset { name: Name::Variable(1) });
        check_error("word ? 1 : 2", EvaluationError::WrongKind { operation: "?", found: Some(Kind::Text) });
        check_error("word == 1", EvaluationError::WrongKind { operation: "==", found: Some(Kind::Int) });
        check_error("word * 2", EvaluationError::WrongKind { operation: "*", found: Some(Kind::Int) });
    }

    #[test]
    fn names() {
        check("login.status == 200", "true");
        check("now + 1s", "3s");
        check("user.id * 10 + iteration", "34");
        check_error("unset", EvaluationError::Unset { name: Name::Variable(1) });
    }

    #[test]
    fn a_long_sum_is_no_deep_one() {
        check(&format!("0{}", " + 1".repeat(20_000)), "20000");
    }

    #[test]
    fn the_deepest_expression_fits_the_stack() {
        let nested = |open: &str, close: &str| format!("{}1{}", open.repeat(64), close.repeat(64));
        check(&nested("(", ")"), "1");
        check(&nested("max(0, ", ")"), "1");
        check(&nested("- ", ""), "1");
        check(&nested("true ? ", " : 2"), "1");
    }
}
