//! A user's cookies, by RFC 6265. Public suffixes are not known: a domain without a dot is taken for one.

use core::net::IpAddr;
use std::time::UNIX_EPOCH;

use cookie::Cookie;
use http::header::{DATE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use throng_components::clock::Nanos;

use crate::plugins::protocols::Elsewhere;

/// The most cookies of one user.
const COUNT_MOST: usize = 128;
/// The longest cookie, name and value: what RFC 6265 asks for at least.
const BYTES_MOST: usize = 4096;
/// All cookies of one user, names and values.
const BYTES_MOST_TOGETHER: usize = 64 * 1024;

/// Where a request goes, as cookies see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) secure: bool,
    /// In lower case, without brackets.
    pub(super) host: &'a str,
    pub(super) path: &'a str,
}

impl<'a> Place<'a> {
    pub(super) fn of(origin: &'a Elsewhere, path: &'a str) -> Self {
        Self { secure: origin.secure, host: &origin.host, path }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stored {
    name: String,
    value: String,
    /// The host that set it, or with `subdomains` the domain it named.
    domain: String,
    subdomains: bool,
    path: String,
    secure: bool,
    /// On the run's clock; `None` for as long as the jar keeps it.
    expires: Option<Nanos>,
    /// Whether it outlives its iteration.
    lasting: bool,
}

impl Stored {
    fn bytes(&self) -> usize {
        self.name.len() + self.value.len()
    }

    fn is_same(&self, other: &Self) -> bool {
        self.name == other.name && self.domain == other.domain && self.path == other.path
    }

    fn goes_to(&self, place: Place<'_>, now: Nanos) -> bool {
        let host = self.domain == place.host || (self.subdomains && is_below(place.host, &self.domain));
        let path = place
            .path
            .strip_prefix(self.path.as_str())
            .is_some_and(|rest| rest.is_empty() || self.path.ends_with('/') || rest.starts_with(['/', '?']));
        host && path && (place.secure || !self.secure) && self.expires.is_none_or(|end| now < end)
    }
}

/// A user's cookies, the oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Jar {
    cookies: Vec<Stored>,
}

impl Jar {
    /// Forgets what does not outlive an iteration.
    pub(super) fn begin_iteration(&mut self) {
        self.cookies.retain(|cookie| cookie.lasting);
    }

    /// Takes the cookies that an answer sets; gives how many found no room, old ones that had to go included.
    pub(super) fn take(&mut self, headers: &HeaderMap, place: Place<'_>, now: Nanos, lasting: bool) -> u32 {
        let mut dropped = 0;
        for line in headers.get_all(SET_COOKIE) {
            let Some(cookie) = read(line, headers.get(DATE), place, now, lasting) else { continue };
            let over = cookie.expires.is_some_and(|end| end <= now);
            let old = self.cookies.iter().position(|known| known.is_same(&cookie));
            if cookie.bytes() > BYTES_MOST {
                dropped += 1;
                continue;
            }
            match (old, over) {
                (Some(old), true) => {
                    self.cookies.remove(old);
                }
                // It keeps its place: who came first is sent first.
                (Some(old), false) => self.cookies[old] = cookie,
                (None, true) => {}
                (None, false) => self.cookies.push(cookie),
            }
            dropped += self.make_room(now);
        }
        dropped
    }

    /// Lets the oldest go until the rest is within the bounds.
    fn make_room(&mut self, now: Nanos) -> u32 {
        let mut dropped = 0;
        let mut bytes: usize = self.cookies.iter().map(Stored::bytes).sum();
        if self.cookies.len() > COUNT_MOST || bytes > BYTES_MOST_TOGETHER {
            self.cookies.retain(|cookie| cookie.expires.is_none_or(|end| now < end));
            bytes = self.cookies.iter().map(Stored::bytes).sum();
        }
        while self.cookies.len() > COUNT_MOST || bytes > BYTES_MOST_TOGETHER {
            bytes -= self.cookies.remove(0).bytes();
            dropped += 1;
        }
        dropped
    }

    /// The value of the `Cookie` header for a request; `None` without cookies for it.
    pub(super) fn header(&self, place: Place<'_>, now: Nanos) -> Option<HeaderValue> {
        let mut suitable: Vec<_> = self.cookies.iter().filter(|cookie| cookie.goes_to(place, now)).collect();
        // Longer paths first; of equal ones the older cookie.
        suitable.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let mut text = String::new();
        for cookie in suitable {
            text.push_str(if text.is_empty() { "" } else { "; " });
            text.push_str(&cookie.name);
            text.push('=');
            text.push_str(&cookie.value);
        }
        (!text.is_empty()).then(|| HeaderValue::from_bytes(text.as_bytes()).ok()).flatten()
    }

