//! Programs that build on throng from outside: each stands alone in `src/bin/`, with its workload beside this folder.

/// The code of the README, compiled by the documentation's tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// The code of the page on extending throng, compiled by the documentation's tests.
#[cfg(doctest)]
#[doc = include_str!("../../engine/docs/extending.md")]
pub struct Extending;
