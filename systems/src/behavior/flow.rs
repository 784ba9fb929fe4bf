//! Where a strand goes next: loops, conditions, ways drawn by weight.

use throng_components::sample::ErrorType;
use throng_components::seed::below;

use super::machine::Machine;
use super::program::Instruction;
use super::template::Template;
use super::value::Value;

impl Machine<'_> {
    /// Runs an instruction that only says where to go on.
    pub(super) fn turn(&mut self, instruction: &Instruction) {
        let next = self.strand.cursor + 1;
        self.strand.cursor = match instruction {
            Instruction::Repeat { counter, times, end } => {
                let times = self.times(times);
                self.variables[usize::from(*counter)] = Value::Int(times);
                if times > 0 { next } else { *end }
            }
            Instruction::Again { counter, body } => {
                let left = match self.variables[usize::from(*counter)] {
                    Value::Int(times) => times - 1,
                    _ => 0,
                };
                self.variables[usize::from(*counter)] = Value::Int(left);
                if left > 0 { *body } else { next }
            }
            Instruction::While { counter, condition, most, end } => {
                if self.goes_round(*counter, condition, *most) {
                    next
                } else {
                    self.variables[usize::from(*counter)] = Value::Unset;
                    *end
                }
            }
            Instruction::When { condition, otherwise, after } => match self.condition(condition) {
                Some(true) => next,
                Some(false) => *otherwise,
                None => *after,
            },
            Instruction::Choose { branches } => {
                let mut draws = self.draws();
                let total = branches.last().map_or(0, |(sum, _)| *sum);
                let chosen = below(draws.next(), total);
                self.keep_draws(&draws);
                let way = branches.iter().find(|(sum, _)| chosen < *sum);
                way.map_or(next, |(_, first)| *first)
            }
            _ => next,
        };
    }

    /// How often to repeat. What is no number of times leaves the body out and fails the iteration.
    fn times(&mut self, times: &Template) -> i64 {
        match self.evaluate(times) {
            Some(Value::Int(times)) => times,
            Some(_) => {
                self.progress.fail(ErrorType::REPEAT_TIMES);
                0
            }
            None => 0,
        }
    }

    /// Whether a condition holds. What is neither true nor false fails the iteration.
    fn condition(&mut self, condition: &Template) -> Option<bool> {
        let value = self.evaluate(condition)?;
        if let Value::Bool(holds) = value {
            return Some(holds);
        }
        self.progress.fail(ErrorType::CONDITION);
        None
    }

    /// Whether a `while` goes round once more. One that has done so as often as it may fails the iteration.
    fn goes_round(&mut self, counter: u16, condition: &Template, most: u32) -> bool {
        if self.condition(condition) != Some(true) {
            return false;
        }
        let rounds = match self.variables[usize::from(counter)] {
            Value::Int(rounds) => rounds,
            _ => 0,
        };
        if rounds >= i64::from(most) {
            self.progress.fail(ErrorType::LOOP_LIMIT);
            return false;
        }
        self.variables[usize::from(counter)] = Value::Int(rounds + 1);
        true
    }
}
