//! A closed scenario's iterations begin only while their user is wanted: the level is at least its number less a half.

use super::holds;
use crate::simulation::{Case, Load};

pub(super) fn check(case: &Case) -> Result<(), String> {
    for (plan, _) in case.scenarios() {
        let Load::Closed { shape, .. } = &plan.load else { continue };
        for iteration in case.observed.iterations(&plan.name) {
            let level = shape.level_around(iteration.started - plan.begin());
            let least = iteration.user as f64 - 0.5;
            // Two nanoseconds of the steepest ramp.
            holds(level >= least - 1e-6, || format!("the level is {level} at the start of {iteration:?}"))?;
        }
    }
    Ok(())
}
