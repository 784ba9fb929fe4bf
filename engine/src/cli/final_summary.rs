//! The results as a person reads them: how it ended, why, and what to look at next, 80 columns wide.

mod connections;
mod errors;
mod groups;
mod load;
mod measures;
mod paint;
pub(super) mod quantity;
mod services;
mod steady;
pub(super) mod table;

use std::fmt::Write as _;

use throng_components::clock::Nanos;
use throng_components::run::{Outcome, ReplayOf, Verdict};
use throng_components::speed::Speed;

use self::connections::connections;
use self::errors::errors;
use self::groups::groups;
use self::load::load;
use self::paint::{Colour, Paint};
use self::quantity::{bytes, count, duration, per_second, share};
use self::services::services;
use self::steady::steady;
use self::table::{Column, Table, wrap};
use crate::summary::{ControlSummary, DurationsSummary, PhasesSummary, RuleSummary, StepSummary, Summary};

/// What a value without data is shown as.
const NOTHING: &str = "–";

/// The summary as text, with terminal colours when `colours` says so.
pub(crate) fn render(summary: &Summary, colours: bool) -> String {
    let paint = Paint(colours);
    let mut text = String::new();
    heading(&mut text, summary, paint);
    rules(&mut text, &summary.rules, paint);
    if let Some(warning) = unjudged_failures(summary) {
        line(&mut text, &paint.coloured(Colour::Yellow, &warning));
    }
    load(&mut text, summary, paint);
    steps(&mut text, summary, paint);
    groups(&mut text, summary, paint);
    errors(&mut text, summary, paint);
    services(&mut text, summary, paint);
    measures::show(&mut text, summary, paint);
    refusals(&mut text, summary);
    steady(&mut text, summary, paint);
    delays(&mut text, summary, paint);
    connections(&mut text, summary, paint);
    phases(&mut text, summary, paint);
    generator(&mut text, summary, paint);
    listeners(&mut text, summary, paint);
    text
}

/// Adds a line. Writing to a `String` cannot fail.
fn line(text: &mut String, content: &str) {
    let _ = writeln!(text, "{}", content.trim_end());
}

fn section(text: &mut String, name: &str, paint: Paint) {
    line(text, "");
    line(text, &paint.bold(name));
}

fn heading(text: &mut String, summary: &Summary, paint: Paint) {
    let (word, colour) = match summary.outcome {
        // Rules that held by figures which nobody can trust are no success.
        Outcome::Passed if summary.verdict == Verdict::Invalid => {
            ("PASSED, but the verdict is INVALID:", Colour::Red)
        }
        Outcome::Passed => ("PASSED", Colour::Green),
        Outcome::Failed => ("FAILED", Colour::Red),
        Outcome::Interrupted => ("INTERRUPTED", Colour::Yellow),
    };
    let clock = match summary.clock {
        throng_components::clock::ClockKind::Real => "",
        throng_components::clock::ClockKind::Virtual => " of virtual time",
    };
    let facts =
        format!("{} after {}{clock}, seed {}", summary.workload, duration(summary.duration_ns), summary.seed);
    line(text, &format!("{}  {facts}", paint.coloured(colour, word)));
    if let Some(speed) = summary.speed.filter(|speed| *speed != Speed::ONE) {
        let wall = duration(speed.to_wall(Nanos(summary.duration_ns)).0);
        let told = format!(
            "time passed at speed {speed}, in {wall} of wall time; loads and response times are in the run's own time"
        );
        wrap(text, &told, "  ");
    }
    if let Some(ReplayOf { run_id, speed }) = &summary.replay_of {
        let faster = if *speed == Speed::ONE { String::new() } else { format!(", at speed {speed}") };
        wrap(text, &format!("a replay of run {run_id}{faster}"), "  ");
    }
    if !summary.params.is_empty() {
        let params: Vec<String> =
            summary.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
        wrap(text, &format!("with {}", params.join(", ")), "  ");
    }
    if let Some(by) = &summary.stopped_by {
        wrap(text, &format!("stopped by: {by}"), "  ");
    }
    for gap in &summary.gaps {
        let told = format!("saved at {}, and resumed {} later", duration(gap.at_ns), duration(gap.wall_ns));
        wrap(text, &told, "  ");
    }
    if !summary.controls.is_empty() {
        wrap(text, &format!("steered by hand: {}", controls(&summary.controls)), "  ");
    }
    let (word, colour) = match summary.verdict {
        Verdict::Valid => ("valid: the load kept its schedule", Colour::Green),
        Verdict::Degraded => ("DEGRADED: the generator did not keep all of its schedule", Colour::Yellow),
        Verdict::Invalid => ("INVALID: these numbers say little about the target", Colour::Red),
    };
    line(text, &format!("verdict {}", paint.coloured(colour, word)));
    for reason in &summary.verdict_reasons {
        wrap(text, &format!("- {reason}"), "  ");
    }
}

