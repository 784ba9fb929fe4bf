//! Every token planned is started, dropped, expired, cancelled or waiting, and only one of these.

use std::collections::HashSet;

use super::{equal, holds};
use crate::simulation::{Case, Load};

pub(super) fn check(case: &Case) -> Result<(), String> {
    for (plan, summary) in case.scenarios() {
        let Load::Open { overflow, .. } = &plan.load else {
            equal("tokens of a closed scenario", summary.tokens, None)?;
            continue;
        };
        let tokens = summary.tokens.ok_or("an open scenario has tokens")?;
        let parts = tokens.started + tokens.dropped + tokens.expired + tokens.cancelled + tokens.waiting;
        equal("tokens planned, and their parts", tokens.planned, parts)?;
        equal("tokens started, and iterations", tokens.started, summary.iterations.started)?;

        let mut seen = HashSet::new();
        for iteration in case.observed.iterations(&plan.name) {
            holds(seen.insert(iteration.iteration), || format!("a token served twice: {iteration:?}"))?;
            holds((1..=tokens.planned).contains(&iteration.iteration), || {
                format!("a token that nobody planned: {iteration:?}")
            })?;
        }
        if *overflow == crate::simulation::OverflowPlan::Drop {
            equal("tokens that may not wait", (tokens.waiting, tokens.expired), (0, 0))?;
        }
        if case.observed.summary.stopped_by.is_none() && summary.stopped_at_ns.is_none() {
            equal("tokens cancelled without a stop", tokens.cancelled, 0)?;
        }
    }
    Ok(())
}
