//! The pages of the demo: which paths there are, and what law each follows.

use throng_components::clock::Nanos;
use throng_components::workload::{Share, Size, parse_duration, parse_share, parse_size};

/// No answer of the demo takes longer than that.
const LONGEST: Nanos = Nanos::from_secs(60);

/// No answer of the demo is larger than that.
const LARGEST: Size = Size(64 * 1024 * 1024);

/// Every path and what it does, as the page at `/` lists them.
pub const ROUTES: &[(&str, &str)] = &[
    ("/", "this page, at once"),
    ("/items/7", "an item of the shop, at once; any number"),
    ("/login", "POST with JSON: a token, after 5 ms"),
    ("/buy", "POST: an order, after an exponential time with mean 10 ms"),
    ("/leave", "POST: nothing, at once"),
    ("/delay/constant/20ms", "answers after 20 ms; any time up to 60 s"),
    ("/delay/exponential/20ms", "answers after an exponential time with mean 20 ms, 60 s at most"),
    ("/fail/5%", "status 500 for 5 % of requests, at random; any share"),
    ("/status/503", "status 503; any from 200 to 599"),
    ("/bytes/64KiB", "a body of 64 KiB; any size up to 64 MiB"),
    ("/slow-body", "a head at once, then ten pieces 20 ms apart"),
    ("/reset", "closes with a reset in the middle of the body"),
    ("/close", "closes in good order in the middle of the body"),
    ("/never", "does not answer, and closes after 60 s"),
    ("/garbage", "bytes that are no HTTP"),
];

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Route {
    Index,
    Item(u64),
    Login,
    Buy,
    Leave,
    Delay(Delay),
    Fail(Share),
    Status(u16),
    Bytes(Size),
    SlowBody,
    Reset,
    Close,
    Never,
    Garbage,
}

/// A law of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delay {
    Constant(Nanos),
    Exponential(Nanos),
}

impl Delay {
    /// The time for a number drawn from (0, 1].
    pub(super) fn at(self, unit_above_zero: f64) -> Nanos {
        match self {
            Self::Constant(time) => time,
            Self::Exponential(mean) => Nanos::from_f64(-unit_above_zero.ln() * mean.0 as f64).min(LONGEST),
        }
    }
}

impl Route {
    /// The route of a path without its query; `None` when there is none.
    pub(super) fn of(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').skip(1).take(4).collect();
        match *parts.as_slice() {
            [""] => Some(Self::Index),
            ["items", number] => number.parse().ok().map(Self::Item),
            ["login"] => Some(Self::Login),
            ["buy"] => Some(Self::Buy),
            ["leave"] => Some(Self::Leave),
            ["delay", "constant", time] => duration(time).map(|time| Self::Delay(Delay::Constant(time))),
            ["delay", "exponential", mean] => {
                duration(mean).map(|mean| Self::Delay(Delay::Exponential(mean)))
            }
            // A careful client writes the percent sign as %25.
            ["fail", share] => parse_share(&share.replace("%25", "%")).ok().map(Self::Fail),
            ["status", status] => {
                status.parse().ok().filter(|status| (200..600).contains(status)).map(Self::Status)
            }
            ["bytes", size] => parse_size(size).ok().filter(|size| *size <= LARGEST).map(Self::Bytes),
            ["slow-body"] => Some(Self::SlowBody),
            ["reset"] => Some(Self::Reset),
            ["close"] => Some(Self::Close),
            ["never"] => Some(Self::Never),
            ["garbage"] => Some(Self::Garbage),
            _ => None,
        }
    }
}

fn duration(text: &str) -> Option<Nanos> {
    parse_duration(text).ok().filter(|time| *time <= LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_path_is_a_route() {
        for (path, _) in ROUTES {
            assert!(Route::of(path).is_some(), "{path}");
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_no_route() {
        let paths =
            ["", "/x", "/items/x", "/delay/constant/61s", "/delay/constant/20", "/fail/101%", "/status/101"];
        for path in paths.into_iter().chain(["/status/600", "/bytes/65MiB", "/items/1/2", "/fail"]) {
            assert_eq!(Route::of(path), None, "{path}");
        }
        assert_eq!(Route::of("/fail/5%25"), Route::of("/fail/5%"));
    }

    #[test]
    fn delays_follow_their_law() {
        let mean = Nanos::from_millis(20);
        assert_eq!(Delay::Constant(mean).at(0.3), mean);
        assert_eq!(Delay::Exponential(mean).at(1.0), Nanos::ZERO);
        let half = Delay::Exponential(mean).at(0.5);
        assert!((half.0 as f64 / 1e6 - 20.0 * std::f64::consts::LN_2).abs() < 1e-6, "{half}");
        assert_eq!(Delay::Exponential(LONGEST).at(1e-9), LONGEST);
    }
}