    /// The value of a cookie that a request would carry.
    pub(super) fn value(&self, name: &str, place: Place<'_>, now: Nanos) -> Option<&str> {
        let found = self.cookies.iter().filter(|cookie| cookie.name == name && cookie.goes_to(place, now));
        found.max_by_key(|cookie| cookie.path.len()).map(|cookie| cookie.value.as_str())
    }
}

/// Reads one `Set-Cookie` line; `None` for one that is no cookie or is for somebody else.
fn read(
    line: &HeaderValue,
    date: Option<&HeaderValue>,
    place: Place<'_>,
    now: Nanos,
    lasting: bool,
) -> Option<Stored> {
    let line = std::str::from_utf8(line.as_bytes()).ok()?;
    let cookie = Cookie::parse(line).ok()?;
    let domain = cookie.domain().map(str::to_ascii_lowercase).filter(|domain| !domain.is_empty());
    let (domain, subdomains) = match domain {
        Some(domain) if domain == place.host => {
            let subdomains = domain.parse::<IpAddr>().is_err();
            (domain, subdomains)
        }
        Some(domain) if is_below(place.host, &domain) && domain.contains('.') => (domain, true),
        Some(_) => return None,
        None => (place.host.to_owned(), false),
    };
    let path = match cookie.path() {
        Some(path) if path.starts_with('/') => path.to_owned(),
        _ => default_path(place.path).to_owned(),
    };
    Some(Stored {
        name: cookie.name().to_owned(),
        value: cookie.value().to_owned(),
        domain,
        subdomains,
        path,
        secure: cookie.secure().unwrap_or(false),
        expires: end(&cookie, date, now),
        lasting,
    })
}

/// When a cookie is over. `Expires` is held against the answer's own `Date`, so that it does not matter how the clocks of
/// two machines differ; without that, all that is said to have ended long ago is over, and the rest stays.
fn end(cookie: &Cookie<'_>, date: Option<&HeaderValue>, now: Nanos) -> Option<Nanos> {
    /// The start of the year 2000: cookies are taken back by a date in 1970.
    const LONG_AGO: i64 = 946_684_800;
    let after = |seconds: i64| now + Nanos(u64::try_from(seconds).unwrap_or(0).saturating_mul(1_000_000_000));
    if let Some(age) = cookie.max_age() {
        return Some(after(age.whole_seconds()));
    }
    let expires = cookie.expires_datetime()?.unix_timestamp();
    let date = date
        .and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok())
        .and_then(|date| i64::try_from(date.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok());
    match date {
        Some(date) => Some(after(expires.saturating_sub(date))),
        None if expires < LONG_AGO => Some(now),
        None => None,
    }
}

/// Whether a host is a name below a domain.
fn is_below(host: &str, domain: &str) -> bool {
    let front = host.strip_suffix(domain).and_then(|front| front.strip_suffix('.'));
    front.is_some_and(|front| !front.is_empty()) && host.parse::<IpAddr>().is_err()
}

/// The path of a cookie that names none: the request's, up to its last slash.
fn default_path(path: &str) -> &str {
    let path = path.split('?').next().unwrap_or_default();
    match path.rfind('/') {
        Some(0) | None => "/",
        Some(end) => &path[..end],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: &str = "Sat, 21 Nov 2026 12:00:00 GMT";

    fn place<'a>(host: &'a str, path: &'a str) -> Place<'a> {
        Place { secure: false, host, path }
    }

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(SET_COOKIE, HeaderValue::from_str(line).expect("a header value"));
        }
        headers.insert(DATE, HeaderValue::from_static(DAY));
        headers
    }

    /// What `shop.test/a/b?c=/x` sets at second 10, sent to a place at that many seconds.
    fn check(lines: &[&str], to: Place<'_>, second: u64, expected: &str) {
        let mut jar = Jar::default();
        let from = Place { secure: true, ..place("shop.test", "/a/b?c=/x") };
        assert_eq!(jar.take(&headers(lines), from, Nanos::from_secs(10), false), 0);
        let sent = jar.header(to, Nanos::from_secs(second));
        let sent = sent.as_ref().map_or("", |value| value.to_str().expect("a text"));
        assert_eq!(sent, expected, "{lines:?} to {to:?}");
    }

