//! Every iteration begun has ended once, in one way, and stands in the log.

use std::collections::HashSet;

use throng::summary::conservation;

use super::{equal, holds};
use crate::simulation::Case;

pub(super) fn check(case: &Case) -> Result<(), String> {
    equal("the engine's own account", conservation(&case.observed.summary), Vec::new())?;
    for (plan, summary) in case.scenarios() {
        let counts = &summary.iterations;
        let parts = counts.succeeded + counts.failed + counts.crashed + counts.cut;
        equal("iterations started, and their ends", counts.started, parts)?;
        let all: Vec<_> = case.observed.iterations(&plan.name).collect();
        equal("iterations started, and those logged", counts.started, all.len() as u64)?;
        for (outcome, counted) in [
            ("succeeded", counts.succeeded),
            ("failed", counts.failed),
            ("crashed", counts.crashed),
            ("cut", counts.cut),
        ] {
            let logged = all.iter().filter(|iteration| iteration.outcome == outcome).count() as u64;
            equal(&format!("iterations that {outcome}, and those logged"), counted, logged)?;
        }
        let warm = all.iter().filter(|iteration| iteration.due < plan.counts_from()).count() as u64;
        equal("iterations of the warm-up", summary.warm_up.iterations, warm)?;
        let mut names = HashSet::new();
        for iteration in &all {
            holds(names.insert((iteration.user, iteration.iteration)), || {
                format!("two iterations of one name: {iteration:?}")
            })?;
        }
        if counts.cut == 0 {
            let counted = all.iter().filter(|iteration| iteration.due >= plan.counts_from());
            let lengths: Vec<u64> = counted.map(|iteration| iteration.ended - iteration.due).collect();
            equal("iterations timed", summary.iteration_ns.count, lengths.len() as u64)?;
            equal("the longest iteration", summary.iteration_ns.max, lengths.iter().max().copied())?;
        }
    }
    Ok(())
}
