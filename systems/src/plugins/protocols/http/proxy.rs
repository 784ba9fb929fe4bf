//! What a proxy is told: a tunnel to a TLS target, whole URLs for a plain one.

use http::HeaderValue;
use throng_components::sample::ErrorType;
use throng_components::target::Proxy;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The longest answer to a CONNECT that is read.
const ANSWER_MOST: usize = 16 * 1024;
/// Header fields in it, at most.
const FIELDS_MOST: usize = 64;

/// The proxy's part in requests.
pub(super) struct Forwarding {
    /// The target's host and port, the port always written: what a CONNECT asks for.
    host_and_port: String,
    /// What stands in front of a path, so that it is a whole URL.
    pub(super) front: String,
    /// The value of `Proxy-Authorization`; marked as sensitive, so that it is shown nowhere.
    pub(super) authorization: Option<HeaderValue>,
}

impl Forwarding {
    /// What a proxy is told about a target.
    pub(super) fn new(proxy: &Proxy, host: &str, port: u16) -> Self {
        let shown = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let host_and_port = format!("{shown}:{port}");
        let front = format!("http://{}", if port == 80 { &shown } else { &host_and_port });
        let authorization = proxy.authorization.as_ref().and_then(|value| {
            let mut value = HeaderValue::from_str(value.reveal()).ok()?;
            value.set_sensitive(true);
            Some(value)
        });
        Self { host_and_port, front, authorization }
    }

    /// Asks for a tunnel to the target. What is sent on the stream afterwards goes there.
    pub(super) async fn tunnel<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
    ) -> Result<(), ErrorType> {
        let to = &self.host_and_port;
        let mut request = format!("CONNECT {to} HTTP/1.1\r\nhost: {to}\r\n").into_bytes();
        if let Some(authorization) = &self.authorization {
            request.extend_from_slice(b"proxy-authorization: ");
            request.extend_from_slice(authorization.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        stream.write_all(&request).await.map_err(|_| ErrorType::PROXY_FAILED)?;
        let mut answer = Vec::with_capacity(256);
        loop {
            let length = stream.read_buf(&mut answer).await.map_err(|_| ErrorType::PROXY_FAILED)?;
            match read_answer(&answer)? {
                Some(result) => return result,
                None if length == 0 || answer.len() > ANSWER_MOST => return Err(ErrorType::PROXY_FAILED),
                None => {}
            }
        }
    }
}

/// What an answer to a CONNECT says; `None` when it is not whole yet.
fn read_answer(answer: &[u8]) -> Result<Option<Result<(), ErrorType>>, ErrorType> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS_MOST];
    let mut head = httparse::Response::new(&mut fields);
    let parsed = head.parse(answer).map_err(|_| ErrorType::PROXY_FAILED)?;
    let httparse::Status::Complete(length) = parsed else { return Ok(None) };
    Ok(Some(match head.code {
        // A target that speaks TLS does not speak first: there can be nothing behind the head.
        Some(200..=299) if answer.len() == length => Ok(()),
        Some(200..=299) => Err(ErrorType::PROXY_FAILED),
        Some(407) => Err(ErrorType::PROXY_AUTHENTICATION),
        _ => Err(ErrorType::PROXY_REFUSED),
    }))
}

#[cfg(test)]
mod tests {
    use throng_components::secret::Secret;

    use super::*;

    fn check(answer: &str, expected: Result<Option<Result<(), ErrorType>>, ErrorType>) {
        assert_eq!(read_answer(answer.as_bytes()), expected, "{answer:?}");
    }

    #[test]
    fn answers_to_a_connect_are_told_apart() {
        check("HTTP/1.1 200 Connection established\r\n\r\n", Ok(Some(Ok(()))));
        check("HTTP/1.0 200 OK\r\nvia: x\r\n\r\n", Ok(Some(Ok(()))));
        check("HTTP/1.1 200 OK\r\nvia: x\r\n", Ok(None));
        check("HTTP/1.1 407 No\r\n\r\n", Ok(Some(Err(ErrorType::PROXY_AUTHENTICATION))));
        check(
            "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 3\r\n\r\nbad",
            Ok(Some(Err(ErrorType::PROXY_REFUSED))),
        );
        check("HTTP/1.1 200 OK\r\n\r\nhello", Ok(Some(Err(ErrorType::PROXY_FAILED))));
        check("SSH-2.0-x\r\n", Err(ErrorType::PROXY_FAILED));
    }

    #[test]
    fn paths_become_whole_urls() {
        let proxy = Proxy {
            host: "p".to_owned(),
            port: 1,
            authorization: Some(Secret::new("Basic eA==".to_owned())),
        };
        let front = |host: &str, port: u16| Forwarding::new(&proxy, host, port).front;
        assert_eq!(front("shop.test", 80), "http://shop.test");
        assert_eq!(front("::1", 8080), "http://[::1]:8080");
        let authorization = Forwarding::new(&proxy, "h", 1).authorization;
        assert!(authorization.is_some_and(|value| value.is_sensitive()));
    }
}
