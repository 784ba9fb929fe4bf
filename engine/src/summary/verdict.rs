//! Whether the generator's own numbers can be trusted. A slow target never makes a verdict worse.

use throng_components::clock::Nanos;
use throng_components::run::{Verdict, VerdictBounds};
use throng_components::second_ranges::SecondRange;
use throng_components::thread::{SATURATED, ThreadId};

use super::GapsSummary;

/// A thread's share of a core.
#[derive(Clone, Copy, Debug)]
pub struct ThreadBusy<'a> {
    /// Which thread.
    pub id: ThreadId,
    /// Its largest share over any whole second.
    pub share: f64,
    /// In which seconds of the run it was saturated.
    pub seconds: &'a [SecondRange],
}

/// What the generator did, over the whole run, warm-up included.
#[derive(Clone, Copy, Debug, Default)]
pub struct GeneratorFacts<'a> {
    /// How long the run lasted.
    pub duration: Nanos,
    /// Steps begun.
    pub starts: u64,
    /// Of these, begun later than the bound after all was ready.
    pub late_starts: u64,
    /// In which seconds of the run.
    pub late_seconds: &'a [SecondRange],
    /// The latest start of all; `None` when it is not known.
    pub lateness_max: Option<Nanos>,
    /// Blocks of orders that reached a thread after something in them was due.
    pub underruns: u64,
    /// In which seconds of the run.
    pub underrun_seconds: &'a [SecondRange],
    /// Times in which nothing of the generator ran: how many, all of them together, the longest.
    pub stalls: (u64, Nanos, Nanos),
    /// In which seconds of the run.
    pub stall_seconds: &'a [SecondRange],
    /// Ticks, and of these those that began more than a tick late.
    pub ticks: (u64, u64),
    /// Scenarios whose starts follow the law of their arrivals no more, although the plan does.
    pub bent: &'a [(&'a str, GapsSummary)],
    /// Measurements lost.
    pub samples_lost: u64,
    /// Each thread's share of a core.
    pub busy: &'a [ThreadBusy<'a>],
}

/// What is said of the generator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Whether its numbers can be trusted.
    pub verdict: Verdict,
    /// Why not: sentences a person can act on; none for `valid`.
    pub reasons: Vec<String>,
    /// From when on, to the second; `None` for `valid`, and where it is not known.
    pub since: Option<Nanos>,
}

impl Judged {
    fn add(&mut self, verdict: Verdict, reason: String, seconds: &[SecondRange]) {
        self.verdict = self.verdict.max(verdict);
        self.reasons.push(reason);
        let first = seconds.iter().map(|range| Nanos::from_secs(range.first)).min();
        self.since = [self.since, first].into_iter().flatten().min();
    }
}

/// The verdict, and why and since when it is not `valid`.
///
/// The share of late starts is compared with both bounds, and so is the share of the run in which the generator stood still.
/// A single stall, underrun or lost sample makes a run at least degraded. Saturated threads and late ticks are no reasons of
/// their own: they are named as the cause where the schedule was not kept.
pub fn verdict(bounds: &VerdictBounds, facts: &GeneratorFacts<'_>) -> Judged {
    let mut judged = Judged::default();
    if let Some((verdict, reason)) = of_lateness(bounds, facts) {
        judged.add(verdict, reason, facts.late_seconds);
    }
    if let Some((verdict, reason)) = of_stalls(bounds, facts) {
        judged.add(verdict, reason, facts.stall_seconds);
    }
    if facts.underruns > 0 {
        let blocks = counted(facts.underruns, "block of orders", "blocks of orders");
        let reason = format!(
            "{blocks} reached a thread after something in it was due{}{}: plan further ahead (`look-ahead=` of `tick`) or \
             free the machine's cores",
            seconds(facts.underrun_seconds),
            late_ticks(facts.ticks),
        );
        judged.add(Verdict::Degraded, reason, facts.underrun_seconds);
    }
    for (scenario, gaps) in facts.bent {
        let reason = format!(
            "the gaps between starts of `{scenario}` follow the law of its arrivals no more, although the plan does (their \
             distance is {:.2}; by chance once in more than 1,000 runs): late starts are bunched; free the machine's cores, or \
             ask for less",
            gaps.distance,
        );
        judged.add(Verdict::Degraded, reason, &[]);
    }
    if !judged.reasons.is_empty() {
        judged.reasons.extend(saturation(facts.busy));
    }
    if facts.samples_lost > 0 {
        let samples = counted(facts.samples_lost, "measurement was", "measurements were");
        judged.add(Verdict::Degraded, format!("{samples} lost: counts and quantiles leave them out"), &[]);
    }
    judged
}

