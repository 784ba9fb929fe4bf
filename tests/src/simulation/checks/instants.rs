//! Due, ready, started, ended come in this order; steps of a strand follow one another inside their iteration; the log goes
//! forward.

use std::collections::{HashMap, HashSet};

use super::holds;
use crate::simulation::{Case, Event, Record};

pub(super) fn check(case: &Case) -> Result<(), String> {
    let cut = cut_iterations(case);
    // A group's line stands where it was left, after the waits behind its last step; that of a try with another one to come
    // stands where that one began, or where the wait for it was cut.
    let events = case.observed.events.iter().filter(|event| match event {
        Event::Group(_) | Event::Retried(_) => false,
        Event::Step(step) if step.outcome == "failed" => {
            let key = (step.scenario.as_str(), step.user, step.iteration);
            !case.plan.uses.parallel && !cut.contains(&key)
        }
        _ => true,
    });
    let instants: Vec<u64> = events.map(Event::at).collect();
    let back = instants.windows(2).find(|pair| pair[0] > pair[1]);
    holds(back.is_none(), || format!("the log goes back: {back:?}"))?;
    let mut last: HashMap<(&str, u64, u64, u64), &Record> = HashMap::new();
    let mut reach: HashMap<(&str, u64, u64), (u64, u64)> = HashMap::new();
    let mut names = HashSet::new();
    for event in &case.observed.events {
        let (step, was_retried) = match event {
            Event::Step(step) => (step, false),
            Event::Retried(step) => (step, true),
            _ => continue,
        };
        in_order(step)?;
        let key = (step.scenario.as_str(), step.user, step.iteration);
        let (first, end) = reach.entry(key).or_insert((step.due, step.ended));
        (*first, *end) = ((*first).min(step.due), (*end).max(step.ended));
        holds(names.insert((key, step.ordinal)), || format!("two operations of one number: {step:?}"))?;
        let before = last.insert((key.0, key.1, key.2, step.strand()), step);
        follows(case, before, step)?;
        holds(!was_retried || !step.error.is_empty(), || format!("tried again without a failure: {step:?}"))?;
    }
    for plan in &case.plan.scenarios {
        for iteration in case.observed.iterations(&plan.name) {
            in_order(iteration)?;
            if let Some((first, end)) = reach.get(&(plan.name.as_str(), iteration.user, iteration.iteration))
            {
                holds(*first >= iteration.due && *end <= iteration.ended, || {
                    format!("steps from {first} to {end} lie outside of {iteration:?}")
                })?;
            }
        }
    }
    Ok(())
}

/// Iterations that the engine ended.
fn cut_iterations(case: &Case) -> HashSet<(&str, u64, u64)> {
    let ended = case.observed.events.iter().filter_map(|event| match event {
        Event::Iteration(iteration) if iteration.outcome == "cut" => Some(iteration),
        _ => None,
    });
    ended.map(|iteration| (iteration.scenario.as_str(), iteration.user, iteration.iteration)).collect()
}

/// One operation of a strand after another.
fn follows(case: &Case, before: Option<&Record>, step: &Record) -> Result<(), String> {
    let Some(before) = before else {
        let first = step.ordinal == 0 || case.plan.uses.parallel;
        return holds(first, || format!("the first step is not number 0: {step:?}"));
    };
    // Behind a `parallel` a strand goes on beyond what its parts have counted.
    let next =
        step.ordinal == before.ordinal + 1 || (case.plan.uses.parallel && step.ordinal > before.ordinal);
    holds(next, || format!("a step is missing before {step:?}"))?;
    // One that failed unsent may be a first try or a further one.
    let is_first = step.attempt == 1 || (step.attempt == 0 && step.due != before.due);
    if is_first {
        holds(step.due >= before.ended, || format!("due before the last step ended: {step:?}"))?;
        holds(step.ready == step.due, || format!("its user was not free: {step:?}"))?;
    } else {
        holds(step.due == before.due && step.ready >= before.ended, || {
            format!("no further try of {before:?}: {step:?}")
        })?;
    }
    Ok(())
}

fn in_order(record: &Record) -> Result<(), String> {
    let order = [record.due, record.ready, record.started, record.ended];
    // Response is ended − due and service ended − started, so that this is also: response ≥ service.
    holds(order.is_sorted(), || format!("out of order: {record:?}"))
}
