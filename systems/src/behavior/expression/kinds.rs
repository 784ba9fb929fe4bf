//! Which kinds operators and functions take and give: what can be said of an expression before it runs.
//!
//! Where a kind is not known yet (`None`, a variable's), everything that it could be is tried; only what cannot be right
//! for any of them is a mistake at load.

use super::operators::{Operator, Prefix};
use crate::behavior::value::Kind;

/// An operator takes no such values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused;

/// The kind of `left operator right`, when both are known; `None` when they cannot be joined.
fn joined(operator: Operator, left: Kind, right: Kind) -> Option<Kind> {
    let numbers = left.is_number() && right.is_number();
    let number = if left == Kind::Int && right == Kind::Int { Kind::Int } else { Kind::Float };
    match operator {
        Operator::Or | Operator::And => (left == Kind::Bool && right == Kind::Bool).then_some(Kind::Bool),
        Operator::Equal | Operator::Unequal => (numbers || left == right).then_some(Kind::Bool),
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
            (numbers || left == right && left != Kind::Bool).then_some(Kind::Bool)
        }
        Operator::Add if left == Kind::Text || right == Kind::Text => Some(Kind::Text),
        Operator::Add | Operator::Subtract if left.is_quantity() => (left == right).then_some(left),
        Operator::Multiply if left.is_number() && right.is_quantity() => Some(right),
        Operator::Multiply | Operator::Divide if left.is_quantity() && right.is_number() => Some(left),
        Operator::Divide if left.is_quantity() => (left == right).then_some(Kind::Float),
        _ => numbers.then_some(number),
    }
}

/// The kinds that one of which nothing is known may have.
fn candidates(kind: Option<&Kind>) -> &[Kind] {
    match kind {
        Some(kind) => std::slice::from_ref(kind),
        None => &Kind::ALL,
    }
}

/// The one kind of all possible results, where there is one.
fn common(mut results: impl Iterator<Item = Kind>) -> Result<Option<Kind>, Refused> {
    let first = results.next().ok_or(Refused)?;
    Ok(results.all(|kind| kind == first).then_some(first))
}

/// The kind of `left operator right`.
pub(super) fn of_operator(
    operator: Operator,
    left: Option<Kind>,
    right: Option<Kind>,
) -> Result<Option<Kind>, Refused> {
    let pairs = candidates(left.as_ref())
        .iter()
        .flat_map(|l| candidates(right.as_ref()).iter().map(move |r| (*l, *r)));
    common(pairs.filter_map(|(l, r)| joined(operator, l, r)))
}

/// The kind of a value behind a sign.
pub(super) fn of_prefix(prefix: Prefix, kind: Option<Kind>) -> Result<Option<Kind>, Refused> {
    let taken = |kind: &Kind| match prefix {
        Prefix::Minus => kind.is_number(),
        Prefix::Not => *kind == Kind::Bool,
    };
    common(candidates(kind.as_ref()).iter().copied().filter(taken))
}

/// The kind that all of a few values share, where it is known.
pub(super) fn shared(kinds: &[Option<Kind>]) -> Option<Kind> {
    let first = kinds.first().copied().flatten()?;
    kinds.iter().all(|kind| *kind == Some(first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use throng_components::clock::Nanos;
    use throng_components::workload::{Rate, Share, Size};

    use super::super::frame::EvaluationError;
    use super::*;
    use crate::behavior::value::Value;

    fn sample(kind: Kind) -> Value {
        match kind {
            Kind::Int => Value::Int(2),
            Kind::Float => Value::Float(2.0),
            Kind::Bool => Value::Bool(true),
            Kind::Duration => Value::Duration(Nanos::SECOND),
            Kind::Rate => Value::Rate(Rate::per_second(2)),
            Kind::Share => Value::Share(Share(0.5)),
            Kind::Size => Value::Size(Size(64)),
            Kind::Text => Value::Text("2".into()),
        }
    }

    /// What is said at load is what happens at run.
    fn check(operator: Operator, left: Kind, right: Kind) {
        let said = of_operator(operator, Some(left), Some(right));
        let done = operator.apply(sample(left), sample(right));
        let what = format!("{left} {} {right}", operator.sign());
        match done {
            Ok(value) => assert_eq!(said, Ok(value.kind()), "{what}"),
            Err(EvaluationError::WrongKind { found, .. }) => {
                assert_eq!((said, found), (Err(Refused), Some(right)), "{what}");
            }
            Err(error) => panic!("{what}: {error:?}"),
        }
    }

    #[test]
    fn load_and_run_agree_on_every_pair_of_kinds() {
        for operator in Operator::all() {
            for left in Kind::ALL {
                for right in Kind::ALL {
                    check(operator, left, right);
                }
            }
        }
    }

    #[test]
    fn load_and_run_agree_on_signs() {
        for prefix in [Prefix::Minus, Prefix::Not] {
            for kind in Kind::ALL {
                let said = of_prefix(prefix, Some(kind));
                let done = prefix.apply(sample(kind)).map(|value| value.kind());
                assert_eq!(said.ok(), done.ok(), "{} {kind}", prefix.sign());
            }
        }
    }

    #[test]
    fn what_is_unknown_is_judged_by_what_it_could_be() {
        assert_eq!(of_operator(Operator::Add, None, Some(Kind::Text)), Ok(Some(Kind::Text)));
        assert_eq!(of_operator(Operator::Add, None, Some(Kind::Int)), Ok(None));
        assert_eq!(of_operator(Operator::Multiply, None, Some(Kind::Bool)), Err(Refused));
        assert_eq!(of_operator(Operator::Less, None, None), Ok(Some(Kind::Bool)));
        assert_eq!(of_operator(Operator::Less, None, Some(Kind::Bool)), Err(Refused));
    }
}
