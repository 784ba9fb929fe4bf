//! What a run came to: gathers the world's end into a summary.

use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};
use throng_components::arrival_gaps::ArrivalGaps;
use throng_components::clock::{ClockKind, Nanos, RunClock};
use throng_components::exit_condition::{ExitCondition, RuleResult, RuleRole};
use throng_components::listener::{Listener, ListenerFailure, ListenerFigures};
use throng_components::measures::Measures;
use throng_components::run::{Gaps, Outcome, RunHeader, RunStop, VerdictBounds};
use throng_components::sample::StepId;
use throng_components::scenario::{Scenario, ScenarioCounts, ScenarioProgress, ShardCounts, StepNames};
use throng_components::second_ranges::SecondRanges;
use throng_components::seed::RunSeed;
use throng_components::service::ServiceFigures;
use throng_components::stalls::Stalls;
use throng_components::statistics::ScenarioStatistics;
use throng_components::steering::Steering;
use throng_components::target::Target;
use throng_components::thread::{Thread, ThreadFigures};
use throng_systems::drivers::simulated::Service;
use throng_systems::exporter::AskedRate;
use throng_systems::gap_observer::GapLaw;
use throng_systems::live_control::LiveControl;

use crate::loader::Workload;
use crate::summary::{
    Expected, GapsSummary, GeneratorFacts, GeneratorInput, Judged, ListenerInput, RuleInput, ScenarioInput,
    ServiceInput, Summary, SummaryInput, ThreadBusy, build, verdict,
};
use crate::world::area;

/// What the operating system tells of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ProcessFigures {
    cpu_s: f64,
    rss_peak_bytes: u64,
}

impl ProcessFigures {
    /// Processor time and memory used so far.
    pub(crate) fn read() -> Self {
        use nix::sys::resource::{UsageWho, getrusage};
        use nix::sys::time::TimeValLike;
        let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else { return Self::default() };
        let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
        // Linux counts resident memory in KiB.
        let rss_peak_bytes = u64::try_from(usage.max_rss()).unwrap_or(0) * 1_024;
        Self { cpu_s: micros as f64 / 1e6, rss_peak_bytes }
    }

    /// Those of two processes, one after the other.
    pub(crate) fn and(self, next: Self) -> Self {
        Self { cpu_s: self.cpu_s + next.cpu_s, rss_peak_bytes: self.rss_peak_bytes.max(next.rss_peak_bytes) }
    }

    /// The processor time since an earlier look; memory stays the peak.
    pub(crate) fn since(self, before: Self) -> Self {
        Self { cpu_s: self.cpu_s - before.cpu_s, ..self }
    }
}

/// One scenario's components at the end.
type ScenarioRow<'a> = (
    &'a Scenario,
    &'a ScenarioProgress,
    &'a ShardCounts,
    &'a ScenarioStatistics,
    &'a Steering,
    Option<&'a AskedRate>,
    Option<(&'a GapLaw, &'a ArrivalGaps)>,
);

/// Whether a rule speaks for the run: a requirement that held, or a stop that did not have to come.
fn rule_passed(condition: &ExitCondition, result: &RuleResult) -> bool {
    match condition.role {
        RuleRole::Require => result.holds,
        RuleRole::StopWhen(outcome) => !result.holds || outcome == Outcome::Passed,
    }
}

