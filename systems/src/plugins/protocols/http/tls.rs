//! The client's side of TLS: what is trusted, what is shown, and which sessions are resumed.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use throng_components::target::{Target, TargetId, TlsIdentity, TlsSettings};

use super::failure::is_own_authority;

/// Sessions that one client keeps: it talks to one server, which gives it two tickets or so for each connection.
const SESSIONS: usize = 8;

/// A target's TLS, as all its connections have it: what costs time and memory to make is shared by all threads and users.
#[derive(Clone, Debug)]
pub struct TlsClient {
    config: Arc<ClientConfig>,
    resumption: bool,
}

impl TlsClient {
    /// Prepares a target's TLS. `machine_roots` are DER certificates, used where the settings name none.
    ///
    /// # Errors
    /// When a certificate of the settings or the key cannot be used.
    pub fn new(settings: &TlsSettings, machine_roots: &[Vec<u8>]) -> Result<Self, rustls::Error> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let verifier = verifier(settings, machine_roots, provider)?;
        let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
        let mut config = match &settings.identity {
            None => builder.with_no_client_auth(),
            Some(TlsIdentity { chain, key }) => {
                let key = PrivateKeyDer::from_pem_slice(key.reveal())
                    .map_err(|_| rustls::Error::General("the key is no PEM".to_owned()))?;
                builder.with_client_auth_cert(chain.iter().map(|der| der.clone().into()).collect(), key)?
            }
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.resumption = Resumption::disabled();
        Ok(Self { config: Arc::new(config), resumption: settings.resumption })
    }

    /// What one client connects by: a user, or a pool of connections. It resumes its own sessions and nobody else's, as a
    /// browser does, so that a crowd of new users costs the target as many whole handshakes.
    pub(super) fn for_one_client(&self) -> Arc<ClientConfig> {
        if !self.resumption {
            return Arc::clone(&self.config);
        }
        let mut config = ClientConfig::clone(&self.config);
        config.resumption = Resumption::in_memory_sessions(SESSIONS);
        Arc::new(config)
    }
}

/// The TLS of all targets that have it, by number; made once a run.
#[derive(Clone, Debug, Default)]
pub struct TlsClients(Arc<BTreeMap<TargetId, TlsClient>>);

impl TlsClients {
    /// Prepares the TLS of all targets.
    ///
    /// # Errors
    /// As [`TlsClient::new`].
    pub fn new(targets: &[Target], machine_roots: &[Vec<u8>]) -> Result<Self, rustls::Error> {
        let usual = TlsSettings::default();
        let led = |target: &Target| target.follow > 0 && !machine_roots.is_empty();
        let clients = targets.iter().filter_map(|target| {
            // A redirect may lead from plain HTTP to TLS.
            let settings = target.any_tls().or_else(|| led(target).then_some(&usual))?;
            Some(TlsClient::new(settings, machine_roots).map(|client| (target.id, client)))
        });
        Ok(Self(Arc::new(clients.collect::<Result<_, _>>()?)))
    }

    /// One target's.
    pub(super) fn of(&self, target: TargetId) -> Option<TlsClient> {
        self.0.get(&target).cloned()
    }
}

fn verifier(
    settings: &TlsSettings,
    machine_roots: &[Vec<u8>],
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, rustls::Error> {
    if !settings.verify {
        return Ok(Arc::new(Unverified(provider)));
    }
    let mut store = RootCertStore::empty();
    for root in &settings.roots {
        store.add(root.clone().into())?;
    }
    if settings.roots.is_empty() {
        // A machine's own list may hold old ones that nobody can read; the others count.
        store.add_parsable_certificates(machine_roots.iter().map(|der| CertificateDer::from(der.as_slice())));
    }
    let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider)
        .build()
        .map_err(|error| rustls::Error::General(error.to_string()))?;
    let pinned = settings.roots.iter().map(|der| der.clone().into()).collect();
    Ok(Arc::new(Verified { inner, pinned }))
}

/// Verifies as browsers do. What the workload trusts by name is trusted, too, when it is the server's own certificate.
#[derive(Debug)]
struct Verified {
    inner: Arc<WebPkiServerVerifier>,
    /// The workload's own roots.
    pinned: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verified {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let result =
            self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match &result {
            // Dates are looked at before this is found, so that only the name is left to be checked.
            Err(rustls::Error::InvalidCertificate(error))
                if is_own_authority(error) && self.pinned.iter().any(|pinned| pinned == end_entity) =>
            {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            _ => result,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Takes every certificate, as `verify off` asks. The handshake itself still has to be signed with the certificate's key.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
