//! What has to be true of every run, one law a file. A checker says what is wrong, or nothing.

mod attempts;
mod groups;
mod instants;
mod iterations;
mod level;
mod limits;
mod little;
mod pace;
mod rate;
mod retries;
mod service;
mod services;
mod tokens;
mod users;

use super::Case;

/// A checker: the first thing it finds wrong.
pub type Check = fn(&Case) -> Result<(), String>;

/// All checkers, by name.
pub const ALL: &[(&str, Check)] = &[
    ("attempts", attempts::check),
    ("groups", groups::check),
    ("instants", instants::check),
    ("iterations", iterations::check),
    ("level", level::check),
    ("limits", limits::check),
    ("little", little::check),
    ("pace", pace::check),
    ("rate", rate::check),
    ("retries", retries::check),
    ("service", service::check),
    ("services", services::check),
    ("tokens", tokens::check),
    ("users", users::check),
];

/// An error unless two values are equal.
fn equal<T: PartialEq + std::fmt::Debug>(what: &str, left: T, right: T) -> Result<(), String> {
    if left == right { Ok(()) } else { Err(format!("{what}: {left:?} is not {right:?}")) }
}

/// An error unless something is true.
fn holds(is_true: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if is_true { Ok(()) } else { Err(what()) }
}
