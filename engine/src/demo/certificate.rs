//! The demo's own certificate, made anew for each server and trusted by nobody but the run that started it.

use std::io;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

/// Whom the certificate is for: this machine, as it calls itself.
const NAMES: [&str; 3] = ["127.0.0.1", "localhost", "::1"];

/// A certificate, and what serves with it.
pub(super) struct OwnCertificate {
    /// In DER: what a client has to trust.
    pub(super) der: Vec<u8>,
    pub(super) acceptor: TlsAcceptor,
}

/// Makes a key and a certificate for it.
///
/// # Errors
/// When the machine gives no randomness.
pub(super) fn make() -> io::Result<OwnCertificate> {
    let pair = rcgen::generate_simple_self_signed(NAMES.map(str::to_owned)).map_err(io::Error::other)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pair.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder.with_no_client_auth().with_single_cert(vec![pair.cert.der().clone()], key)
        });
    let mut config = config.map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Tickets that the server need not remember: any number of clients can resume.
    config.ticketer = ring::Ticketer::new().map_err(io::Error::other)?;
    Ok(OwnCertificate { der: pair.cert.der().to_vec(), acceptor: TlsAcceptor::from(Arc::new(config)) })
}
