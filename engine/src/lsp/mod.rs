//! A language server: what an editor shows while a workload is written. It speaks over standard input and output.
//!
//! ```text
//! editor ── opened, changed, saved ──► documents ──► loader: every problem ──► diagnostics
//!        ── completion, hover ───────► loader: what stands at the cursor; places: what may stand there
//!        ── formatting ──────────────► loader: the text in its one form
//! ```
//!
//! Nothing in it knows KDL or reads files, but for what a workload includes. A text that does not parse is no hindrance.

mod completion;
mod diagnostics;
mod expressions;
mod hover;
mod positions;
mod server;
mod symbols;

pub use server::{ServerError, serve};
