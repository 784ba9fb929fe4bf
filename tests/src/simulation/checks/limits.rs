//! Nothing begins before its scenario does, or after a stop; iterations keep their cap; the run ends.

use super::{equal, holds};
use crate::simulation::{Case, Load};

pub(super) fn check(case: &Case) -> Result<(), String> {
    let of_run = case.stopped();
    let mut latest = 0;
    for (plan, summary) in case.scenarios() {
        // What came before a scenario's own stop at the same instant has begun.
        let own = summary.stopped_at_ns.map(|at| (at, true));
        let stop = [of_run, own].into_iter().flatten().min();
        for iteration in case.observed.iterations(&plan.name) {
            holds(iteration.due >= plan.begin(), || format!("too early: {iteration:?}"))?;
            if let Some((at, at_it)) = stop {
                let begun_in_time = iteration.started < at || (at_it && iteration.started == at);
                holds(begun_in_time, || format!("after the stop at {at}: {iteration:?}"))?;
            }
            let end = plan.end().unwrap_or(u64::MAX);
            holds(iteration.due < end, || format!("due after the shape's end: {iteration:?}"))?;
            if matches!(plan.load, Load::Closed { .. }) {
                holds(iteration.started < end, || format!("after the shape's end: {iteration:?}"))?;
            }
            let last = stop.map_or(end, |(at, _)| at.min(end)).saturating_add(plan.drain * 1_000_000);
            holds(iteration.ended <= last, || format!("not cut at {last}: {iteration:?}"))?;
            latest = latest.max(iteration.ended);
        }
        if let Some(cap) = plan.iterations {
            let started = summary.iterations.started;
            holds(started <= cap, || format!("{started} iterations, {cap} allowed"))?;
        }
    }
    let ended = case.observed.summary.duration_ns;
    holds(ended >= latest, || format!("the run ended at {ended}, its last iteration at {latest}"))?;
    if of_run.is_none() && case.observed.summary.stopped_by.is_none() {
        let all = case
            .plan
            .scenarios
            .iter()
            .map(|plan| plan.end().map_or(u64::MAX, |end| end.saturating_add(plan.drain * 1_000_000)));
        let bound = all.max().unwrap_or(0);
        holds(ended <= bound, || format!("the run ended at {ended}, after {bound}"))?;
    }
    let endless = case.scenarios().any(|(plan, summary)| {
        plan.end().is_none() && plan.iterations.is_none() && summary.stopped_at_ns.is_none()
    });
    if endless {
        equal("an endless run was stopped", case.observed.summary.stopped_by.is_some(), true)?;
    }
    Ok(())
}
