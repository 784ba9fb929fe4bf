//! How a step deals with cookies and redirects.

use throng_components::target::{CookiePolicy, Target, TargetAddress};

use crate::plugins::protocols::Elsewhere;

/// How a step deals with cookies and redirects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conduct {
    /// What becomes of cookies.
    pub cookies: CookiePolicy,
    /// How many redirects are followed; 0 for none.
    pub follow: u8,
    /// The target's own place.
    pub home: Elsewhere,
}

impl Conduct {
    /// That of a step on a target.
    pub fn of(target: &Target, follow: u8) -> Self {
        let (host, port) = match &target.address {
            TargetAddress::Url { host, port, .. } => (host.to_ascii_lowercase(), *port),
            // The built-in server's port is known when it listens; it never names itself in an answer.
            TargetAddress::Demo | TargetAddress::Noop | TargetAddress::Custom { .. } => {
                ("127.0.0.1".to_owned(), 0)
            }
        };
        let home = Elsewhere { secure: target.tls.is_some(), host, port };
        Self { cookies: target.cookies, follow, home }
    }

    /// Whether it looks at heads that set cookies or lead elsewhere.
    pub fn keeps(&self) -> bool {
        self.follow > 0 || self.cookies != CookiePolicy::Off
    }
}
