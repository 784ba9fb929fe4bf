//! `tls`: what is trusted and shown in handshakes. The files it names are read here.

use std::io::Read;
use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::CertifiedKey;
use throng_components::secret::Secret;
use throng_components::target::{TlsIdentity, TlsSettings};
use throng_components::workload::{
    ArgumentSpec, FieldSpec, Fields, Label, Mistake, Node, NodeSpec, Problems, Scalar, Span, Spanned,
    ValueKind,
};

use crate::loader::files::Beside;
use crate::loader::lower::names::unknown_kind;
use crate::loader::lower::pointless::Pointless;

/// `tls { … }`
pub(crate) const TLS: NodeSpec = NodeSpec {
    name: "tls",
    summary: "Says what TLS connections to the target go by, and those to where its redirects lead; without it, what browsers do.",
    sample: "tls { roots \"ca.pem\"; server-name \"shop.test\" }",
    children: &["verify", "roots", "client-certificate", "server-name", "resumption"],
    ..NodeSpec::EMPTY
};

/// `verify off`
pub(crate) const VERIFY: NodeSpec = NodeSpec {
    name: "verify",
    summary: "Says whether the target's certificate has to be good; results say so when it has not.",
    sample: "verify off",
    arguments: &[switch("`on`, as without it, or `off`.")],
    ..NodeSpec::EMPTY
};

/// `roots "ca.pem"`
pub(crate) const ROOTS: NodeSpec = NodeSpec {
    name: "roots",
    summary: "Trusts the certificates in these files, and no others; without it, those that the machine trusts.",
    sample: "roots \"ca.pem\"",
    arguments: &[ArgumentSpec {
        name: "path",
        kind: ValueKind::Text,
        required: true,
        summary: "PEM files, one or more, relative to the file that names it.",
    }],
    more_arguments: true,
    ..NodeSpec::EMPTY
};

/// `client-certificate "cert.pem" key="key.pem"`
pub(crate) const CLIENT_CERTIFICATE: NodeSpec = NodeSpec {
    name: "client-certificate",
    summary: "Is what every user shows of itself where the target asks for it.",
    sample: "client-certificate \"cert.pem\" key=\"key.pem\"",
    arguments: &[ArgumentSpec {
        name: "path",
        kind: ValueKind::Text,
        required: true,
        summary: "A PEM file with the certificate and those between it and its root, relative to the file that names it.",
    }],
    properties: &[FieldSpec {
        name: "key",
        kind: ValueKind::Text,
        default: "",
        summary: "A PEM file with its key, without a password; needed. It is never shown.",
    }],
    ..NodeSpec::EMPTY
};

/// `server-name "shop.test"`
pub(crate) const SERVER_NAME: NodeSpec = NodeSpec {
    name: "server-name",
    summary: "Is the name that is asked for and that the certificate has to bear; without it, the URL's host.",
    sample: "server-name \"shop.test\"",
    arguments: &[ArgumentSpec {
        name: "name",
        kind: ValueKind::Text,
        required: true,
        summary: "A DNS name or an address.",
    }],
    ..NodeSpec::EMPTY
};

/// `resumption off`
pub(crate) const RESUMPTION: NodeSpec = NodeSpec {
    name: "resumption",
    summary: "Says whether a user's next connection resumes the session of its last one.",
    sample: "resumption off",
    arguments: &[switch("`on`, as without it and in browsers, or `off`: each handshake is a whole one.")],
    ..NodeSpec::EMPTY
};

const SWITCH: &[&str] = &["on", "off"];

const fn switch(summary: &'static str) -> ArgumentSpec {
    ArgumentSpec { name: "switch", kind: ValueKind::Word(SWITCH), required: true, summary }
}

/// Certificates and keys are small; what is larger is something else.
const FILE_MOST: u64 = 4 << 20;

/// What a file should have held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Certificate,
    Key,
}

impl Content {
    fn word(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Key => "private key without a password",
        }
    }
}

/// A mistake in what TLS goes by. None says what a file holds: it may be a key.
#[derive(Clone, Debug, PartialEq)]
enum TlsMistake {
    Unreadable { span: Span, path: String, reason: String },
    NotPem { span: Span, path: String, wanted: Content },
    Unusable { span: Span, path: String, reason: String },
    OtherKey { certificate: Span, key: Span },
    ServerName { span: Span, found: String },
}

