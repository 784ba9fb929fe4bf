//! The schema of `--summary`, version 1. A name once shipped stays.
//!
//! Every duration is a whole number of nanoseconds with its unit in the name. `engine/docs/summary.md` is the page for those
//! who read results; a test holds it against this.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use throng_components::clock::ClockKind;
use throng_components::run::{Outcome, ReplayOf, Verdict};
use throng_components::speed::Speed;

use super::{
    DurationsSummary, GapsSummary, MeasureSummary, MeasuresOverflowSummary, Ordered, ServiceSummary,
    SteadySummary,
};

/// The schema's version: raised when a name changes its meaning, not when one is added.
pub const VERSION: u32 = 1;

/// A run's results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The schema's version.
    pub version: u32,
    /// throng's version.
    pub throng: String,
    /// The run's id, a UUID.
    pub run_id: String,
    /// The workload's path as given.
    pub workload: String,
    /// The SHA-256 of the workload's text and of the texts of the files that it includes, in hexadecimal.
    pub workload_sha256: String,
    /// The seed of all that was random.
    pub seed: u64,
    /// Which clock the run went by.
    pub clock: ClockKind,
    /// Seconds of the run's time in one of wall time; `None` in virtual time.
    #[serde(default)]
    pub speed: Option<Speed>,
    /// The run whose recorded iterations this one did again; absent for all but a replay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay_of: Option<ReplayOf>,
    /// Parameters and their values in this run; secrets are left out of the values.
    pub params: Ordered<String>,
    /// The wall time of the run's start, RFC 3339 in UTC.
    pub started: String,
    /// From the run's start to its end.
    pub duration_ns: u64,
    /// What the target did.
    pub outcome: Outcome,
    /// The rule that ended the run, `duration`, `until` or `interrupt`.
    pub stopped_by: Option<String>,
    /// Whether the generator's own numbers can be trusted.
    pub verdict: Verdict,
    /// Why not.
    pub verdict_reasons: Vec<String>,
    /// From when on not, to the second; absent for `valid`, and where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict_since_ns: Option<u64>,
    /// By scenario.
    pub scenarios: Ordered<ScenarioSummary>,
    /// By step, over all scenarios.
    pub steps: Ordered<StepSummary>,
    /// By group, over all scenarios; absent without one.
    #[serde(default, skip_serializing_if = "Ordered::is_empty")]
    pub groups: Ordered<GroupSummary>,
    /// By modelled service; absent in real time.
    #[serde(default, skip_serializing_if = "Ordered::is_empty")]
    pub services: Ordered<ServiceSummary>,
    /// Measures of one's own, by name.
    #[serde(default)]
    pub measures: Ordered<MeasureSummary>,
    /// Values under names beyond those that are kept apart; only where there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measures_overflow: Option<MeasuresOverflowSummary>,
    /// How the generator itself fared.
    pub generator: GeneratorSummary,
    /// Every rule, and what it said last.
    pub rules: Vec<RuleSummary>,
    /// By listener.
    pub listeners: Ordered<ListenerSummary>,
    /// What was asked of the run while it went on, in order: a run that was steered is another run.
    #[serde(default)]
    pub controls: Vec<ControlSummary>,
    /// When the run lay saved in a file, in order; absent for one that never did, and in virtual time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<GapSummary>,
}

/// A time in which a run lay saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapSummary {
    /// Where in the run: nothing was begun from that instant on, and the plan went on there.
    pub at_ns: u64,
    /// The wall time at which it was saved, RFC 3339 in UTC.
    pub saved: String,
    /// That at which it went on.
    pub resumed: String,
    /// How long it lay.
    pub wall_ns: u64,
}

/// A command that was carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlSummary {
    /// From when on it held.
    pub at_ns: u64,
    /// What was asked: `pause`, `resume`, `scale crowd 120%` or `stop`.
    pub what: String,
}

/// One scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScenarioSummary {
    /// What became of its tokens; a closed scenario has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokensSummary>,
    /// What became of its iterations.
    pub iterations: IterationsSummary,
    /// What its warm-up took out of the figures.
    pub warm_up: WarmUpSummary,
    /// Its users.
    pub users: UsersSummary,
    /// Starts a second, without the warm-up.
    pub rate: RateSummary,
    /// Whether iterations began as the law of arrivals has it; absent where it has none, and with too few of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gaps: Option<GapsSummary>,
    /// Due to end of iterations that ended by themselves.
    pub iteration_ns: DurationsSummary,
    /// Due until a user was free, one entry a started token.
    pub waiting_ns: DurationsSummary,
    /// User free until a connection was free, one entry a step's first attempt.
    pub blocked_ns: DurationsSummary,
    /// All ready until started, one entry a step's first attempt.
    pub lateness_ns: DurationsSummary,
    /// By step.
    pub steps: Ordered<StepSummary>,
    /// By group; absent without one.
    #[serde(default, skip_serializing_if = "Ordered::is_empty")]
    pub groups: Ordered<GroupSummary>,
    /// Its connections.
    pub connections: ConnectionsSummary,
    /// When a `stop scenario` of one of its users stopped it, since the run's start; only where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at_ns: Option<u64>,
    /// Cookies for which its users had no room; only where there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookies_dropped: Option<u64>,
}

/// What became of an open scenario's tokens: `planned` is the sum of all that follow it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TokensSummary {
    /// The area under the rate curve until the scenario's end or stop.
    pub expected: f64,
    /// Tokens planned.
    pub planned: u64,
    /// Iterations begun.
    pub started: u64,
    /// No user could be had and none might wait.
    pub dropped: u64,
    /// Waited too long.
    pub expired: u64,
    /// Not due before a stop.
    pub cancelled: u64,
    /// Due and still without a user at the end.
    pub waiting: u64,
}

