//! Certificates made for one test, good and bad.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

/// A certificate and its key.
#[derive(Debug)]
pub struct Credentials {
    /// The certificate, in PEM.
    pub certificate: String,
    /// Its key, in PEM.
    pub key: String,
    der: CertificateDer<'static>,
    private: PrivatePkcs8KeyDer<'static>,
}

impl Credentials {
    fn new(certificate: &rcgen::Certificate, key: &KeyPair) -> Self {
        Self {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            der: certificate.der().clone(),
            private: PrivatePkcs8KeyDer::from(key.serialize_der()),
        }
    }

    /// Signed by itself, and no authority.
    ///
    /// # Panics
    /// When a certificate cannot be made: a test cannot go on then.
    pub fn self_signed(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params(name).self_signed(&key).expect("it can be signed");
        Self::new(&certificate, &key)
    }

    /// Signed by itself and an authority, as `openssl req -x509` makes them.
    ///
    /// # Panics
    /// When a certificate cannot be made: a test cannot go on then.
    pub fn own_authority(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key can be made");
        let mut params = params(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("it can be signed");
        Self::new(&certificate, &key)
    }

    /// What a server goes by that shows these. With `clients` it wants to be shown a certificate of theirs.
    ///
    /// # Panics
    /// When a certificate cannot be made: a test cannot go on then.
    pub fn server(&self, clients: Option<&Authority>) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().expect("there are versions");
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.issuer.der().clone()).expect("it is one");
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
                builder.with_client_cert_verifier(verifier.expect("there is a root"))
            }
        };
        let key = PrivateKeyDer::Pkcs8(self.private.clone_key());
        let mut config = builder.with_single_cert(vec![self.der.clone()], key).expect("they belong together");
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Arc::new(config)
    }
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("the name is one");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// Who signs.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// A new one.
    ///
    /// # Panics
    /// When a certificate cannot be made: a test cannot go on then.
    pub fn new() -> Self {
        let key = KeyPair::generate().expect("a key can be made");
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "an authority of a test");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self { issuer: CertifiedIssuer::self_signed(params, key).expect("it can be signed") }
    }

    /// Its certificate, in PEM.
    pub fn certificate(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for a server of that name or address.
    ///
    /// # Panics
    /// When a certificate cannot be made: a test cannot go on then.
    pub fn for_server(&self, name: &str) -> Credentials {
        self.sign(&params(name))
    }

    /// One that has expired.
    ///
    /// # Panics
    /// When a certificate cannot be made: a test cannot go on then.
    pub fn expired(&self, name: &str) -> Credentials {
        let mut params = params(name);
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
        self.sign(&params)
    }

    /// One for a client.
    ///
    /// # Panics
    /// When a certificate cannot be made: a test cannot go on then.
    pub fn for_client(&self, name: &str) -> Credentials {
        let mut params = params(name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Credentials {
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params.signed_by(&key, &self.issuer).expect("it can be signed");
        Credentials::new(&certificate, &key)
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}