impl Mistake for TlsMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "T0140",
            Self::NotPem { .. } => "T0141",
            Self::OtherKey { .. } => "T0142",
            Self::Unusable { .. } => "T0143",
            Self::ServerName { .. } => "T0144",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Unreadable { path, reason, .. } => format!("`{path}` cannot be read: {reason}"),
            Self::NotPem { path, wanted, .. } => format!("`{path}` holds no {} in PEM", wanted.word()),
            Self::Unusable { path, reason, .. } => {
                format!("a certificate in `{path}` cannot be used: {reason}")
            }
            Self::OtherKey { .. } => "the key is not that of the certificate".to_owned(),
            Self::ServerName { found, .. } => format!("`{found}` is no name that a certificate could bear"),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::Unreadable { span, .. } => vec![Label::new(*span, "relative to the file that names it")],
            Self::NotPem { span, wanted, .. } => {
                vec![Label::new(*span, format!("a PEM file with a {} should stand here", wanted.word()))]
            }
            Self::Unusable { span, .. } => vec![Label::new(*span, "in this file")],
            Self::OtherKey { certificate, key } => {
                vec![Label::new(*key, "another one's key"), Label::new(*certificate, "this certificate")]
            }
            Self::ServerName { span, .. } => {
                vec![Label::new(*span, "a DNS name or an address should stand here")]
            }
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Unreadable { .. } => Some("check the path".to_owned()),
            Self::NotPem { .. } => Some("PEM begins with `-----BEGIN`".to_owned()),
            Self::Unusable { .. } => None,
            Self::OtherKey { .. } => Some("name the two that were made together".to_owned()),
            Self::ServerName { .. } => Some("set one: `tls { server-name \"shop.test\" }`".to_owned()),
        }
    }
}

/// Reads the node and the files that it names.
pub(super) fn read(node: &Node, files: Beside<'_>) -> Result<TlsSettings, Problems> {
    let mut fields = Fields::of(node, &TLS, 0);
    let verify = fields.child("verify").and_then(|child| fields.take(read_switch(child, &VERIFY)));
    let resumption =
        fields.child("resumption").and_then(|child| fields.take(read_switch(child, &RESUMPTION)));
    let roots = fields.child("roots").and_then(|child| fields.take(read_roots(child, files)));
    let identity = fields.child("client-certificate");
    let identity = identity.and_then(|child| fields.take(read_identity(child, files)));
    let server_name = fields.child("server-name").and_then(|child| fields.take(read_server_name(child)));
    if let (Some((false, off)), Some(roots)) = (verify, node.children_named("roots").next()) {
        let because = Label::new(off, "nothing has to be trusted");
        fields.problem(Pointless { name: roots.name.clone(), because });
    }
    fields.finish(Some(TlsSettings {
        verify: verify.is_none_or(|(on, _)| on),
        roots: roots.unwrap_or_default(),
        identity,
        server_name,
        resumption: resumption.is_none_or(|(on, _)| on),
    }))
}

/// Sees to it that the host of a URL can stand in a certificate, where no `server-name` stands for it.
pub(super) fn check_host(fields: &mut Fields<'_>, host: Spanned<&str>) {
    if ServerName::try_from(host.value).is_err() {
        fields.problem(TlsMistake::ServerName { span: host.span, found: host.value.to_owned() });
    }
}

fn read_switch(node: &Node, spec: &'static NodeSpec) -> Result<(bool, Span), Problems> {
    let mut fields = Fields::of(node, spec, 0);
    let word = fields.text_argument(0).and_then(|word| match word.value {
        "on" => Some((true, word.span)),
        "off" => Some((false, word.span)),
        _ => {
            fields.problem(unknown_kind(node, word, spec.name, SWITCH.to_vec()));
            None
        }
    });
    fields.finish(word)
}