/// Commands that are shown; the rest stands in the JSON.
const CONTROLS_SHOWN: usize = 12;

fn controls(all: &[ControlSummary]) -> String {
    let shown = all.iter().take(CONTROLS_SHOWN);
    let mut parts: Vec<_> = shown.map(|one| format!("{} at {}", one.what, duration(one.at_ns))).collect();
    if all.len() > CONTROLS_SHOWN {
        parts.push(format!("and {} more", count((all.len() - CONTROLS_SHOWN) as u64)));
    }
    parts.join(", ")
}

fn rules(text: &mut String, rules: &[RuleSummary], paint: Paint) {
    if rules.is_empty() {
        return;
    }
    section(text, "rules", paint);
    for rule in rules {
        let mark = if rule.passed {
            paint.coloured(Colour::Green, "✓")
        } else {
            paint.coloured(Colour::Red, "✗")
        };
        let value = observed(rule);
        let room = 75_usize.saturating_sub(value.chars().count());
        if rule.rule.chars().count() <= room {
            line(text, &format!("  {mark} {:<room$} {value}", rule.rule));
        } else {
            // Painted after it was broken into lines: colours take no room.
            let mut plain = String::new();
            wrap(&mut plain, &format!("* {}", rule.rule), "  ");
            text.push_str(&plain.replacen('*', &mark, 1));
            line(text, &format!("{value:>80}"));
        }
        if let Some(needed) = rule.needed.filter(|_| rule.value.is_none()) {
            let told = format!("too few values to tell the percentile: it takes {}", count(needed));
            line(text, &format!("    {told}"));
        } else if !rule.passed && rule.value.is_none() {
            line(text, "    what is required has to have data");
        }
    }
}

/// The warning that steps failed where no rule asks for that: a failed step is a finished one, and a refused one a fast
/// one, so that a bound on response times alone is kept by a target that is down.
pub(super) fn unjudged_failures(summary: &Summary) -> Option<String> {
    let (finished, failed) = summary
        .steps
        .iter()
        .fold((0, 0), |(finished, failed), (_, step)| (finished + step.count, failed + step.failures));
    let judged = summary.rules.iter().any(|rule| rule.rule.split(' ').any(|word| word == "failures"));
    let part = share(failed as f64 / finished.max(1) as f64);
    (failed > 0 && !judged)
        .then(|| format!("warning: {part} of the steps failed, and no rule looks at failures"))
}

/// A rule's value in its unit.
fn observed(rule: &RuleSummary) -> String {
    let Some(value) = &rule.value else {
        let of_needed = |(found, needed)| format!("{} of {}", count(found), count(needed));
        return rule.count.zip(rule.needed).map_or("no data".to_owned(), of_needed);
    };
    // Too few to tell what it is, and enough to tell what it is not below.
    let least = if rule.needed.is_some() { "≥ " } else { "" };
    let value = match (rule.unit.as_str(), value.as_u64(), value.as_f64()) {
        ("ns", Some(nanos), _) => duration(nanos),
        ("share", _, Some(part)) => share(part),
        ("per_s", _, Some(rate)) => format!("{}/s", per_second(rate)),
        (unit, Some(whole), _) => format!("{} {unit}", count(whole)),
        (unit, _, _) => format!("{value} {unit}"),
    };
    format!("{least}{value}")
}

