//! What of an answer goes to the user: no more than its step looks at.

use std::sync::Arc;

use http::StatusCode;
use http::header::{LOCATION, SET_COOKIE};

use super::codec::Answer;
use super::decode::decode;
use crate::plugins::protocols::{Completion, Head, Operation};

/// Puts an answer into its operation's completion.
pub(super) fn put(answer: Answer, operation: &Operation, completion: &mut Completion) {
    completion.status = answer.status;
    let Some(headers) = answer.headers else {
        completion.body = answer.body;
        return;
    };
    if operation.keep.body {
        match decode(&headers, answer.body) {
            Ok(body) => completion.body = body,
            Err(error) => completion.error = error,
        }
    }
    let leads_on = || {
        let redirects = StatusCode::from_u16(answer.status).is_ok_and(|status| status.is_redirection());
        headers.contains_key(SET_COOKIE) || (redirects && headers.contains_key(LOCATION))
    };
    if operation.keep.head || (operation.keep.session && leads_on()) {
        completion.head = Some(Box::new(Head { headers: *headers, request: Arc::clone(&operation.request) }));
    }
}
