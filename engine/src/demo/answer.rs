//! What each page answers, and when.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Incoming};
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE};
use hyper::{Method, Request, Response, StatusCode};
use throng_components::clock::Nanos;
use throng_components::seed::{Purpose, RunSeed, draw, unit, unit_above_zero};
use tokio::time::sleep;

use super::body::Answer;
use super::route::{Delay, ROUTES, Route};
use super::wire::{Fault, FaultSwitch};

/// The longest body of a request that is read.
const REQUEST_LIMIT: usize = 1024 * 1024;

/// How long a request to `/never` is kept.
const NEVER: Duration = Duration::from_mins(1);

/// The time of a login.
const LOGIN: Delay = Delay::Constant(Nanos::from_millis(5));

/// The time of a purchase.
const BUY: Delay = Delay::Exponential(Nanos::from_millis(10));

/// What all connections share.
#[derive(Debug)]
pub(super) struct Site {
    seed: RunSeed,
    /// Requests that came in: names the draws of each.
    asked: AtomicU64,
    /// Answers begun.
    answered: AtomicU64,
}

impl Site {
    /// A site that has seen no request.
    pub(super) fn new(seed: u64) -> Self {
        Self { seed: RunSeed(seed), asked: AtomicU64::new(0), answered: AtomicU64::new(0) }
    }

    /// Answers begun.
    pub(super) fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Answers one request; `None` when it is never answered and its connection has to go.
    pub(super) async fn answer(
        &self,
        request: Request<Incoming>,
        fault: FaultSwitch,
    ) -> Option<Response<Answer>> {
        let key = self.seed.key(0, self.asked.fetch_add(1, Ordering::Relaxed));
        let response = respond(request, key, &fault).await?;
        self.answered.fetch_add(1, Ordering::Relaxed);
        Some(response)
    }
}

async fn respond(request: Request<Incoming>, key: u64, fault: &FaultSwitch) -> Option<Response<Answer>> {
    let Some(route) = Route::of(request.uri().path()) else {
        return Some(text(StatusCode::NOT_FOUND, "no such page; / lists all\n"));
    };
    if matches!(route, Route::Login | Route::Buy | Route::Leave) && request.method() != Method::POST {
        let mut refusal = text(StatusCode::METHOD_NOT_ALLOWED, "this page wants a POST\n");
        refusal.headers_mut().insert(ALLOW, hyper::header::HeaderValue::from_static("POST"));
        return Some(refusal);
    }
    Some(match route {
        Route::Index => text(StatusCode::OK, &index()),
        Route::Item(number) => json(
            StatusCode::OK,
            format!("{{\"id\":{number},\"name\":\"item {number}\",\"price\":{}}}", price(number)),
        ),
        Route::Login => login(request, key).await,
        Route::Buy => {
            wait(BUY, key).await;
            json(StatusCode::CREATED, format!("{{\"order\":\"{key:016x}\"}}"))
        }
        Route::Leave => text(StatusCode::NO_CONTENT, ""),
        Route::Delay(delay) => {
            wait(delay, key).await;
            text(StatusCode::OK, "waited\n")
        }
        Route::Fail(share) if unit(draw(key, Purpose::SERVICE_FAILURE, 0)) < share.0 => {
            text(StatusCode::INTERNAL_SERVER_ERROR, "failed, as asked\n")
        }
        Route::Fail(_) => text(StatusCode::OK, "well\n"),
        Route::Status(status) => {
            text(StatusCode::from_u16(status).unwrap_or(StatusCode::NOT_FOUND), "as asked\n")
        }
        Route::Bytes(size) => with_body(StatusCode::OK, "application/octet-stream", Answer::Filler(size.0)),
        Route::SlowBody => with_body(StatusCode::OK, "text/plain", Answer::slow()),
        Route::Close => with_body(StatusCode::OK, "text/plain", Answer::broken()),
        Route::Reset => {
            fault.set(Fault::Reset);
            with_body(StatusCode::OK, "text/plain", Answer::broken())
        }
        Route::Never => {
            sleep(NEVER).await;
            return None;
        }
        Route::Garbage => {
            fault.set(Fault::Garbage);
            let mut response = text(StatusCode::OK, "");
            response.headers_mut().insert(CONNECTION, hyper::header::HeaderValue::from_static("close"));
            response
        }
    })
}

/// Reads the request as JSON and hands out a token that no two requests share.
async fn login(request: Request<Incoming>, key: u64) -> Response<Answer> {
    let body = request.into_body();
    if body.size_hint().lower() > REQUEST_LIMIT as u64 {
        return text(StatusCode::PAYLOAD_TOO_LARGE, "too long\n");
    }
    let Ok(content) = Limited::new(body, REQUEST_LIMIT).collect().await else {
        return text(StatusCode::BAD_REQUEST, "the body did not come in whole\n");
    };
    if serde_json::from_slice::<serde::de::IgnoredAny>(&content.to_bytes()).is_err() {
        return text(StatusCode::BAD_REQUEST, "the body is no JSON\n");
    }
    wait(LOGIN, key).await;
    json(StatusCode::OK, format!("{{\"token\":\"{key:016x}\"}}"))
}

async fn wait(delay: Delay, key: u64) {
    let time = delay.at(unit_above_zero(draw(key, Purpose::SERVICE_TIME, 0)));
    if time > Nanos::ZERO {
        sleep(time.to_duration()).await;
    }
}

/// A price in cents that looks like one and is always the same.
fn price(number: u64) -> u64 {
    100 + number.wrapping_mul(7_919) % 9_900
}

fn index() -> String {
    let mut page = String::from("throng's demo\n\n");
    for (path, what) in ROUTES {
        // Writing to a `String` cannot fail.
        let _ = writeln!(page, "{path:<24} {what}");
    }
    page
}

fn text(status: StatusCode, content: &str) -> Response<Answer> {
    with_body(status, "text/plain", Answer::whole(content.to_owned()))
}

fn json(status: StatusCode, content: String) -> Response<Answer> {
    with_body(status, "application/json", Answer::whole(content))
}

fn with_body(status: StatusCode, content_type: &'static str, body: Answer) -> Response<Answer> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(content_type));
    response
}