fn steps(text: &mut String, summary: &Summary, paint: Paint) {
    if summary.steps.is_empty() {
        return;
    }
    section(text, "steps", paint);
    let mut table = Table::new(&[
        Column::name("response time, due to end; service: its p99, start to end"),
        Column::number("count", 8),
        Column::number("rate/s", 8),
        Column::number("failed", 8),
        Column::number("p50", 7),
        Column::number("p90", 7),
        Column::number("p99", 7),
        Column::number("p99.9", 7),
        Column::number("max", 7),
        Column::number("service", 8),
    ]);
    for (name, step) in summary.steps.iter() {
        let response = &step.response_ns;
        let failed = match step.failures {
            0 => "0".to_owned(),
            failures => share(failures as f64 / step.count.max(1) as f64),
        };
        table.row(&[
            name,
            &count(step.count),
            &per_second(step_rate(summary, name, step)),
            &failed,
            &quantile(response.p50, response.too_few.p50),
            &quantile(response.p90, response.too_few.p90),
            &quantile(response.p99, response.too_few.p99),
            &quantile(response.p999, response.too_few.p999),
            &time(response.max),
            &p99(&step.service_ns),
        ]);
        if step.unsent > 0 {
            let note = format!("{} failed unsent: counted, and in none of these times", count(step.unsent));
            table.note(&paint.coloured(Colour::Yellow, &note));
        }
        let retried: u64 = step.retried.values().sum();
        if retried > 0 {
            table.note(&format!("{} tries failed and were tried again", count(retried)));
        }
        if step.cut > 0 {
            table.note(&format!("{} cut at the end, in no other figure", count(step.cut)));
        }
    }
    text.push_str(&table.render());
}

/// Finished steps a second, over the time in which each scenario's results count.
fn step_rate(summary: &Summary, name: &str, step: &StepSummary) -> f64 {
    let mut rate = 0.0;
    for (_, scenario) in summary.scenarios.iter() {
        let Some(part) = scenario.steps.get(name) else { continue };
        let counted = scenario.iterations.started.saturating_sub(scenario.warm_up.iterations);
        match scenario.rate.achieved_per_s {
            // The summary holds no measured length; starts and their rate give it.
            Some(achieved) if achieved > 0.0 => rate += part.count as f64 * achieved / counted.max(1) as f64,
            _ => {}
        }
    }
    if rate > 0.0 { rate } else { step.count as f64 / (summary.duration_ns.max(1) as f64 / 1e9) }
}

fn time(value: Option<u64>) -> String {
    value.map_or(NOTHING.to_owned(), duration)
}

/// A quantile, or that there are fewer values than it takes.
fn quantile(value: Option<u64>, needed: Option<u64>) -> String {
    needed.map_or_else(|| time(value), refused)
}

fn p99(durations: &DurationsSummary) -> String {
    quantile(durations.p99, durations.too_few.p99)
}

/// In place of a quantile that so few values do not tell.
fn refused(needed: u64) -> String {
    format!("n<{needed}")
}

/// What `n<368` and its like mean, where one stands somewhere.
fn refusals(text: &mut String, summary: &Summary) {
    let steps = summary.steps.iter().flat_map(|(_, step)| [step.response_ns, step.service_ns]);
    let groups = summary.groups.iter().map(|(_, group)| group.duration_ns);
    let services = summary.services.iter().flat_map(|(_, service)| [service.wait_ns, service.sojourn_ns]);
    let mut durations = steps.chain(groups).chain(services).map(|durations| durations.too_few);
    let mut measures = summary.measures.iter().map(|(_, measure)| measure.too_few);
    if durations.any(|too_few| !too_few.is_none()) || measures.any(|too_few| !too_few.is_none()) {
        line(text, "");
        let told = "n<N: fewer than the N values that it takes to tell this percentile";
        wrap(text, told, "  ");
    }
}

