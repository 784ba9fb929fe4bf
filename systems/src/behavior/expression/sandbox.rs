//! Names and values to try expressions with, for tests.

use throng_components::clock::Nanos;
use throng_components::seed::Purpose;
use throng_components::workload::{Problems, Span};

use super::frame::{EvaluationError, Frame, Name, Resolve};
use super::mistake::Place;
use super::tree::Expression;
use crate::behavior::value::Value;
use crate::plugins::laws::Draws;

/// Knows `word`, which is set, `unset`, which is not, and `login.status`, which is 200.
pub(crate) struct Names;

impl Resolve for Names {
    fn resolve(&mut self, path: &str) -> Option<Name> {
        let number = self.known().iter().position(|name| name == path)?;
        u16::try_from(number).ok().map(Name::Variable)
    }

    fn known(&self) -> Vec<String> {
        ["word", "unset", "login.status"].map(str::to_owned).to_vec()
    }
}

/// Does something in a frame in which `word` has that value, 2 s into the run, as user 3 in iteration 4.
pub(crate) fn in_frame<T>(word: &Value, act: impl FnOnce(&mut Frame<'_>) -> T) -> T {
    let mut draws = Draws::new(5, Purpose::BEHAVIOR, 0);
    let variables = [word.clone(), Value::Unset, Value::Int(200)];
    let now = Nanos::from_secs(2);
    act(&mut Frame { variables: &variables, now, user: 3, iteration: 4, draws: &mut draws })
}

/// Compiles an expression.
pub(super) fn compile(text: &str) -> Result<Expression, Problems> {
    Expression::compile(text, 0, Place::of(text, Span::default()), &mut Names)
}

/// The value of an expression that compiles, with `word` set to `a b`.
pub(super) fn evaluate(text: &str) -> Result<Value, EvaluationError> {
    let expression = compile(text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
    in_frame(&Value::Text("a b".into()), |frame| expression.evaluate(frame))
}

/// The values of an expression for that many draws, one after the other.
pub(super) fn evaluate_often(text: &str, times: usize) -> Vec<Value> {
    let expression = compile(text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
    in_frame(&Value::Unset, |frame| {
        let value = || expression.evaluate(frame).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        std::iter::repeat_with(value).take(times).collect()
    })
}
