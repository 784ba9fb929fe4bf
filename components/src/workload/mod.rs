//! The tree a workload file becomes before anything is read from it: nodes, entries and spans that no
//! longer know the syntax they came from. Plug-ins read their settings from here and never see a parser.

mod elsewhere;
mod field_mistake;
pub(crate) mod fields;
mod nearest;
mod node;
mod problem;
mod span;
mod specification;
mod units;

pub use fields::Fields;
pub use nearest::{did_you_mean, nearest, nearest_first};
pub use node::{Entry, Node, Scalar};
pub use problem::{Label, Mistake, Problem, Problems};
pub use span::{SourceId, Span, Spanned};
pub use specification::{ArgumentSpec, FieldSpec, NodeSpec, ValueKind};
pub use units::{Limit, Rate, Share, Size, UnitMistake, parse_duration, parse_rate, parse_share, parse_size};
