//! Modelled services, as the summary's JSON has them.

use serde::{Deserialize, Serialize};
use throng_components::service::ServiceFigures;

use super::{DurationsSummary, ServiceInput};

/// A modelled service over the whole run, warm-ups included.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceSummary {
    /// Servers at the run's end.
    pub servers: u32,
    /// What became of its requests.
    pub requests: ServiceRequestsSummary,
    /// The share of its servers' time that they worked; null in a run without length.
    pub utilisation: Option<f64>,
    /// Requests in the service, on average over time.
    pub present_mean: Option<f64>,
    /// Requests that waited, on average over time.
    pub waiting_mean: Option<f64>,
    /// Requests that an arrival found in the service, on average over arrivals.
    pub found_mean: Option<f64>,
    /// From a request's arrival until a server began it.
    pub wait_ns: DurationsSummary,
    /// From a request's arrival until the service was done with it.
    pub sojourn_ns: DurationsSummary,
}

/// What became of a service's requests: `arrived` is the sum of all others but `given_up`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRequestsSummary {
    /// All that came.
    pub arrived: u64,
    /// Answered well.
    pub served: u64,
    /// Answered with a failure.
    pub failed: u64,
    /// Refused, because the queue was full.
    pub refused: u64,
    /// Refused or lost in an outage.
    pub lost: u64,
    /// Still there at the end.
    pub unfinished: u64,
    /// Whose caller did not wait for the answer.
    pub given_up: u64,
}

impl From<&ServiceInput<'_>> for ServiceSummary {
    fn from(input: &ServiceInput<'_>) -> Self {
        let figures = input.figures.at_end(input.end, input.servers.into());
        let ServiceFigures { arrived, served, failed, refused, lost, given_up, present, .. } = figures;
        let (utilisation, present_mean, waiting_mean, found_mean) =
            (figures.utilisation(), figures.mean_present(), figures.mean_waiting(), figures.mean_seen());
        let measures = figures.measures.unwrap_or_default();
        Self {
            servers: input.servers,
            requests: ServiceRequestsSummary {
                arrived,
                served,
                failed,
                refused,
                lost,
                unfinished: present,
                given_up,
            },
            utilisation,
            present_mean,
            waiting_mean,
            found_mean,
            wait_ns: (&measures.wait).into(),
            sojourn_ns: (&measures.sojourn).into(),
        }
    }
}
