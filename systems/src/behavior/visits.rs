//! How often an iteration reaches each of its steps, on average: what can be said of it before it runs.

use throng_components::sample::StepId;
use throng_components::target::TargetId;

use super::program::{Instruction, Program};
use super::value::Value;

/// A step and how often an iteration reaches it on average, at least.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Visits {
    /// The step.
    pub step: StepId,
    /// Where to.
    pub target: TargetId,
    /// How often.
    pub least: f64,
}

impl Program {
    /// How often an iteration reaches each step on average. What hangs on a condition or on a value that is not known yet
    /// counts as never, so that each number is a lower bound.
    pub fn visits(&self) -> Vec<Visits> {
        // How often each instruction is reached. Jumps lead forward, but for those of loops, whose rounds are factors.
        let mut reached = vec![0.0; self.instructions.len() + 1];
        reached[0] = 1.0;
        let mut rounds: Vec<(u16, f64)> = Vec::new();
        let mut found = Vec::new();
        for (at, instruction) in self.instructions.iter().enumerate() {
            let here = reached[at];
            let next = at + 1;
            let mut lead = |to: usize, share: f64| {
                if let Some(place) = reached.get_mut(to).filter(|_| to > at) {
                    *place += here * share;
                }
            };
            match instruction {
                Instruction::Perform(perform) => {
                    found.push(Visits { step: perform.step, target: perform.target, least: here });
                    lead(next, 1.0);
                }
                Instruction::Repeat { counter, times, end } => match times.before_run() {
                    Ok(Value::Int(times)) if times > 0 => {
                        rounds.push((*counter, times as f64));
                        lead(next, times as f64);
                    }
                    _ => lead(*end as usize, 1.0),
                },
                Instruction::Again { counter, .. } => {
                    let own = rounds.iter().rposition(|(of, _)| of == counter);
                    let times = own.map_or(1.0, |own| rounds.swap_remove(own).1);
                    lead(next, 1.0 / times);
                }
                Instruction::Choose { branches } => {
                    let total = branches.last().map_or(0, |(sum, _)| *sum).max(1);
                    let mut before = 0;
                    for (sum, first) in branches {
                        lead(*first as usize, (sum - before) as f64 / total as f64);
                        before = *sum;
                    }
                }
                Instruction::While { end, .. } => lead(*end as usize, 1.0),
                Instruction::When { after, .. } => lead(*after as usize, 1.0),
                Instruction::Jump(to) => lead(*to as usize, 1.0),
                Instruction::Parallel { first, after } => {
                    for first in first {
                        lead(*first as usize, 1.0);
                    }
                    lead(*after as usize, 1.0);
                }
                Instruction::Join | Instruction::Stop { .. } => {}
                Instruction::Think(_)
                | Instruction::Set { .. }
                | Instruction::Enter(_)
                | Instruction::Leave(_) => lead(next, 1.0),
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {

    use throng_components::clock::Nanos;

    use super::*;
    use crate::behavior::{EvaluationError, Frame, Perform, RequestTemplate, Template};
    use crate::plugins::protocols::{NoopRequest, Rendered};

    #[derive(Debug)]
    struct Ask;

    impl RequestTemplate for Ask {
        fn render(&self, _: &mut Frame<'_>) -> Result<Rendered<'_>, EvaluationError> {
            Ok(NoopRequest.into())
        }
    }

    fn ask(step: u16) -> Instruction {
        let perform = Perform::plain(StepId(step), TargetId(0), Box::new(Ask), Nanos::SECOND);
        Instruction::Perform(Box::new(perform))
    }

    /// `expected`: a step and how often it is reached, each.
    fn check(instructions: Vec<Instruction>, expected: &[(u16, f64)]) {
        let program = Program { instructions, ..Program::default() };
        let found: Vec<(u16, f64)> =
            program.visits().iter().map(|visits| (visits.step.0, visits.least)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn rounds_multiply_and_ways_divide() {
        let times = Template::of_value(Value::Int(3));
        let repeat = Instruction::Repeat { counter: 0, times, end: 4 };
        check(
            vec![ask(1), repeat, ask(2), Instruction::Again { counter: 0, body: 2 }, ask(3)],
            &[(1, 1.0), (2, 3.0), (3, 1.0)],
        );
        let choose = Instruction::Choose { branches: vec![(1, 1), (4, 3)] };
        check(vec![choose, ask(1), Instruction::Jump(4), ask(2), ask(3)], &[(1, 0.25), (2, 0.75), (3, 1.0)]);
        let parallel = Instruction::Parallel { first: vec![1, 3], after: 5 };
        check(
            vec![parallel, ask(1), Instruction::Join, ask(2), Instruction::Join, ask(3)],
            &[(1, 1.0), (2, 1.0), (3, 1.0)],
        );
    }

    #[test]
    fn what_nobody_knows_counts_as_never() {
        let condition = || Template::of_value(Value::Bool(true));
        let when = Instruction::When { condition: condition(), otherwise: 3, after: 3 };
        check(vec![when, ask(1), Instruction::Jump(3), ask(2)], &[(1, 0.0), (2, 1.0)]);
        let loop_ = Instruction::While { counter: 0, condition: condition(), most: 9, end: 3 };
        check(vec![loop_, ask(1), Instruction::Jump(0), ask(2)], &[(1, 0.0), (2, 1.0)]);
    }
}
