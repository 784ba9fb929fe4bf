//! A step that goes on elsewhere: one attempt from its first start to its last end.

use std::borrow::Cow;
use std::sync::Arc;

use http::header::COOKIE;
use serde::{Deserialize, Serialize};
use throng_components::attempt_phases::AttemptPhases;
use throng_components::clock::Nanos;
use throng_components::sample::{ErrorType, Sample, SampleKind};
use throng_components::target::CookiePolicy;

use super::Conduct;
use super::jar::Place;
use super::location::{Lead, lead, named_host, next, redirects};
use crate::behavior::machine::Machine;
use crate::behavior::program::Perform;
use crate::behavior::wish::Wish;
use crate::plugins::protocols::{
    Completion, CompletionEnd, Elsewhere, Errand, HttpRequest, Operation, OperationId, Rendered, Request,
};

/// What a step has behind it when it has followed a redirect.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Journey {
    /// The operation that is under way.
    id: OperationId,
    /// Where it went, when that is not the target.
    place: Option<Arc<Elsewhere>>,
    unblocked: Nanos,
    started: Nanos,
    bytes_sent: u32,
    bytes_received: u32,
    phases: AttemptPhases,
    followed: u8,
}

/// A request as HTTP has it; `None` for that of another protocol.
fn of_http(request: &dyn Request) -> Option<&HttpRequest> {
    (request as &dyn std::any::Any).downcast_ref()
}

fn path(request: &HttpRequest) -> &str {
    request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str)
}

impl Machine<'_> {
    /// What a request carries of its user's session; nothing as long as there is none.
    pub(in crate::behavior) fn errand(
        &self,
        perform: &Perform,
        request: &dyn Request,
    ) -> Option<Box<Errand>> {
        let conduct = perform.conduct.as_deref()?;
        self.session.as_ref()?;
        self.errand_to(conduct, of_http(request)?, None)
    }

    fn errand_to(
        &self,
        conduct: &Conduct,
        request: &HttpRequest,
        place: Option<&Arc<Elsewhere>>,
    ) -> Option<Box<Errand>> {
        let cookies = self.session.as_ref().filter(|_| conduct.cookies != CookiePolicy::Off);
        let cookies = cookies.and_then(|session| {
            let origin = visible(conduct, request, place);
            session.jar.header(Place::of(&origin, path(request)), self.surroundings.now)
        });
        if cookies.is_none() && place.is_none() {
            return None;
        }
        // What the step itself writes into the field stands first.
        let cookies = match (cookies, request.fields().get(&COOKIE)) {
            (Some(cookies), Some(own)) => {
                let joined = [own.as_bytes(), b"; ", cookies.as_bytes()].concat();
                http::HeaderValue::from_bytes(&joined).ok()
            }
            (cookies, _) => cookies,
        };
        Some(Box::new(Errand { place: place.cloned(), cookies }))
    }

    /// Keeps an answer's cookies and goes where it leads. Gives the answer that the step ends with; `None` while it has
    /// not ended.
    pub(in crate::behavior) fn travel<'c>(
        &mut self,
        perform: &Perform,
        conduct: &Conduct,
        completion: &'c Completion,
    ) -> Option<Cow<'c, Completion>> {
        let journey = self.take_journey(completion.id);
        let place = journey.as_ref().and_then(|journey| journey.place.clone());
        self.keep_cookies(conduct, place.as_ref(), completion);
        let way = way(conduct, place.as_ref(), completion);
        let followed = journey.as_ref().map_or(0, |journey| journey.followed);
        let whole = match journey {
            Some(journey) => Cow::Owned(journey.sum(completion)),
            None => Cow::Borrowed(completion),
        };
        let failed = |error| Some(Cow::Owned(Completion { error, ..whole.clone().into_owned() }));
        let deadline = whole.started + perform.timeout;
        match way {
            Way::Here => Some(whole),
            Way::Astray => failed(ErrorType::BAD_REDIRECT),
            Way::On(..) if followed >= conduct.follow => failed(ErrorType::TOO_MANY_REDIRECTS),
            Way::On(..) if completion.ended >= deadline => failed(ErrorType::TIMEOUT),
            Way::On(request, place) => {
                let hop = self.hop(perform, conduct, *request, place.as_ref(), deadline - completion.ended);
                let journey = Journey {
                    id: hop.id,
                    place,
                    unblocked: whole.unblocked,
                    started: whole.started,
                    bytes_sent: whole.bytes_sent,
                    bytes_received: whole.bytes_received,
                    phases: whole.phases,
                    followed: followed + 1,
                };
                self.session.get_or_insert_default().journeys.push(journey);
                let told = Sample {
                    unblocked: completion.unblocked,
                    started: completion.started,
                    ended: completion.ended,
                    status: completion.status,
                    kind: SampleKind::Redirect,
                    attempt: followed + 1,
                    ..self.sample(perform.step)
                };
                self.emit(told);
                self.ask(hop);
                None
            }
        }
    }

    fn take_journey(&mut self, id: OperationId) -> Option<Journey> {
        let journeys = &mut self.session.as_mut()?.journeys;
        let place = journeys.iter().position(|journey| journey.id == id)?;
        Some(journeys.swap_remove(place))
    }

    fn keep_cookies(&mut self, conduct: &Conduct, place: Option<&Arc<Elsewhere>>, completion: &Completion) {
        let Some(head) = &completion.head else { return };
        if conduct.cookies == CookiePolicy::Off || !head.headers.contains_key(http::header::SET_COOKIE) {
            return;
        }
        let Some(request) = of_http(&*head.request) else { return };
        let origin = visible(conduct, request, place);
        let lasting = conduct.cookies == CookiePolicy::PerUser;
        let jar = &mut self.session.get_or_insert_default().jar;
        let dropped = jar.take(&head.headers, Place::of(&origin, path(request)), completion.ended, lasting);
        if dropped > 0 {
            self.wishes.push(Wish::DropCookies(dropped));
        }
    }

    /// The operation that follows a redirect.
    fn hop(
        &mut self,
        perform: &Perform,
        conduct: &Conduct,
        request: HttpRequest,
        place: Option<&Arc<Elsewhere>>,
        timeout: Nanos,
    ) -> Operation<Rendered<'static>> {
        let errand = self.errand_to(conduct, &request, place);
        let ready = self.surroundings.now;
        Operation { ready, timeout, errand, ..self.operation(perform, request.into()) }
    }

    /// The value of a cookie that the step's next request would carry.
    pub(in crate::behavior) fn cookie(
        &self,
        perform: &Perform,
        completion: &Completion,
        name: &str,
    ) -> Option<&str> {
        let (session, conduct) = (self.session.as_ref()?, perform.conduct.as_deref()?);
        let request = of_http(&*completion.head.as_ref()?.request)?;
        let origin = visible(conduct, request, None);
        session.jar.value(name, Place::of(&origin, path(request)), self.surroundings.now)
    }
}