fn of_stalls(bounds: &VerdictBounds, facts: &GeneratorFacts<'_>) -> Option<(Verdict, String)> {
    let (count, total, longest) = facts.stalls;
    if count == 0 {
        return None;
    }
    let share = total.0 as f64 / facts.duration.0.max(1) as f64;
    let verdict = if share >= bounds.invalid.0 { Verdict::Invalid } else { Verdict::Degraded };
    let times = if count == 1 {
        format!("for {total}")
    } else {
        format!("{count} times, for {longest} at the longest")
    };
    let reason = format!(
        "the generator stood still {times}{}: what ended then is timed too long; it was stopped or had no core: let it run \
         undisturbed",
        seconds(facts.stall_seconds),
    );
    Some((verdict, reason))
}

/// `, and 12 of 1000 ticks began late`.
fn late_ticks((all, late): (u64, u64)) -> String {
    if late == 0 { String::new() } else { format!(", and {late} of {all} ticks began late") }
}

fn of_lateness(bounds: &VerdictBounds, facts: &GeneratorFacts<'_>) -> Option<(Verdict, String)> {
    if facts.late_starts == 0 || facts.starts == 0 {
        return None;
    }
    let share = facts.late_starts as f64 / facts.starts as f64;
    let (verdict, word, bound) = if share >= bounds.invalid.0 {
        (Verdict::Invalid, "invalid", bounds.invalid)
    } else if share >= bounds.degraded.0 {
        (Verdict::Degraded, "degraded", bounds.degraded)
    } else {
        return None;
    };
    let worst = facts.lateness_max.map(|worst| format!(", the latest by {worst}")).unwrap_or_default();
    let reason = format!(
        "{:.2} % of {} step starts came more than {} late{worst}{}: {word} from {} % on",
        share * 100.0,
        facts.starts,
        bounds.over,
        seconds(facts.late_seconds),
        (bound.0 * 1e6).round() / 1e4,
    );
    Some((verdict, reason))
}

/// `, between 12 s and 19 s, 40 s and 41 s of the run`.
fn seconds(ranges: &[SecondRange]) -> String {
    if ranges.is_empty() {
        return String::new();
    }
    let one = |range: &SecondRange| format!("{} s and {} s", range.first, range.last + 1);
    format!(", between {} of the run", ranges.iter().map(one).collect::<Vec<_>>().join(", "))
}

