//! Expressions: what stands in `${…}`. Compiled once, with every name, function and kind checked as far as it is known
//! then; evaluated without I/O and without recursion deeper than what was allowed at load.
//!
//! | from loose to tight | |
//! |---|---|
//! | `a ? b : c` | only the side that is chosen is evaluated |
//! | `\|\|` · `&&` | the right side only when the left one does not settle it |
//! | `==` `!=` · `<` `<=` `>` `>=` | like kinds; whole and decimal numbers mix |
//! | `+` `-` · `*` `/` `%` | see [`operators`] |
//! | `-a` `!a` | |
//! | `1` `1.5` `500ms` `200/s` `5%` `64KiB` `'text'` `"text"` `true` `name.of.value` `function(a, b)` `(a)` | |
//!
//! Three readings are settled by blanks. A `-` between letters or digits belongs to the name (`my-basket`); a difference
//! of names has blanks. `200/s` without a blank is a rate. A number's `%` is a share unless an operand follows (`7%2`).

mod constants;
mod evaluate;
mod frame;
mod functions;
mod kinds;
mod lexer;
mod mistake;
mod operators;
mod parser;
#[cfg(test)]
pub(crate) mod sandbox;
mod tree;

pub(crate) use constants::VariableIsParameter;
pub use constants::{Constants, Parameter};
pub(crate) use frame::TEXT_BYTES_MAX;
pub use frame::{EvaluationError, Frame, Name, Resolve};
pub use functions::{FUNCTIONS, FunctionSpec};
pub(crate) use mistake::{ExpressionMistake, Place};
pub(crate) use tree::Expression;
