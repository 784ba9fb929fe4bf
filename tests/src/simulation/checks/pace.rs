//! A closed user's next iteration is due when the last one ended, or a pace after it began.

use std::collections::HashMap;

use super::{equal, holds};
use crate::simulation::{Case, Load};

pub(super) fn check(case: &Case) -> Result<(), String> {
    for (plan, summary) in case.scenarios() {
        let Load::Closed { pace, .. } = &plan.load else { continue };
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
            // A user that left and came back begins at another instant, and never earlier.
            holds(iteration.due >= due, || format!("due at {due}: {iteration:?}"))?;
            let always = plan.shape().stages.iter().all(|stage| stage.to >= stage.from);
            let grows = plan.shape().stages.windows(2).all(|pair| pair[1].from >= pair[0].to);
            if always && grows {
                equal("the next due", iteration.due, due)?;
            }
        }
        let told = summary.iterations.pace_missed;
        equal("whether a pace is told of", told.is_some(), pace.is_some())?;
        holds(told.unwrap_or(0) >= missed, || format!("{missed} paces were missed, told are {told:?}"))?;
    }
    Ok(())
}
