//! Targets: what the load goes to.

use core::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::clock::Nanos;
use crate::secret::Secret;

/// A target's number: its place in the file, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TargetId(pub u16);

impl TargetId {
    /// Nowhere: for steps that are carried out where their user is. No declared target has this number.
    pub const HERE: Self = Self(u16::MAX);
}

/// Where a target is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetAddress {
    /// `http://host:port/base` or, with [`Target::tls`], `https://host:port/base`.
    Url {
        /// A name or an address, without brackets.
        host: String,
        /// The port.
        port: u16,
        /// What stands in front of every path; no slash at its end, empty for none.
        base: String,
    },
    /// The built-in server, on a free port.
    Demo,
    /// Answers at once, without I/O.
    Noop,
    /// `scheme://rest`, spoken by a protocol of one's own, which alone knows what the rest means.
    Custom {
        /// What stands in front of `://`, in lower case.
        scheme: String,
        /// What follows it, as written.
        rest: String,
    },
}

impl TargetAddress {
    /// What follows `scheme://` in an address of a protocol of one's own; empty for all others.
    pub fn rest(&self) -> &str {
        match self {
            Self::Custom { rest, .. } => rest,
            Self::Url { .. } | Self::Demo | Self::Noop => "",
        }
    }
}

/// Who uses which connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionPolicy {
    /// Each user has its own.
    PerUser,
    /// Each request has its own, which is closed behind it.
    PerRequest,
    /// All users of a thread share so many; a user waits until one is free. The bound counts over all threads.
    Shared {
        /// How many.
        limit: u32,
    },
}

/// How long a connection may be used before another takes its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectionLife {
    /// From when it was opened; looked at before each request. `None` for as long as the target keeps it.
    pub max_age: Option<Nanos>,
    /// Requests on it; it is closed behind the last one. `None` for no bound.
    pub max_requests: Option<u64>,
}

/// How a target's name becomes an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameLookup {
    /// How long what was found is used; zero for a lookup before each connection.
    pub ttl: Nanos,
    /// Used instead of a lookup, in turn; empty for none.
    pub fixed: Vec<IpAddr>,
}

impl Default for NameLookup {
    /// A minute: short enough to follow a target that moves, long enough to cost nothing.
    fn default() -> Self {
        Self { ttl: Nanos::from_secs(60), fixed: Vec::new() }
    }
}

/// What a TLS connection goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// Whether the target's certificate has to be good.
    pub verify: bool,
    /// DER certificates that are trusted instead of the machine's own; empty for those.
    pub roots: Vec<Vec<u8>>,
    /// What the user shows of itself.
    pub identity: Option<TlsIdentity>,
    /// The name that is asked for and that the certificate has to bear; the URL's host without it.
    pub server_name: Option<String>,
    /// Whether a new connection may resume the session of one before it.
    pub resumption: bool,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self { verify: true, roots: Vec::new(), identity: None, server_name: None, resumption: true }
    }
}

/// A client's certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsIdentity {
    /// DER certificates, the client's own first.
    pub chain: Vec<Vec<u8>>,
    /// The key of the first one, in PEM.
    pub key: Secret<Vec<u8>>,
}

/// A proxy between a user and its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// A name or an address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The value of `Proxy-Authorization`; `None` for a proxy that asks for nothing.
    pub authorization: Option<Secret<String>>,
}

/// How a body may be compressed on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentCoding {
    /// RFC 1952.
    Gzip,
    /// RFC 7932.
    Brotli,
    /// RFC 1950.
    Deflate,
    /// RFC 8878.
    Zstd,
}

impl ContentCoding {
    /// All of them, by the names that HTTP has for them.
    pub const ALL: &'static [(&'static str, Self)] =
        &[("gzip", Self::Gzip), ("br", Self::Brotli), ("deflate", Self::Deflate), ("zstd", Self::Zstd)];

    /// The name that HTTP has for it.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, coding)| *coding == self).map_or("", |(name, _)| name)
    }
}

/// How long users keep the cookies that a target sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CookiePolicy {
    /// Each iteration begins without any, as somebody new.
    #[default]
    PerIteration,
    /// Over all iterations of a user.
    PerUser,
    /// Not at all.
    Off,
}

/// One target, as declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its number.
    pub id: TargetId,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub address: TargetAddress,
    /// How long an attempt may take, connecting included.
    pub timeout: Nanos,
    /// Who uses which connection.
    pub connections: ConnectionPolicy,
    /// How long a connection is used.
    pub life: ConnectionLife,
    /// How its name becomes an address.
    pub lookup: NameLookup,
    /// What its TLS connections go by; `None` for plain TCP.
    pub tls: Option<Box<TlsSettings>>,
    /// What TLS connections go by to places where its redirects lead, when it has no TLS itself and says it.
    pub redirect_tls: Option<Box<TlsSettings>>,
    /// What stands between a user and the target.
    pub proxy: Option<Box<Proxy>>,
    /// Header fields of every request.
    pub headers: Vec<(String, String)>,
    /// How long users keep its cookies.
    pub cookies: CookiePolicy,
    /// How many redirects its steps follow, at most; 0 for none.
    pub follow: u8,
    /// Encodings that its steps accept, in the order of preference.
    pub compression: Vec<ContentCoding>,
}

impl Target {
    /// What TLS connections go by that steps on it make, to itself or to where its redirects lead; `None` where nobody
    /// says anything of them.
    pub fn any_tls(&self) -> Option<&TlsSettings> {
        self.tls.as_deref().or(self.redirect_tls.as_deref())
    }

    /// Whether a certificate is accepted without being verified.
    pub fn is_unverified(&self) -> bool {
        self.any_tls().is_some_and(|tls| !tls.verify)
    }
}