/// What became of iterations: `started` is the sum of the next four.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IterationsSummary {
    /// Begun.
    pub started: u64,
    /// Every step succeeded.
    pub succeeded: u64,
    /// A step failed.
    pub failed: u64,
    /// The behaviour itself broke.
    pub crashed: u64,
    /// Ended by the engine.
    pub cut: u64,
    /// Begun later than their `pace` asked for; only where one was declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace_missed: Option<u64>,
    /// Failures beside their steps, by reason; absent without any.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<String, u64>,
}

/// What the warm-up took out of the figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarmUpSummary {
    /// Iterations begun with a due time within it.
    pub iterations: u64,
}

/// A scenario's users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsersSummary {
    /// The most at one time.
    pub peak: u64,
    /// Made.
    pub created: u64,
    /// Gone.
    pub retired: u64,
    /// Whose behaviour broke.
    pub crashed: u64,
}

/// Starts a second from the warm-up's end to the scenario's end, drain excluded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RateSummary {
    /// What the curve asked for; `null` for a closed scenario, and when it ended within its warm-up.
    pub expected_per_s: Option<f64>,
    /// What was begun; `null` when the scenario ended within its warm-up.
    pub achieved_per_s: Option<f64>,
}

/// One step, without the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StepSummary {
    /// Finished, failed ones included.
    pub count: u64,
    /// Tries begun, retries and cut ones included; a step failed unsent has none.
    pub attempts: u64,
    /// Finished steps that failed.
    pub failures: u64,
    /// Of these, those that were never sent, as for a variable that is not set: they have no attempt, and neither a response time nor a
    /// service time.
    #[serde(default)]
    pub unsent: u64,
    /// Ended by the engine.
    pub cut: u64,
    /// Failures by reason.
    pub errors: BTreeMap<String, u64>,
    /// Tries that failed and were followed by another one, by reason; absent without any.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub retried: BTreeMap<String, u64>,
    /// Bytes written.
    pub bytes_sent: u64,
    /// Bytes read.
    pub bytes_received: u64,
    /// Redirects followed within its attempts.
    #[serde(default)]
    pub redirects: u64,
    /// Due to end, of steps that were sent.
    pub response_ns: DurationsSummary,
    /// Start to end of the last attempt, of steps that were sent.
    pub service_ns: DurationsSummary,
    /// Whether response times were steady; absent from a run too short to tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steady: Option<SteadySummary>,
    /// What attempts' time went into; only where one has told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phases_ns: Option<PhasesSummary>,
}

/// What attempts' time went into, failed ones included. A phase counts where it came to a good end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhasesSummary {
    /// Looking the target's name up.
    pub dns: DurationsSummary,
    /// Connecting, a proxy's tunnel included.
    pub connect: DurationsSummary,
    /// TLS handshakes.
    pub tls: DurationsSummary,
    /// From the request's being written until the answer's first byte.
    pub first_byte: DurationsSummary,
    /// From the answer's first byte to its last.
    pub body: DurationsSummary,
}

/// One group, without the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupSummary {
    /// Finished, failed ones included.
    pub count: u64,
    /// In which a step failed.
    pub failures: u64,
    /// Ended by the engine.
    pub cut: u64,
    /// The first step's due to the last one's end.
    pub duration_ns: DurationsSummary,
}

/// A scenario's connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionsSummary {
    /// Opened.
    pub opened: u64,
    /// Requests on a connection that was open already.
    pub reused: u64,
    /// Requests sent once more, on a new connection, because the target had closed the open one: an attempt or a hop of a
    /// redirect each, so that these are `opened + reused - resent`.
    #[serde(default)]
    pub resent: u64,
    /// Whether certificates were accepted without being verified.
    pub tls_unverified: bool,
}

/// How the generator itself fared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GeneratorSummary {
    /// Threads with a shard.
    pub threads: u64,
    /// Ticks of the world.
    pub ticks: u64,
    /// Of these, begun more than a tick late.
    pub tick_overruns: u64,
    /// Times in which nothing of the generator ran for a quarter of a second and more.
    #[serde(default)]
    pub stalls: u64,
    /// All of them together.
    #[serde(default)]
    pub stalled_ns: u64,
    /// Blocks of orders that reached a thread after something in them was due.
    pub underruns: u64,
    /// Measurements lost.
    pub samples_lost: u64,
    /// Processor time of the whole process.
    ///
    /// # Units
    /// Seconds.
    pub cpu_s: f64,
    /// The most memory resident at one time.
    pub rss_peak_bytes: u64,
    /// The largest share of a core that a thread used over any whole second.
    pub busy_share_max: f64,
    /// How much later than asked the threads' reactors woke.
    pub loop_lag_ns: DurationsSummary,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleSummary {
    /// As written.
    pub rule: String,
    /// Whether it speaks for the run: a `require` that held, a `stop-when` that did not end it as failed.
    pub passed: bool,
    /// What it compared last; `null` without data. Whole for every unit that counts.
    pub value: Option<serde_json::Number>,
    /// The value's unit.
    pub unit: String,
    /// How many values there were, where they were too few to tell what is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// How many it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needed: Option<u64>,
}

/// One listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenerSummary {
    /// The plug-in's name.
    pub kind: String,
    /// Records that reached the receiver.
    pub delivered: u64,
    /// Records that never will.
    pub lost: u64,
    /// Why what it wrote is of no use; absent where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
