//! Makes the summary from what the world holds at a run's end.

use std::collections::BTreeMap;

use jiff::Timestamp;
use throng_components::clock::{ClockKind, Nanos};
use throng_components::control::{Command, ControlRecord};
use throng_components::measure::Measure;
use throng_components::run::Gap;
use throng_components::sample::ErrorType;
use throng_components::scenario::StepNames;
use throng_components::statistics::{GroupStatistics, PhaseStatistics, StepStatistics};

use super::{
    ConnectionsSummary, ControlSummary, DurationsSummary, Expected, GapSummary, GeneratorInput,
    GeneratorSummary, GroupSummary, IterationsSummary, Judged, ListenerSummary, MeasuresOverflowSummary,
    Ordered, PhasesSummary, RateSummary, RuleInput, RuleSummary, ScenarioInput, ScenarioSummary,
    ServiceSummary, SteadySummary, StepSummary, Summary, SummaryInput, TokensSummary, UsersSummary, VERSION,
    WarmUpSummary,
};

/// Units whose values are parts or rates; values of all others are whole.
const FRACTIONAL_UNITS: &[&str] = &["share", "per_s"];

/// Makes a run's summary. A step appears where it was used or stands in the scenario's behaviour.
pub fn build(input: SummaryInput<'_>) -> Summary {
    let header = input.header;
    let Judged { verdict, reasons: verdict_reasons, since } = input.verdict;
    let scenarios = input.scenarios.iter();
    Summary {
        version: VERSION,
        throng: header.throng.to_owned(),
        run_id: header.run_id.clone(),
        workload: header.workload.clone(),
        workload_sha256: input.workload_sha256.to_owned(),
        seed: input.seed.0,
        clock: header.clock,
        speed: (header.clock == ClockKind::Real).then_some(header.speed),
        replay_of: header.origin.replay_of.clone(),
        params: input.params.iter().cloned().collect(),
        started: wall_time(header.epoch_unix_ns),
        duration_ns: input.duration.0,
        outcome: input.outcome,
        stopped_by: input.stopped_by.map(str::to_owned),
        verdict,
        verdict_reasons,
        verdict_since_ns: since.map(|at| at.0),
        scenarios: scenarios
            .map(|scenario| (scenario.scenario.name.clone(), of_scenario(scenario, input.step_names)))
            .collect(),
        steps: over_all(input.scenarios, input.step_names),
        groups: groups_over_all(input.scenarios, input.step_names),
        services: input
            .services
            .iter()
            .map(|service| (service.name.to_owned(), ServiceSummary::from(service)))
            .collect(),
        measures: input.measures.iter().map(|(name, measure)| (name.to_owned(), measure.into())).collect(),
        measures_overflow: input
            .measures
            .overflowed()
            .map(|told| MeasuresOverflowSummary { first: told.first.clone(), count: told.values }),
        generator: of_generator(input.generator),
        rules: input.rules.iter().map(of_rule).collect(),
        listeners: input
            .listeners
            .iter()
            .map(|listener| {
                let (kind, delivered, lost) = (listener.kind.to_owned(), listener.delivered, listener.lost);
                let error = listener.error.map(str::to_owned);
                (listener.name.to_owned(), ListenerSummary { kind, delivered, lost, error })
            })
            .collect(),
        controls: input.controls.iter().map(|record| of_control(*record, input.scenarios)).collect(),
        gaps: input.gaps.iter().map(of_gap).collect(),
    }
}

fn of_gap(gap: &Gap) -> GapSummary {
    GapSummary {
        at_ns: gap.at.0,
        saved: wall_time(gap.saved_unix_ns),
        resumed: wall_time(gap.resumed_unix_ns),
        wall_ns: gap.resumed_unix_ns.saturating_sub(gap.saved_unix_ns),
    }
}

