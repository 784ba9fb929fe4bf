//! Where a target's connections lead, and how one is opened: name, socket, proxy, TLS.

use std::cell::OnceCell;

use http::HeaderValue;
use rustls::pki_types::ServerName;
use throng_components::sample::ErrorType;
use throng_components::target::{NameLookup, Target, TargetAddress};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::counted::{Counted, Traffic};
use super::failure::{of_handshake, of_io};
use super::lookup::Lookup;
use super::proxy::Forwarding;
use super::stream::Stream;
use super::tls::TlsClient;

/// Where a target's connections lead, for one thread.
pub(super) struct Origin {
    /// The value of the `Host` header.
    pub(super) authority: HeaderValue,
    /// Finds the target, or the proxy in front of it.
    lookup: Lookup,
    proxy: Option<Forwarding>,
    tls: Option<Tls>,
}

struct Tls {
    client: TlsClient,
    name: ServerName<'static>,
}

/// The TLS sessions of one client, a user or a pool: what its next handshake may resume.
#[derive(Default)]
pub(super) struct Sessions(OnceCell<TlsConnector>);

impl Origin {
    /// The way to a target. Threads begin at different addresses, `first` says which.
    pub(super) fn new(target: &Target, client: Option<TlsClient>, first: usize) -> Self {
        let (host, port) = match &target.address {
            TargetAddress::Url { host, port, .. } => (host.as_str(), *port),
            TargetAddress::Demo | TargetAddress::Noop | TargetAddress::Custom { .. } => ("127.0.0.1", 0),
        };
        let usual = if client.is_some() { 443 } else { 80 };
        let shown = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let authority = if port == usual { shown } else { format!("{shown}:{port}") };
        let lookup = match &target.proxy {
            Some(proxy) => {
                let settings = NameLookup { fixed: Vec::new(), ..target.lookup };
                Lookup::new(&proxy.host, proxy.port, &settings, first)
            }
            None => Lookup::new(host, port, &target.lookup, first),
        };
        let name = target.tls.as_ref().and_then(|tls| tls.server_name.as_deref()).unwrap_or(host);
        let name = ServerName::try_from(name.to_owned());
        Self {
            authority: HeaderValue::try_from(authority).unwrap_or(HeaderValue::from_static("invalid")),
            lookup,
            proxy: target.proxy.as_ref().map(|proxy| Forwarding::new(proxy, host, port)),
            // The loader has seen to it that the name is one.
            tls: client.zip(name.ok()).map(|(client, name)| Tls { client, name }),
        }
    }

    /// What a proxy has to be told with each request; nothing where it only sees a tunnel.
    fn forwarding(&self) -> Option<&Forwarding> {
        self.proxy.as_ref().filter(|_| self.tls.is_none())
    }

    /// What stands in front of a request's path on this way.
    pub(super) fn front(&self) -> &str {
        self.forwarding().map_or("", |proxy| &proxy.front)
    }

    /// What a request has to bear for the proxy.
    pub(super) fn proxy_authorization(&self) -> Option<&HeaderValue> {
        self.forwarding().and_then(|proxy| proxy.authorization.as_ref())
    }

    /// What a status means before anybody asks for it: a proxy's own 407 is no answer of the target, and above 599 there is
    /// none (RFC 9110, section 15).
    pub(super) fn judge(&self, status: u16) -> ErrorType {
        match self.forwarding() {
            _ if status > 599 => ErrorType::PROTOCOL,
            Some(_) if status == 407 => ErrorType::PROXY_AUTHENTICATION,
            _ => ErrorType::NONE,
        }
    }

    /// Opens a stream to the target; times what it takes, part by part.
    pub(super) async fn open(&self, traffic: &Traffic, sessions: &Sessions) -> Result<Stream, ErrorType> {
        let unreachable = |error| if self.proxy.is_some() { ErrorType::PROXY_UNREACHABLE } else { error };
        let address = self.lookup.address(traffic).await.map_err(unreachable)?;
        let since = traffic.now();
        let stream = TcpStream::connect(address).await.map_err(|error| unreachable(of_io(&error)))?;
        // Requests are written whole; waiting for more to send would only add delay.
        stream.set_nodelay(true).map_err(|error| of_io(&error))?;
        let mut stream = Counted::new(stream, traffic.clone());
        let Some(tls) = &self.tls else {
            traffic.note(since, |phases, length| phases.connect = length);
            return Ok(Stream::plain(stream, traffic.clone()));
        };
        if let Some(proxy) = &self.proxy {
            proxy.tunnel(&mut stream).await?;
        }
        traffic.note(since, |phases, length| phases.connect = length);
        let since = traffic.now();
        let connector = sessions.0.get_or_init(|| TlsConnector::from(tls.client.for_one_client()));
        let stream = connector.connect(tls.name.clone(), stream).await;
        let stream = stream.map_err(|error| of_handshake(&error))?;
        traffic.note(since, |phases, length| phases.tls = length);
        Ok(Stream::tls(stream, traffic.clone()))
    }
}