/// Why starts were late, in its three parts, which are never summed.
fn delays(text: &mut String, summary: &Summary, paint: Paint) {
    section(text, "before the start", paint);
    let mut table = Table::new(&[
        Column::name(""),
        Column::number("waiting", 11),
        Column::number("", 9),
        Column::number("blocked", 11),
        Column::number("", 9),
        Column::number("lateness", 11),
        Column::number("", 9),
    ]);
    table.row(&["", "p99", "max", "p99", "max", "p99", "max"]);
    for (name, scenario) in summary.scenarios.iter() {
        let pair = |durations: &DurationsSummary| (time(durations.p99), time(durations.max));
        let (waiting, blocked) = (pair(&scenario.waiting_ns), pair(&scenario.blocked_ns));
        let lateness = pair(&scenario.lateness_ns);
        table.row(&[name, &waiting.0, &waiting.1, &blocked.0, &blocked.1, &lateness.0, &lateness.1]);
    }
    text.push_str(&table.render());
    line(text, "  waiting for a user · blocked for a connection · lateness of the generator");
}

/// What attempts' time went into, where opening connections is a part of it that matters: TLS, or one in twenty attempts.
fn phases(text: &mut String, summary: &Summary, paint: Paint) {
    let phased = || summary.steps.iter().filter_map(|(name, step)| Some((name, step, step.phases_ns?)));
    let matters = |(_, step, phases): (&str, &StepSummary, PhasesSummary)| {
        phases.tls.count > 0 || phases.connect.count * 20 > step.attempts
    };
    if !phased().any(matters) {
        return;
    }
    section(text, "phases", paint);
    let mut table = Table::new(&[
        Column::name("p99 of each"),
        Column::number("connects", 10),
        Column::number("dns", 8),
        Column::number("connect", 9),
        Column::number("tls", 8),
        Column::number("first byte", 12),
        Column::number("body", 8),
    ]);
    for (name, _, phases) in phased() {
        table.row(&[
            name,
            &count(phases.connect.count),
            &p99(&phases.dns),
            &p99(&phases.connect),
            &p99(&phases.tls),
            &p99(&phases.first_byte),
            &p99(&phases.body),
        ]);
    }
    text.push_str(&table.render());
}

fn generator(text: &mut String, summary: &Summary, paint: Paint) {
    let generator = &summary.generator;
    section(text, "generator", paint);
    let threads =
        if generator.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", generator.threads) };
    let figures = format!(
        "{threads}, at most {} of a core busy; {:.1} s of CPU; {} at most; woke {} late (p99); {} ticks, {} late; {} \
         underruns; {} samples lost",
        share(generator.busy_share_max),
        generator.cpu_s,
        bytes(generator.rss_peak_bytes),
        time(generator.loop_lag_ns.p99),
        count(generator.ticks),
        count(generator.tick_overruns),
        count(generator.underruns),
        count(generator.samples_lost),
    );
    wrap(text, &figures, "  ");
    if generator.stalls > 0 {
        let times = if generator.stalls == 1 {
            "once".to_owned()
        } else {
            format!("{} times", count(generator.stalls))
        };
        let told = format!("stood still {times}, {} in all", duration(generator.stalled_ns));
        line(text, &format!("  {}", paint.coloured(Colour::Yellow, &told)));
    }
}

fn listeners(text: &mut String, summary: &Summary, paint: Paint) {
    if summary.listeners.is_empty() {
        return;
    }
    section(text, "listeners", paint);
    for (name, listener) in summary.listeners.iter() {
        let kind = if name == listener.kind { String::new() } else { format!(" ({})", listener.kind) };
        let lost = format!("{} lost", count(listener.lost));
        let lost = if listener.lost > 0 { paint.coloured(Colour::Yellow, &lost) } else { lost };
        line(text, &format!("  {name}{kind}: {} delivered, {lost}", count(listener.delivered)));
    }
}

#[cfg(test)]
mod tests;
