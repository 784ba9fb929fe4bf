//! A try that is followed by another one is: the next of its strand, of the same step, later by its wait.

use std::collections::{BTreeMap, HashMap};

use super::{equal, holds};
use crate::simulation::{Case, Event, Record};

pub(super) fn check(case: &Case) -> Result<(), String> {
    let mut open: HashMap<(&str, u64, u64, u64), &Record> = HashMap::new();
    let mut told: BTreeMap<String, u64> = BTreeMap::new();
    for event in &case.observed.events {
        let (step, retried) = match event {
            Event::Step(step) => (step, false),
            Event::Retried(step) => (step, true),
            _ => continue,
        };
        let key = (step.scenario.as_str(), step.user, step.iteration, step.strand());
        match open.remove(&key) {
            Some(before) => {
                holds(step.step == before.step, || format!("another step than {before:?}: {step:?}"))?;
                let next = step.attempt == before.attempt + 1 || step.attempt == 0;
                holds(next, || format!("not the try after {before:?}: {step:?}"))?;
                holds(step.started >= before.ended, || format!("before {before:?} had ended: {step:?}"))?;
            }
            None => holds(step.attempt <= 1, || format!("not a first try: {step:?}"))?,
        }
        if retried {
            open.insert(key, step);
            *told.entry(step.error.clone()).or_default() += 1;
        }
    }
    holds(open.is_empty(), || format!("no further try came: {:?}", open.values().next()))?;
    if case.plan.scenarios.iter().all(|plan| plan.warm_up == 0) {
        let mut counted: BTreeMap<String, u64> = BTreeMap::new();
        for (_, step) in case.observed.summary.steps.iter() {
            for (error, count) in &step.retried {
                *counted.entry(error.clone()).or_default() += count;
            }
        }
        equal("tries that were followed by others", counted, told)?;
    }
    Ok(())
}
