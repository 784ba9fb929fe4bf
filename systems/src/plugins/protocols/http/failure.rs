//! What errors of sockets and of TLS are called in results.

use std::io;

use rustls::CertificateError;
use throng_components::sample::ErrorType;

/// What an error of the socket is called, or of the TLS on it.
pub(in crate::plugins::protocols) fn of_io(error: &io::Error) -> ErrorType {
    if let Some(error) = tls_error(error) {
        return match error {
            // The handshake is over by now: this was TLS all along.
            rustls::Error::InvalidMessage(_) => ErrorType::TLS_FAILED,
            error => of_tls(error),
        };
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => ErrorType::CONNECTION_REFUSED,
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => ErrorType::CONNECTION_RESET,
        io::ErrorKind::UnexpectedEof => ErrorType::CONNECTION_CLOSED,
        _ => ErrorType::CONNECTION_FAILED,
    }
}

/// What an error within a TLS handshake is called.
pub(super) fn of_handshake(error: &io::Error) -> ErrorType {
    if let Some(error) = tls_error(error) {
        return of_tls(error);
    }
    match of_io(error) {
        ErrorType::CONNECTION_RESET | ErrorType::CONNECTION_CLOSED => ErrorType::TLS_CLOSED,
        other => other,
    }
}

/// The error of TLS that an error of a socket stands for.
fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

fn of_tls(error: &rustls::Error) -> ErrorType {
    match error {
        rustls::Error::InvalidCertificate(error) => of_certificate(error),
        rustls::Error::InvalidMessage(_) => ErrorType::TLS_NOT_SPOKEN,
        rustls::Error::AlertReceived(_) => ErrorType::TLS_ALERT,
        _ => ErrorType::TLS_FAILED,
    }
}

fn of_certificate(error: &CertificateError) -> ErrorType {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => ErrorType::TLS_EXPIRED,
        // A signature that does not hold is that of somebody else with the name of a trusted one.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => ErrorType::TLS_UNKNOWN_ISSUER,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            ErrorType::TLS_WRONG_NAME
        }
        error if is_own_authority(error) => ErrorType::TLS_UNKNOWN_ISSUER,
        _ => ErrorType::TLS_BAD_CERTIFICATE,
    }
}

/// Whether a server showed the certificate of an authority as its own: signed by itself, as `openssl req -x509` makes them.
pub(super) fn is_own_authority(error: &CertificateError) -> bool {
    let CertificateError::Other(other) = error else { return false };
    matches!(other.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}
