//! Steps in the summary are those in the log: how many, how many failed and of what, how long they took.

use std::collections::{BTreeMap, HashMap};

use super::{equal, holds};
use crate::simulation::{Case, Record};

pub(super) fn check(case: &Case) -> Result<(), String> {
    let mut by_step: BTreeMap<(&str, &str), Vec<&Record>> = BTreeMap::new();
    let mut dues = HashMap::new();
    for plan in &case.plan.scenarios {
        for iteration in case.observed.iterations(&plan.name) {
            let warm = iteration.due < plan.counts_from();
            dues.insert((plan.name.as_str(), iteration.user, iteration.iteration), warm);
        }
    }
    for step in case.observed.steps() {
        let key = (step.scenario.as_str(), step.user, step.iteration);
        let warm = dues.get(&key).ok_or_else(|| format!("a step of no iteration: {step:?}"))?;
        if !warm {
            by_step.entry((&step.scenario, &step.step)).or_default().push(step);
        }
    }
    for (plan, summary) in case.scenarios() {
        for (name, figures) in summary.steps.iter() {
            let all = by_step.remove(&(&plan.name, name)).unwrap_or_default();
            let finished: Vec<_> = all.iter().filter(|step| step.outcome != "cut").collect();
            let failed: Vec<_> = all.iter().filter(|step| !step.error.is_empty()).collect();
            let told = all.iter().filter(|step| step.outcome == "failed").count();
            equal(&format!("{name}: outcomes of failures"), told, failed.len())?;
            let unsent = all.iter().filter(|step| step.attempt == 0).count();
            let retried: u64 = figures.retried.values().sum();
            equal(&format!("{name}: unsent"), figures.unsent, unsent as u64)?;
            equal(&format!("{name}: services"), figures.service_ns.count, (finished.len() - unsent) as u64)?;
            equal(&format!("{name}: steps"), figures.count, finished.len() as u64)?;
            equal(&format!("{name}: cut"), figures.cut, (all.len() - finished.len()) as u64)?;
            equal(&format!("{name}: attempts"), figures.attempts, (all.len() - unsent) as u64 + retried)?;
            equal(&format!("{name}: failures"), figures.failures, failed.len() as u64)?;
            let mut errors = BTreeMap::new();
            for step in &failed {
                *errors.entry(step.error.clone()).or_insert(0) += 1;
            }
            equal(&format!("{name}: errors"), &figures.errors, &errors)?;
            let sent = finished.iter().filter(|step| step.attempt > 0);
            let responses: Vec<u64> = sent.map(|step| step.ended - step.due).collect();
            equal(&format!("{name}: responses"), figures.response_ns.count, responses.len() as u64)?;
            equal(&format!("{name}: fastest"), figures.response_ns.min, responses.iter().min().copied())?;
            equal(&format!("{name}: slowest"), figures.response_ns.max, responses.iter().max().copied())?;
            let sum: u128 = responses.iter().map(|response| u128::from(*response)).sum();
            let mean = (!responses.is_empty()).then(|| sum as f64 / responses.len() as f64);
            let told = figures.response_ns.mean;
            holds(mean.is_none() == told.is_none(), || format!("{name}: a mean without data"))?;
            let error = mean.unwrap_or(0.0) - told.unwrap_or(0) as f64;
            holds(error.abs() <= 1.0, || format!("{name}: the mean {told:?} is not {mean:?}"))?;
        }
    }
    holds(by_step.is_empty(), || format!("steps that no figure knows: {:?}", by_step.keys()))
}
