//! An answer, parsed once for all who look into it.

use std::cell::OnceCell;

use http::HeaderName;
use scraper::Html;

use super::html;
use crate::plugins::protocols::Completion;

/// An answer that is looked into. What nobody asks for is never parsed.
pub(in crate::behavior) struct Look<'a> {
    pub(super) completion: &'a Completion,
    json: OnceCell<Option<serde_json::Value>>,
    html: OnceCell<Option<Html>>,
}

impl<'a> Look<'a> {
    /// Nothing is parsed yet.
    pub(in crate::behavior) fn new(completion: &'a Completion) -> Self {
        Self { completion, json: OnceCell::new(), html: OnceCell::new() }
    }

    /// The body as JSON; `None` when it is none.
    pub(super) fn json(&self) -> Option<&serde_json::Value> {
        self.json.get_or_init(|| serde_json::from_slice(&self.completion.body).ok()).as_ref()
    }

    /// The body as HTML, which any text is; `None` when it is too deep or too large to be looked into.
    pub(super) fn html(&self) -> Option<&Html> {
        self.html.get_or_init(|| html::parse(&String::from_utf8_lossy(&self.completion.body))).as_ref()
    }

    /// The values of a header field, in the order of the answer.
    pub(super) fn header<'b>(&self, name: &'b HeaderName) -> impl Iterator<Item = &'a [u8]> + use<'a, 'b> {
        let head = self.completion.head.as_deref();
        head.into_iter().flat_map(move |head| head.headers.get_all(name)).map(http::HeaderValue::as_bytes)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use http::{HeaderMap, HeaderValue};
    use throng_components::clock::Nanos;

    use super::*;
    use crate::plugins::protocols::{Head, NoopRequest, OperationId};

    /// An answer with a head and a body.
    pub(crate) fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Completion {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let head = Head { headers: map, request: Arc::new(NoopRequest) };
        let id = OperationId { slot: 0, strand: 0, number: 1 };
        let body = bytes::Bytes::copy_from_slice(body.as_bytes());
        Completion { status, head: Some(Box::new(head)), body, ..Completion::empty(id, Nanos::ZERO) }
    }

    #[test]
    fn a_body_is_parsed_once() {
        let completion = answer(200, &[], "{\"a\":1}");
        let look = Look::new(&completion);
        let (first, second) = (look.json().expect("JSON"), look.json().expect("JSON"));
        assert!(std::ptr::eq(first, second));
    }
}
