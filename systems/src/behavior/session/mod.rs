//! What a user carries from one HTTP answer to its next request: cookies, and the way of a redirect.
//!
//! A user has a session from its first cookie or redirect on; without either there is none.

mod conduct;
mod jar;
mod journey;
mod location;

pub use conduct::Conduct;
use jar::Jar;
use journey::Journey;
pub(crate) use location::resolve;
use serde::{Deserialize, Serialize};

/// A user's cookies and redirects under way.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Session {
    jar: Jar,
    /// One a strand, at most.
    journeys: Vec<Journey>,
}

impl Session {
    /// A new iteration begins: cookies that live no longer than one are gone.
    pub(super) fn begin_iteration(&mut self) {
        self.jar.begin_iteration();
        self.journeys.clear();
    }
}