fn of_control(record: ControlRecord, scenarios: &[ScenarioInput<'_>]) -> ControlSummary {
    let what = match record.command {
        Command::Pause => "pause".to_owned(),
        Command::Resume => "resume".to_owned(),
        Command::Stop => "stop".to_owned(),
        Command::Scale { scenario, factor } => {
            let input = scenarios.iter().find(|input| input.scenario.id == scenario);
            format!("scale {} {factor}", input.map_or("", |input| &input.scenario.name))
        }
    };
    ControlSummary { at_ns: record.at.0, what }
}

/// RFC 3339 in UTC. A clock that stands outside the years 1970 to 9999 gives an empty text rather than no results.
fn wall_time(epoch_unix_ns: u64) -> String {
    Timestamp::from_nanosecond(i128::from(epoch_unix_ns)).map(|time| time.to_string()).unwrap_or_default()
}

fn of_scenario(input: &ScenarioInput<'_>, names: &StepNames) -> ScenarioSummary {
    let (counts, statistics) = (&input.counts, input.statistics);
    ScenarioSummary {
        tokens: input.expected.map(|expected| of_tokens(input, expected)),
        iterations: IterationsSummary {
            started: counts.started,
            succeeded: counts.succeeded,
            failed: counts.failed,
            crashed: counts.crashed,
            cut: counts.cut,
            pace_missed: input.scenario.pace.map(|_| counts.pace_missed),
            errors: by_reason(&statistics.iteration_errors),
        },
        warm_up: WarmUpSummary { iterations: counts.started_warm_up },
        users: UsersSummary {
            peak: counts.users_peak,
            created: counts.users_created,
            retired: counts.users_retired,
            // A behaviour that breaks takes its user along.
            crashed: counts.crashed,
        },
        rate: rate(input),
        gaps: input.gaps,
        iteration_ns: (&statistics.iteration).into(),
        waiting_ns: DurationsSummary::of_all(&statistics.waiting),
        blocked_ns: DurationsSummary::of_all(&statistics.blocked),
        lateness_ns: DurationsSummary::of_all(&statistics.lateness),
        steps: steps(names, |index| {
            let shown = input.behavior_steps.iter().any(|step| usize::from(step.0) == index);
            let figures = statistics.steps.get(index);
            figures.filter(|figures| shown || is_used(figures)).cloned()
        }),
        groups: groups(names, |index| statistics.groups.get(index).cloned()),
        connections: ConnectionsSummary {
            opened: counts.connections_opened,
            reused: counts.connections_reused,
            resent: counts.requests_resent,
            tls_unverified: input.tls_unverified,
        },
        stopped_at_ns: counts.own_stop.map(|at| at.0),
        cookies_dropped: Some(counts.cookies_dropped).filter(|dropped| *dropped > 0),
    }
}

fn of_tokens(input: &ScenarioInput<'_>, expected: Expected) -> TokensSummary {
    let (progress, counts) = (input.progress, &input.counts);
    TokensSummary {
        expected: expected.total,
        planned: progress.planned,
        started: counts.started,
        dropped: progress.dropped + counts.dropped,
        expired: counts.expired,
        cancelled: progress.cancelled + counts.cancelled,
        waiting: counts.waiting,
    }
}

/// Starts over the time in which results count: from the warm-up's end to the scenario's end.
fn rate(input: &ScenarioInput<'_>) -> RateSummary {
    let seconds = (input.ended_at - input.scenario.warm_until()).as_secs_f64();
    if seconds <= 0.0 {
        return RateSummary::default();
    }
    let counted = input.counts.started.saturating_sub(input.counts.started_warm_up);
    RateSummary {
        expected_per_s: input.expected.map(|expected| (expected.total - expected.warm_up).max(0.0) / seconds),
        achieved_per_s: Some(counted as f64 / seconds),
    }
}

fn is_used(figures: &StepStatistics) -> bool {
    figures.attempts + figures.count() + figures.cut > 0
}

/// Every step that `figures` has something of, in the order of the numbers.
fn steps(names: &StepNames, figures: impl Fn(usize) -> Option<StepStatistics>) -> Ordered<StepSummary> {
    let names = names.all().iter().enumerate();
    names
        .filter_map(|(index, name)| figures(index).map(|figures| (name.clone(), of_step(&figures))))
        .collect()
}

/// Steps of one name over all scenarios, merged as histograms: no quantile is ever averaged.
fn over_all(scenarios: &[ScenarioInput<'_>], names: &StepNames) -> Ordered<StepSummary> {
    steps(names, |index| {
        let mut merged: Option<StepStatistics> = None;
        for scenario in scenarios {
            let shown = scenario.behavior_steps.iter().any(|step| usize::from(step.0) == index);
            if let Some(figures) = scenario.statistics.steps.get(index)
                && (shown || is_used(figures))
            {
                merged.get_or_insert_default().merge(figures);
            }
        }
        merged
    })
}

/// Every group that something is known of, in the order of the numbers.
fn groups(names: &StepNames, figures: impl Fn(usize) -> Option<GroupStatistics>) -> Ordered<GroupSummary> {
    let used = |figures: &GroupStatistics| figures.count() + figures.cut > 0;
    let of = |(index, name): (usize, &String)| {
        let figures = figures(index).filter(used)?;
        let summary = GroupSummary {
            count: figures.count(),
            failures: figures.failures,
            cut: figures.cut,
            duration_ns: (&figures.duration).into(),
        };
        Some((name.clone(), summary))
    };
    names.groups().iter().enumerate().filter_map(of).collect()
}

fn groups_over_all(scenarios: &[ScenarioInput<'_>], names: &StepNames) -> Ordered<GroupSummary> {
    groups(names, |index| {
        let mut merged = GroupStatistics::default();
        for figures in scenarios.iter().filter_map(|scenario| scenario.statistics.groups.get(index)) {
            merged.merge(figures);
        }
        Some(merged)
    })
}

fn by_reason(errors: &BTreeMap<ErrorType, u64>) -> BTreeMap<String, u64> {
    errors.iter().map(|(error, count)| (error.slug().into_owned(), *count)).collect()
}

fn of_step(figures: &StepStatistics) -> StepSummary {
    StepSummary {
        count: figures.count(),
        attempts: figures.attempts,
        failures: figures.failures,
        unsent: figures.unsent,
        cut: figures.cut,
        errors: by_reason(&figures.errors),
        retried: by_reason(&figures.retried),
        bytes_sent: figures.bytes_sent,
        bytes_received: figures.bytes_received,
        redirects: figures.redirects,
        response_ns: (&figures.response).into(),
        service_ns: (&figures.service).into(),
        steady: SteadySummary::of(figures),
        phases_ns: figures.phases.as_deref().map(of_phases),
    }
}

fn of_phases(figures: &PhaseStatistics) -> PhasesSummary {
    let [dns, connect, tls, first_byte, body] =
        std::array::from_fn(|phase| figures.of(phase).map(DurationsSummary::from).unwrap_or_default());
    PhasesSummary { dns, connect, tls, first_byte, body }
}

fn of_generator(input: GeneratorInput<'_>) -> GeneratorSummary {
    let mut loop_lag = Measure::default();
    for thread in input.threads {
        loop_lag.merge(&thread.loop_lag);
    }
    GeneratorSummary {
        threads: input.threads.len() as u64,
        ticks: input.ticks,
        tick_overruns: input.tick_overruns,
        stalls: input.stalls.count,
        stalled_ns: input.stalls.total.0,
        underruns: input.threads.iter().map(|thread| thread.underruns).sum(),
        samples_lost: input.samples_lost,
        cpu_s: input.cpu_s,
        rss_peak_bytes: input.rss_peak_bytes,
        busy_share_max: input.threads.iter().map(|thread| thread.busy_share_max).fold(0.0, f64::max),
        loop_lag_ns: DurationsSummary::of_all(&loop_lag),
    }
}

fn of_rule(input: &RuleInput<'_>) -> RuleSummary {
    let unit = input.condition.unit;
    let value = input.result.value.and_then(|value| {
        if FRACTIONAL_UNITS.contains(&unit) {
            serde_json::Number::from_f64(value)
        } else {
            Some(Nanos::from_f64(value).0.into())
        }
    });
    let too_few = input.result.too_few;
    RuleSummary {
        rule: input.condition.text.clone(),
        passed: input.passed,
        value,
        unit: unit.to_owned(),
        count: too_few.map(|it| it.count),
        needed: too_few.map(|it| it.needed),
    }
}
