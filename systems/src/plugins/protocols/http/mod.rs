//! HTTP/1.1 over plain TCP or TLS, on low-level connections of hyper: each is owned by a user or by a pool, so that
//! connecting, waiting for a connection, and the exchange itself are told apart.
//!
//! ```kdl
//! target shop "https://127.0.0.1:8443" { tls { roots "ca.pem" } }
//! ```
//!
//! ```text
//! transport ── who gets which lane
//!   lane ── one connection, one operation after the other
//!     connection ── an exchange; origin ── how one is opened: lookup, socket, proxy, tls
//! ```

mod answer;
mod connection;
mod counted;
mod decode;
mod errand;
mod failure;
mod further;
mod lane;
mod lookup;
mod origin;
mod patience;
mod proxy;
mod stream;
mod tls;
mod transport;

use bytes::Bytes;
use throng_components::target::{Target, TargetAddress};
use throng_components::workload::NodeSpec;

pub use self::errand::{Elsewhere, Errand, Head, Keep};
pub(super) use self::failure::of_io;
pub use self::tls::{TlsClient, TlsClients};
use super::{Protocol, Reactor, Request, Transport};

/// The protocol.
#[derive(Debug)]
pub struct Http;

/// A request, ready to be sent but for the fields that belong to the connection.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// The method.
    pub method: http::Method,
    /// Path and query, the target's base included.
    pub uri: http::Uri,
    /// Header fields, the target's included.
    pub headers: http::HeaderMap,
    /// The body; empty for none.
    pub body: Bytes,
}

impl Request for HttpRequest {}

impl Protocol for Http {
    const SPEC: NodeSpec = NodeSpec {
        name: "http",
        summary: "HTTP/1.1 over plain TCP or TLS.",
        sample: "target shop \"https://127.0.0.1:8443\"",
        ..NodeSpec::EMPTY
    };

    const SCHEMES: &'static [&'static str] = &["http", "https"];

    fn serves(target: &Target) -> bool {
        matches!(target.address, TargetAddress::Url { .. } | TargetAddress::Demo)
    }

    fn transport(target: &Target, reactor: Reactor) -> Box<dyn Transport> {
        Box::new(transport::HttpTransport::new(target, reactor))
    }
}