fn read_roots(node: &Node, files: Beside<'_>) -> Result<Vec<Vec<u8>>, Problems> {
    let mut fields = Fields::of(node, &ROOTS, 0);
    let mut roots = Vec::new();
    fields.text_argument(0);
    for entry in &node.arguments {
        let Scalar::Text(path) = &entry.value else { continue };
        let path = Spanned::new(path.as_str(), entry.span);
        let read = read_certificates(path, files).and_then(|found| {
            let mut store = RootCertStore::empty();
            for certificate in &found {
                store.add(certificate.clone()).map_err(|error| unusable(path, &error))?;
            }
            Ok(found)
        });
        match read {
            Ok(found) => roots.extend(found.into_iter().map(|certificate| certificate.to_vec())),
            Err(mistake) => fields.problem(mistake),
        }
    }
    fields.finish(Some(roots))
}

fn read_identity(node: &Node, files: Beside<'_>) -> Result<TlsIdentity, Problems> {
    let mut fields = Fields::of(node, &CLIENT_CERTIFICATE, 0);
    fields.require("key");
    let (certificate, key) = (fields.text_argument(0), fields.text("key"));
    let identity = certificate.zip(key).and_then(|(certificate, key)| {
        let (chain, private) = (read_certificates(certificate, files), read_key(key, files));
        let pair = match (chain, private) {
            (Ok(chain), Ok(private)) => Some((chain, private)),
            (chain, private) => {
                chain.err().into_iter().chain(private.err()).for_each(|mistake| fields.problem(mistake));
                None
            }
        };
        let (chain, (text, private)) = pair?;
        let provider = rustls::crypto::ring::default_provider();
        match CertifiedKey::from_der(chain.clone(), private, &provider) {
            Ok(_) => Some(TlsIdentity {
                chain: chain.iter().map(|der| der.to_vec()).collect(),
                key: Secret::new(text),
            }),
            Err(rustls::Error::InconsistentKeys(_)) => {
                fields.problem(TlsMistake::OtherKey { certificate: certificate.span, key: key.span });
                None
            }
            Err(error) => {
                fields.problem(unusable(certificate, &error));
                None
            }
        }
    });
    fields.finish(identity)
}

fn read_server_name(node: &Node) -> Result<String, Problems> {
    let mut fields = Fields::of(node, &SERVER_NAME, 0);
    let name = fields.text_argument(0);
    if let Some(name) = name {
        check_host(&mut fields, name);
    }
    fields.finish(name.map(|name| name.value.to_owned()))
}

fn unusable(path: Spanned<&str>, error: &rustls::Error) -> TlsMistake {
    TlsMistake::Unusable { span: path.span, path: path.value.to_owned(), reason: error.to_string() }
}

fn unreadable(path: Spanned<&str>, reason: String) -> TlsMistake {
    TlsMistake::Unreadable { span: path.span, path: path.value.to_owned(), reason }
}

fn read_file(path: Spanned<&str>, directory: &Path) -> Result<Vec<u8>, TlsMistake> {
    let unreadable = |reason: String| unreadable(path, reason);
    let file =
        std::fs::File::open(directory.join(path.value)).map_err(|error| unreadable(error.to_string()))?;
    let mut bytes = Vec::new();
    file.take(FILE_MOST + 1).read_to_end(&mut bytes).map_err(|error| unreadable(error.to_string()))?;
    if bytes.len() as u64 > FILE_MOST {
        return Err(unreadable(format!("it is larger than {} MiB", FILE_MOST >> 20)));
    }
    Ok(bytes)
}

fn read_certificates(
    path: Spanned<&str>,
    files: Beside<'_>,
) -> Result<Vec<CertificateDer<'static>>, TlsMistake> {
    let missing = || unreadable(path, "there is no such file in the saved run".to_owned());
    let from_disk = || read_file(path, files.directory);
    let bytes = files.shelf.read(&files.directory.join(path.value), from_disk, missing)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(not_pem(path, Content::Certificate)),
    }
}

/// A key as its file has it, and as what it is. Always of the disk: a saved run has none in it.
fn read_key(path: Spanned<&str>, files: Beside<'_>) -> Result<(Vec<u8>, PrivateKeyDer<'static>), TlsMistake> {
    let bytes = read_file(path, files.directory)?;
    match PrivateKeyDer::from_pem_slice(&bytes) {
        Ok(key) => Ok((bytes, key)),
        Err(_) => Err(not_pem(path, Content::Key)),
    }
}

fn not_pem(path: Spanned<&str>, wanted: Content) -> TlsMistake {
    TlsMistake::NotPem { span: path.span, path: path.value.to_owned(), wanted }
}