    #[test]
    fn hosts_and_domains() {
        let at = |host| place(host, "/a/b");
        check(&["x=1"], at("shop.test"), 10, "x=1");
        check(&["x=1"], at("www.shop.test"), 10, "");
        check(&["x=1; Domain=shop.test"], at("www.shop.test"), 10, "x=1");
        check(&["x=1; Domain=.Shop.Test"], at("www.shop.test"), 10, "x=1");
        check(&["x=1; Domain=other.test"], at("other.test"), 10, "");
        check(&["x=1; Domain=test"], at("shop.test"), 10, "");
        check(&["x=1; Domain=shop.test"], at("workshop.test"), 10, "");
        check(&["x=1; Domain=www.shop.test"], at("www.shop.test"), 10, "");
    }

    #[test]
    fn paths() {
        let at = |path| place("shop.test", path);
        check(&["x=1"], at("/a"), 10, "x=1");
        check(&["x=1"], at("/a?q"), 10, "x=1");
        check(&["x=1"], at("/ab"), 10, "");
        check(&["x=1; Path=/"], at("/ab"), 10, "x=1");
        check(&["x=1; Path=b"], at("/"), 10, "");
        check(&["x=1; Path=/", "y=2; Path=/a", "z=3; Path=/"], at("/a/b"), 10, "y=2; x=1; z=3");
    }

    #[test]
    fn times() {
        let at = place("shop.test", "/a");
        check(&["x=1; Max-Age=5"], at, 14, "x=1");
        check(&["x=1; Max-Age=5"], at, 15, "");
        check(&["x=1; Max-Age=0"], at, 10, "");
        check(&["x=1", "x=; Max-Age=0"], at, 10, "");
        check(&["x=1; Expires=Sat, 21 Nov 2026 12:00:05 GMT"], at, 14, "x=1");
        check(&["x=1; Expires=Sat, 21 Nov 2026 12:00:05 GMT"], at, 15, "");
        check(&["x=1", "x=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], at, 10, "");
        check(&["x=1; Max-Age=99; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], at, 10, "x=1");
    }

    #[test]
    fn secure_ones_stay_off_plain_connections() {
        let plain = place("shop.test", "/a");
        check(&["x=1; Secure"], plain, 10, "");
        check(&["x=1; Secure; HttpOnly"], Place { secure: true, ..plain }, 10, "x=1");
    }

    #[test]
    fn a_newer_one_takes_the_place_of_an_older_one() {
        check(&["x=1", "y=2", "x=3"], place("shop.test", "/a"), 10, "x=3; y=2");
        check(&["no cookie", "=1", "x=a=b"], place("shop.test", "/a"), 10, "x=a=b");
    }

    #[test]
    fn an_iteration_keeps_what_lasts() {
        let mut jar = Jar::default();
        let at = place("shop.test", "/");
        jar.take(&headers(&["x=1"]), at, Nanos::ZERO, false);
        jar.take(&headers(&["y=2"]), at, Nanos::ZERO, true);
        jar.begin_iteration();
        assert_eq!((jar.value("x", at, Nanos::ZERO), jar.value("y", at, Nanos::ZERO)), (None, Some("2")));
    }

    #[test]
    fn a_jar_is_bounded_and_counts_what_it_drops() {
        let mut jar = Jar::default();
        let at = place("shop.test", "/");
        let lines: Vec<String> = (0..COUNT_MOST + 3).map(|number| format!("n{number}=v")).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert_eq!(jar.take(&headers(&lines), at, Nanos::ZERO, false), 3);
        assert_eq!(jar.value("n2", at, Nanos::ZERO), None);
        assert_eq!(jar.value("n3", at, Nanos::ZERO), Some("v"));
        let long = format!("long={}", "v".repeat(BYTES_MOST));
        assert_eq!(jar.take(&headers(&[&long]), at, Nanos::ZERO, false), 1);
        let large = "v".repeat(BYTES_MOST - 4);
        let lines: Vec<String> = (0..20).map(|number| format!("l{number}={large}")).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert!(jar.take(&headers(&lines), at, Nanos::ZERO, false) > 100);
        assert!(jar.cookies.iter().map(Stored::bytes).sum::<usize>() <= BYTES_MOST_TOGETHER);
        assert_eq!(jar.value("l19", at, Nanos::ZERO), Some(large.as_str()));
    }
}