/// Makes the summary of a world that has ended.
pub(crate) fn summarise(
    world: &mut World,
    workload: &Workload,
    sha256: &str,
    process: ProcessFigures,
) -> Summary {
    let mut rules = world.query::<(&ExitCondition, &RuleResult)>();
    let mut listeners = world.query::<(&Listener, &ListenerFigures, Option<&ListenerFailure>)>();
    let mut threads = world.query::<(&Thread, &ThreadFigures)>();
    let mut scenarios = world.query::<ScenarioRow<'_>>();
    let mut services = world.query::<(&Service, &ServiceFigures)>();
    let world = &*world;

    let mut rows: Vec<_> = scenarios.iter(world).collect();
    rows.sort_unstable_by_key(|row| row.0.id);
    let steps: Vec<Vec<StepId>> = rows
        .iter()
        .map(|row| {
            let program = &workload.programs[usize::from(row.0.behavior)];
            program.step_headers().map(|(step, _)| *step).collect()
        })
        .collect();
    // In virtual time nobody shows a certificate.
    let real = world.resource::<RunClock>().kind == ClockKind::Real;
    let inputs: Vec<_> = rows
        .iter()
        .zip(&steps)
        .map(|(row, steps)| ScenarioInput {
            tls_unverified: real && is_unverified(workload, row.0),
            ..scenario_input(row, steps)
        })
        .collect();
    let rules = rule_inputs(rules.iter(world));
    let mut threads: Vec<_> = threads.iter(world).collect();
    threads.sort_unstable_by_key(|(thread, _)| thread.id);
    let figures: Vec<&ThreadFigures> = threads.iter().map(|(_, figures)| *figures).collect();
    let mut listeners: Vec<_> = listeners.iter(world).collect();
    listeners.sort_unstable_by_key(|(listener, ..)| listener.order);
    let listeners: Vec<_> = listeners.into_iter().map(listener_input).collect();

    let clock = world.resource::<RunClock>();
    let stalls = world.resource::<Stalls>();
    let stop = world.resource::<RunStop>().stop.as_ref();
    let ends = rows.iter().filter_map(|row| row.1.ended_at).max();
    let end = ends.unwrap_or(clock.now);
    let services = service_inputs(services.iter(world), end);
    build(SummaryInput {
        header: world.resource::<RunHeader>(),
        workload_sha256: sha256,
        seed: *world.resource::<RunSeed>(),
        params: &workload.params,
        duration: end,
        outcome: outcome(stop.map(|stop| stop.outcome), &rules),
        stopped_by: stop.map(|stop| stop.by.as_str()),
        verdict: judge(world.resource::<VerdictBounds>(), clock, end, &inputs, &threads, stalls),
        scenarios: &inputs,
        step_names: world.resource::<StepNames>(),
        services: &services,
        measures: world.resource::<Measures>(),
        generator: GeneratorInput {
            threads: &figures,
            ticks: clock.ticks,
            tick_overruns: clock.overruns,
            stalls,
            samples_lost: 0,
            cpu_s: process.cpu_s,
            rss_peak_bytes: process.rss_peak_bytes,
        },
        rules: &rules,
        listeners: &listeners,
        controls: world.resource::<LiveControl>().records(),
        gaps: &world.resource::<Gaps>().0,
    })
}

/// The rules in the order of the file.
fn rule_inputs<'a>(rules: impl Iterator<Item = (&'a ExitCondition, &'a RuleResult)>) -> Vec<RuleInput<'a>> {
    let mut rules: Vec<_> = rules
        .map(|(condition, result)| RuleInput {
            condition,
            result: *result,
            passed: rule_passed(condition, result),
        })
        .collect();
    rules.sort_unstable_by_key(|rule| rule.condition.order);
    rules
}

/// The modelled services in the order of the file, at the run's end.
fn service_inputs<'a>(
    services: impl Iterator<Item = (&'a Service, &'a ServiceFigures)>,
    end: Nanos,
) -> Vec<ServiceInput<'a>> {
    let mut services: Vec<_> = services.collect();
    services.sort_unstable_by_key(|(service, _)| service.id);
    let input = |(Service { name, servers, .. }, figures): (&'a Service, &'a ServiceFigures)| ServiceInput {
        name,
        servers: *servers,
        figures,
        end,
    };
    services.into_iter().map(input).collect()
}

