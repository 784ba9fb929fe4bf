//! HTTP/1.1 over plain TCP or TLS, by a client of its own: to issue requests cheaply is what all this is for. Each connection is
//! owned by a user or by a pool, so that connecting, waiting for a connection, and the exchange itself are told apart.
//!
//! ```kdl
//! target shop "https://127.0.0.1:8443" { tls { roots "ca.pem" } }
//! ```
//!
//! ```text
//! transport ── who gets which lane
//!   lane ── one connection, one operation after the other
//!     connection ── one exchange after the other; origin ── how one is opened: lookup, socket, proxy, tls
//!       dialogue ── one exchange: outgoing, and codec for what comes in
//! ```

mod answer;
mod buffers;
mod codec;
mod connection;
mod counted;
mod decode;
mod dialogue;
mod errand;
mod failure;
mod fields;
mod further;
mod lane;
mod lookup;
mod origin;
mod outgoing;
mod patience;
mod proxy;
mod request;
mod stream;
#[cfg(test)]
mod tests;
mod tls;
mod transport;

use throng_components::target::{Target, TargetAddress};
use throng_components::workload::NodeSpec;

pub use self::errand::{Elsewhere, Errand, Head, Keep};
pub(super) use self::failure::of_io;
pub use self::fields::{FieldName, RequestFields};
pub use self::request::{HttpRequest, WrongLength};
pub use self::tls::{TlsClient, TlsClients};
use super::{Protocol, Reactor, Transport};

/// The protocol.
#[derive(Debug)]
pub struct Http;

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
