//! From a workload file to a checked [`Workload`]: text, nodes, meaning. Nothing outside this folder names the parser.
//!
//! ```text
//! bytes ── source ──► text ── scan, document ──► nodes ── include ──► nodes ── set, param, values ──► nodes ── lower ──► Workload
//!                       └────────────────────── problems, all of them ─────────────────────────────► diagnostics
//! ```

mod annotations;
mod bare;
mod credentials;
mod cursor;
mod diagnostics;
mod document;
mod environment;
mod files;
mod format;
mod habits;
mod hash_comment;
pub(crate) mod include;
mod indentation;
mod lines;
mod load;
pub(crate) mod lower;
mod outline;
mod pages;
pub(crate) mod param;
mod parser_message;
mod place;
mod quoted;
mod scan;
mod secrets;
mod set;
mod shelf;
mod source;
mod sweep_options;
mod syntax;
mod tokens;
mod values;
mod workload;

pub use annotations::{render_github, render_json};
pub(crate) use credentials::masked;
pub use cursor::{At, Cursor, Written, WrittenNode, cursor, written};
pub use diagnostics::{Severity, Style, render};
pub use environment::Environment;
pub(crate) use environment::variable_of_parameter;
pub use format::{FormatError, format};
pub use lines::Lines;
pub use load::{Overrides, load, load_file};
pub use pages::{PAGES, Page, page};
pub(crate) use secrets::REDACTED;
pub use secrets::Secrets;
pub use shelf::{KeptFile, Shelf};
pub use source::{MOST_BYTES, Refused, Source, Sources, read};
pub use sweep_options::SweepOptions;
pub use throng_systems::plugins::Registry;
pub use workload::{
    ListenerOutput, ListenerPlan, Loaded, RulePlan, ScenarioPlan, SweepPlan, Varied, Workload,
};
