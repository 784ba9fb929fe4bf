//! Due, ready, started, ended come in this order; steps follow one another inside their iteration; the log goes forward.

use std::collections::HashMap;

use super::holds;
use crate::simulation::{Case, Record};

pub(super) fn check(case: &Case) -> Result<(), String> {
    let back = case.observed.events.windows(2).find(|pair| pair[0].at() > pair[1].at());
    holds(back.is_none(), || format!("the log goes back: {back:?}"))?;
    let mut last: HashMap<(&str, u64, u64), &Record> = HashMap::new();
    for step in case.observed.steps() {
        in_order(step)?;
        let before = last.insert((&step.scenario, step.user, step.iteration), step);
        let Some(before) = before else {
            holds(step.ordinal == 0, || format!("the first step is not number 0: {step:?}"))?;
            continue;
        };
        holds(step.ordinal == before.ordinal + 1, || format!("a step is missing before {step:?}"))?;
        holds(step.due >= before.ended, || format!("due before the last step ended: {step:?}"))?;
        holds(step.ready == step.due, || format!("its user was not free: {step:?}"))?;
    }
    for plan in &case.plan.scenarios {
        for iteration in case.observed.iterations(&plan.name) {
            in_order(iteration)?;
            if let Some(step) = last.get(&(plan.name.as_str(), iteration.user, iteration.iteration)) {
                holds(step.due >= iteration.due && step.ended <= iteration.ended, || {
                    format!("{step:?} lies outside of {iteration:?}")
                })?;
            }
        }
    }
    Ok(())
}

fn in_order(record: &Record) -> Result<(), String> {
    let order = [record.due, record.ready, record.started, record.ended];
    // Response is ended − due and service ended − started, so that this is also: response ≥ service.
    holds(order.is_sorted(), || format!("out of order: {record:?}"))
}
