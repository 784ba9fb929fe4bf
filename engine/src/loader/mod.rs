//! From a workload file to a checked [`Workload`]: text, nodes, meaning. Nothing outside this folder names the parser.
//!
//! ```text
//! bytes ── source ──► text ── scan, document ──► nodes ── lower ──► Workload
//!                       └────────── problems, all of them ─────────► diagnostics
//! ```

mod diagnostics;
mod document;
mod load;
pub(crate) mod lower;
mod pages;
mod scan;
mod source;
mod syntax;
mod workload;

pub use diagnostics::{Severity, Style, render, render_json};
pub use load::{Overrides, load, load_file};
pub use pages::{PAGES, Page, page};
pub use source::{MOST_BYTES, Refused, Source, Sources, read};
pub use throng_systems::plugins::Registry;
pub use workload::{ListenerPlan, Loaded, RulePlan, ScenarioPlan, ServicePlan, Workload};
