//! Whether the generator's own numbers can be trusted. A slow target never makes a verdict worse.

use throng_components::clock::Nanos;
use throng_components::run::{Verdict, VerdictBounds};
use throng_components::second_ranges::SecondRange;
use throng_components::thread::ThreadId;

/// From this share of a core on, a thread is called saturated: there is no room left to catch up in.
const SATURATED: f64 = 0.95;

/// What the generator did, over the whole run, warm-up included.
#[derive(Clone, Copy, Debug, Default)]
pub struct GeneratorFacts<'a> {
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
    /// Measurements lost.
    pub samples_lost: u64,
    /// Each thread's largest share of a core over any whole second.
    pub busy: &'a [(ThreadId, f64)],
}

/// The verdict, and for all but `valid` the reasons, as sentences a person can act on.
///
/// The share of late starts is compared with both bounds. An underrun or a lost sample makes a run at least degraded.
/// A saturated thread is no reason of its own: it is named as the cause where the schedule was not kept.
pub fn verdict(bounds: &VerdictBounds, facts: &GeneratorFacts<'_>) -> (Verdict, Vec<String>) {
    let mut verdict = Verdict::Valid;
    let mut reasons = Vec::new();
    if let Some((judged, reason)) = of_lateness(bounds, facts) {
        verdict = verdict.max(judged);
        reasons.push(reason);
    }
    if facts.underruns > 0 {
        verdict = verdict.max(Verdict::Degraded);
        let blocks = counted(facts.underruns, "block of orders", "blocks of orders");
        reasons.push(format!(
            "{blocks} reached a thread after something in it was due{}: plan further ahead (`look-ahead=` of `tick`) or \
             free the machine's cores",
            seconds(facts.underrun_seconds),
        ));
    }
    if !reasons.is_empty() {
        reasons.extend(saturation(facts.busy));
    }
    if facts.samples_lost > 0 {
        verdict = verdict.max(Verdict::Degraded);
        let samples = counted(facts.samples_lost, "measurement was", "measurements were");
        reasons.push(format!("{samples} lost: counts and quantiles leave them out"));
    }
    (verdict, reasons)
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
fn saturation(busy: &[(ThreadId, f64)]) -> Option<String> {
    let mut saturated: Vec<_> = busy.iter().copied().filter(|(_, share)| *share >= SATURATED).collect();
    saturated.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
    let (worst, share) = *saturated.first()?;
    let others = match saturated.len() - 1 {
        0 => String::new(),
        1 => " and 1 more".to_owned(),
        more => format!(" and {more} more"),
    };
    let percent = (share * 100.0).min(100.0);
    Some(format!(
        "the likely cause: thread {}{others} used {percent:.0} % of a core; give the load more `threads`, a lower rate \
         or a faster machine",
        worst.0,
    ))
}

fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(facts: GeneratorFacts<'_>, expected: Verdict, reasons: &[&str]) {
        let (verdict, said) = verdict(&VerdictBounds::default(), &facts);
        assert_eq!(verdict, expected, "{said:?}");
        assert_eq!(said.len(), reasons.len(), "{said:?}");
        for (said, part) in said.iter().zip(reasons) {
            assert!(said.contains(part), "`{said}` has no `{part}`");
        }
    }

    const GOOD: GeneratorFacts<'static> = GeneratorFacts {
        starts: 1_000,
        late_starts: 0,
        late_seconds: &[SecondRange { first: 12, last: 18 }],
        lateness_max: Some(Nanos(240_000_000)),
        underruns: 0,
        underrun_seconds: &[SecondRange { first: 3, last: 3 }, SecondRange { first: 7, last: 8 }],
        samples_lost: 0,
        busy: &[(ThreadId(0), 0.5), (ThreadId(1), 0.99)],
    };

    #[test]
    fn lateness_is_judged_by_its_share() {
        check(GeneratorFacts { late_starts: 9, ..GOOD }, Verdict::Valid, &[]);
        let late = GeneratorFacts { late_starts: 10, busy: &[], ..GOOD };
        check(
            late,
            Verdict::Degraded,
            &[
                "1.00 % of 1000 step starts came more than 10.0 ms late, the latest by 240 ms, between 12 s and 19 s of the run: degraded",
            ],
        );
        check(
            GeneratorFacts { late_starts: 50, busy: &[], ..GOOD },
            Verdict::Invalid,
            &["invalid from 5 % on"],
        );
    }

    #[test]
    fn a_saturated_thread_is_a_cause_and_never_a_reason() {
        check(GOOD, Verdict::Valid, &[]);
        check(
            GeneratorFacts { late_starts: 50, ..GOOD },
            Verdict::Invalid,
            &["5.00 %", "thread 1 used 99 %"],
        );
    }

    #[test]
    fn one_underrun_or_lost_sample_degrades() {
        let underrun = GeneratorFacts { underruns: 1, busy: &[], ..GOOD };
        check(underrun, Verdict::Degraded, &["was due, between 3 s and 4 s, 7 s and 9 s of the run: plan"]);
        check(GeneratorFacts { samples_lost: 2, ..GOOD }, Verdict::Degraded, &["2 measurements were lost"]);
        check(
            GeneratorFacts { underruns: 1, late_starts: 50, ..GOOD },
            Verdict::Invalid,
            &["5.00", "look-ahead", "99"],
        );
    }

    #[test]
    fn without_starts_there_is_no_lateness() {
        check(GeneratorFacts::default(), Verdict::Valid, &[]);
    }
}