/// Where an answer leads.
enum Way {
    /// The step ends with it.
    Here,
    /// It cannot be followed.
    Astray,
    /// On, to the target or elsewhere.
    On(Box<HttpRequest>, Option<Arc<Elsewhere>>),
}

/// Where an answer leads.
fn way(conduct: &Conduct, place: Option<&Arc<Elsewhere>>, completion: &Completion) -> Way {
    let ended_well = completion.end == CompletionEnd::Done && !completion.error.is_failure();
    let (Some(head), true) = (&completion.head, ended_well && conduct.follow > 0) else {
        return Way::Here;
    };
    let (Some(request), true) = (of_http(&*head.request), redirects(completion.status)) else {
        return Way::Here;
    };
    let from = place.map_or(&conduct.home, |place| &**place);
    let seen = visible(conduct, request, place);
    let (there, uri) = match lead(&head.headers, &seen, request) {
        Lead::Nowhere => return Way::Here,
        Lead::Astray => return Way::Astray,
        Lead::To(there, uri) => (there, uri),
    };
    let same_place = there == *seen || there == *from;
    let request = next(request, completion.status, uri, same_place);
    let place = if same_place { place.cloned() } else { (there != conduct.home).then(|| Arc::new(there)) };
    Way::On(Box::new(request), place)
}

/// The place as URLs see it: that of the request's own `Host` field where it has one.
fn visible<'a>(
    conduct: &'a Conduct,
    request: &HttpRequest,
    place: Option<&'a Arc<Elsewhere>>,
) -> Cow<'a, Elsewhere> {
    let place = place.map_or(&conduct.home, |place| &**place);
    named_host(request, place.secure).map_or(Cow::Borrowed(place), Cow::Owned)
}

impl Journey {
    /// The answer that ends the journey, with all that was before it.
    fn sum(&self, last: &Completion) -> Completion {
        Completion {
            // Of an attempt that had begun nothing is unsent.
            end: if last.end == CompletionEnd::CutUnsent { CompletionEnd::Cut } else { last.end },
            unblocked: self.unblocked,
            started: self.started,
            bytes_sent: self.bytes_sent.saturating_add(last.bytes_sent),
            bytes_received: self.bytes_received.saturating_add(last.bytes_received),
            phases: self.phases.plus(&last.phases),
            ..last.clone()
        }
    }
}
