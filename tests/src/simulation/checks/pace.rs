//! A closed user's next iteration is due when the last one ended, or a pace after it began.

use std::collections::HashMap;

use super::{equal, holds};
use crate::simulation::{Case, Load};

pub(super) fn check(case: &Case) -> Result<(), String> {
    for (plan, summary) in case.scenarios() {
        let Load::Closed { pace, shape } = &plan.load else { continue };
        // Where the level falls a user may leave and come back, at another instant than its next one.
        let falls = shape.stages.iter().any(|stage| stage.to < stage.from)
            || shape.stages.windows(2).any(|pair| pair[1].from < pair[0].to);
        let mut last: HashMap<u64, (u64, u64, u64)> = HashMap::new();
        let mut missed = 0;
        for iteration in case.observed.iterations(&plan.name) {
            holds(iteration.due == iteration.started, || format!("granted late: {iteration:?}"))?;
            let this = (iteration.iteration, iteration.started, iteration.ended);
            let Some((number, started, ended)) = last.insert(iteration.user, this) else { continue };
            equal("the user's next iteration", iteration.iteration, number + 1)?;
            let paced = started + pace.unwrap_or(0) * 1_000_000;
            let due = ended.max(paced);
            missed += u64::from(pace.is_some() && ended > paced);
            if !falls {
                equal("the next due", iteration.due, due)?;
            }
        }
        let told = summary.iterations.pace_missed;
        equal("whether a pace is told of", told.is_some(), pace.is_some())?;
        holds(falls || told.unwrap_or(0) >= missed, || format!("{missed} paces missed, told are {told:?}"))?;
    }
    Ok(())
}
