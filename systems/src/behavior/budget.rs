//! What all behaviours of a workload may take together while they are compiled: a generated text asks for any amount.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use regex::bytes::{Regex, RegexBuilder};

/// Unknown names that are compared with the known ones: more than anybody reads at one time.
const SUGGESTIONS_MOST: u32 = 50;

/// Instructions of all programs together, once calls are written out: behaviours that each call another twice double with
/// every one of them.
///
/// # Units
/// Instructions. Each is about a kilobyte with what it holds.
pub(super) const INSTRUCTIONS_MOST: u32 = 100_000;

/// Calls written out, at most: a call of nothing adds no instruction.
pub(super) const CALLS_MOST: u32 = 50_000;

/// Text of called behaviours, as often as it is written out: an instruction may be as long as a file.
///
/// # Units
/// Bytes.
const CALLED_MOST: u32 = 8 << 20;

/// Text that is looked through for names which a behaviour shares with others.
///
/// # Units
/// Bytes.
const SHARED_MOST: u32 = 32 << 20;

/// What an expression's program may take: it counts as the first of these that holds it. What is made of the program takes
/// up to four times as much.
///
/// # Units
/// Bytes.
const EXPRESSION_SIZES: [usize; 3] = [32 << 10, 256 << 10, 1 << 20];

/// Letters of an expression: reading it takes many times its length.
///
/// # Units
/// Bytes.
const EXPRESSION_TEXT_MOST: usize = 4 << 10;

/// All different expressions' programs, at most.
///
/// # Units
/// Bytes.
const EXPRESSIONS_MOST: usize = 64 << 20;

/// What an expression takes that is too large: it was compiled up to there.
///
/// # Units
/// Bytes.
const REFUSED_TAKES: usize = 4 << 20;

/// What is left of it.
#[derive(Debug)]
pub struct Budget {
    suggestions: Cell<u32>,
    instructions: Cell<u32>,
    calls: Cell<u32>,
    called: Cell<u32>,
    shared: Cell<u32>,
    /// Bytes that further expressions may take.
    room: Cell<usize>,
    /// Expressions by their text: equal ones are one.
    expressions: RefCell<BTreeMap<String, Regex>>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            suggestions: Cell::new(SUGGESTIONS_MOST),
            instructions: Cell::new(INSTRUCTIONS_MOST),
            calls: Cell::new(CALLS_MOST),
            called: Cell::new(CALLED_MOST),
            shared: Cell::new(SHARED_MOST),
            room: Cell::new(EXPRESSIONS_MOST),
            expressions: RefCell::default(),
        }
    }
}

/// Why there is no expression.
#[derive(Debug)]
pub enum NoExpression {
    /// It is none.
    Wrong(String),
    /// Its text is longer than it may be, in bytes.
    TooLong(usize),
    /// Its program takes more bytes than one may.
    TooLarge(usize),
    /// With it, all of them take more bytes than they may.
    TooMany(usize),
}

/// Takes so much of what is left; false when there is less, and then nothing is left.
fn take(left: &Cell<u32>, much: u32) -> bool {
    let rest = left.get().checked_sub(much);
    left.set(rest.unwrap_or(0));
    rest.is_some()
}

impl Budget {
    /// Whether an unknown name is compared with all that are known, which costs as much as there are.
    pub(super) fn suggests(&self) -> bool {
        take(&self.suggestions, 1)
    }

    /// Counts an instruction.
    pub(super) fn count_instruction(&self) {
        take(&self.instructions, 1);
    }

    /// Whether so much text may be written out by one more call.
    pub(super) fn calls(&self, length: u32) -> bool {
        self.instructions.get() > 0 && take(&self.calls, 1) && take(&self.called, length)
    }

    /// Whether so much text may be looked through for names.
    pub(super) fn shares(&self, length: u32) -> bool {
        take(&self.shared, length)
    }

    /// A regular expression. It matches in a time that grows with the text alone, whatever it says.
    ///
    /// # Errors
    /// It is none, or takes too much.
    pub fn expression(&self, text: &str) -> Result<Regex, NoExpression> {
        if let Some(known) = self.expressions.borrow().get(text) {
            return Ok(known.clone());
        }
        if text.len() > EXPRESSION_TEXT_MOST {
            return Err(NoExpression::TooLong(EXPRESSION_TEXT_MOST));
        }
        for size in EXPRESSION_SIZES {
            if size > self.room.get() {
                self.room.set(0);
                return Err(NoExpression::TooMany(EXPRESSIONS_MOST));
            }
            match RegexBuilder::new(text).size_limit(size).build() {
                Err(regex::Error::CompiledTooBig(_)) => {}
                Err(error) => return Err(NoExpression::Wrong(error.to_string())),
                Ok(expression) => {
                    self.room.set(self.room.get() - size);
                    self.expressions.borrow_mut().insert(text.to_owned(), expression.clone());
                    return Ok(expression);
                }
            }
        }
        self.room.set(self.room.get().saturating_sub(REFUSED_TAKES));
        Err(NoExpression::TooLarge(EXPRESSION_SIZES[EXPRESSION_SIZES.len() - 1]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_expressions_are_one_and_different_ones_are_bounded() {
        let budget = Budget::default();
        let large = |number: u32| format!("\\w{{9}}{number}");
        for _ in 0..1_000 {
            assert!(budget.expression(&large(0)).is_ok());
        }
        let made = (0..1_000).take_while(|number| budget.expression(&large(*number)).is_ok()).count();
        assert_eq!(made, EXPRESSIONS_MOST / EXPRESSION_SIZES[EXPRESSION_SIZES.len() - 1]);
        assert!(matches!(budget.expression("new"), Err(NoExpression::TooMany(_))));
        assert!(budget.expression(&large(1)).is_ok());
    }

    #[test]
    fn an_expression_that_is_too_large_says_so() {
        let check = |text: &str, expected: &str| {
            let found = Budget::default().expression(text).expect_err(text);
            assert!(format!("{found:?}").starts_with(expected), "{found:?}");
        };
        check("((a{100}){100}){100}", "TooLarge");
        check(&"a".repeat(5_000), "TooLong");
        check("(", "Wrong");
    }
}