fn scenario_input<'a>(row: &ScenarioRow<'a>, steps: &'a [StepId]) -> ScenarioInput<'a> {
    let (scenario, progress, counts, statistics, steering, asked, gaps) = *row;
    let ended_at = progress.stopped_at.unwrap_or(progress.ended_at.unwrap_or(Nanos::ZERO));
    let lasted = ended_at - scenario.delay;
    let expected = asked.map(|asked| Expected {
        total: area(&asked.curve, steering, lasted),
        warm_up: area(&asked.curve, steering, lasted.min(scenario.warm_up)),
    });
    let counts: ScenarioCounts = counts.total();
    // Tokens that found no user were close to others: what is left is no chance selection.
    let all_begun = counts.dropped + counts.expired + progress.dropped == 0;
    ScenarioInput {
        scenario,
        progress,
        counts,
        statistics,
        expected,
        gaps: gaps.filter(|_| all_begun).and_then(|(law, gaps)| GapsSummary::of(gaps, law.0)),
        ended_at,
        behavior_steps: steps,
        tls_unverified: false,
    }
}

/// Whether a scenario's users go to a target whose certificate is not verified.
fn is_unverified(workload: &Workload, scenario: &Scenario) -> bool {
    let mut targets = workload.programs[usize::from(scenario.behavior)].targets();
    targets.any(|id| workload.targets.get(usize::from(id.0)).is_some_and(Target::is_unverified))
}

fn listener_input<'a>(
    (listener, figures, failure): (&'a Listener, &ListenerFigures, Option<&'a ListenerFailure>),
) -> ListenerInput<'a> {
    ListenerInput {
        name: &listener.name,
        kind: listener.kind,
        delivered: figures.delivered,
        lost: figures.lost,
        error: failure.map(|failure| failure.0.as_str()),
    }
}

/// What the target did. A requirement that did not hold fails a run, but not one that somebody interrupted.
fn outcome(stopped: Option<Outcome>, rules: &[RuleInput<'_>]) -> Outcome {
    let kept = rules.iter().all(|rule| rule.condition.role != RuleRole::Require || rule.passed);
    match stopped {
        Some(Outcome::Interrupted) => Outcome::Interrupted,
        Some(Outcome::Failed) => Outcome::Failed,
        _ if kept => Outcome::Passed,
        _ => Outcome::Failed,
    }
}

/// Whether the generator kept its schedule. Virtual time keeps it by construction.
fn judge(
    bounds: &VerdictBounds,
    clock: &RunClock,
    end: Nanos,
    scenarios: &[ScenarioInput<'_>],
    threads: &[(&Thread, &ThreadFigures)],
    stalls: &Stalls,
) -> Judged {
    if clock.kind == ClockKind::Virtual {
        return Judged::default();
    }
    let busy = threads.iter().map(|(thread, figures)| ThreadBusy {
        id: thread.id,
        share: figures.busy_share_max,
        seconds: figures.busy_seconds.all(),
    });
    let busy: Vec<_> = busy.collect();
    let (mut late_seconds, mut underrun_seconds) = (SecondRanges::default(), SecondRanges::default());
    for input in scenarios {
        late_seconds.merge(&input.statistics.late_seconds);
    }
    let bent = scenarios.iter().filter_map(|input| Some((input.scenario.name.as_str(), input.gaps?)));
    let bent: Vec<_> = bent.filter(|(_, gaps)| gaps.is_bent()).collect();
    for (_, figures) in threads {
        underrun_seconds.merge(&figures.underrun_seconds);
    }
    let facts = GeneratorFacts {
        duration: end,
        starts: scenarios.iter().map(|input| input.statistics.starts).sum(),
        late_starts: scenarios.iter().map(|input| input.statistics.late_starts).sum(),
        late_seconds: late_seconds.all(),
        lateness_max: scenarios.iter().filter_map(|input| input.statistics.lateness.max()).max(),
        underruns: threads.iter().map(|(_, figures)| figures.underruns).sum(),
        underrun_seconds: underrun_seconds.all(),
        stalls: (stalls.count, stalls.total, stalls.longest),
        stall_seconds: stalls.seconds.all(),
        ticks: (clock.ticks, clock.overruns),
        bent: &bent,
        samples_lost: 0,
        busy: &busy,
    };
    verdict(bounds, &facts)
}
