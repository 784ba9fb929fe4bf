//! The metrics that the listener sends: the table that makes the instruments, and that `list` and `explain` show.

/// What a metric is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// An exponential histogram: the convention's buckets begin at 5 ms, where most of a load test's answers are over.
    Histogram,
    /// A sum that only grows.
    Counter,
    /// A figure as it stands.
    Gauge,
}

/// One metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricSpec {
    /// Its name, as it is sent.
    pub name: &'static str,
    /// What it is made of.
    pub kind: MetricKind,
    /// Its unit, as it is sent.
    pub unit: &'static str,
    /// One line, as it is sent.
    pub summary: &'static str,
    /// The names of its attributes.
    pub attributes: &'static [&'static str],
}

const SCENARIO: &[&str] = &["throng.scenario"];

pub(super) const REQUEST: MetricSpec = MetricSpec {
    name: "http.client.request.duration",
    kind: MetricKind::Histogram,
    unit: "s",
    summary: "Duration of HTTP client requests.",
    attributes: &[
        "throng.scenario",
        "throng.step",
        "http.request.method",
        "http.response.status_code",
        "server.address",
        "server.port",
        "error.type",
    ],
};

pub(super) const RESPONSE: MetricSpec = MetricSpec {
    name: "throng.step.response.duration",
    kind: MetricKind::Histogram,
    unit: "s",
    summary: "From when a step was due until its end, of steps that were sent.",
    attributes: &["throng.scenario", "throng.step", "error.type"],
};

pub(super) const UNSENT: MetricSpec = MetricSpec {
    name: "throng.step.unsent",
    kind: MetricKind::Counter,
    unit: "{step}",
    summary: "Steps that failed before anything was sent.",
    attributes: &["throng.scenario", "throng.step", "error.type"],
};

pub(super) const LATENESS: MetricSpec = MetricSpec {
    name: "throng.lateness",
    kind: MetricKind::Histogram,
    unit: "s",
    summary: "From when all was ready until the step started.",
    attributes: SCENARIO,
};

pub(super) const ITERATIONS: MetricSpec = MetricSpec {
    name: "throng.iterations",
    kind: MetricKind::Counter,
    unit: "{iteration}",
    summary: "Iterations that have ended.",
    attributes: &["throng.scenario", "throng.outcome"],
};

pub(super) const USERS: MetricSpec = MetricSpec {
    name: "throng.users",
    kind: MetricKind::Gauge,
    unit: "{user}",
    summary: "Virtual users that exist.",
    attributes: SCENARIO,
};

pub(super) const RUNNING: MetricSpec = MetricSpec {
    name: "throng.running",
    kind: MetricKind::Gauge,
    unit: "{iteration}",
    summary: "Iterations under way.",
    attributes: SCENARIO,
};

pub(super) const BACKLOG: MetricSpec = MetricSpec {
    name: "throng.backlog",
    kind: MetricKind::Gauge,
    unit: "{token}",
    summary: "Tokens that wait for a user.",
    attributes: SCENARIO,
};

/// All of them.
pub const INSTRUMENTS: &[MetricSpec] =
    &[REQUEST, RESPONSE, UNSENT, LATENESS, ITERATIONS, USERS, RUNNING, BACKLOG];
