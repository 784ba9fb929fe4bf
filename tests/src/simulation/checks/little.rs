//! Little's law: the time-average of requests in the system is their rate times their mean time in it.
//!
//! The left side is swept out of the log, the right side is what the summary says.

use super::holds;
use crate::simulation::Case;

pub(super) fn check(case: &Case) -> Result<(), String> {
    if case.plan.scenarios.iter().any(|plan| plan.warm_up > 0) {
        return Ok(());
    }
    for (name, figures) in case.observed.summary.steps.iter() {
        if figures.cut > 0 || figures.count == 0 {
            continue;
        }
        let mut edges: Vec<(u64, i64)> = Vec::new();
        for step in case.observed.steps().filter(|step| step.step == name) {
            edges.extend([(step.started, 1), (step.ended, -1)]);
        }
        edges.sort_unstable();
        let (mut inside, mut since, mut area) = (0_i64, 0_u64, 0.0_f64);
        for (at, change) in edges {
            area += inside as f64 * (at - since) as f64;
            inside += change;
            since = at;
        }
        let time = case.observed.summary.duration_ns as f64;
        let average = area / time;
        let (rate, mean) =
            (figures.service_ns.count as f64 / time, figures.service_ns.mean.unwrap_or(0) as f64);
        // The mean is a whole number of nanoseconds.
        holds((average - rate * mean).abs() <= rate + 1e-9, || {
            format!("{name}: {average} requests on average, {rate} a nanosecond for {mean} ns each")
        })?;
    }
    Ok(())
}
