//! What modelled services come to.

use bevy_ecs::component::Component;
use serde::{Deserialize, Serialize};

use crate::clock::Nanos;
use crate::measure::Measure;

/// A service's number, in the order of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServiceId(pub u16);

impl ServiceId {
    /// Its place in a list of all services.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// What has happened at a modelled service since the run's start, warm-ups included.
///
/// All of it is exact: the sums over time change with every event, so that Little's law holds in them to the nanosecond. Averages over
/// time are a sum divided by `until`.
#[derive(Component, Clone, Debug, Default, Serialize, Deserialize)]
pub struct ServiceFigures {
    /// Up to when the sums over time go.
    pub until: Nanos,
    /// Servers at work now.
    pub busy: u64,
    /// Requests that wait for a server now.
    pub waiting: u64,
    /// Requests in the service now, waiting ones included.
    pub present: u64,
    /// Requests that have come, refused ones included.
    pub arrived: u64,
    /// Requests answered well.
    pub served: u64,
    /// Requests answered with a failure, after their time.
    pub failed: u64,
    /// Requests refused because the queue was full.
    pub refused: u64,
    /// Requests refused or lost in an outage.
    pub lost: u64,
    /// Requests whose caller gave up or was ended meanwhile; each is served all the same, and counted there.
    pub given_up: u64,
    /// The sum over all arrivals of the requests that each found in the service: over `arrived`, what an arrival sees.
    pub seen: u64,
    /// Time that servers were there, summed over servers.
    ///
    /// # Units
    /// Nanoseconds times servers; below likewise.
    pub server_ns: u128,
    /// Time that servers were at work, summed over servers.
    pub busy_ns: u128,
    /// Time spent waiting, summed over requests.
    pub waiting_ns: u128,
    /// Time spent in the service, summed over requests.
    pub present_ns: u128,
    /// The time of each request from its arrival until a server began it, and until the service was done with it, where
    /// it was; `None` but in the last report, because a histogram is long.
    pub measures: Option<Box<ServiceMeasures>>,
}

/// A service's times.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ServiceMeasures {
    /// From arrival until a server began it.
    pub wait: Measure,
    /// From arrival until the service was done with it.
    pub sojourn: Measure,
}

impl ServiceFigures {
    /// Carries the sums on to an instant, with so many servers there.
    pub fn carry_on(&mut self, now: Nanos, servers: u64) {
        let passed = u128::from((now - self.until).0);
        if passed == 0 {
            return;
        }
        self.until = now;
        self.server_ns += passed * u128::from(servers);
        self.busy_ns += passed * u128::from(self.busy);
        self.waiting_ns += passed * u128::from(self.waiting);
        self.present_ns += passed * u128::from(self.present);
    }

    /// The figures at the run's end, when nothing has happened since theirs.
    #[must_use]
    pub fn at_end(&self, end: Nanos, servers: u64) -> Self {
        let mut at_end = self.clone();
        let passed = u128::from((end - self.until).0);
        at_end.server_ns += passed * u128::from(servers);
        at_end.until = self.until.max(end);
        at_end
    }

    /// The mean over time of a sum; `None` before any time has passed.
    fn over_time(&self, sum: u128) -> Option<f64> {
        (self.until > Nanos::ZERO).then(|| sum as f64 / self.until.0 as f64)
    }

    /// The share of the servers' time that they worked; `None` before any time has passed.
    pub fn utilisation(&self) -> Option<f64> {
        (self.server_ns > 0).then(|| self.busy_ns as f64 / self.server_ns as f64)
    }

    /// How many requests were in the service on average over time: L.
    pub fn mean_present(&self) -> Option<f64> {
        self.over_time(self.present_ns)
    }

    /// How many requests waited on average over time: Lq.
    pub fn mean_waiting(&self) -> Option<f64> {
        self.over_time(self.waiting_ns)
    }

    /// How many requests an arrival found on average. With Poisson arrivals it equals [`Self::mean_present`] (Wolff 1982).
    pub fn mean_seen(&self) -> Option<f64> {
        (self.arrived > 0).then(|| self.seen as f64 / self.arrived as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_go_with_time() {
        let mut figures = ServiceFigures::default();
        assert_eq!((figures.utilisation(), figures.mean_present(), figures.mean_seen()), (None, None, None));
        figures.carry_on(Nanos(10), 2);
        (figures.busy, figures.waiting, figures.present) = (2, 1, 3);
        figures.carry_on(Nanos(40), 2);
        figures.carry_on(Nanos(40), 2);
        assert_eq!(figures.utilisation(), Some(60.0 / 80.0));
        assert_eq!(figures.mean_present(), Some(90.0 / 40.0));
        assert_eq!(figures.mean_waiting(), Some(30.0 / 40.0));
    }
}
