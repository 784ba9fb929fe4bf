//! What a summary is made from.

use throng_components::clock::Nanos;
use throng_components::control::ControlRecord;
use throng_components::exit_condition::{ExitCondition, RuleResult};
use throng_components::measures::Measures;
use throng_components::run::{Gap, Outcome, RunHeader};
use throng_components::sample::StepId;
use throng_components::scenario::{Scenario, ScenarioCounts, ScenarioProgress, StepNames};
use throng_components::seed::RunSeed;
use throng_components::service::ServiceFigures;
use throng_components::stalls::Stalls;
use throng_components::statistics::ScenarioStatistics;
use throng_components::thread::ThreadFigures;

use super::{GapsSummary, Judged};

/// A run at its end.
#[derive(Clone, Debug)]
pub struct SummaryInput<'a> {
    /// Who ran what.
    pub header: &'a RunHeader,
    /// The SHA-256 of the workload's text, in hexadecimal.
    pub workload_sha256: &'a str,
    /// The seed.
    pub seed: RunSeed,
    /// Parameters and their values, in file order.
    pub params: &'a [(String, String)],
    /// From the run's start to its end.
    pub duration: Nanos,
    /// What the target did.
    pub outcome: Outcome,
    /// What ended the run early.
    pub stopped_by: Option<&'a str>,
    /// Whether the generator's numbers can be trusted, and why not.
    pub verdict: Judged,
    /// In file order.
    pub scenarios: &'a [ScenarioInput<'a>],
    /// Names of steps by number.
    pub step_names: &'a StepNames,
    /// Modelled services, in file order.
    pub services: &'a [ServiceInput<'a>],
    /// Measures of one's own.
    pub measures: &'a Measures,
    /// How the generator fared.
    pub generator: GeneratorInput<'a>,
    /// In file order.
    pub rules: &'a [RuleInput<'a>],
    /// In file order.
    pub listeners: &'a [ListenerInput<'a>],
    /// What was asked of the run while it went on.
    pub controls: &'a [ControlRecord],
    /// When the run lay saved.
    pub gaps: &'a [Gap],
}

/// One modelled service at its end.
#[derive(Clone, Copy, Debug)]
pub struct ServiceInput<'a> {
    /// Its name.
    pub name: &'a str,
    /// How many servers it has.
    pub servers: u32,
    /// What it came to.
    pub figures: &'a ServiceFigures,
    /// The run's end.
    pub end: Nanos,
}

/// One scenario at its end.
#[derive(Clone, Copy, Debug)]
pub struct ScenarioInput<'a> {
    /// As declared.
    pub scenario: &'a Scenario,
    /// The world's books.
    pub progress: &'a ScenarioProgress,
    /// What all shards counted, users' peak included.
    pub counts: ScenarioCounts,
    /// What its samples add up to.
    pub statistics: &'a ScenarioStatistics,
    /// The area under its rate curve; `None` for a closed scenario.
    pub expected: Option<Expected>,
    /// Whether its iterations began as its law of arrivals has it.
    pub gaps: Option<GapsSummary>,
    /// When its shape ended or was stopped: before the drain.
    pub ended_at: Nanos,
    /// The steps of its behaviour, shown even when none was run.
    pub behavior_steps: &'a [StepId],
    /// Whether it accepted certificates without verifying them.
    pub tls_unverified: bool,
}

/// How many arrivals a rate curve asks for, as areas under it.
///
/// ```text
/// rate ┤      ╭─────────╮
///      │    ╱ ░░░░░░░░░░ ╲           all of it: total
///      │  ╱▒▒▒░░░░░░░░░░░  ╲         ▒: warm_up
///      └─────┬────────────┬──► time
///        warm-up's end   end or stop
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Expected {
    /// Until the end or stop.
    pub total: f64,
    /// Of these, within the warm-up.
    pub warm_up: f64,
}

/// How the generator fared.
#[derive(Clone, Copy, Debug)]
pub struct GeneratorInput<'a> {
    /// In the order of their numbers.
    pub threads: &'a [&'a ThreadFigures],
    /// Ticks that have run.
    pub ticks: u64,
    /// Of these, begun more than a tick late.
    pub tick_overruns: u64,
    /// Times in which nothing of it ran.
    pub stalls: &'a Stalls,
    /// Measurements lost.
    pub samples_lost: u64,
    /// Processor time of the whole process, in seconds.
    pub cpu_s: f64,
    /// The most memory resident at one time.
    pub rss_peak_bytes: u64,
}

/// One rule at the end.
#[derive(Clone, Copy, Debug)]
pub struct RuleInput<'a> {
    /// As declared.
    pub condition: &'a ExitCondition,
    /// What it said last.
    pub result: RuleResult,
    /// Whether it speaks for the run.
    pub passed: bool,
}

/// One listener at the end.
#[derive(Clone, Copy, Debug)]
pub struct ListenerInput<'a> {
    /// Its name.
    pub name: &'a str,
    /// The plug-in's name.
    pub kind: &'a str,
    /// Records that reached the receiver.
    pub delivered: u64,
    /// Records that never will.
    pub lost: u64,
    /// Why what it wrote is of no use.
    pub error: Option<&'a str>,
}
