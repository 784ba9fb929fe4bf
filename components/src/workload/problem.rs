//! What is wrong in a workload, said so that it can be mended.

use super::span::Span;

/// A stretch of text and the few words that belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is to be seen there.
    pub text: String,
}

impl Label {
    /// Joins a place and its words.
    pub fn new(span: Span, text: impl Into<String>) -> Self {
        Self { span, text: text.into() }
    }
}

/// One mistake of a workload, found by the module that knows what is right.
///
/// A module has an enum with one variant for each mistake it can detect and implements this trait on it.
pub trait Mistake {
    /// The stable code: `T0007`. Each has a page that `throng explain` shows.
    fn code(&self) -> &'static str;
    /// What is wrong: lower case, values in backticks, no full stop.
    fn message(&self) -> String;
    /// The exact token first, then the nodes that own it.
    fn labels(&self) -> Vec<Label>;
    /// The smallest edit that mends it.
    fn help(&self) -> Option<String>;
}

/// A mistake, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The stable code: `T0007`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// Where; the first is the exact token.
    pub labels: Vec<Label>,
    /// How to mend it.
    pub help: Option<String>,
}

impl<M: Mistake> From<M> for Problem {
    fn from(mistake: M) -> Self {
        Self {
            code: mistake.code(),
            message: mistake.message(),
            labels: mistake.labels(),
            help: mistake.help(),
        }
    }
}

/// All mistakes found so far. Reading goes on after a mistake, so that one run shows them all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// No problems.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes one more.
    pub fn push(&mut self, problem: impl Into<Problem>) {
        self.0.push(problem.into());
    }

    /// Takes over all of another's.
    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Keeps a result's value, or its problems.
    pub fn take<T>(&mut self, result: Result<T, Self>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(problems) => {
                self.append(problems);
                None
            }
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The problems in the order of the files.
    pub fn into_sorted(mut self) -> Vec<Problem> {
        self.0.sort_by_key(|problem| problem.labels.first().map(|label| label.span));
        self.0.dedup();
        self.0
    }

    /// The problems in the order they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// `Ok(value)` when there are none.
    ///
    /// # Errors
    /// The problems themselves when there are any.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}
