//! Runs that are saved and go on later, in another process: what of them is kept, and the file that it is kept in.
//!
//! ```text
//! run(0..2n)  =  run(0..n), save ──► file ──► new process, restore, run(n..2n)
//! ```
//!
//! Saved is the state that a run has come to, and the texts of its workload; what these declare is made anew from them.

mod file;
mod origin;
mod part;
mod resume;
mod run;

pub use file::{FORMAT_VERSION, NotASavedRun, SaveFile};
pub use origin::Origin;
pub(crate) use part::{Part, check_saved};
pub use resume::resume;
pub(crate) use run::Facts;
pub use run::SavedRun;