/// Names the saturated threads, worst first, as the cause of what went before.
fn saturation(busy: &[ThreadBusy<'_>]) -> Option<String> {
    let mut saturated: Vec<_> = busy.iter().filter(|thread| thread.share >= SATURATED).collect();
    saturated.sort_by(|left, right| right.share.total_cmp(&left.share).then(left.id.cmp(&right.id)));
    let worst = saturated.first()?;
    let others = match saturated.len() - 1 {
        0 => String::new(),
        1 => ", and 1 more thread".to_owned(),
        more => format!(", and {more} more threads"),
    };
    let percent = (worst.share * 100.0).min(100.0);
    let since = worst.seconds.first().map(|range| format!(" from {} s", range.first)).unwrap_or_default();
    Some(format!(
        "the likely cause: thread {} busy {percent:.0} %{since}{others}: give it another core (more `threads`), or ask for less",
        worst.id.0,
    ))
}

fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(facts: GeneratorFacts<'_>, expected: Verdict, since: Option<u64>, reasons: &[&str]) {
        let Judged { verdict, reasons: said, since: found } = verdict(&VerdictBounds::default(), &facts);
        assert_eq!((verdict, found), (expected, since.map(Nanos::from_secs)), "{said:?}");
        assert_eq!(said.len(), reasons.len(), "{said:?}");
        for (said, part) in said.iter().zip(reasons) {
            assert!(said.contains(part), "`{said}` has no `{part}`");
        }
    }

    const BUSY: ThreadBusy<'static> =
        ThreadBusy { id: ThreadId(1), share: 0.99, seconds: &[SecondRange { first: 12, last: 19 }] };

    const GOOD: GeneratorFacts<'static> = GeneratorFacts {
        duration: Nanos::from_secs(100),
        starts: 1_000,
        late_starts: 0,
        late_seconds: &[SecondRange { first: 12, last: 18 }],
        lateness_max: Some(Nanos(240_000_000)),
        underruns: 0,
        underrun_seconds: &[SecondRange { first: 3, last: 3 }, SecondRange { first: 7, last: 8 }],
        stalls: (0, Nanos::ZERO, Nanos::ZERO),
        stall_seconds: &[SecondRange { first: 5, last: 6 }],
        ticks: (10_000, 900),
        bent: &[],
        samples_lost: 0,
        busy: &[ThreadBusy { id: ThreadId(0), share: 0.5, seconds: &[] }, BUSY],
    };

    #[test]
    fn lateness_is_judged_by_its_share() {
        check(GeneratorFacts { late_starts: 9, ..GOOD }, Verdict::Valid, None, &[]);
        let late = GeneratorFacts { late_starts: 10, busy: &[], ..GOOD };
        check(
            late,
            Verdict::Degraded,
            Some(12),
            &[
                "1.00 % of 1000 step starts came more than 10.0 ms late, the latest by 240 ms, between 12 s and 19 s of the run: degraded",
            ],
        );
        check(
            GeneratorFacts { late_starts: 50, busy: &[], ..GOOD },
            Verdict::Invalid,
            Some(12),
            &["invalid from 5 % on"],
        );
    }

    #[test]
    fn saturated_threads_and_late_ticks_are_causes_and_never_reasons() {
        check(GOOD, Verdict::Valid, None, &[]);
        check(
            GeneratorFacts { late_starts: 50, ..GOOD },
            Verdict::Invalid,
            Some(12),
            &[
                "5.00 %",
                "thread 1 busy 99 % from 12 s: give it another core (more `threads`), or ask for less",
            ],
        );
        let both = &[ThreadBusy { id: ThreadId(0), share: 0.97, seconds: &[] }, BUSY];
        let facts = GeneratorFacts { late_starts: 50, busy: both, ..GOOD };
        check(
            facts,
            Verdict::Invalid,
            Some(12),
            &["5.00 %", "thread 1 busy 99 % from 12 s, and 1 more thread:"],
        );
    }

    #[test]
    fn one_underrun_or_lost_sample_degrades() {
        let underrun = GeneratorFacts { underruns: 1, busy: &[], ..GOOD };
        check(
            underrun,
            Verdict::Degraded,
            Some(3),
            &[
                "was due, between 3 s and 4 s, 7 s and 9 s of the run, and 900 of 10000 ticks began late: plan",
            ],
        );
        let lost = GeneratorFacts { samples_lost: 2, ..GOOD };
        check(lost, Verdict::Degraded, None, &["2 measurements were lost"]);
        check(
            GeneratorFacts { underruns: 1, late_starts: 50, ..GOOD },
            Verdict::Invalid,
            Some(3),
            &["5.00", "look-ahead", "99"],
        );
    }

    #[test]
    fn a_stall_degrades_and_many_invalidate() {
        let stalled = |count: u64, total: u64, longest: u64| GeneratorFacts {
            stalls: (count, Nanos::from_millis(total), Nanos::from_millis(longest)),
            busy: &[],
            ..GOOD
        };
        check(
            stalled(1, 2_000, 2_000),
            Verdict::Degraded,
            Some(5),
            &[
                "the generator stood still for 2.00 s, between 5 s and 7 s of the run: what ended then is timed too long",
            ],
        );
        check(
            stalled(20, 5_000, 300),
            Verdict::Invalid,
            Some(5),
            &["stood still 20 times, for 300 ms at the longest"],
        );
        check(
            GeneratorFacts { duration: Nanos::from_secs(10), ..stalled(1, 2_000, 2_000) },
            Verdict::Invalid,
            Some(5),
            &["2.00 s"],
        );
    }

    #[test]
    fn starts_that_are_bunched_degrade() {
        let gaps = GapsSummary { count: 1_000, distance: 0.4, ..GapsSummary::default() };
        let facts = GeneratorFacts { bent: &[("crowd", gaps)], busy: &[], ..GOOD };
        check(facts, Verdict::Degraded, None, &["starts of `crowd` follow the law of its arrivals no more"]);
    }

    #[test]
    fn without_starts_there_is_no_lateness() {
        check(GeneratorFacts::default(), Verdict::Valid, None, &[]);
    }
}
