//! Where the receiver is, and how requests travel to it.

use throng_components::workload::{Label, Mistake, Span, Spanned};

/// How requests travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// Protobuf over HTTP/1.1.
    Http,
    /// Protobuf over gRPC.
    Grpc,
}

/// A mistake in the receiver's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EndpointMistake {
    NotAUrl { span: Span, found: String },
    NoTls { span: Span, found: String },
}

impl Mistake for EndpointMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::NotAUrl { .. } => "T0130",
            Self::NoTls { .. } => "T0131",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::NotAUrl { found, .. } => format!("`{found}` is no URL of an OTLP receiver"),
            Self::NoTls { found, .. } => format!("`{found}` needs TLS, which is not built yet"),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::NotAUrl { span, .. } => vec![Label::new(*span, "should be `http://host:port`")],
            Self::NoTls { span, .. } => vec![Label::new(*span, "in the language, but not in this version")],
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::NotAUrl { .. } => Some("for example `http://127.0.0.1:4318`".to_owned()),
            Self::NoTls { .. } => {
                Some("send to a local agent over `http://`, which forwards with TLS".to_owned())
            }
        }
    }
}

/// Checks an address; gives it without a slash at its end, and its port.
pub(super) fn parse_endpoint(text: Spanned<&str>) -> Result<(String, Option<u16>), EndpointMistake> {
    let (found, span) = (text.value.to_owned(), text.span);
    let Ok(uri) = text.value.parse::<http::Uri>() else {
        return Err(EndpointMistake::NotAUrl { span, found });
    };
    match uri.scheme_str() {
        Some("http") if uri.host().is_some_and(|host| !host.is_empty()) && uri.query().is_none() => {
            Ok((found.trim_end_matches('/').to_owned(), uri.port_u16()))
        }
        Some("https") => Err(EndpointMistake::NoTls { span, found }),
        _ => Err(EndpointMistake::NotAUrl { span, found }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<(String, Option<u16>), EndpointMistake> {
        parse_endpoint(Spanned::new(text, Span::default()))
    }

    #[test]
    fn addresses_keep_their_base_and_port() {
        assert_eq!(parsed("http://127.0.0.1:4318/"), Ok(("http://127.0.0.1:4318".to_owned(), Some(4318))));
        assert_eq!(parsed("http://agent/otlp"), Ok(("http://agent/otlp".to_owned(), None)));
        assert_eq!(parsed("http://[::1]:4317"), Ok(("http://[::1]:4317".to_owned(), Some(4317))));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "agent:4318", "127.0.0.1", "ftp://agent", "http://agent?key=1", "http:// agent"] {
            assert!(matches!(parsed(text), Err(EndpointMistake::NotAUrl { .. })), "{text}");
        }
        assert!(matches!(parsed("https://agent"), Err(EndpointMistake::NoTls { .. })));
    }
}
