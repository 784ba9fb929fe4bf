//! What an operation carries of its user's session, and what of its answer the user looks at.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::plugins::protocols::Request;

/// What of an answer is looked at: all else is read, counted and forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// Its body, decoded.
    pub body: bool,
    /// Its header fields.
    pub head: bool,
    /// Its header fields where they set a cookie or lead elsewhere.
    pub session: bool,
}

impl Keep {
    /// What either of two wants.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            body: self.body || other.body,
            head: self.head || other.head,
            session: self.session || other.session,
        }
    }
}

/// The head of an answer, and what was asked for it.
#[derive(Clone, Debug)]
pub struct Head {
    /// Its header fields.
    pub headers: HeaderMap,
    /// What was sent.
    pub request: Arc<dyn Request>,
}

/// What an operation carries beside its request, which many users may share.
#[derive(Clone, Debug)]
pub struct Errand {
    /// Where it goes, when that is not its target.
    pub place: Option<Arc<Elsewhere>>,
    /// The user's cookies for it.
    pub cookies: Option<HeaderValue>,
}

/// An origin: a scheme, a host and a port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elsewhere {
    /// Whether it is reached by TLS.
    pub secure: bool,
    /// A name in lower case, or an address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}
